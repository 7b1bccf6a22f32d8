"""The only row of a transaction's log, kept back until it commits: it is inserted with its position then.

Most transactions change one record. What they have to tell is one statement more, instead of a row that is inserted
and changed again; and nobody waits for the counter any longer. Before anything else is done on the connection by
which it could be noticed, the row is inserted as any other: before whatever passes SQLAlchemy, so before another
change, a savepoint or a question of somebody's own, and before what the raw road asks of the log.

What is done with the driver's connection past SQLAlchemy cannot be seen here, nor that a view reads the log;
docs/history.md says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import ref

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, commits_each, connection_of

from .entry import entry
from .log import Log
from .numbering import drawn, note_unnumbered

#: In the info of a connection: the row that is kept back for its transaction. In `Session.info`: that info.
HELD: Final = "colonnade.changes.held"
#: In the info of a connection: the one of SQLAlchemy's that has sent a savepoint.
_SAVEPOINT: Final = "colonnade.changes.savepoint"
#: The text of such a statement, comments before it included.
_BEGINS_SAVEPOINT: Final = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*+SAVEPOINT\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row by columns, and whose it is: a session or a connection that is given up takes it along."""

    columns: Mapping[str, Any]
    connection: ref[sa.Connection]
    session: ref[Session]


class Held:
    """The rows that the sessions of an application keep back, one each."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log_name = log.table.name
        self._now = Prepared.compile(entry(log), database.dialect)
        self._numbered = Prepared.compile(entry(log, drawn(log, 1).cte("drawn").c.n), database.dialect)
        event.listen(database.engine, "before_cursor_execute", self._before_statement)
        event.listen(database.engine, "commit", self._release)
        event.listen(database.engine, "rollback", self._drop)
        database.before_fetch.append(self._before_fetch)

    def hold(self, session: Session, row: Mapping[str, Any]) -> bool:
        """Keep back a row, the first of its transaction; False if it has to be inserted now.

        That is so after a savepoint, to which may be rolled back; where each statement is committed by itself; and on a
        connection that is somebody else's to commit.
        """
        connection = connection_of(session)
        raw = connection.connection
        info = raw.info
        if isinstance(session.bind, sa.Connection) or connection.in_nested_transaction() or HELD in info:
            return False
        saved: ref[sa.Connection] | None = info.get(_SAVEPOINT)
        if saved is not None and saved() is connection:
            return False
        if commits_each(raw):
            return False
        info[HELD] = _Row(row, ref(connection), ref(session))
        session.info[HELD] = info
        return True

    def insert(self, session: Session) -> None:
        """Insert the row that is kept back, if there is one, with its position, as the transaction commits."""
        row: _Row | None = session.info.pop(HELD, {}).pop(HELD, None)
        if row is not None:
            self._database.last.send(session, self._numbered, row.columns)

    def _before_statement(self, connection: sa.Connection, _cursor: object, text: str, *_: object) -> None:
        self._release(connection)
        if _BEGINS_SAVEPOINT.match(text):
            connection.info[_SAVEPOINT] = ref(connection)

    def _before_fetch(self, connection: sa.Connection, text: str) -> None:
        if self._log_name in text:
            self._release(connection)

    def _release(self, connection: sa.Connection) -> None:
        """Insert what is kept back for the transaction of a connection, as any other row."""
        row: _Row | None = connection.info.pop(HELD, None)
        owner = None if row is None else row.connection()
        if row is None or owner is None or owner.closed:  # its transaction has ended without a word
            return
        self._database.reading_on(connection).fetch(self._now, row.columns)
        if (session := row.session()) is not None:
            session.info.pop(HELD, None)
            note_unnumbered(session, row.columns["request_id"])

    @staticmethod
    def _drop(connection: sa.Connection) -> None:
        if not connection.invalidated:  # one that was lost has taken it along
            connection.info.pop(HELD, None)


def forget_held(session: Session) -> None:
    """The transaction is at its end."""
    session.info.pop(HELD, {}).pop(HELD, None)
