"""What reads are executed on, where somebody lends a connection; `pooled` has those of the read-only pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from pyramid_retry import mark_error_retryable
from sqlalchemy import Connection, Executable, Row

from colonnade.core.database.errors import problem_of, problem_of_read, translated
from colonnade.core.database.failures import is_stale_plan
from colonnade.core.database.lost import DRIVER_ERRORS, is_disconnect, let_sqlalchemy_notice
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.sending import Awaited, Bound, Check, Rows, Sender, commits_each, sender_of
from colonnade.core.database.waiting import Waiting, keep_waiting, waiting_on
from colonnade.core.problems import BadRequest


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
            if commits_each(raw):  # nothing goes with its check then
                self.send_now(waiting)
        try:
            bound = prepared, prepared.arguments(parameters)
            sender = sender_of(raw)
            if waiting is None:
                return self._send(sender.rows, bound)
            return waiting.before(lambda: self._send_after(sender, waiting.to_send(), bound))
        except DRIVER_ERRORS as error:
            _raise_in(connection, error, waiting)

    def fetch_with_next(self, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
        """Execute a statement together with the next one, where that is a round trip less.

        :param check: is given its rows before anybody gets those of the next one, and may raise.
        """
        awaited = (prepared, prepared.arguments(parameters)), check
        connection = self._connect()
        if not connection.in_transaction():
            connection.begin()
        earlier = waiting_on(connection, connection.connection)
        if earlier is not None and earlier is self._waiting:
            earlier.wait_too(awaited)
            return
        if earlier is not None:
            self.send_now(earlier)
        self.settle()  # what its transaction, rolled back since, has left over
        self._waiting = Waiting([awaited])
        keep_waiting(connection, self._waiting)

    @property
    def waits(self) -> bool:
        """Whether something waits for a next statement."""
        return self._waiting is not None and not self._waiting.passed

    def settle(self) -> None:
        """Execute what waits for a next statement that did not come."""
        if self._waiting is not None and self.waits:
            self.send_now(self._waiting)

    def send_now(self, waiting: Waiting) -> None:
        """Execute what waits, by itself."""
        waiting.require_no_failure()
        connection = self._connect()
        if waiting.passed:  # connecting has sent something, a savepoint, and this before it
            return
        try:
            sender = sender_of(connection.connection)
            waiting.before(lambda: self._send_checked(sender, waiting))
        except DRIVER_ERRORS as error:
            _raise_in(connection, error, waiting)

    def send_last(self, waiting: Waiting) -> None:
        """Execute what waits as the last statement of a transaction, just before SQLAlchemy commits it.

        It is committed with it where the driver can do both at once. SQLAlchemy's own COMMIT finds nothing to do then.
        """
        connection = self._connect()
        try:
            sender = sender_of(connection.connection)
            ((bound, _),) = waiting.awaited
            waiting.before(lambda: self._send(sender.last_rows, bound))
        except DRIVER_ERRORS as error:
            if is_disconnect(connection.engine, connection.connection, error):
                let_sqlalchemy_notice(connection)  # not to be tried again: nobody knows whether COMMIT was heard
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

    def _send_checked(self, sender: Sender, waiting: Waiting) -> None:
        """Send what waits, with nothing after it."""
        *before, (bound, check) = waiting.to_send()
        check(self._send_after(sender, before, bound))

    def _send_after(self, sender: Sender, awaited: Sequence[Awaited], bound: Bound) -> Rows:
        """Send a statement together with those that are to be found good before it is heard of."""
        for observe in self.observers:
            for (prepared, _), _ in awaited:
                observe(prepared.text)
        return self._send(partial(sender.rows_after, awaited), bound)

    def _send(self, send: Callable[[Bound], Rows], bound: Bound) -> Rows:
        for observe in self.observers:
            observe(bound[0].text)
        try:
            return send(bound)
        except (OverflowError, UnicodeEncodeError):
            # The driver's own: a number of more than 64 bits, a lone surrogate.
            raise BadRequest("A value is none that the database could hold.") from None


def _raise_in(connection: Connection, error: Exception, waiting: Waiting | None) -> NoReturn:
    """Raise what an error of the driver means for a transaction that is still to be committed.

    :param waiting: what waits in it.
    """
    problem = problem_of_read(error)
    if waiting is not None and not waiting.passed:
        waiting.failure = problem
    if is_disconnect(connection.engine, connection.connection, error):
        let_sqlalchemy_notice(connection)
        mark_error_retryable(problem)  # what had been done is undone, and COMMIT was not yet sent
    elif is_stale_plan(error):
        mark_error_retryable(problem)
    if problem is error:
        raise error
    raise problem from error
