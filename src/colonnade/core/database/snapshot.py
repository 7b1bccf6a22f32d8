"""Reading much, a batch at a time and as of one moment: what a file of a whole table is written from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final, Protocol

import psycopg
from sqlalchemy import Connection, Executable
from sqlalchemy.exc import SQLAlchemyError

from colonnade.core.database import sqlite
from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.errors import translated
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.waiting import waiting_on

#: How a transaction begins in which every statement sees the same. SQLite knows no other.
_BEGIN: Final = {
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "sqlite": "BEGIN",
}


#: Cursors of one connection need names of their own.
_NUMBERS: Final = count()


class _Rows(Protocol):
    """A cursor, or SQLAlchemy's result around one."""

    fetchmany: Callable[[int], Sequence[Sequence[Any]]]
    close: Callable[[], object]


class Stream:
    """The rows of one statement, on their way: on PostgreSQL from a cursor that the server keeps."""

    def __init__(self, connection: Connection, rows: _Rows) -> None:
        """:param connection: on which it was executed."""
        self._connection = connection
        self._rows = rows

    def fetch(self, size: int) -> Sequence[Sequence[Any]]:
        """The next rows, at most so many; none at the end.

        What a statement may take (`sqlalchemy.statement_timeout`), each batch may.
        """
        if limit := sqlite.time_limit(self._connection.connection.info):
            limit.start()
        with translated():
            return self._rows.fetchmany(size)

    def close(self) -> None:
        """Leave the other rows where they are."""
        self._rows.close()


class Snapshot(ReadConnection):
    """A connection on which all statements see the data of one moment, until :meth:`close`.

    It is taken out of the connection that it is made from. One of the pool is its own from then on: it outlives the
    request, goes back to the pool when it is closed, and must be closed. One that somebody lent sees what the lender's
    transaction sees, and stays open.
    """

    def __init__(self, source: ReadConnection) -> None:
        self._taken, self._own = source.taken(_BEGIN)
        self._streams: list[Stream] = []
        super().__init__(lambda: self._taken, source.observers, source.before)

    def fetching(self, prepared: Prepared, parameters: Mapping[str, object]) -> Stream:
        """Execute on a cursor of the driver's own, and leave the rows to be fetched; see :meth:`fetch`."""
        if not self._taken.in_transaction():
            self._taken.begin()
        for before in self.before:
            before(self._taken, prepared.text)
        if (waiting := waiting_on(self._taken, self._taken.connection)) is not None:
            self.send_now(waiting)
        for observe in self.observers:
            observe(prepared.text)
        arguments = prepared.arguments(parameters)
        driver = self._taken.connection.driver_connection
        cursor: Any
        with translated():
            if isinstance(driver, psycopg.Connection):
                cursor = psycopg.RawServerCursor(driver, f"stream_{next(_NUMBERS)}")
                cursor.execute(prepared.query, arguments)
            else:
                assert isinstance(driver, sqlite3.Connection)
                if limit := sqlite.time_limit(self._taken.connection.info):
                    limit.start()
                cursor = driver.execute(prepared.text, arguments)
        return self._kept(cursor)

    def streaming(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> Stream:
        """Execute through SQLAlchemy, and leave the rows to be fetched; see :meth:`rows`."""
        with translated():
            result = self._taken.execute(statement, parameters, execution_options={"stream_results": True})
        return self._kept(result)

    def _kept(self, rows: Any) -> Stream:
        stream = Stream(self._taken, rows)
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        """End its transaction, and give a connection of the pool back to it. Closing it again does nothing."""
        streams, self._streams = self._streams, []
        own, self._own = self._own, False
        try:
            for stream in streams:
                stream.close()
            if own:
                # Not a ROLLBACK, after which psycopg would prepare all statements of the connection anew.
                self._taken.exec_driver_sql("COMMIT").close()
        except (SQLAlchemyError, psycopg.Error, sqlite3.Error):
            if own and not self._taken.invalidated:
                self._taken.invalidate()
        finally:
            if own:
                self._taken.close()
