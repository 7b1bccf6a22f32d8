"""An empty database that exists for as long as it is looked at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL, Column, Connection, Integer, text
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from colonnade.core.database import postgresql, sqlite
from colonnade.core.database.failures import driver_error
from colonnade.core.database.settings import DatabaseSettings

_INSUFFICIENT_PRIVILEGE = "42501"


class NoScratchDatabase(Exception):
    """The role may not create a database to compare in."""


class _TellingTypes(SQLiteTypeCompiler):
    """Names columns by what they mean rather than by how SQLite stores them, which takes any name for a type.

    A NUMERIC(12, 2) that is stored as a BIGINT is called NUMERIC(12, 2): so a change of its digits, or of INTEGER to
    BIGINT, which make no other table on SQLite and a wrong one on PostgreSQL, is seen without a PostgreSQL.
    """

    def process(self, type_: TypeEngine[Any], **kw: Any) -> str:
        expression = kw.get("type_expression")
        if isinstance(expression, Column) and expression.primary_key:
            return super().process(type_, **kw)  # a key that counts by itself has to be called INTEGER
        return type_._compiler_dispatch(self, **kw)


def is_told(connection: Connection, column: Column[Any]) -> bool:
    """Whether the name of a column's type says what it means: not that of a number that is a key on SQLite."""
    return connection.dialect.name != "sqlite" or not column.primary_key or not isinstance(column.type, Integer)


@contextmanager
def scratch_sqlite(settings: DatabaseSettings) -> Iterator[Connection]:
    """A connection to an empty SQLite database, gone afterwards."""
    with TemporaryDirectory(prefix="colonnade-") as folder:
        address = URL.create("sqlite+pysqlite", database=str(Path(folder, "scratch.sqlite")))
        engine = sqlite.migrator(address, settings)
        # SQLAlchemy asks the one, Alembic the other.
        engine.dialect.type_compiler_instance = engine.dialect.type_compiler = _TellingTypes(engine.dialect)
        with engine.connect() as connection:
            yield connection


@contextmanager
def scratch_postgresql(settings: DatabaseSettings) -> Iterator[Connection]:
    """A connection to an empty database on the server of `sqlalchemy.url`, dropped afterwards.

    :raises NoScratchDatabase: if the role may not create one.
    """
    name = f"colonnade_scratch_{secrets.token_hex(6)}"
    server = postgresql.migrator(settings.address, settings).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as outside:
        try:
            outside.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        except DBAPIError as error:
            if getattr(driver_error(error), "sqlstate", "") == _INSUFFICIENT_PRIVILEGE:
                raise NoScratchDatabase(
                    "the role may not create a database to compare in: ALTER ROLE … CREATEDB lets it"
                ) from error
            raise
        try:
            with postgresql.migrator(settings.address.set(database=name), settings).connect() as connection:
                yield connection
        finally:
            outside.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
