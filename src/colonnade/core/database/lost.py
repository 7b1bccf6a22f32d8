"""Connections that turn out to be dead past SQLAlchemy, which has to hear of it."""

from __future__ import annotations

import sqlite3
from typing import Final

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from colonnade.core.database.failures import is_lost
from colonnade.core.database.waiting import drop_waiting

#: What the drivers raise.
DRIVER_ERRORS: Final = (psycopg.Error, sqlite3.Error)


def is_disconnect(engine: Engine, raw: PoolProxiedConnection, error: Exception) -> bool:
    """Tell whether an error says that a connection is of no more use."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    # To mypy the drivers' errors are not `DBAPIModule.Error`, the class that stands for them in SQLAlchemy's signature.
    return is_lost(error) or engine.dialect.is_disconnect(error, raw.driver_connection, None)  # type: ignore[arg-type]


def let_sqlalchemy_notice(connection: Connection) -> None:
    """Execute something on a dead connection, so that SQLAlchemy invalidates it and all of its pool that are as old.

    The driver's own cursor goes round that; and the pool has no public method for it.
    """
    if not connection.invalidated:
        drop_waiting(connection)  # nothing shall be sent before this
        try:
            connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return
