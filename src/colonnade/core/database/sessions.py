"""The transaction of a request: pyramid_tm begins and ends it, zope.sqlalchemy lets the session take part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import EXCVIEW
from pyramid_retry import mark_error_retryable
from pyramid_tm import TMActivePredicate, default_commit_veto
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from transaction import TransactionManager
from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from colonnade.core.database import sqlite
from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.database import Database, database_of
from colonnade.core.database.manager import RequestTransactionManager
from colonnade.core.settings import SETTINGS, ConfigurationErrors, Mistake

#: What a test puts into the WSGI environ, to see what a request did before anything is committed: a session and the
#: manager of its transaction, both of which it ends by itself; or a connection, in whose transaction each request is a
#: savepoint, committed or rolled back as the request's own transaction would be.
SESSION: Final = "app.dbsession"
MANAGER: Final = "app.tm"
CONNECTION: Final = "app.connection"

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Types of bodies that are read row by row.
STREAMED = frozenset({"text/csv", "application/jsonl", "application/x-ndjson"})
#: Where a session keeps the request that it belongs to.
REQUEST: Final = "colonnade.request"
_MANAGER = "colonnade.transaction_manager"


def session_for(request: Request) -> Session:
    """The session of a request's transaction: committed with it, rolled back where it raised or answered 4xx or 5xx.

    `session.commit()` is an error; `begin_nested()` is a savepoint. Whatever is executed on it is committed, statements
    of Core and text included.
    """
    injected: Session | None = request.environ.get(SESSION)
    if injected is not None:
        return injected
    database = database_of(request.registry)
    if request.method not in SAFE and database.replica is not database.reader:
        request.add_response_callback(database.recent_writers.note)
    info = {_MANAGER: request.tm, REQUEST: request}
    # Its objects are gone when it has committed: there is nothing to be read anew.
    return database.sessions(**_bound(request, database), info=info, expire_on_commit=False)


def read_connection_for(request: Request) -> ReadConnection:
    """What a request reads on: the read-only pool for safe methods (RFC 9110, 9.2.1), else its own transaction.

    Where there is a replica, safe requests read from it, but for those of a client that has just written.
    """
    database, environ = database_of(request.registry), request.environ
    if SESSION in environ or environ.get("REQUEST_METHOD", "GET") not in SAFE:
        return database.reading_in(request.dbsession)
    if (connection := environ.get(CONNECTION)) is not None:
        return database.reading_on(connection)
    current = database.replica is database.reader or database.recent_writers.includes(request)
    pooled = database.open_read() if current else database.open_replica()
    request.add_finished_callback(lambda _: pooled.close())
    return pooled


def write_connection_for(request: Request) -> ReadConnection:
    """What a request reads on of what it writes: its own transaction.

    One of a safe method has read elsewhere: there, nothing waits any more.
    """
    reading: ReadConnection = request.read_connection
    if SESSION in request.environ or request.environ.get("REQUEST_METHOD", "GET") not in SAFE:
        return reading
    reading.settle()
    return database_of(request.registry).reading_in(request.dbsession)


@contextmanager
def looking_up(request: Request) -> Iterator[ReadConnection]:
    """What is asked about a request itself, such as who sent it, is asked on the connection that it reads on.

    A write whose transaction has not begun, or has ended, has none: a tween above pyramid_tm asks, a response callback,
    the view of an error that no tween has caught. They get one of the read-only pool, for as long as it takes.
    """
    environ = request.environ
    if environ.get("REQUEST_METHOD", "GET") in SAFE or "tm.active" in environ or MANAGER in environ:
        yield request.read_connection
        return
    with database_of(request.registry).read() as connection:
        yield connection


def _bound(request: Request, database: Database) -> dict[str, Any]:
    if (connection := request.environ.get(CONNECTION)) is not None:
        return {"bind": connection, "join_transaction_mode": "create_savepoint"}
    if request.method in SAFE and not request.environ.get("retry.attempt"):
        # Who only looks takes no write lock. One who writes after all, when others have written since, is tried again.
        return {"bind": database.engine.execution_options(**{sqlite.BEGIN: "DEFERRED"})}
    return {}


def join_transactions(sessions: sessionmaker[Session]) -> None:
    """Let the sessions of requests take part in their transactions.

    zope.sqlalchemy's own `register` costs a quarter of a millisecond for each session, and forgets to commit what no
    flush has written; here a session counts as changed as soon as it has begun. A COMMIT costs no more than a ROLLBACK,
    after which psycopg would prepare all its statements anew.
    """

    def join(session: Session) -> None:
        manager = session.info.get(_MANAGER)
        if manager is not None:
            join_transaction(session, STATUS_CHANGED, manager)

    @event.listens_for(sessions, "after_begin")
    def began(session: Session, _transaction: SessionTransaction, _connection: Connection) -> None:
        join(session)

    @event.listens_for(sessions, "after_attach")
    def attached(session: Session, _instance: object) -> None:
        join(session)

    @event.listens_for(sessions, "before_commit")
    def committing(session: Session) -> None:
        manager = session.info.get(_MANAGER)
        if manager is None or session.in_nested_transaction():
            return
        if manager.get().status != "Committing":
            raise RuntimeError(
                "The request's transaction is committed at its end; session.begin_nested() is a savepoint."
            )


def manager_of(request: Request) -> TransactionManager:
    """The manager of a request's transaction; explicit, so that work after its end is an error and not a leak."""
    return request.environ.get(MANAGER) or RequestTransactionManager()


def vetoes(request: Request, response: Response) -> bool:
    """Whether an answer says that what was done is to be undone: pyramid_tm's rule, where anything was done."""
    if getattr(request.tm, "promised", None) is not None:
        return False
    return bool(default_commit_veto(request, response))


def is_ours(request: Request) -> bool:
    """Whether the request's transaction is begun and ended by pyramid_tm: not where a test does that."""
    return MANAGER not in request.environ


def attempts_for(request: Request) -> int | None:
    """How often a request is tried at most; None for as often as any other.

    For another try its body has to be read again, so pyramid_retry copies it. One that is a file to be streamed is as
    long as it likes: where the server keeps it in a file of its own (waitress does) that is read again, and where it
    comes from the network there is one try only.
    """
    sent: str = request.environ.get("CONTENT_TYPE", "")
    if not sent or request.content_type not in STREAMED or request.is_body_seekable:
        return None
    seekable = getattr(request.body_file_raw, "seekable", None)
    if seekable is None or not seekable():
        return 1
    request.is_body_seekable = True
    return None


def includeme(config: Configurator) -> None:
    """Run each request in a transaction, and again where the database says that another try may do.

    This is what including pyramid_tm does, but for `request.tm`: that is a property of our Request class, because a
    request method costs every request 20 µs and more.
    """
    attempts = str(config.registry.settings.get("retry.attempts", 3)).strip()
    if not attempts.isdecimal() or int(attempts) < 1:
        said = f"retry.attempts is {attempts!r}; it should be how often a request is tried: a number from 1 on"
        raise ConfigurationErrors([Mistake(SETTINGS, said)])
    mark_error_retryable(StaleDataError)
    config.add_settings(
        {
            "tm.annotate_user": "false",  # it would look the user up for every request, public ones too
            "tm.commit_veto": vetoes,
            "tm.activate_hook": is_ours,
            "retry.activate_hook": attempts_for,
        }
    )
    config.add_tween("pyramid_tm.tm_tween_factory", over=EXCVIEW)
    config.add_view_predicate("tm_active", TMActivePredicate)
    config.include("pyramid_retry")
    join_transactions(database_of(config.registry).sessions)
