"""How the rows of a prepared statement are had from a connection of each driver, past SQLAlchemy."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from colonnade.core.database import sqlite
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.server_statements import ServerStatements

#: What makes psycopg forget all that it has prepared, and the server with it: see its `PrepareManager`. It stands first
#: in what the server says of a statement, and anywhere in the text of several.
_FORGETTING: Final = re.compile(r"\b(?:DROP|ALTER|ROLLBACK|DISCARD|DEALLOCATE)\b", re.IGNORECASE)
_SENDER: Final = "colonnade.sender"


#: What a statement returned.
Rows: TypeAlias = list[tuple[Any, ...]]
#: Looks at the rows of a statement; raises if they are not what they should be.
Check: TypeAlias = Callable[[Rows], object]
#: A statement and its arguments.
Bound: TypeAlias = tuple[Prepared, list[object]]
#: The same, with what has to find its rows good before anybody hears of what comes after it.
Awaited: TypeAlias = tuple[Bound, Check]


class Sender(Protocol):
    """Executes statements on one connection, and returns all rows of each."""

    def rows(self, bound: Bound) -> Rows:
        """Execute a statement; a transaction begins where none has begun."""

    def last_rows(self, bound: Bound) -> Rows:
        """The same just before COMMIT, which may be done with it."""

    def rows_after(self, awaited: Sequence[Awaited], bound: Bound) -> Rows:
        """Execute a statement after others, whose rows are checked before anybody hears of this one.

        All are sent at once, where the driver can do that.
        """


def sender_of(raw: PoolProxiedConnection) -> Sender:
    """What sends statements on a pooled connection; made once, for that is a quarter of the cost of a small one."""
    known: Sender | None = raw.info.get(_SENDER)
    if known is None:
        known = raw.info[_SENDER] = _sender(raw)
    return known


def commits_each(raw: PoolProxiedConnection) -> bool:
    """Whether a connection of PostgreSQL commits each statement by itself.

    Of SQLite's this cannot be told: from Python 3.12 on, its attribute says how that was asked for.
    """
    return getattr(raw.dbapi_connection, "autocommit", False) is True


def _sender(raw: PoolProxiedConnection) -> Sender:
    driver = raw.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return OnSQLite(driver, sqlite.time_limit(raw.info))
    assert isinstance(driver, psycopg.Connection)
    # Where no statement may be kept, psycopg knows how to do without.
    return ByCursor(driver) if driver.prepare_threshold is None else WithoutCursor(driver)


class OnSQLite:
    """By sqlite3's own cursor."""

    def __init__(self, driver: sqlite3.Connection, limit: sqlite.TimeLimit | None) -> None:
        self._driver = driver
        self._limit = limit

    def rows(self, bound: Bound) -> Rows:
        prepared, arguments = bound
        if self._limit:
            self._limit.start()
        return self._driver.execute(prepared.text, arguments).fetchall()

    last_rows = rows

    def rows_after(self, awaited: Sequence[Awaited], bound: Bound) -> Rows:
        for each, check in awaited:
            check(self.rows(each))
        return self.rows(bound)


class ByCursor:
    """By psycopg's cursor."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        # psycopg's usual cursor would look for %(name)s in the text each time; this one sends the text as it is.
        self._cursor = psycopg.RawCursor(driver)

    def rows(self, bound: Bound) -> Rows:
        prepared, arguments = bound
        return self._cursor.execute(prepared.query, arguments).fetchall()

    last_rows = rows

    def rows_after(self, awaited: Sequence[Awaited], bound: Bound) -> Rows:
        for each, check in awaited:
            check(self.rows(each))
        return self.rows(bound)


class WithoutCursor:
    """By statements that the server keeps."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.statements = ServerStatements(driver)

    def rows(self, bound: Bound) -> Rows:
        prepared, arguments = bound
        return self.statements.rows(prepared.query, arguments)

    def last_rows(self, bound: Bound) -> Rows:
        prepared, arguments = bound
        return self.statements.rows_and_commit(prepared.query, arguments)

    def rows_after(self, awaited: Sequence[Awaited], bound: Bound) -> Rows:
        prepared, arguments = bound
        before = [(each.query, values, check) for (each, values), check in awaited]
        return self.statements.rows_after(before, prepared.query, arguments)


def watch_forgetting(engine: Engine) -> None:
    """Let it be known wherever psycopg may make a server forget what is prepared there, ours with its own.

    psycopg does so after each ROLLBACK, and after statements that change tables. One that does not pass SQLAlchemy is
    not seen here: then the next statement fails (26000), and the request is tried again.

    :param engine: its pool resets no connection by itself (`pool_reset_on_return`): that is done here.
    """

    def doubt(info: dict[Any, Any]) -> None:
        known = info.get(_SENDER)
        if isinstance(known, WithoutCursor):
            known.statements.doubt()

    @event.listens_for(engine, "rollback")
    def rolled_back(connection: Connection) -> None:
        if not connection.invalidated:
            doubt(connection.info)

    # Not before: somebody else who hears of it then may send one of ours first.
    @event.listens_for(engine, "after_cursor_execute")
    def sent(connection: Connection, cursor: psycopg.Cursor[Any], text: str, *_: object) -> None:
        done = text if ";" in text else cursor.statusmessage
        if done is not None and _FORGETTING.search(done):
            doubt(connection.info)

    @event.listens_for(engine, "reset")
    def given_back(driver: psycopg.Connection[Any], entry: ConnectionPoolEntry, state: PoolResetState) -> None:
        if driver is not None and driver.closed:
            entry.invalidate()  # by one who was interrupted, of which SQLAlchemy has heard nothing
        elif driver is not None and driver.pgconn.transaction_status != TransactionStatus.IDLE:
            doubt(entry.info)
            driver.rollback()
