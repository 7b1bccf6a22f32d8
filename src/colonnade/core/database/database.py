"""The database of one application: two pools, one for writes, one that can only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.registry import Registry
from pyramid_retry import mark_error_retryable
from sqlalchemy import URL, Connection, Dialect, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session, sessionmaker

from colonnade.core.database import postgresql, sqlite
from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.failures import is_lost, is_worth_retrying
from colonnade.core.database.last_statement import LastStatement
from colonnade.core.database.pooled import PooledReadConnection
from colonnade.core.database.replica import RecentWriters
from colonnade.core.database.session_connection import connection_of
from colonnade.core.database.settings import DatabaseSettings

_KEY = "colonnade.database"


class Database:
    """Where the data are. Nothing is connected before it is used, so an application starts without its database.

    settings: what it was made of.
    engine: for transactions that write; on SQLite they begin with the write lock.
    reader: for reads: it can change nothing, and each statement stands by itself.
    replica: the same on the replica, if there is one; `recent_writers` are the clients that it would show the past.
    observers: are told the text of each statement of the raw road, for a log or a count; see :func:`statements_of`.
    before_fetch: are told, before the raw road sends a statement in a transaction, on which connection and what, as
        ``before_cursor_execute`` is of what passes SQLAlchemy.
    last: sends the last statement of a transaction together with its COMMIT.
    before_dispose: is called before connections are closed: who works in a thread of its own comes to an end.
    sessions: makes ORM sessions for work outside a request: `with database.sessions.begin() as session: …` commits.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        room = _ROOMS[settings.address.get_backend_name()]
        self.engine: Engine = room.writer(settings)
        self.reader: Engine = room.reader(settings.address, settings)
        replica = settings.replica_address
        self.replica: Engine = self.reader if replica is None else room.reader(replica, settings)
        self.recent_writers = RecentWriters(settings.read_lag)
        self.sessions: sessionmaker[Session] = sessionmaker(self.engine)
        self.observers: list[Callable[[str], object]] = []
        self.before_fetch: list[Callable[[Connection, str], object]] = []
        self.before_dispose: list[Callable[[], object]] = []
        self.last = LastStatement(self.engine, self.reading_on)
        for engine in self.engines:
            event.listen(engine, "handle_error", _judge)

    @property
    def url(self) -> URL:
        """The address of the database, password included: its own text hides it."""
        return self.settings.address

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect, for compiling."""
        return self.engine.dialect

    @property
    def engines(self) -> tuple[Engine, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((self.engine, self.reader, self.replica)))

    def open_read(self) -> PooledReadConnection:
        """A connection of the read-only pool; whoever opens it closes it."""
        return PooledReadConnection(self.reader, self.observers)

    def open_replica(self) -> PooledReadConnection:
        """The same, on the replica if there is one: what it shows may be some moments old."""
        return PooledReadConnection(self.replica, self.observers)

    @contextmanager
    def read(self) -> Iterator[ReadConnection]:
        """A connection of the read-only pool while the block lasts."""
        connection = self.open_read()
        try:
            yield connection
        finally:
            connection.close()

    def reading_on(self, connection: Connection) -> ReadConnection:
        """Read on a connection whose transaction is somebody else's: what it has changed is seen."""
        return ReadConnection(lambda: connection, self.observers, self.before_fetch)

    def reading_in(self, session: Session) -> ReadConnection:
        """Read in a session's transaction; what the session has pending is flushed first, as its own queries do."""

        def connect() -> Connection:
            if session.autoflush and not session._flushing:
                session.flush()
            return connection_of(session)

        return ReadConnection(connect, self.observers, self.before_fetch)

    def dispose(self) -> None:
        """Close the connections that are not in use; the database can go on being used."""
        for finish in self.before_dispose:
            finish()
        for engine in self.engines:
            engine.dispose()


_ROOMS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}


def _judge(context: ExceptionContext) -> None:
    """Say of each error that passes SQLAlchemy whether its connection is lost, and whether pyramid_retry may try again.

    pyramid_tm would ask the transaction's data managers, but only about errors for which there was no exception view;
    and zope.sqlalchemy's knows neither SQLite's busy nor a lost connection.
    """
    if is_lost(context.original_exception):
        context.is_disconnect = True
    error = context.sqlalchemy_exception
    if error is not None:
        error_is_early = context.is_disconnect and context.statement is not None  # before COMMIT, which has no text
        if error_is_early or is_worth_retrying(error):
            mark_error_retryable(error)


def keep_database(registry: Registry, database: Database) -> None:
    """Make it the application's: :func:`database_of` gives it from now on."""
    registry[_KEY] = database


def database_of(registry: Registry) -> Database:
    """The application's database."""
    database: Database = registry[_KEY]
    return database
