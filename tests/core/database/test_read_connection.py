"""Reads: what cannot be written, what is raised, what is given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from colonnade.core.database import Database, PooledReadConnection, Prepared, statements_of
from colonnade.core.problems import BadRequest, Unavailable
from tests.core.database.conftest import MakeDatabase, Person, Team

WRITES = [
    "CREATE TABLE sneaked (id INTEGER)",
    "INSERT INTO team (id) VALUES (7)",
    "DELETE FROM team",
    "DROP TABLE person",
]
MANY = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


def by_raw_road(database: Database, sql: str) -> Any:
    """By the driver's cursor."""
    with database.read() as connection:
        return connection.fetch(Prepared.compile(text(sql), database.dialect), {})


def by_sqlalchemy(database: Database, sql: str) -> Any:
    """By SQLAlchemy."""
    with database.read() as connection:
        return connection.rows(text(sql))


def tables(database: Database) -> list[Any]:
    """What a connection of our own sees."""
    with database.engine.begin() as connection:
        return list(connection.execute(select(Team.id)).all())


@pytest.mark.parametrize("road", [by_raw_road, by_sqlalchemy])
@pytest.mark.parametrize("write", WRITES)
def test_the_read_only_pool_can_change_nothing(database: Database, road: Any, write: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(Team).values(id=1))
    with pytest.raises(Unavailable, match="accepts no changes"):
        road(database, write)
    assert tables(database) == [(1,)]


@pytest.mark.parametrize("write", WRITES)
def test_the_read_only_pool_can_change_nothing_in_a_transaction_either(database: Database, write: str) -> None:
    with database.reader.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        with pytest.raises(DBAPIError, match=r"read-?only"):
            connection.exec_driver_sql(write)
    with database.reader.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            connection.exec_driver_sql(write)
        connection.rollback()


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_what_values_look_like_as_text_does_not_depend_on_the_servers_settings(
    own_database: Database, make_database: Any
) -> None:
    with own_database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = own_database.url.database
        for setting in ("timezone = 'Asia/Tokyo'", "datestyle = 'German'", "intervalstyle = 'iso_8601'"):
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET {setting}')
    told = "SELECT (timestamptz '2026-11-22 09:00+00')::text, (interval '1 day 2 hours')::text"
    fresh = make_database(own_database.url.render_as_string(hide_password=False))
    assert by_raw_road(fresh, told) == [("2026-11-22 09:00:00+00", "1 day 02:00:00")]
    with fresh.engine.connect() as connection:
        assert connection.exec_driver_sql(told).all() == [("2026-11-22 09:00:00+00", "1 day 02:00:00")]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_options_of_the_url_are_kept_and_cannot_make_the_reader_write(database: Database, make_database: Any) -> None:
    url = database.url.update_query_dict({"options": "-c default_transaction_read_only=off -c work_mem=9MB"})
    other = make_database(url.render_as_string(hide_password=False))
    assert by_raw_road(other, "SELECT current_setting('work_mem')") == [("9MB",)]
    with pytest.raises(Unavailable, match="accepts no changes"):
        by_raw_road(other, "CREATE TABLE sneaked (id INTEGER)")


@pytest.mark.parametrize("road", [by_raw_road, by_sqlalchemy])
def test_a_statement_that_takes_too_long_is_stopped(
    database: Database, make_database: Any, road: Any, dialect_name: str
) -> None:
    hasty = make_database(database.url.render_as_string(hide_password=False), statement_timeout=300)
    with pytest.raises(Unavailable, match="took too long") as stopped:
        road(hasty, MANY[dialect_name])
    assert ("Retry-After", "5") in stopped.value.headers
    assert road(hasty, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_time_is_given_to_each_statement_anew(
    database: Database, make_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    hasty = make_database(database.url.render_as_string(hide_password=False), statement_timeout=5_000)
    some = text(MANY["sqlite"].replace("FROM n)", "FROM n LIMIT 100000)"))
    prepared = Prepared.compile(some, hasty.dialect)
    with hasty.read() as connection:
        for _ in range(3):
            assert connection.fetch(prepared, {}) == [(100_000,)]
            now[0] += 60
            assert connection.rows(some) == [(100_000,)]
            now[0] += 60


def test_a_full_pool_is_said_at_once_and_is_over_when_somebody_gives_back(
    database: Database, make_database: Any
) -> None:
    small = make_database(
        database.url.render_as_string(hide_password=False), pool_size=1, max_overflow=1, pool_timeout=0.05
    )
    with small.read() as one, small.read() as two:
        one.rows(text("SELECT 1"))
        two.rows(text("SELECT 1"))
        for road in (by_raw_road, by_sqlalchemy):
            with pytest.raises(Unavailable, match="All connections") as full:
                road(small, "SELECT 1")
            assert ("Retry-After", "1") in full.value.headers
        assert (one.rows(text("SELECT 2")), two.rows(text("SELECT 3"))) == ([(2,)], [(3,)])
    assert by_raw_road(small, "SELECT 1") == [(1,)]


def test_one_who_reads_holds_one_connection_by_both_roads(database: Database, make_database: Any) -> None:
    single = make_database(
        database.url.render_as_string(hide_password=False), pool_size=1, max_overflow=0, pool_timeout=0.05
    )
    prepared = Prepared.compile(text("SELECT 1"), single.dialect)
    with single.read() as connection:
        assert connection.fetch(prepared, {}) == [(1,)]
        assert connection.rows(text("SELECT 2")) == [(2,)]
        assert connection.fetch(prepared, {}) == [(1,)]
    with single.read() as connection:
        assert connection.rows(text("SELECT 2")) == [(2,)]
        assert connection.fetch(prepared, {}) == [(1,)]
    assert single.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_nothing_is_checked_out_before_the_first_statement(database: Database) -> None:
    with database.read() as connection:
        assert connection.dialect_name == database.dialect.name
        assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_rows_have_names_and_the_types_of_sqlalchemy(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(Person).values(id=1, mail="a@b"))
    with database.read() as reading:
        (row,) = reading.rows(select(Person.id, Person.mail).where(Person.id == bindparam("n")), {"n": 1})
    assert (row.id, row.email) == (1, "a@b")


def test_a_lent_connection_shows_what_its_transaction_has_changed(database: Database) -> None:
    count = select(func.count()).select_from(Team)
    prepared = Prepared.compile(count, database.dialect)
    with database.engine.begin() as connection:
        lent = database.reading_on(connection)
        connection.execute(insert(Team).values(id=1))
        assert (lent.fetch(prepared, {}), lent.rows(count), lent.dialect_name) == (
            [(1,)],
            [(1,)],
            database.dialect.name,
        )
        with database.read() as outside:
            assert outside.fetch(prepared, {}) == [(0,)]
        connection.rollback()
    assert tables(database) == []


def test_a_first_fetch_on_a_lent_connection_is_in_its_transaction(database: Database) -> None:
    with database.engine.connect() as connection:
        database.reading_on(connection).fetch(Prepared.compile(select(Team.id), database.dialect), {})
        assert connection.in_transaction()
        connection.execute(insert(Team).values(id=1))
        connection.rollback()
    assert tables(database) == []


def test_a_session_is_flushed_before_it_is_read(database: Database) -> None:
    prepared = Prepared.compile(select(Team.id), database.dialect)
    with database.sessions() as session:
        session.add(Team(id=5))
        assert database.reading_in(session).fetch(prepared, {}) == [(5,)]
        session.add(Team(id=6))
        assert database.reading_in(session).rows(select(func.count()).select_from(Team)) == [(2,)]


@pytest.mark.parametrize(
    "column, value",
    [(Team.id, 10**19), (Team.id, -(10**30)), (Person.first_name, "\ud800")],
)
def test_a_value_that_no_column_holds_is_the_callers_mistake(database: Database, column: Any, value: object) -> None:
    prepared = Prepared.compile(select(Team.id).where(column == bindparam("n")), database.dialect)
    with database.read() as connection:
        with pytest.raises(BadRequest):
            connection.fetch(prepared, {"n": value})
        assert connection.rows(text("SELECT 1")) == [(1,)]


def test_a_statement_beyond_the_databases_limits_is_the_callers_mistake(database: Database, dialect_name: str) -> None:
    too_deep = literal_column("+".join(["1"] * {"sqlite": 5_000, "postgresql": 100_000}[dialect_name]))
    prepared = Prepared.compile(select(too_deep), database.dialect)
    with database.read() as connection:
        for _ in range(2):
            with pytest.raises(BadRequest):
                connection.fetch(prepared, {})
        with pytest.raises(BadRequest):
            connection.rows(select(too_deep))


def test_a_mistake_of_ours_stays_one(database: Database) -> None:
    prepared = Prepared.compile(select(literal_column("no_such_function(1)")), database.dialect)
    with database.read() as connection:
        with pytest.raises(Exception, match="no_such_function") as raised:
            connection.fetch(prepared, {})
        assert not isinstance(raised.value, Unavailable)
        with pytest.raises(DBAPIError, match="no_such_function"):
            connection.rows(select(literal_column("no_such_function(1)")))
        assert connection.rows(text("SELECT 1")) == [(1,)]


@pytest.mark.parametrize("road", [by_raw_road, by_sqlalchemy])
@pytest.mark.parametrize("sql", ["SELECT id FROM nowhere", "SELECT no_column FROM team"])
def test_a_table_that_is_not_there_says_to_migrate(database: Database, road: Any, sql: str) -> None:
    with pytest.raises(Unavailable, match="colonnade migrate"):
        road(database, sql)


def test_a_table_that_changed_under_a_prepared_statement_is_read_all_the_same(own_database: Database) -> None:
    prepared = Prepared.compile(text("SELECT * FROM team"), own_database.dialect)
    with own_database.read() as connection:
        assert connection.fetch(prepared, {}) == []
        with own_database.engine.begin() as other:
            other.exec_driver_sql("ALTER TABLE team ADD COLUMN name VARCHAR")
            other.exec_driver_sql("INSERT INTO team (id, name) VALUES (1, 'new')")
        assert connection.fetch(prepared, {}) == [(1, "new")]
        for _ in range(10):  # by SQLAlchemy, psycopg prepares what it has seen five times
            assert len(connection.rows(text("SELECT * FROM team"))) == 1
        with own_database.engine.begin() as other:
            other.exec_driver_sql("ALTER TABLE team ADD COLUMN size INTEGER DEFAULT 3")
        assert connection.rows(text("SELECT * FROM team")) == [(1, "new", 3)]


def test_statements_are_counted_on_every_road(database: Database) -> None:
    with statements_of(database) as seen:
        by_raw_road(database, "SELECT 1")
        by_sqlalchemy(database, "SELECT 2")
        with database.sessions.begin() as session, session.begin_nested():
            session.execute(text("SELECT 3"))
            database.reading_in(session).fetch(Prepared.compile(text("SELECT 4"), database.dialect), {})
    by_raw_road(database, "SELECT 5")
    assert seen == ["SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"]


def test_making_a_database_touches_nothing(tmp_path: Path, make_database: Any) -> None:
    path = tmp_path / "absent.sqlite"
    make_database(f"sqlite:///{path}")
    make_database("postgresql://nobody@127.0.0.1:1/nothing")
    assert not path.exists()


def test_a_read_does_not_make_the_file_of_a_database(tmp_path: Path, make_database: Any) -> None:
    database = make_database(f"sqlite:///{tmp_path}/100% of #1 & more.sqlite")
    with pytest.raises(Unavailable, match="no such database"):
        by_raw_road(database, "SELECT 1")
    assert list(tmp_path.iterdir()) == []
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE made (id INTEGER)")
    assert by_raw_road(database, "SELECT count(*) FROM made") == [(0,)]
    assert (tmp_path / "100% of #1 & more.sqlite").exists()


def test_sqlite_writers_and_readers_do_not_wait_for_each_other(tmp_path: Path, make_database: Any) -> None:
    database = make_database(f"sqlite:///{tmp_path}/wal.sqlite")
    with database.engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        connection.exec_driver_sql("CREATE TABLE made (id INTEGER)")
    with database.engine.begin() as writing, database.read() as reading:
        writing.exec_driver_sql("INSERT INTO made VALUES (1)")
        assert reading.rows(text("SELECT count(*) FROM made")) == [(0,)]
    assert by_raw_road(database, "SELECT count(*) FROM made") == [(1,)]


class Wrong(Exception):
    """What was read is not what was expected."""


def refuse(rows: list[Any]) -> None:
    raise Wrong(rows)


def number(database: Database, sql: str) -> Prepared:
    return Prepared.compile(text(sql), database.dialect)


def test_a_statement_goes_with_the_next_one_and_is_checked_first(database: Database) -> None:
    checked: list[Any] = []
    with database.read() as connection, statements_of(database) as sent:
        connection.fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        assert (sent, checked) == ([], [])
        assert connection.fetch(number(database, "SELECT 2"), {}) == [(2,)]
        assert checked == [[(1,)]]
        assert connection.fetch(number(database, "SELECT 3"), {}) == [(3,)]
    assert sent == ["SELECT 1", "SELECT 2", "SELECT 3"]
    assert checked == [[(1,)]]


def test_nobody_gets_any_rows_if_the_check_refuses(database: Database) -> None:
    """Even where somebody between has caught what was raised."""
    with database.read() as connection, statements_of(database) as sent:
        connection.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        with pytest.raises(Wrong, match="1"):
            connection.fetch(number(database, "SELECT 2"), {})
        with pytest.raises(Wrong):
            connection.fetch(number(database, "SELECT 3"), {})
        with pytest.raises(Wrong):
            connection.rows(text("SELECT 4"))
        with pytest.raises(Wrong):
            connection.taken({"sqlite": "BEGIN", "postgresql": "BEGIN"})
        with pytest.raises(Wrong):
            connection.fetch_with_next(number(database, "SELECT 5"), {}, refuse)
        with pytest.raises(Wrong):
            connection.settle()
    assert "SELECT 3" not in sent


def test_a_statement_that_no_connection_is_had_for_is_not_waited_for_twice(
    module_database_url: str, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = make_database(module_database_url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    asked = 0
    check_out = PooledReadConnection._checked_out

    def ask(connection: PooledReadConnection) -> Any:
        nonlocal asked
        asked += 1
        return check_out(connection)

    with few.read() as held, few.read() as connection:
        held.fetch(number(few, "SELECT 1"), {})
        monkeypatch.setattr(PooledReadConnection, "_checked_out", ask)
        connection.fetch_with_next(number(few, "SELECT 1"), {}, refuse)
        for act in (lambda: connection.fetch(number(few, "SELECT 2"), {}), connection.settle):
            with pytest.raises(Unavailable):
                act()
    assert asked == 1


@pytest.mark.parametrize("sql", ["SELECT one FROM nowhere", "SELECT sum(9223372036854775807) OVER () % 0, abs(-1-"])
def test_nobody_gets_the_next_one_s_error_if_the_check_refuses(database: Database, sql: str) -> None:
    with database.read() as connection:
        connection.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        with pytest.raises(Wrong):
            connection.fetch(number(database, sql), {})
    with database.read() as connection:
        checked: list[Any] = []
        connection.fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        with pytest.raises(Exception, match=r"not migrated|syntax|incomplete"):
            connection.fetch(number(database, sql), {})
        assert checked == [[(1,)]]
        assert connection.fetch(number(database, "SELECT 3"), {}) == [(3,)]


def test_an_error_of_the_first_is_raised_once(database: Database) -> None:
    with database.read() as connection:
        connection.fetch_with_next(number(database, "SELECT one FROM nowhere"), {}, refuse)
        with pytest.raises(Exception, match=r"not migrated|no such table"):
            connection.fetch(number(database, "SELECT 2"), {})
    with database.read() as connection:
        assert connection.fetch(number(database, "SELECT 3"), {}) == [(3,)]


@pytest.mark.parametrize("way", ["settle", "rows", "taken", "another"])
def test_a_statement_that_waits_is_sent_before_anything_else(database: Database, way: str) -> None:
    checked: list[Any] = []
    with database.read() as connection:
        connection.fetch_with_next(number(database, "SELECT 1"), {}, checked.append)
        if way == "settle":
            connection.settle()
        elif way == "rows":
            connection.rows(text("SELECT 2"))
        elif way == "taken":
            connection.taken({"sqlite": "BEGIN", "postgresql": "BEGIN"})[0].close()
        else:
            connection.fetch_with_next(number(database, "SELECT 2"), {}, checked.append)
            assert checked == []  # it waits behind the first
            assert connection.fetch(number(database, "SELECT 3"), {}) == [(3,)]
        assert checked == [[(1,)], [(2,)]][: 2 if way == "another" else 1]
        connection.settle()
        connection.settle()
    assert len(checked) == (2 if way == "another" else 1)


def test_a_value_that_no_statement_could_hold_does_not_go_before_the_check(database: Database) -> None:
    prepared = Prepared.compile(select(literal_column("1")).where(bindparam("n") == 1), database.dialect)
    with database.read() as connection:
        connection.fetch_with_next(number(database, "SELECT 1"), {}, refuse)
        with pytest.raises(Wrong):
            connection.fetch(prepared, {"n": 2**70})


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_two_statements_go_together_however_few_are_kept(
    module_database_url: str, make_database: MakeDatabase, kept: int
) -> None:
    few = make_database(module_database_url, prepared_statements=kept)
    checked: list[Any] = []
    with few.read() as connection:
        for turn in range(1, 6):
            connection.fetch_with_next(number(few, f"SELECT {turn}"), {}, checked.append)
            assert connection.fetch(number(few, f"SELECT -{turn}"), {}) == [(-turn,)]
    assert checked == [[(turn,)] for turn in range(1, 6)]
