"""What reads are executed on: a connection of the read-only pool, or one that somebody lends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn, TypeVar

import psycopg
from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from colonnade.core.database.errors import problem_of, translated
from colonnade.core.database.failures import is_lost, is_stale_plan
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.sending import Bound, Check, Rows, Sender, sender_of
from colonnade.core.database.waiting import Waiting, drop_waiting, keep_waiting, waiting_on
from colonnade.core.problems import BadRequest, Unprocessable

_T = TypeVar("_T")
_DRIVER_ERRORS = (psycopg.Error, sqlite3.Error)


class ReadConnection:
    """A connection to read by, lent by whoever owns its transaction: a write, a preview, a batch, a test.

    Errors of the database are raised as problems (:func:`colonnade.core.database.problem_of`). Nothing is tried again
    here: what was lost with the connection was the lender's transaction.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        observers: Sequence[Callable[[str], object]] = (),
        before: Sequence[Callable[[Connection, str], object]] = (),
    ) -> None:
        """Read on what `connect` gives, at each statement.

        :param observers: are told what :meth:`fetch` sends.
        :param before: are told before it is sent, and on which connection: they may send something first.
        """
        self._connect = connect
        self.observers = observers
        self.before = before
        self._waiting: Waiting | None = None

    @property
    def dialect_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._connect().dialect.name

    def fetch(self, prepared: Prepared, parameters: Mapping[str, object]) -> Rows:
        """Execute on the driver's own cursor, prepared by the server where there is one.

        :param parameters: Python values by the names of the statement's parameters.
        :returns: all rows, each value as the driver gives it: no result processing of SQLAlchemy.
        """
        connection = self._connect()
        if not connection.in_transaction():
            connection.begin()
        for before in self.before:
            before(connection, prepared.text)
        raw = connection.connection
        waiting = waiting_on(connection, raw)
        if waiting is not None:
            waiting.require_no_failure()
        try:
            bound = prepared, prepared.arguments(parameters)
            sender = sender_of(raw)
            if waiting is None:
                return self._send(sender.rows, bound)
            return waiting.before(lambda: self._send_both(sender, waiting, bound))
        except _DRIVER_ERRORS as error:
            _raise_in(connection, error, waiting)

    def fetch_with_next(self, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
        """Execute a statement together with the next one, where that is a round trip less.

        :param check: is given its rows before anybody gets those of the next one, and may raise.
        """
        connection = self._connect()
        if not connection.in_transaction():
            connection.begin()
        if (earlier := waiting_on(connection, connection.connection)) is not None:
            self.send_now(earlier)
        self._waiting = Waiting((prepared, prepared.arguments(parameters)), check)
        keep_waiting(connection, self._waiting)

    def settle(self) -> None:
        """Execute what waits for a next statement that did not come."""
        if self._waiting is not None and not self._waiting.passed:
            self.send_now(self._waiting)

    def send_now(self, waiting: Waiting) -> None:
        """Execute what waits, by itself."""
        waiting.require_no_failure()
        connection = self._connect()
        try:
            sender = sender_of(connection.connection)
            waiting.before(lambda: waiting.passes(self._send(sender.rows, waiting.bound)))
        except _DRIVER_ERRORS as error:
            _raise_in(connection, error, waiting)

    def send_last(self, waiting: Waiting) -> None:
        """Execute what waits as the last statement of a transaction, just before SQLAlchemy commits it.

        It is committed with it where the driver can do both at once. SQLAlchemy's own COMMIT finds nothing to do then.
        """
        connection = self._connect()
        try:
            sender = sender_of(connection.connection)
            waiting.before(lambda: waiting.passes(self._send(sender.last_rows, waiting.bound)))
        except _DRIVER_ERRORS as error:
            if _is_disconnect(connection.engine, connection.connection, error):
                _let_sqlalchemy_notice(connection)  # not to be tried again: nobody knows whether COMMIT was heard
            problem = problem_of(error) or error
            if is_stale_plan(error):
                mark_error_retryable(problem)
            if problem is error:
                raise
            raise problem from error

    def rows(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> Sequence[Row[Any]]:
        """Execute through SQLAlchemy, with the processing of its types, and return all rows."""
        with translated():
            return self._connect().execute(statement, parameters).all()

    def taken(self, begin: Mapping[str, str]) -> tuple[Connection, bool]:
        """The connection itself, for a `Snapshot`, and whether it belongs to whoever takes it.

        :param begin: for each dialect, the statement that begins a transaction, where that is the taker's to do.
        """
        with translated():
            return self._connect(), False

    def _send_both(self, sender: Sender, waiting: Waiting, bound: Bound) -> Rows:
        """Send what waits, and what comes after it, together."""
        for observe in self.observers:
            observe(waiting.bound[0].text)
        return self._send(partial(sender.rows_after, waiting.bound, waiting.passes), bound)

    def _send(self, send: Callable[[Bound], Rows], bound: Bound) -> Rows:
        for observe in self.observers:
            observe(bound[0].text)
        try:
            return send(bound)
        except (OverflowError, UnicodeEncodeError):
            # The driver's own: a number of more than 64 bits, a lone surrogate.
            raise BadRequest("A value is none that the database could hold.") from None


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

        return waiting.before(lambda: self._on_live(lambda sender: self._send_both(sender, waiting, bound)))

    def fetch_with_next(self, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
        if self._waiting is not None:
            self.settle()
        self._waiting = Waiting((prepared, prepared.arguments(parameters)), check)

    def send_now(self, waiting: Waiting) -> None:
        waiting.before(lambda: self._on_live(lambda sender: waiting.passes(self._send(sender.rows, waiting.bound))))

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
        except _DRIVER_ERRORS as error:
            if not self._dropped(error):
                raise _translated(error) from error
        try:
            return send(sender_of(self._checked_out()))
        except _DRIVER_ERRORS as error:
            self._dropped(error)
            raise _translated(error) from error

    def _checked_out(self) -> PoolProxiedConnection:
        try:
            self._raw = self._engine.raw_connection()
        except (SQLAlchemyError, *_DRIVER_ERRORS) as error:
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
        if _is_disconnect(self._engine, raw, error):
            _let_sqlalchemy_notice(self._connect())
        elif is_stale_plan(error):
            raw.invalidate(error)
        else:
            return False
        self.close()
        return True


def _raise_in(connection: Connection, error: Exception, waiting: Waiting | None) -> NoReturn:
    """Raise what an error of the driver means for a transaction that is still to be committed.

    :param waiting: what waits in it.
    """
    problem = _translated(error)
    if waiting is not None and not waiting.passed:
        waiting.failure = problem
    if _is_disconnect(connection.engine, connection.connection, error):
        _let_sqlalchemy_notice(connection)
        mark_error_retryable(problem)  # what had been done is undone, and COMMIT was not yet sent
    elif is_stale_plan(error):
        mark_error_retryable(problem)
    if problem is error:
        raise error
    raise problem from error


def _is_disconnect(engine: Engine, raw: PoolProxiedConnection, error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return is_lost(error) or engine.dialect.is_disconnect(error, raw.driver_connection, None)  # type: ignore[arg-type]


def _let_sqlalchemy_notice(connection: Connection) -> None:
    """Execute something on a dead connection, so that SQLAlchemy invalidates it and all of its pool that are as old.

    The driver's own cursor goes round that; and the pool has no public method for it.
    """
    if not connection.invalidated:
        drop_waiting(connection)  # nothing shall be sent before this
        try:
            connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return


def _translated(error: Exception) -> Exception:
    problem = problem_of(error)
    if isinstance(problem, Unprocessable):
        # Whatever cannot be compared with a column came with the query string.
        return BadRequest(problem.detail)
    return problem or error
