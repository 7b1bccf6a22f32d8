"""How the rows of a prepared statement are had from a connection of each driver, past SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeAlias

import psycopg
from sqlalchemy.pool import PoolProxiedConnection

from colonnade.core.database import sqlite
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.server_statements import ServerStatements

#: Executes a statement with its arguments, and returns all rows.
Send: TypeAlias = Callable[[Prepared, list[object]], list[tuple[Any, ...]]]


def by_cursor(raw: PoolProxiedConnection) -> Send:
    """By one cursor, whatever the state of the connection is: psycopg begins a transaction where none has begun."""
    driver = raw.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return _on_sqlite(driver, sqlite.time_limit(raw.info))
    assert isinstance(driver, psycopg.Connection)
    # psycopg's usual cursor would look for %(name)s in the text each time; this one sends the text as it is.
    cursor = psycopg.RawCursor(driver)

    def rows(prepared: Prepared, arguments: list[object]) -> list[tuple[Any, ...]]:
        return cursor.execute(prepared.query, arguments, prepare=True).fetchall()

    return rows


def without_cursor(raw: PoolProxiedConnection) -> Send:
    """The same for less, on a connection that stays in autocommit; by a cursor where no statement may be kept."""
    driver = raw.driver_connection
    if not isinstance(driver, psycopg.Connection) or driver.prepare_threshold is None:
        return by_cursor(raw)
    statements = ServerStatements(driver)

    def rows(prepared: Prepared, arguments: list[object]) -> list[tuple[Any, ...]]:
        return statements.rows(prepared.query, arguments)

    return rows


def _on_sqlite(driver: sqlite3.Connection, limit: sqlite.TimeLimit | None) -> Send:
    def rows(prepared: Prepared, arguments: list[object]) -> list[tuple[Any, ...]]:
        if limit:
            limit.start()
        return driver.execute(prepared.text, arguments).fetchall()

    return rows
