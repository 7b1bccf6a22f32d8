"""An empty database that exists for as long as it is looked at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from colonnade.core.database import postgresql, sqlite
from colonnade.core.database.failures import driver_error
from colonnade.core.database.settings import DatabaseSettings

_INSUFFICIENT_PRIVILEGE = "42501"


class NoScratchDatabase(Exception):
    """The role may not create a database to compare in."""


@contextmanager
def scratch_sqlite(settings: DatabaseSettings) -> Iterator[Connection]:
    """A connection to an empty SQLite database, gone afterwards."""
    with TemporaryDirectory(prefix="colonnade-") as folder:
        address = URL.create("sqlite+pysqlite", database=str(Path(folder, "scratch.sqlite")))
        with sqlite.migrator(address, settings).connect() as connection:
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
