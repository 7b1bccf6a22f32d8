"""Positions in the order of commits, drawn from a counter that is one row.

Whoever holds that row gives positions until its transaction has ended, so that whoever sees a position sees all smaller
ones. On SQLite a transaction that writes is alone anyway, and numbers its rows as it inserts them. On PostgreSQL the
counter is taken last and held until COMMIT has been done: transactions commit one after the other for that, but the
work before is not held up. (`sequencing` is the way in which they need not.)
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, ReadConnection
from colonnade.core.values import listed

from .log import Log

#: In `Session.info`: the requests of which there are rows without positions.
UNNUMBERED: Final = "colonnade.changes.unnumbered"
_COMMITTING: Final = "colonnade.changes.committing"


class Positions(Protocol):
    """Who gives the rows of a transaction their positions, and when."""

    def draw(self, connection: ReadConnection, number: int) -> int | None:
        """Draw positions for so many rows that are about to be inserted.

        :returns: the position before theirs; None if they get theirs later.
        """

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
        self._draw = Prepared.compile(_drawn(log, number), database.dialect)

    def draw(self, connection: ReadConnection, number: int) -> int | None:
        (drawn,) = connection.fetch(self._draw, {"number": number})
        return int(drawn[0]) - number

    def note(self, session: Session, request_id: str) -> None: ...

    def before_commit(self, session: Session) -> None: ...

    def after_commit(self, session: Session) -> None: ...


class PositionsAtCommit:
    """Given when a transaction commits, by itself."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        change = log.table
        # Found by their request: an index of what has no position yet would hold all that had none a moment ago, for as
        # long as somebody reads an older state. Others' rows without one are not committed, so nobody sees them.
        place: Any = sa.func.row_number().over(order_by=change.c.id).label("place")
        mine = sa.and_(listed(change.c.request_id, "requests"), sa.func.coalesce(change.c.position, 0) == 0)
        own = sa.select(change.c.id, place).where(mine).cte("own")
        number = sa.select(sa.func.count()).select_from(own).scalar_subquery()
        last = sa.select(_drawn(log, number).cte("drawn").c.n).scalar_subquery()
        given = sa.update(change).values(position=last - number + own.c.place).where(change.c.id == own.c.id)
        # All at once: the fewer round trips, the shorter others wait.
        both = sa.select(sa.func.count()).select_from(given.returning(change.c.id).cte("given"))
        self._give = Prepared.compile(both, database.dialect)

    def draw(self, connection: ReadConnection, number: int) -> int | None:
        return None

    def note(self, session: Session, request_id: str) -> None:
        session.info.setdefault(UNNUMBERED, set()).add(request_id)
        if _COMMITTING in session.info:  # somebody writes while the transaction commits: there is no later
            self._number(session)

    def before_commit(self, session: Session) -> None:
        """Flush, and give the rows of the transaction their positions; not for a savepoint."""
        if session.in_nested_transaction():
            return
        session.flush()
        self._number(session)
        session.info[_COMMITTING] = True

    def after_commit(self, session: Session) -> None:
        """What is written from here on belongs to another transaction."""
        session.info.pop(_COMMITTING, None)

    def _number(self, session: Session) -> None:
        if requests := session.info.pop(UNNUMBERED, None):
            given = {"requests": sorted(requests)}
            self._database.reading_on(session.connection()).fetch(self._give, given)


def forget(session: Session) -> None:
    """A transaction is at its end: there is nothing to be numbered any more."""
    session.info.pop(UNNUMBERED, None)
    session.info.pop(_COMMITTING, None)


def _drawn(log: Log, number: sa.ColumnElement[int]) -> Any:
    counter = log.counter.__table__
    return sa.update(counter).values(n=counter.c.n + number).returning(counter.c.n)
