"""Databases to run a test on: a file for SQLite, a database of its own for PostgreSQL, gone afterwards."""

import itertools
import os
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from .cluster import lack_of_programs, private_cluster, remove_abandoned
from .processes import is_running

DIALECTS = ("sqlite", "postgresql")

#: Every database of the suite is called so, with the machine, the process that made it, and a number.
PREFIX = f"colonnade_test_{zlib.crc32(socket.gethostname().encode()):08x}"


@dataclass
class Databases:
    """Makes empty databases. `find_server` gives the URL of a PostgreSQL database from which others may be created,
    `folder` is for SQLite's files."""

    find_server: Callable[[], str]
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @cached_property
    def server(self) -> str:
        """The PostgreSQL database, looked for when the first test wants it."""
        return self.find_server()

    @contextmanager
    def empty(self, dialect: str) -> Iterator[str]:
        """The URL of a database that nobody else uses, while the block lasts; `dialect` is one of DIALECTS."""
        name = f"{PREFIX}_{os.getpid()}_{next(self._numbers)}"
        if dialect == "sqlite":
            # The file stays in pytest's temporary folder, which keeps the last three runs: one can look at a failure.
            yield f"sqlite:///{self.folder / name}.sqlite"
            return
        identifier = sql.Identifier(name)
        _on_server(self.server, sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(identifier))
        try:
            yield make_url(self.server).set(database=name).render_as_string(hide_password=False)
        finally:
            # FORCE: a test that failed may have left connections; its own failure is the one to report.
            _on_server(self.server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The PostgreSQL database to create others from: `$COLONNADE_TEST_POSTGRESQL`, one of a server that runs as long as
    the block, or, where none can be started, the usual local one."""
    if url := _given_server():
        yield url
        return
    with private_cluster(connections=100) as cluster:
        yield cluster.url


def _given_server() -> str:
    """The server that is there already; "" if the suite starts one of its own, which waits for no disk."""
    given = os.environ.get("COLONNADE_TEST_POSTGRESQL", "")
    return given or ("postgresql://postgres@127.0.0.1:5432/test" if lack_of_programs() else "")


def libpq_url(url: str) -> str:
    """An SQLAlchemy URL as psycopg and psql take it: without the driver's name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def lack_of_server() -> str:
    """Why there is no PostgreSQL to run on, in one line; "" when there is."""
    url = _given_server()
    if not url:
        return ""
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=5):
            return ""
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        where = make_url(url).render_as_string(hide_password=True)
        return f"no PostgreSQL at {where} ($COLONNADE_TEST_POSTGRESQL): {reason}"


def tidy_up() -> None:
    """Remove what a run on this machine left behind when it was killed: servers, and databases of one that stays."""
    if url := _given_server():
        drop_abandoned(url)
    if not lack_of_programs():
        remove_abandoned()


def drop_abandoned(url: str) -> None:
    """Drop the databases of the suite whose process has ended."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        listed = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        for (name,) in listed.fetchall():
            process = re.fullmatch(rf"{PREFIX}_(\d+)_\d+", name)
            if process and not is_running(int(process[1])):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _on_server(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(statement)
