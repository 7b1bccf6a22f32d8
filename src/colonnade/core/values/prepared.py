"""What the engines and connections of an application need for this room's types."""

from __future__ import annotations

import sqlite3
from typing import Any

from psycopg.types.json import set_json_dumps
from sqlalchemy import Dialect

from .arithmetic import ExactSQLiteCompiler
from .folding import SQLITE_FOLD, fold
from .from_json import SQLITE_STORED, stored
from .json_text import write_json
from .outside import register_loaders


def prepare_dialect(dialect: Dialect) -> None:
    """Make the dialect of a new engine refuse arithmetic that SQLite would get wrong; PostgreSQL needs nothing.

    Call it once, before the engine compiles anything: ``prepare_dialect(engine.dialect)``.
    """
    if dialect.name == "sqlite":
        dialect.statement_compiler = ExactSQLiteCompiler


def prepare_connection(connection: Any) -> None:
    """Give a new DBAPI connection what the room's SQL and results rely on; for the pool's "connect" event.

    SQLite gets the functions that fold case and that read what the change log keeps. psycopg gets loaders for dates and
    times that Python does not have, and writes JSON as our answers do.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.create_function(SQLITE_FOLD, 1, fold, deterministic=True)
        connection.create_function(SQLITE_STORED, 2, stored, deterministic=True)
    else:
        register_loaders(connection)
        set_json_dumps(write_json, connection)
