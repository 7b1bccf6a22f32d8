"""What a driver's error means for the database: is the connection lost, is it worth another try, what to tell a caller.

PostgreSQL says it by SQLSTATE (appendix A of its manual), SQLite by result code (sqlite.org/rescode.html). The text of
an error is read only where there is no code for it, and never shown.
"""

from __future__ import annotations

import re
import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError, NoSuchTableError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from colonnade.core.problems import Unavailable

NOT_MIGRATED = "The database is not migrated: run `colonnade migrate`."

#: SQLSTATE, or its class: retry after how many seconds, and why.
_POSTGRESQL: dict[str, tuple[int, str]] = {
    "08": (2, "The connection to the database was lost."),
    "28": (30, "The database does not let this server in."),
    "3D000": (30, "There is no such database."),
    "40": (1, "Others were changing the same data at the same time."),
    "42P01": (30, NOT_MIGRATED),
    "42703": (30, NOT_MIGRATED),
    "25006": (10, "The database accepts no changes at present."),
    "25P03": (1, "The transaction was left idle for too long."),
    "53100": (60, "The database has no room left."),
    "53300": (5, "The database has too many connections."),
    "53": (10, "The database is short of resources."),
    "55P03": (1, "Others held the same data for too long."),
    "57014": (5, "The database took too long over this. Ask for less at once."),
    "57": (3, "The database is being restarted."),
    "58": (30, "The database has trouble with its disk."),
}

#: The primary result codes of SQLite.
_SQLITE: dict[int, tuple[int, str]] = {
    sqlite3.SQLITE_BUSY: (1, "Others held the same data for too long."),
    sqlite3.SQLITE_LOCKED: (1, "Others held the same data for too long."),
    sqlite3.SQLITE_READONLY: (10, "The database accepts no changes at present."),
    sqlite3.SQLITE_INTERRUPT: (5, "The database took too long over this. Ask for less at once."),
    sqlite3.SQLITE_IOERR: (30, "The database has trouble with its disk."),
    sqlite3.SQLITE_FULL: (60, "The database has no room left."),
    sqlite3.SQLITE_CANTOPEN: (30, "There is no such database."),
    sqlite3.SQLITE_CORRUPT: (60, "The file of the database is damaged."),
    sqlite3.SQLITE_NOTADB: (60, "The file of the database is not a database."),
}
_NO_SUCH = re.compile(r"no such (table|column)|has no column named")

#: The server has ended the session, whatever the connection still looks like.
_ENDED = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03"})
#: The statement was prepared for tables that have been migrated since, or by a session that a pooler gave to another.
_STALE_PLAN = frozenset({"0A000", "26000"})


def driver_error(error: BaseException) -> BaseException:
    """The driver's own error inside SQLAlchemy's; the error itself if it is none."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def is_lost(error: BaseException) -> bool:
    """Tell whether the server ended the session: the connection is of no more use."""
    orig = driver_error(error)
    if not isinstance(orig, psycopg.Error):
        return False
    return orig.sqlstate in _ENDED or (orig.sqlstate or "").startswith("08")


def is_stale_plan(error: BaseException) -> bool:
    """Tell whether the same statement would do on a connection that has not prepared it yet."""
    orig = driver_error(error)
    return isinstance(orig, psycopg.Error) and orig.sqlstate in _STALE_PLAN


def is_worth_retrying(error: BaseException) -> bool:
    """Tell whether the whole transaction may be tried again: the database has certainly undone it, and blames others.

    Beside serialization failures and deadlocks that is SQLite's BUSY, which zope.sqlalchemy does not know, and a
    connection that was lost before COMMIT; when it is lost during COMMIT nobody knows what happened.
    """
    orig = driver_error(error)
    if isinstance(orig, sqlite3.Error):
        return _primary(orig) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    if not isinstance(orig, psycopg.Error):
        return False
    state = orig.sqlstate or ""
    if (state.startswith("40") and state != "40003") or state == "55P03":
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated and error.statement is not None


def unavailable(error: BaseException) -> Unavailable | None:
    """The 503 for an error that is the database's, not the caller's; None if it is another kind of error."""
    if isinstance(error, PoolTimeoutError):
        return Unavailable("All connections to the database are in use.", retry_after=1, slug="busy")
    if isinstance(error, DisconnectionError):
        return _answer(*_POSTGRESQL["08"])
    if isinstance(error, NoSuchTableError):
        return _answer(30, NOT_MIGRATED)
    orig = driver_error(error)
    if isinstance(orig, sqlite3.Error):
        return _of_sqlite(orig)
    if isinstance(orig, psycopg.Error):
        return _of_postgresql(orig, lost=isinstance(error, DBAPIError) and error.connection_invalidated)
    return None


def _of_sqlite(error: sqlite3.Error) -> Unavailable | None:
    if known := _SQLITE.get(_primary(error)):
        return _answer(*known)
    return _answer(30, NOT_MIGRATED) if _NO_SUCH.search(str(error)) else None


def _of_postgresql(error: psycopg.Error, *, lost: bool) -> Unavailable | None:
    state = error.sqlstate
    if lost and state is None:
        return _answer(*_POSTGRESQL["08"])
    if state is None:
        # libpq's own errors have no code: the server does not answer.
        return _answer(5, "The database cannot be reached.") if isinstance(error, psycopg.OperationalError) else None
    known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    return _answer(*known) if known else None


def _primary(error: sqlite3.Error) -> int:
    """The primary result code is in the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _answer(retry_after: int, detail: str) -> Unavailable:
    return Unavailable(detail, retry_after=retry_after, slug="database-unavailable")
