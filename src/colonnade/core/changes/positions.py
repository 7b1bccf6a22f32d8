"""Positions in the order of commits, given to the rows of a transaction while it commits.

The counter is one row. It is taken last and held until COMMIT has been done, so that whoever sees a position sees all
smaller ones. Transactions commit one after the other for that; the work before is not held up.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import execute

from .log import Log
from .origin import origin_of
from .recording import LOGGED, NUMBERING, REQUESTS


class CounterPositions:
    """Draws positions from the counter, in the transaction itself."""

    def __init__(self, log: Log) -> None:
        change, counter = log.table, log.counter.__table__
        assert isinstance(counter, sa.Table)
        number: sa.BindParameter[int] = sa.bindparam("number", type_=sa.BigInteger())
        self._draw = sa.update(counter).values(n=counter.c.n + number).returning(counter.c.n)
        # Found by their request: an index of what has no position yet would hold all that had none a moment ago, for as
        # long as somebody reads an older state. Others' rows without one are not committed, so nobody sees them.
        place: Any = sa.func.row_number().over(order_by=change.c.id).label("place")
        requests = sa.bindparam("requests", expanding=True, type_=change.c.request_id.type)
        mine = sa.and_(change.c.request_id.in_(requests), sa.func.coalesce(change.c.position, 0) == 0)
        own = sa.select(change.c.id, place).where(mine).subquery("own")

        def give(last: Any) -> sa.Update:
            return sa.update(change).values(position=last - number + own.c.place).where(change.c.id == own.c.id)

        self._give = give(sa.bindparam("last", type_=sa.BigInteger()))
        # PostgreSQL does both at once: the fewer round trips, the shorter others wait.
        self._both = give(sa.select(self._draw.cte("drawn").c.n).scalar_subquery())

    def before_commit(self, session: Session) -> None:
        """Flush, and give the rows of the transaction their positions; not for a savepoint."""
        if session.in_nested_transaction():
            return
        session.flush()
        self.number(session)
        session.info[NUMBERING] = self.number

    def after_commit(self, session: Session) -> None:
        """What is written from here on belongs to another transaction."""
        session.info.pop(NUMBERING, None)

    def number(self, session: Session) -> None:
        """Give the rows that were written since the last time their positions."""
        number = session.info.pop(LOGGED, 0)
        if not number:
            return
        requests = session.info.pop(REQUESTS, set()) | {origin_of(session).request_id}
        given = {"number": number, "requests": sorted(requests)}
        # What a savepoint has undone is counted too: positions may have gaps, but never change their order.
        if session.get_bind().dialect.name == "postgresql":
            execute(session, self._both, given)
        else:
            last = execute(session, self._draw, {"number": number}).scalar_one()
            execute(session, self._give, {**given, "last": last})
