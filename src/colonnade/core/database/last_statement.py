"""The last statement of a transaction, sent together with COMMIT: a round trip less, and less time with its locks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import ref

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from colonnade.core.database.database import Database, connection_of
from colonnade.core.database.prepared import Prepared

#: In the info of a connection: what is kept for the end of its transaction.
_KEPT: Final = "colonnade.last_statement"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A statement, and whose it is: a connection that is given up takes it along."""

    prepared: Prepared
    parameters: Mapping[str, Any]
    connection: ref[Connection]


class LastStatement:
    """Sends what each transaction of an application's sessions has left for its end; one statement of each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        event.listen(database.engine, "before_cursor_execute", self._before_statement)
        event.listen(database.engine, "commit", self._with_commit)
        event.listen(database.engine, "rollback", self._drop)
        database.before_fetch.append(self._before_fetch)

    def send(self, session: Session, prepared: Prepared, parameters: Mapping[str, Any]) -> None:
        """Send a statement when a session's transaction is committed, or before anything else is sent before that.

        At once where that is not seen here: on a connection that somebody else commits, or that commits by itself.
        """
        connection = connection_of(session)
        self._send(connection)
        if isinstance(session.bind, Connection) or getattr(connection.connection, "autocommit", False):
            self._database.reading_on(connection).fetch(prepared, parameters)
        else:
            connection.info[_KEPT] = _Kept(prepared, parameters, ref(connection))

    def _with_commit(self, connection: Connection) -> None:
        if (kept := _taken(connection)) is not None:
            self._database.reading_on(connection).fetch_last(kept.prepared, kept.parameters)

    def _before_statement(self, connection: Connection, *_: object) -> None:
        self._send(connection)

    def _before_fetch(self, connection: Connection, _text: str) -> None:
        if _KEPT in connection.info:
            self._send(connection)

    def _send(self, connection: Connection) -> None:
        """Send what is kept, by itself."""
        if (kept := _taken(connection)) is not None:
            self._database.reading_on(connection).fetch(kept.prepared, kept.parameters)

    @staticmethod
    def _drop(connection: Connection) -> None:
        if not connection.invalidated:  # one that was lost has taken it along
            _taken(connection)


def _taken(connection: Connection) -> _Kept | None:
    """What is kept for a connection's transaction, which is kept no longer."""
    kept: _Kept | None = connection.info.pop(_KEPT, None)
    return kept if kept is not None and kept.connection() is connection else None
