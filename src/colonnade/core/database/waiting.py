"""Statements that wait for what comes next on their connection, so that all go in one round trip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from weakref import ref

from sqlalchemy import Connection
from sqlalchemy.pool import PoolProxiedConnection

from colonnade.core.database.sending import Awaited, Rows

_T = TypeVar("_T")
#: In the info of a connection: what waits in its transaction.
_WAITING: Final = "colonnade.waiting"


@dataclass(eq=False)
class Waiting:
    """Statements that wait, in their order.

    awaited: each with what is given its rows before anybody hears of what comes after it, and may raise.
    is_last: whether it is the last statement of a transaction, which waits for COMMIT if nothing else comes.
    passed: whether they were sent and found good. failure: why nothing may come after them.
    """

    awaited: list[Awaited]
    is_last: bool = False
    passed: bool = False
    failure: Exception | None = None

    def wait_too(self, awaited: Awaited) -> None:
        """Let another statement wait behind them."""
        self.require_no_failure()
        self.awaited.append(awaited)

    def to_send(self) -> list[Awaited]:
        """They, each with its check; once the last one is found good, others may come after them."""
        if self.passed:  # and what came after is sent again, on another connection
            return []
        *others, (bound, check) = self.awaited

        def passes(rows: Rows) -> None:
            check(rows)
            self.passed = True
            self.awaited.clear()  # the connection keeps this longer than who has checked

        return [*others, (bound, passes)]

    def require_no_failure(self) -> None:
        """Raise why nothing may come after them."""
        if self.failure is not None:
            raise self.failure

    def before(self, send: Callable[[], _T]) -> _T:
        """Send them, and what comes after them if anything does. Once that has failed, nothing comes after."""
        self.require_no_failure()
        try:
            return send()
        except Exception as error:  # of any kind, or one who catches it in a plug-in would go on unchecked
            if not self.passed:
                self.failure = error
            raise


def keep_waiting(connection: Connection, waiting: Waiting) -> None:
    """Let a statement wait in a connection's transaction: a connection that is given up takes it along."""
    connection.info[_WAITING] = waiting, ref(connection)


def waiting_on(connection: Connection, raw: PoolProxiedConnection) -> Waiting | None:
    """What waits in the transaction of a connection.

    :param raw: what the connection is of.
    """
    found: tuple[Waiting, ref[Connection]] | None = raw.info.get(_WAITING)
    if found is None or found[0].passed or found[1]() is not connection:
        return None
    return found[0]


def drop_waiting(connection: Connection) -> None:
    """Forget what waits, and why nothing may come after it: its transaction is at its end."""
    connection.info.pop(_WAITING, None)
