"""What waits in a transaction: its last statement for COMMIT, and any for what passes SQLAlchemy.

Sent with COMMIT, a statement costs no round trip of its own, and less time with its locks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.sending import Rows, commits_each
from colonnade.core.database.session_connection import connection_of
from colonnade.core.database.waiting import Waiting, drop_waiting, keep_waiting, waiting_on


class LastStatement:
    """Sends what each transaction of an engine has left for its end; one statement of each."""

    def __init__(self, engine: Engine, reading_on: Callable[[Connection], ReadConnection]) -> None:
        self._reading_on = reading_on
        event.listen(engine, "before_cursor_execute", self._before_statement)
        event.listen(engine, "commit", self._with_commit)
        event.listen(engine, "rollback", self._drop)

    def send(self, session: Session, prepared: Prepared, parameters: Mapping[str, Any]) -> None:
        """Send a statement when a session's transaction is committed, or with what is sent before that.

        At once where that is not seen here: on a connection that somebody else commits, or that commits by itself.
        """
        connection = connection_of(session)
        raw = connection.connection
        if isinstance(session.bind, Connection) or commits_each(raw):
            self._reading_on(connection).fetch(prepared, parameters)
            return
        self._before_statement(connection)
        awaited = (prepared, prepared.arguments(parameters)), _as_it_is
        keep_waiting(connection, Waiting([awaited], is_last=True))

    def _with_commit(self, connection: Connection) -> None:
        if (waiting := waiting_on(connection, connection.connection)) is not None:
            drop_waiting(connection)  # nothing comes after COMMIT, nor does anybody say so if it fails
            reading = self._reading_on(connection)
            if waiting.is_last:
                reading.send_last(waiting)
            else:
                reading.send_now(waiting)

    def _before_statement(self, connection: Connection, *_: object) -> None:
        if (waiting := waiting_on(connection, connection.connection)) is not None:
            self._reading_on(connection).send_now(waiting)

    @staticmethod
    def _drop(connection: Connection) -> None:
        if not connection.invalidated:  # one that was lost has taken it along
            drop_waiting(connection)


def _as_it_is(_rows: Rows) -> None:
    """Whatever it says: nobody expects anything of it."""
