"""What a transaction begins and ends with: its first statement with BEGIN, its last one with COMMIT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, server_statements
from colonnade.core.database.last_statement import LastStatement
from colonnade.core.problems import Conflict, Problem, Unavailable
from colonnade.core.request import Request
from tests.core.database.conftest import MakeApp, MakeDatabase, Team
from tests.core.database.test_lost_connections import terminate_others

pytestmark = pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)


@pytest.fixture
def last(database: Database) -> LastStatement:
    return database.last


@pytest.fixture
def adding(database: Database) -> Prepared:
    """Adds a team."""
    statement = insert(Team).values(id=bindparam("number")).returning(Team.id)
    return Prepared.compile(statement, database.dialect)


def teams(database: Database) -> list[int]:
    """What is committed."""
    with database.read() as connection:
        return [row[0] for row in connection.rows(select(Team.id).order_by(Team.id))]


def kept_by_server(session: Session) -> int:
    """How many statements the server keeps for a session's connection."""
    return int(session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())


def in_transaction(session: Session) -> str:
    """The state that libpq knows of."""
    driver: Any = session.connection().connection.driver_connection
    return str(driver.info.transaction_status.name)


def test_it_is_committed_with_the_rest(database: Database, last: LastStatement, adding: Prepared) -> None:
    with database.sessions() as session:
        session.execute(insert(Team).values(id=1))
        last.send(session, adding, {"number": 2})
        assert teams(database) == []
        session.commit()
        assert teams(database) == [1, 2]
        session.execute(insert(Team).values(id=3))  # the connection is as good as before
        session.commit()
    assert teams(database) == [1, 2, 3]


def test_it_may_be_all_that_there_is(database: Database, last: LastStatement, adding: Prepared) -> None:
    for number in (1, 2):
        with database.sessions() as session:
            last.send(session, adding, {"number": number})
            session.commit()
    assert teams(database) == [1, 2]


def test_it_is_not_sent_where_the_rest_is_rolled_back(
    database: Database, last: LastStatement, adding: Prepared
) -> None:
    with database.sessions() as session:
        last.send(session, adding, {"number": 1})
        session.rollback()
        session.execute(insert(Team).values(id=2))
        session.commit()
    assert teams(database) == [2]


@pytest.mark.parametrize("road", ["sqlalchemy", "raw", "another one"])
def test_what_comes_after_all_the_same_sees_it(
    database: Database, last: LastStatement, adding: Prepared, road: str
) -> None:
    counting = Prepared.compile(select(func.count()).select_from(Team), database.dialect)
    with database.sessions() as session:
        last.send(session, adding, {"number": 1})
        if road == "sqlalchemy":
            assert session.scalar(select(func.count()).select_from(Team)) == 1
        elif road == "raw":
            assert database.reading_in(session).fetch(counting, {}) == [(1,)]
        else:
            last.send(session, adding, {"number": 2})
        session.commit()
    assert teams(database)[0] == 1


def test_on_a_connection_that_others_commit_it_is_sent_at_once(
    database: Database, last: LastStatement, adding: Prepared
) -> None:
    with database.engine.connect() as connection, connection.begin():
        with Session(connection) as session:
            last.send(session, adding, {"number": 1})
        assert connection.execute(select(Team.id)).scalars().all() == [1]
    assert teams(database) == [1]
    with Session(database.engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
        last.send(session, adding, {"number": 2})
        assert teams(database) == [1, 2]


def test_where_it_fails_nothing_is_committed(database: Database, last: LastStatement, adding: Prepared) -> None:
    with database.sessions() as session:
        session.execute(insert(Team).values(id=1))
        session.commit()
        session.execute(insert(Team).values(id=2))
        last.send(session, adding, {"number": 1})
        with pytest.raises(Conflict, match="already taken"):
            session.commit()
        session.rollback()
        assert in_transaction(session) == "IDLE"
        session.execute(insert(Team).values(id=3))
        last.send(session, adding, {"number": 4})
        session.commit()
    assert teams(database) == [1, 3, 4]


def test_what_commit_itself_finds_is_a_problem_too(database: Database, last: LastStatement, adding: Prepared) -> None:
    """A constraint that is looked at as late as that."""
    with database.sessions.begin() as session:
        session.execute(text("CREATE TABLE late (team_id INTEGER REFERENCES team (id) DEFERRABLE INITIALLY DEFERRED)"))
    with database.sessions() as session:
        session.execute(text("INSERT INTO late VALUES (77)"))
        last.send(session, adding, {"number": 1})
        with pytest.raises(Problem) as raised:
            session.commit()
        assert raised.value.status == 422
        session.rollback()
        session.execute(insert(Team).values(id=77))
        session.execute(text("INSERT INTO late VALUES (77)"))
        session.commit()
        session.execute(text("DROP TABLE late"))
        session.commit()
    assert teams(database) == [77]


def test_a_connection_that_is_lost_then_is_not_tried_again(
    database: Database, last: LastStatement, adding: Prepared, make_app: MakeApp
) -> None:
    """Nobody knows whether COMMIT was heard."""
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.execute(insert(Team).values(id=tries["add"]))
        last.send(request.dbsession, adding, {"number": 100})
        if tries["add"] == 1:
            terminate_others(database)
        return "added"

    app = make_app(database, add=add)
    assert app.post("/add", status=503).json["status"] == 503
    assert tries["add"] == 1
    app.post("/add", status=200)
    assert teams(database) == [2, 100]


def test_a_connection_lost_at_the_first_statement_is_a_problem(database: Database, adding: Prepared) -> None:
    with database.sessions() as session:
        database.reading_in(session).fetch(adding, {"number": 1})
        session.commit()
        terminate_others(database)
        with pytest.raises(Unavailable):
            database.reading_in(session).fetch(adding, {"number": 2})
        session.rollback()
        database.reading_in(session).fetch(adding, {"number": 3})
        session.commit()
    assert teams(database) == [1, 3]


@pytest.mark.parametrize("level", ["SERIALIZABLE", "REPEATABLE READ"])
def test_a_transaction_begins_with_the_properties_of_its_connection(database: Database, level: Any) -> None:
    asking = Prepared.compile(text("SELECT current_setting('transaction_isolation')"), database.dialect)
    with Session(database.engine.execution_options(isolation_level=level)) as session:
        assert database.reading_in(session).fetch(asking, {}) == [(level.lower(),)]
        session.rollback()
    with database.sessions() as session:
        assert database.reading_in(session).fetch(asking, {}) == [("read committed",)]


def to_savepoint(session: Session) -> None:
    with session.begin_nested() as savepoint:
        session.execute(insert(Team).values(id=1000))
        savepoint.rollback()


def drop_a_table(session: Session) -> None:
    session.execute(text("CREATE TEMPORARY TABLE scratch (id INTEGER)"))
    session.execute(text("DROP TABLE scratch"))


def roll_back(session: Session) -> None:
    session.rollback()


def give_back_unfinished(session: Session) -> None:
    session.close()


def drop_several(session: Session) -> None:
    session.execute(text("CREATE TEMPORARY TABLE scratch (id INTEGER); DROP TABLE scratch"))


def to_savepoint_after_a_comment(session: Session) -> None:
    session.execute(text("SAVEPOINT one"))
    session.execute(text("-- back\nROLLBACK TO one"))


@pytest.mark.parametrize(
    "forgetting",
    [to_savepoint, to_savepoint_after_a_comment, drop_a_table, drop_several, roll_back, give_back_unfinished],
)
def test_statements_are_prepared_anew_where_psycopg_has_made_the_server_forget_them(
    database: Database, last: LastStatement, adding: Prepared, forgetting: Any
) -> None:
    with database.sessions() as session:
        for number in range(1, 40, 3):
            database.reading_in(session).fetch(adding, {"number": number})
            for _ in range(6):  # so that psycopg has prepared something of its own
                session.execute(select(Team.id).limit(1))
            forgetting(session)
            database.reading_in(session).fetch(adding, {"number": number + 1})
            last.send(session, adding, {"number": number + 2})
            session.commit()
            assert kept_by_server(session) < 10
    assert {2, 3, 38, 39} <= set(teams(database))


def test_what_the_server_was_made_to_forget_behind_our_back_is_worth_another_try(
    database: Database, adding: Prepared, make_app: MakeApp
) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        connection: Connection = request.dbsession.connection()
        if tries["add"] == 2:
            driver: Any = connection.connection.driver_connection
            driver.execute("DEALLOCATE ALL")
        request.read_connection.fetch(adding, {"number": tries["add"]})
        return "added"

    app = make_app(database, add=add)
    for _ in range(2):
        app.post("/add", status=200)
    assert tries["add"] == 3
    assert teams(database) == [1, 3]


def test_a_connection_that_is_lost_before_that_is_tried_again(
    database: Database, last: LastStatement, adding: Prepared, make_app: MakeApp
) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        last.send(request.dbsession, adding, {"number": tries["add"]})
        request.dbsession.execute(insert(Team).values(id=100))
        if tries["add"] == 1:
            terminate_others(database)
        request.dbsession.execute(insert(Team).values(id=200))
        return "added"

    make_app(database, add=add).post("/add", status=200)
    assert tries["add"] == 2
    assert teams(database) == [2, 100, 200]


@pytest.mark.parametrize("statements", [0, 100])
def test_what_it_fails_on_is_not_left_for_the_next_request(
    module_database_url: str,
    database: Database,
    adding: Prepared,
    make_database: MakeDatabase,
    make_app: MakeApp,
    statements: int,
) -> None:
    one = make_database(module_database_url, pool_size=1, max_overflow=0, prepared_statements=statements)
    last = one.last
    numbers = iter([(1, 2), (3, 2), (4, None), (5, 6)])

    def add(request: Request) -> str:
        first, then = next(numbers)
        request.dbsession.execute(insert(Team).values(id=first))
        last.send(request.dbsession, adding, {"number": "none" if then is None else then})
        return "added"

    app = make_app(one, add=add)
    assert [app.post("/add", expect_errors=True).status_int for _ in range(4)] == [200, 409, 422, 200]
    assert teams(database) == [1, 2, 5, 6]


def test_a_session_that_is_closed_on_its_failure_leaves_nothing(
    database: Database, last: LastStatement, adding: Prepared
) -> None:
    for number in (1, int, 1, int):  # the second is nothing that the driver could send
        with database.sessions() as session:
            session.execute(insert(Team).values(id=1))
            last.send(session, adding, {"number": number})
            with pytest.raises((Problem, psycopg.ProgrammingError)):
                session.commit()
    assert teams(database) == []


def test_it_may_be_sent_just_before_what_makes_the_server_forget_it(
    database: Database, last: LastStatement, adding: Prepared
) -> None:
    with database.sessions() as session:
        for number in (1, 3, 5):
            session.execute(text("CREATE TEMPORARY TABLE scratch (id INTEGER)"))
            for _ in range(6):  # so that psycopg has prepared something of its own
                session.execute(select(Team.id).limit(1))
            last.send(session, adding, {"number": number})
            session.execute(text("DROP TABLE scratch"))
            last.send(session, adding, {"number": number + 1})
            session.commit()
    assert teams(database) == [1, 2, 3, 4, 5, 6]


def test_the_server_keeps_no_more_where_statements_are_sent_in_a_failed_transaction(
    module_database_url: str, database: Database, make_database: MakeDatabase
) -> None:
    few = make_database(module_database_url, prepared_statements=2)
    numbers = [Prepared.compile(text(f"SELECT {number}"), few.dialect) for number in range(4)]
    with few.sessions() as session:
        for _ in range(5):
            for each in numbers[:2]:
                few.reading_in(session).fetch(each, {})
            session.connection().exec_driver_sql("SAVEPOINT one")
            with pytest.raises(DBAPIError):
                session.connection().exec_driver_sql("SELECT 1 / 0")
            for each in numbers[2:]:
                with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                    few.reading_on(session.connection()).fetch(each, {})
            session.connection().exec_driver_sql("ROLLBACK TO one")
        assert kept_by_server(session) == 2


def test_a_connection_that_was_interrupted_at_the_end_is_not_given_to_the_next(
    module_database_url: str,
    database: Database,
    adding: Prepared,
    make_database: MakeDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by Ctrl-C, while the answer is waited for."""
    one = make_database(module_database_url, pool_size=1, max_overflow=0)
    last = one.last

    def interrupted(_server: Any) -> Iterator[Any]:
        raise KeyboardInterrupt
        yield

    with one.sessions() as session:
        session.execute(insert(Team).values(id=1))
        last.send(session, adding, {"number": 2})
        with monkeypatch.context() as patch:
            patch.setattr(server_statements, "fetch_many", interrupted)
            with pytest.raises(KeyboardInterrupt):
                session.commit()
    with one.sessions() as session:
        one.reading_in(session).fetch(adding, {"number": 3})
        session.commit()
    assert teams(database)[-1] == 3
