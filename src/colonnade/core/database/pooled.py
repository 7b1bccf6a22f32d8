"""What reads are executed on as a rule: a connection of the read-only pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.errors import problem_of, problem_of_read, translated
from colonnade.core.database.failures import is_stale_plan
from colonnade.core.database.lost import DRIVER_ERRORS, is_disconnect, let_sqlalchemy_notice
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.sending import Check, Rows, Sender, sender_of
from colonnade.core.database.waiting import Waiting

_T = TypeVar("_T")


class PooledReadConnection(ReadConnection):
    """A connection of the read-only pool: checked out at the first statement, given back by :meth:`close`.

    A connection that turns out to be dead, after the server was restarted, is thrown away with all others that are as
    old, and the statement is executed once more on a new one: it is a read, so nothing happens twice.
    """

    def __init__(self, engine: Engine, observers: Sequence[Callable[[str], object]] = ()) -> None:
        """Read on connections of `engine`."""
        # Not its base's, to which it would give a method of its own: nobody but the garbage collector frees such a one.
        self.observers = observers
        self.before = ()
        self._waiting = None
        self._engine = engine
        self._raw: PoolProxiedConnection | None = None
        self._connection: Connection | None = None

    @property
    def dialect_name(self) -> str:
        return self._engine.dialect.name

    def fetch(self, prepared: Prepared, parameters: Mapping[str, object]) -> Rows:
        bound = prepared, prepared.arguments(parameters)
        waiting = self._waiting
        if waiting is None or waiting.passed:
            return self._on_live(lambda sender: self._send(sender.rows, bound))

        return waiting.before(lambda: self._on_live(lambda sender: self._send_after(sender, waiting.to_send(), bound)))

    def fetch_with_next(self, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
        awaited = (prepared, prepared.arguments(parameters)), check
        if self._waiting is not None and self.waits:
            self._waiting.wait_too(awaited)
        else:
            self._waiting = Waiting([awaited])

    def send_now(self, waiting: Waiting) -> None:
        waiting.before(lambda: self._on_live(lambda sender: self._send_checked(sender, waiting)))

    def rows(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> Sequence[Row[Any]]:
        self.settle()
        try:
            return self._connect().execute(statement, parameters).all()
        except DBAPIError as error:
            if not self._dropped(error):
                raise (problem_of(error) or error) from error.orig
        with translated():
            return self._connect().execute(statement, parameters).all()

    def taken(self, begin: Mapping[str, str]) -> tuple[Connection, bool]:
        self.settle()
        text = begin[self.dialect_name]
        try:
            self._connect().exec_driver_sql(text).close()
        except DBAPIError as error:
            if not self._dropped(error):
                raise (problem_of(error) or error) from error.orig
            with translated():
                self._connect().exec_driver_sql(text).close()
        connection, self._raw, self._connection = self._connect(), None, None
        return connection, True

    def close(self) -> None:
        """Give the connection back to the pool. The next statement would check one out again."""
        raw, connection, self._raw, self._connection = self._raw, self._connection, None, None
        if connection is not None:
            connection.close()
        elif raw is not None:
            raw.close()

    def _on_live(self, send: Callable[[Sender], _T]) -> _T:
        """Send on the connection; once more on another one if this one may do better there."""
        try:
            return send(sender_of(self._raw or self._checked_out()))
        except DRIVER_ERRORS as error:
            if not self._dropped(error):
                raise problem_of_read(error) from error
        try:
            return send(sender_of(self._checked_out()))
        except DRIVER_ERRORS as error:
            self._dropped(error)
            raise problem_of_read(error) from error

    def _checked_out(self) -> PoolProxiedConnection:
        try:
            self._raw = self._engine.raw_connection()
        except (SQLAlchemyError, *DRIVER_ERRORS) as error:
            raise (problem_of(error) or error) from error
        return self._raw

    def _connect(self) -> Connection:
        if self._connection is None:
            # Around the raw connection that is there: a request never holds two, which a full pool would never give it.
            self._connection = Connection(self._engine, self._raw or self._checked_out())
        return self._connection

    def _dropped(self, error: Exception) -> bool:
        """Throw the connection away if the statement may do on another one."""
        raw = self._raw
        if raw is None:
            return False
        if is_disconnect(self._engine, raw, error):
            let_sqlalchemy_notice(self._connect())
        elif is_stale_plan(error):
            raw.invalidate(error)
        else:
            return False
        self.close()
        return True
