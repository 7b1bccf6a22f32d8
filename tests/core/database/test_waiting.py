"""A statement that waits in a transaction goes with the next one; without its check nothing is done or heard there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyramid.request import Request
from pyramid_retry import is_error_retryable
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, Snapshot, connection_of, statements_of
from colonnade.core.database.waiting import _WAITING
from colonnade.core.problems import Conflict, Unavailable
from tests.core.database.conftest import Team
from tests.core.database.test_lost_connections import terminate_others
from tests.harness.trips import counted_trips

Act = Callable[[Session, Database], object]


class Wrong(Exception):
    """What was read is not what was expected."""


def refuse(rows: list[Any]) -> None:
    raise Wrong(rows)


def number(database: Database, sql: str) -> Prepared:
    return Prepared.compile(text(sql), database.dialect)


def fetch(session: Session, database: Database) -> object:
    return database.reading_in(session).fetch(number(database, "SELECT 2"), {})


def on_the_connection(session: Session, database: Database) -> object:
    return database.reading_on(session.connection()).fetch(number(database, "SELECT 2"), {})


def through_sqlalchemy(session: Session, database: Database) -> object:
    return session.execute(text("SELECT 2")).all()


def add(session: Session, database: Database) -> object:
    session.add(Team(id=7))
    return session.flush()


def savepoint(session: Session, database: Database) -> object:
    session.begin_nested()
    return session.connection()  # it is made when the session is asked in it


def last(session: Session, database: Database) -> object:
    return database.last.send(session, number(database, "SELECT 2"), {})


def commit(session: Session, database: Database) -> object:
    return session.commit()


def snapshot(session: Session, database: Database) -> object:
    taken = Snapshot(database.reading_in(session))
    try:
        return taken.fetching(number(database, "SELECT 2"), {}).fetch(1)
    finally:
        taken.close()


ACTS = (snapshot, fetch, on_the_connection, through_sqlalchemy, add, savepoint, commit)


def test_it_goes_with_the_next_one_and_is_checked_first(
    database: Database, dialect_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = counted_trips(monkeypatch)
    checked: list[Any] = []
    with database.sessions() as session, statements_of(database) as sent:
        connection = database.reading_in(session)
        connection.fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        assert (sent, checked) == ([], [])
        assert fetch(session, database) == [(2,)]
        assert checked == [[(1,)]]
        assert trips == ([3] if dialect_name == "postgresql" else [])  # BEGIN, and both
        connection.settle()
        assert fetch(session, database) == [(2,)]
        assert sent == ["SELECT 1", "SELECT 2", "SELECT 2"]
        assert checked == [[(1,)]]


@pytest.mark.parametrize("act", [*ACTS, last], ids=lambda act: act.__name__)
def test_it_is_sent_before_whatever_comes_next(database: Database, act: Act) -> None:
    checked: list[Any] = []
    with database.sessions() as session:
        database.reading_in(session).fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        act(session, database)
        assert checked == [[(1,)]]
        session.rollback()
    assert checked == [[(1,)]]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nothing_is_done_if_the_check_refuses(database: Database, act: Act) -> None:
    """Even where somebody has caught what was raised, and goes on."""
    with database.sessions() as session:
        waiting = database.reading_in(session)
        waiting.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        for _ in range(2):
            with pytest.raises(Wrong):
                act(session, database)
            if not session.is_active:
                break  # SQLAlchemy has rolled it back: nothing goes on in it
        session.rollback()
        assert session.execute(select(Team.id)).all() == []
        assert fetch(session, database) == [(2,)]


def test_several_wait_in_their_order(database: Database, dialect_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trips = counted_trips(monkeypatch)
    for settled in (False, True):
        checked: list[Any] = []
        with database.sessions() as session, statements_of(database) as sent:
            connection = database.reading_in(session)
            assert not connection.waits
            for each in ("SELECT 1", "SELECT 3"):
                connection.fetch_with_next(number(database, each), {}, checked.append)
            assert (connection.waits, sent, checked) == (True, [], [])
            if settled:
                connection.settle()
                assert (connection.waits, checked) == (False, [[(1,)], [(3,)]])
            assert fetch(session, database) == [(2,)]
            assert sent == ["SELECT 1", "SELECT 3", "SELECT 2"]
            assert checked == [[(1,)], [(3,)]]
    assert trips == ([4, 3] if dialect_name == "postgresql" else [])  # BEGIN, and all


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_several_the_first_that_is_refused_is_told(database: Database, place: int) -> None:
    adding = Prepared.compile(insert(Team).values(id=5).returning(Team.id), database.dialect)
    with database.sessions() as session:
        connection = database.reading_in(session)
        checked: list[Any] = []
        for index in range(3):
            check = refuse if index == place else checked.append
            connection.fetch_with_next(number(database, f"SELECT {index}"), {}, check)
        for _ in range(2):
            with pytest.raises(Wrong, match=str(place)):
                connection.fetch(adding, {})
        assert checked == [[(index,)] for index in range(place)]
        session.rollback()
        assert session.execute(select(Team.id)).all() == []


def test_of_several_one_that_is_in_error_comes_after_the_checks_before_it(database: Database) -> None:
    for first, told in ((refuse, Wrong), (lambda _: None, Unavailable)):
        with database.sessions() as session:
            connection = database.reading_in(session)
            connection.fetch_with_next(number(database, "SELECT 1"), {}, first)
            connection.fetch_with_next(number(database, "SELECT one FROM nowhere"), {}, lambda _: None)
            with pytest.raises(told):
                fetch(session, database)
            session.rollback()
            assert fetch(session, database) == [(2,)]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_where_each_statement_is_committed_the_check_comes_first(own_database: Database) -> None:
    adding = Prepared.compile(insert(Team).values(id=5).returning(Team.id), own_database.dialect)
    engine = own_database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with own_database.sessions(bind=engine) as session:
        connection = own_database.reading_in(session)
        connection.fetch_with_next(number(own_database, "SELECT 1"), {}, refuse)
        with pytest.raises(Wrong):
            connection.fetch(adding, {})
    with own_database.read() as connection:
        assert connection.rows(select(Team.id)) == []


def test_the_next_one_s_error_is_not_heard_if_the_check_refuses(database: Database) -> None:
    for refused in (True, False):
        with database.sessions() as session:
            connection = database.reading_in(session)
            checked: list[Any] = []
            connection.fetch_with_next(number(database, "SELECT 1"), {}, refuse if refused else checked.append)
            with pytest.raises(Wrong if refused else Exception, match="1" if refused else "not migrated"):
                connection.fetch(number(database, "SELECT one FROM nowhere"), {})
            assert checked == ([] if refused else [[(1,)]])
            session.rollback()
            assert fetch(session, database) == [(2,)]


def test_what_the_next_one_did_is_undone_if_the_check_refuses(database: Database) -> None:
    adding = Prepared.compile(insert(Team).values(id=5).returning(Team.id), database.dialect)
    with database.sessions() as session:
        connection = database.reading_in(session)
        connection.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        with pytest.raises(Wrong):
            connection.fetch(adding, {})
        with pytest.raises(Wrong):
            session.commit()
        session.rollback()
    with database.read() as reading:
        assert reading.rows(select(Team.id)) == []


def test_it_goes_with_its_transaction(database: Database) -> None:
    with database.sessions() as session:
        waiting = database.reading_in(session)
        waiting.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        session.rollback()
        assert fetch(session, database) == [(2,)]
        session.add(Team(id=3))
        session.commit()
    with database.sessions() as session:
        database.reading_in(session).fetch_with_next(number(database, "SELECT 1"), {}, refuse)
    with database.sessions() as session:
        assert fetch(session, database) == [(2,)]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_where_the_connection_is_lost_it_is_told_once(database: Database, act: Act) -> None:
    checked: list[Any] = []
    with database.sessions() as session:
        session.execute(text("SELECT 1"))
        session.rollback()
        session.connection()
        connection = database.reading_in(session)
        connection.fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        terminate_others(database)
        for again in (lambda: act(session, database), connection.settle):
            with pytest.raises(Unavailable, match=r"lost|restarted") as told:
                again()
            assert is_error_retryable(Request({"retry.attempt": 0, "retry.attempts": 3}), told.value)
        session.rollback()
        assert fetch(session, database) == [(2,)]
    assert checked == []


@pytest.mark.parametrize("kind", ["check", "last"])
def test_a_commit_that_was_refused_leaves_nothing_of_its_transaction(own_database: Database, kind: str) -> None:
    """Though nobody rolls it back: SQLAlchemy takes it for one that has ended."""
    with own_database.sessions() as session:
        session.add(Team(id=50))
        session.flush()
        if kind == "last":
            adding = Prepared.compile(insert(Team).values(id=50).returning(Team.id), own_database.dialect)
            own_database.last.send(session, adding, {})
        else:
            own_database.reading_in(session).fetch_with_next(number(own_database, "SELECT 1"), {}, refuse)
        with pytest.raises((Wrong, Conflict)):
            session.commit()
    with own_database.engine.connect() as connection:
        assert _WAITING not in connection.info
    for one in (51, 52):
        with own_database.sessions.begin() as session:
            session.add(Team(id=one))
    with own_database.read() as connection:
        assert connection.rows(select(Team.id).order_by(Team.id)) == [(51,), (52,)]


def test_the_connection_of_a_session_is_that_of_its_own_database(database: Database) -> None:
    with database.sessions() as session:
        own = session.connection()
        session.execute(text("SELECT 1"), bind_arguments={"bind": database.reader})
        assert connection_of(session) is own


@pytest.mark.parametrize("name", ["before_commit", "after_commit", "after_rollback"])
def test_the_connection_of_a_session_is_none_whose_transaction_has_ended(database: Database, name: str) -> None:
    def asked(ask: Callable[[Session], object], session: Session) -> object:
        try:
            return ask(session)
        except InvalidRequestError as error:
            return type(error)

    seen: list[tuple[object, object]] = []
    with database.sessions() as session:
        event.listen(session, name, lambda at: seen.append((asked(Session.connection, at), asked(connection_of, at))))
        connection_of(session)
        if "commit" in name:
            session.commit()
        else:
            session.rollback()
    assert seen
    assert all(theirs is ours for theirs, ours in seen)
