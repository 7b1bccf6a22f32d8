"""Streams of rows, as far as the reading of lists does not show them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from colonnade.core.database import Database, DatabaseSettings, Prepared, Snapshot
from colonnade.core.database.sqlite import time_limit
from tests.resilience.serving import eventually

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
MANY, FEW = (text(NUMBERS.format(most)) for most in (100_000, 1_000))


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    """One whose statements may take little time, and a single connection to read by."""
    settings = DatabaseSettings(
        url=SecretStr(fresh_database_url), statement_timeout=500, pool_size=1, max_overflow=0, pool_timeout=0.1
    )
    database = Database(settings)
    database.engine.connect().close()  # makes the file
    yield database
    database.dispose()


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("raw", [True, False])
def test_each_batch_has_the_time_of_a_statement(database: Database, raw: bool) -> None:
    """However long its reader took over the one before. (On PostgreSQL a batch is a statement, and the server's.)"""
    snapshot = Snapshot(database.open_read())
    if raw:
        stream = snapshot.fetching(Prepared.compile(MANY, database.dialect), {})
    else:
        stream = snapshot.streaming(MANY)
    assert len(stream.fetch(10)) == 10
    limit = time_limit(snapshot._taken.connection.info)
    assert limit is not None
    eventually(limit.passed, "the time of a statement is over")
    assert len(stream.fetch(3_000)) == 3_000  # the clock is looked at in between
    snapshot.close()


def test_rows_are_the_drivers_own_or_sqlalchemys(database: Database) -> None:
    """As they come from `fetch` and `rows`, so many at a time, none at the end."""
    snapshot = Snapshot(database.open_read())
    raw = snapshot.fetching(Prepared.compile(FEW, database.dialect), {})
    rows = snapshot.streaming(FEW)
    assert [tuple(each) for each in raw.fetch(2)] == [tuple(each) for each in rows.fetch(2)] == [(1,), (2,)]
    assert len(raw.fetch(2_000)) == len(rows.fetch(2_000)) == 998
    assert not raw.fetch(1)
    assert not rows.fetch(1)
    snapshot.close()
    snapshot.close()
    with database.read() as connection:
        assert connection.rows(text("SELECT 1")).count((1,)) == 1


def test_a_statement_that_fails_leaves_nothing_behind(database: Database) -> None:
    """The connection is as good as before."""
    for _ in range(3):
        snapshot = Snapshot(database.open_read())
        with pytest.raises(Exception, match=r"migrate|no such|does not exist"):
            snapshot.streaming(text("SELECT * FROM nothing_of_that_name"))
        snapshot.close()
    snapshot = Snapshot(database.open_read())
    assert snapshot.streaming(MANY).fetch(1)
    snapshot.close()


def test_a_connection_that_is_lent_stays_with_its_lender(database: Database) -> None:
    """It sees what the lender's transaction sees, which goes on."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE lent (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO lent VALUES (1)")
        snapshot = Snapshot(database.reading_on(connection))
        statement = text("SELECT n FROM lent")
        assert list(map(tuple, snapshot.fetching(Prepared.compile(statement, database.dialect), {}).fetch(5))) == [(1,)]
        snapshot.close()
        connection.exec_driver_sql("INSERT INTO lent VALUES (2)")
    with database.engine.connect() as connection:
        assert len(connection.execute(statement).all()) == 2
