"""Whoever looks finds the row of the last change in the log, though it may be inserted as late as with the commit."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Prepared, execute, statements_of
from colonnade.core.problems import Problem
from colonnade.plugins.history.models import Change
from tests.core.changes.works import Box, Scrap, told
from tests.core.database.test_lost_connections import terminate_others
from tests.harness.applications import Application


def add(session: Session, title: str = "box") -> Box:
    """One change."""
    box = Box(title=title)
    session.add(box)
    session.flush()
    return box


def ask_raw(made: Application, session: Session) -> list[Any]:
    """The resources that the log names, by the raw road."""
    statement = sa.select(Change.resource).where(Change.request_id == sa.bindparam("request", type_=sa.String()))
    prepared = Prepared.compile(statement, made.database.dialect)
    last = session.info["colonnade.changes.origin"].request_id
    return [row[0] for row in made.database.reading_in(session).fetch(prepared, {"request": last})]


def committed(made: Application, *titles: str) -> list[tuple[Any, ...]]:
    """What the log has of boxes of these titles, in order of positions; none is without one."""
    title = Change.after["title"].as_string()
    with made.database.sessions() as session:
        asked = sa.select(Change.verb, title, Change.position).where(title.in_(titles)).order_by(Change.position)
        rows = session.execute(asked).all()
    assert all(position is not None for _, _, position in rows)
    return [(verb, title) for verb, title, _ in rows]


def test_the_transaction_itself_sees_it(made: Application, session: Session) -> None:
    add(session)
    assert ask_raw(made, session) == ["boxes"]
    assert [verb for verb, *_ in told(session)][-1] == "create"


def test_it_is_inserted_with_its_position_by_one_statement(module_database_url: str, made: Application) -> None:
    with made.database.sessions() as session:
        add(session, "one statement")
        with statements_of(made.database) as sent:
            session.commit()
    at_commit = {"postgresql": 1, "sqlite": 0}[made.database.dialect.name]
    assert len(sent) == at_commit
    assert committed(made, "one statement") == [("create", "one statement")]


def test_it_stays_when_a_later_savepoint_is_undone(made: Application) -> None:
    with made.database.sessions() as session:
        add(session, "before a savepoint")
        savepoint = session.begin_nested()
        add(session, "in a savepoint")
        savepoint.rollback()
        session.commit()
    assert committed(made, "before a savepoint", "in a savepoint") == [("create", "before a savepoint")]


@pytest.mark.parametrize("of_core", [False, True])
def test_that_of_a_savepoint_goes_with_it(made: Application, of_core: bool) -> None:
    title = f"gone {of_core}"
    with made.database.sessions() as session:
        savepoint = session.connection().begin_nested() if of_core else session.begin_nested()
        add(session, title)
        savepoint.rollback()
        session.expunge_all()
        session.commit()
    assert committed(made, title) == []


def test_changes_before_and_in_a_savepoint_keep_their_order(made: Application) -> None:
    titles = [f"order {number}" for number in range(4)]
    with made.database.sessions() as session:
        add(session, titles[0])
        with session.begin_nested():
            add(session, titles[1])
        add(session, titles[2])
        add(session, titles[3])
        session.commit()
    assert committed(made, *titles) == [("create", title) for title in titles]


@pytest.mark.parametrize("end", [Session.rollback, Session.close])
def test_a_transaction_that_is_given_up_leaves_nothing_for_the_next(
    made: Application, end: Callable[[Session], None]
) -> None:
    given_up, kept = f"given up {end.__name__}", f"kept {end.__name__}"
    with made.database.sessions() as session:
        add(session, given_up)
        end(session)
        session.add(Scrap(text="nobody keeps it"))
        session.commit()
        add(session, kept)
        session.commit()
    assert committed(made, given_up, kept) == [("create", kept)]


def test_it_is_there_when_the_connection_is_committed_past_the_session(made: Application) -> None:
    with made.database.sessions() as session:
        add(session, "past the session")
        session.connection().commit()
    with made.database.sessions() as session:
        assert titles_in_log(session, "past the session") == ["past the session"]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_it_is_there_when_each_statement_is_committed_by_itself(made: Application) -> None:
    with made.database.sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        add(session, "by itself")
        session.rollback()
    with made.database.sessions() as session:
        assert titles_in_log(session, "by itself") == ["by itself"]


def test_a_savepoint_in_words_is_one(made: Application) -> None:
    with made.database.sessions() as session:
        session.connection().exec_driver_sql("SAVEPOINT a")
        add(session, "after SAVEPOINT")
        with pytest.raises(Problem):
            made.database.reading_in(session).fetch(Prepared.compile(broken(made), made.database.dialect), {})
        session.connection().exec_driver_sql("ROLLBACK TO SAVEPOINT a")
        session.expunge_all()
        add(session, "after ROLLBACK")
        session.commit()
    assert committed(made, "after SAVEPOINT", "after ROLLBACK") == [("create", "after ROLLBACK")]


def broken(made: Application) -> Any:
    """A statement that the database does not take: the same key twice."""
    return sa.insert(Scrap).values([{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]).returning(Scrap.id)


def test_it_is_there_when_the_session_was_forgotten_before_its_connection(made: Application) -> None:
    session = made.database.sessions()
    add(session, "forgotten session")
    connection = session.connection()
    session.expunge_all()
    del session
    gc.collect()
    connection.commit()
    connection.close()
    with made.database.sessions() as session:
        assert titles_in_log(session, "forgotten session") == ["forgotten session"]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_another_connection_object_of_the_same_transaction_sees_it(made: Application) -> None:
    with made.database.sessions() as session:
        add(session, "seen beside")
        beside = sa.Connection(made.database.engine, session.connection().connection)
        title = Change.after["title"].as_string()
        assert beside.scalars(sa.select(title).where(title == "seen beside")).all() == ["seen beside"]
        session.commit()
    assert committed(made, "seen beside") == [("create", "seen beside")]


def titles_in_log(session: Session, title: str) -> list[str]:
    """Each time that the log has a box of this title."""
    kept = Change.after["title"].as_string()
    return list(session.scalars(sa.select(kept).where(kept == title)))


@pytest.mark.parametrize("savepoint", [False, True])
def test_what_a_listener_writes_at_the_commit_follows(made: Application, savepoint: bool) -> None:
    titles = [f"{when} the listener {savepoint}" for when in ("before", "by")]

    def write(session: Session) -> None:
        if savepoint:
            with session.begin_nested():
                session.flush()
        add(session, titles[1])

    with made.database.sessions() as session:
        sa.event.listen(session, "before_commit", write, once=True)
        add(session, titles[0])
        session.commit()
    assert committed(made, *titles) == [("create", title) for title in titles]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_each_of_two_sessions_keeps_its_own(made: Application) -> None:
    """SQLite lets one write at a time."""
    with made.database.sessions() as first, made.database.sessions() as second:
        add(first, "first")
        add(second, "second")
        second.commit()
        first.commit()
    assert committed(made, "first", "second") == [("create", "second"), ("create", "first")]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_that_of_a_connection_that_is_lost_goes_with_it(made: Application) -> None:
    with made.database.sessions() as session:
        session.execute(sa.select(1))
        terminate_others(made.database)
        with pytest.raises(Problem):
            ask_of_boxes(session)
        session.rollback()
        add(session, "lost")
        terminate_others(made.database)
        with pytest.raises(Problem):
            ask_of_boxes(session)
        session.rollback()
        session.expunge_all()
        add(session, "after it was lost")
        session.commit()
    assert committed(made, "lost", "after it was lost") == [("create", "after it was lost")]


def ask_of_boxes(session: Session) -> None:
    """Past the raw road."""
    execute(session, sa.select(Box.id))


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "begun", ["SAVEPOINT one", "savepoint one", "\n  SAVEPOINT one", "-- ours\n/* a\nb */SAVEPOINT one"]
)
def test_that_of_a_savepoint_of_text_goes_with_it_whatever_failed_there(made: Application, begun: str) -> None:
    failing = Prepared.compile(sa.text("SELECT 1 / 0"), made.database.dialect)
    title = f"after {begun}"
    with made.database.sessions() as session:
        session.execute(sa.text(begun))
        add(session, "in a savepoint of text")
        with pytest.raises(psycopg.errors.DivisionByZero):
            made.database.reading_in(session).fetch(failing, {})
        session.execute(sa.text("ROLLBACK TO one"))
        session.expunge_all()
        add(session, title)
        session.commit()
    assert committed(made, title, "in a savepoint of text") == [("create", title)]
