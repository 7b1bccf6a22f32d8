"""Positions in the order of commits, drawn from a counter that is one row.

Whoever holds that row gives positions until its transaction has ended, so that whoever sees a position sees all smaller
ones. On SQLite a transaction that writes is alone anyway, and numbers its rows as it inserts them. On PostgreSQL the
counter is taken last, by a statement that is sent together with COMMIT, and held until that has been done:
transactions commit one after the other for that, but neither the work before nor the way to the database is waited
for. (`sequencing` is the way in which they need not.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, connection_of

from .holding import Held, forget_held
from .log import Log
from .numbering import UNNUMBERED, Numbering, drawn, note_unnumbered

_COMMITTING: Final = "colonnade.changes.committing"


class Positions(Protocol):
    """Who gives the rows of a transaction their positions, and when."""

    def draw(self, session: Session, number: int) -> int | None:
        """Draw positions for so many rows that are about to be inserted.

        :returns: the position before theirs; None if they get theirs later.
        """

    def hold(self, session: Session, row: Mapping[str, Any]) -> bool:
        """Keep back a row of the log, to insert it later; False if that has to be done now."""

    def note(self, session: Session, request_id: str) -> None:
        """Rows of a request were inserted."""

    def before_commit(self, session: Session) -> None:
        """A transaction, or a savepoint, is about to be committed."""

    def after_commit(self, session: Session) -> None:
        """A transaction, or a savepoint, has been committed."""


class PositionsAtOnce:
    """Given when rows are inserted, by a transaction that writes alone: for SQLite."""

    def __init__(self, database: Database, log: Log) -> None:
        number: sa.BindParameter[int] = sa.bindparam("number", type_=sa.BigInteger())
        self._database = database
        self._draw = Prepared.compile(drawn(log, number), database.dialect)

    def draw(self, session: Session, number: int) -> int | None:
        connection = self._database.reading_on(connection_of(session))
        (found,) = connection.fetch(self._draw, {"number": number})
        return int(found[0]) - number

    def hold(self, session: Session, row: Mapping[str, Any]) -> bool:
        return False

    def note(self, session: Session, request_id: str) -> None: ...

    def before_commit(self, session: Session) -> None: ...

    def after_commit(self, session: Session) -> None: ...


class PositionsLater:
    """Given to rows that are there, when their transaction commits."""

    def __init__(self, database: Database, log: Log) -> None:
        self._numbering = Numbering(database, log)

    def draw(self, session: Session, number: int) -> int | None:
        return None

    def hold(self, session: Session, row: Mapping[str, Any]) -> bool:
        return False

    def note(self, session: Session, request_id: str) -> None:
        note_unnumbered(session, request_id)
        if _COMMITTING in session.info:  # somebody writes while the transaction commits: there is no later
            self._numbering.number(session)

    def before_commit(self, session: Session) -> None:
        """Flush, and give the rows of the transaction their positions; not for a savepoint."""
        if session.in_nested_transaction():
            return
        session.flush()
        self._insert_held(session)
        self._numbering.number_with_commit(session)
        session.info[_COMMITTING] = True

    def after_commit(self, session: Session) -> None:
        """What is written from here on belongs to another transaction; not so after a savepoint."""
        if not session.in_nested_transaction():
            session.info.pop(_COMMITTING, None)

    def _insert_held(self, session: Session) -> None:
        """Insert what was kept back, with its position."""


class PositionsAtCommit(PositionsLater):
    """Given when a transaction commits, together with COMMIT: with the row, where there is one only."""

    def __init__(self, database: Database, log: Log) -> None:
        super().__init__(database, log)
        self._held = Held(database, log)

    def hold(self, session: Session, row: Mapping[str, Any]) -> bool:
        return _COMMITTING not in session.info and UNNUMBERED not in session.info and self._held.hold(session, row)

    def _insert_held(self, session: Session) -> None:
        self._held.insert(session)


def forget(session: Session) -> None:
    """A transaction is at its end: there is nothing to be inserted or numbered any more."""
    forget_held(session)
    for name in (UNNUMBERED, _COMMITTING):
        session.info.pop(name, None)
