"""Rows that were inserted without a position get theirs from the counter, before their transaction commits."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared
from colonnade.core.values import listed

from .log import Log

#: In `Session.info`: the requests of which there are rows without positions.
UNNUMBERED: Final = "colonnade.changes.unnumbered"


class Numbering:
    """Numbers the rows of a session's transaction."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        change = log.table
        # Found by their request: an index of what has no position yet would hold all that had none a moment ago, for as
        # long as somebody reads an older state. Others' rows without one are not committed, so nobody sees them.
        place: Any = sa.func.row_number().over(order_by=change.c.id).label("place")
        mine = sa.and_(listed(change.c.request_id, "requests"), sa.func.coalesce(change.c.position, 0) == 0)
        own = sa.select(change.c.id, place).where(mine).cte("own")
        number = sa.select(sa.func.count()).select_from(own).scalar_subquery()
        drew = sa.select(drawn(log, number).cte("drawn").c.n).scalar_subquery()
        given = sa.update(change).values(position=drew - number + own.c.place).where(change.c.id == own.c.id)
        # All at once: the fewer round trips, the shorter others wait.
        both = sa.select(sa.func.count()).select_from(given.returning(change.c.id).cte("given"))
        self._give = Prepared.compile(both, database.dialect)

    def number(self, session: Session) -> None:
        """Give the rows of the transaction their positions, in the order in which they were inserted."""
        if requests := session.info.pop(UNNUMBERED, None):
            self._database.reading_on(session.connection()).fetch(self._give, {"requests": sorted(requests)})

    def number_with_commit(self, session: Session) -> None:
        """The same at the very end of the transaction."""
        if requests := session.info.pop(UNNUMBERED, None):
            self._database.last.send(session, self._give, {"requests": sorted(requests)})


def note_unnumbered(session: Session, request_id: str) -> None:
    """Rows of a request were inserted without positions."""
    session.info.setdefault(UNNUMBERED, set()).add(request_id)


def drawn(log: Log, number: sa.ColumnElement[int] | int) -> Any:
    """The statement that draws so many positions; it returns the last of them as ``n``."""
    counter = log.counter.__table__
    return sa.update(counter).values(n=counter.c.n + number).returning(counter.c.n)
