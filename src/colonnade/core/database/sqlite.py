"""What every SQLite connection is told when it opens, and how its transactions begin."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolResetState

from colonnade.core.database.settings import MIGRATION_PATIENCE, DatabaseSettings
from colonnade.core.values import prepare_connection, prepare_dialect

#: Execution option of a connection or engine: how its transactions begin. IMMEDIATE (the default) takes the write lock
#: at once: a transaction that reads first and writes later fails without waiting when another has written in between.
BEGIN: Final = "colonnade_sqlite_begin"

_STEPS_BETWEEN_LOOKS = 20_000  # of SQLite's virtual machine; about a millisecond
_LIMIT = "colonnade_time_limit"
_BETWEEN_TRIES = 0.02  # seconds


class TimeLimit:
    """How long one statement may run on one connection: SQLite has no statement_timeout, it has a progress handler."""

    __slots__ = ("_ends", "_seconds")

    def __init__(self, milliseconds: int) -> None:
        self._seconds = milliseconds / 1000
        self._ends = float("inf")

    def start(self) -> None:
        """Let the clock run anew, before a statement."""
        self._ends = time.monotonic() + self._seconds

    def passed(self) -> bool:
        """Tell SQLite to interrupt the statement."""
        return time.monotonic() > self._ends


def writer(settings: DatabaseSettings) -> Engine:
    """The engine for transactions: WAL, foreign keys, and the write lock from the start."""
    engine = _engine(settings.address, settings, mode="rwc", **settings.pool)

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        _write_ahead(connection, settings.lock_timeout)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "reset")
    def given_back(connection: sqlite3.Connection | None, entry: ConnectionPoolEntry, state: PoolResetState) -> None:
        # One whose COMMIT was kept back by a listener is taken by SQLAlchemy for one that has ended.
        if connection is not None and connection.in_transaction:
            connection.rollback()

    event.listen(engine, "begin", _begin)
    return engine


def reader(address: URL, settings: DatabaseSettings) -> Engine:
    """The engine for reads: it can change nothing, creates no file, and each statement is its own snapshot."""
    alone = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    engine = _engine(address, settings, mode="rw", **settings.pool, **alone)

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA query_only = ON").close()
        if settings.statement_timeout:
            limit = entry.info[_LIMIT] = TimeLimit(settings.statement_timeout)
            connection.set_progress_handler(limit.passed, _STEPS_BETWEEN_LOOKS)

    @event.listens_for(engine, "before_cursor_execute")
    def starts(connection: Connection, *_: object) -> None:
        if limit := time_limit(connection.connection.info):
            limit.start()

    return engine


def migrator(address: URL, settings: DatabaseSettings) -> Engine:
    """The engine for migrations. They rebuild tables, for which references must not be looked at in between."""
    patient = settings.model_copy(update={"lock_timeout": MIGRATION_PATIENCE})
    engine = _engine(address, patient, mode="rwc", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        _write_ahead(connection, patient.lock_timeout)
        connection.execute("PRAGMA foreign_keys = OFF").close()

    event.listen(engine, "begin", _begin)
    return engine


def time_limit(info: dict[Any, Any]) -> TimeLimit | None:
    """The limit of a pooled connection, by the `info` of its pool entry; None where statements may run on."""
    limit: TimeLimit | None = info.get(_LIMIT)
    return limit


def _write_ahead(connection: sqlite3.Connection, patience: int) -> None:
    """Put a database into WAL mode. SQLite does not wait where several open a new file at once, so that is done here.

    :param patience: milliseconds.
    """
    ends = time.monotonic() + patience / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
        else:
            return
        time.sleep(_BETWEEN_TRIES)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'IMMEDIATE')}")


def _engine(address: URL, settings: DatabaseSettings, *, mode: str, **options: Any) -> Engine:
    engine = create_engine(
        address,
        echo=settings.echo,
        connect_args={"timeout": settings.lock_timeout / 1000, "check_same_thread": False, "uri": True},
        **options,
    )

    prepare_dialect(engine.dialect)

    @event.listens_for(engine, "do_connect")
    def by_uri(dialect: object, entry: object, arguments: list[str], parameters: dict[str, Any]) -> None:
        # Only SQLite's own URI can say that a file that is not there shall not be made.
        arguments[0] = f"file:{quote(str(Path(arguments[0]).absolute()))}?mode={mode}"

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself, too late for reads and not at all for CREATE TABLE; with None
        # it leaves that to `_begin`, on every Python.
        connection.isolation_level = None
        prepare_connection(connection)

    return engine
