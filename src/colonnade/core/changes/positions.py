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
from .recording import LOGGED, NUMBERING


class CounterPositions:
    """Draws positions from the counter, in the transaction itself."""

    def __init__(self, log: Log) -> None:
        change, counter = log.table, log.counter.__table__
        assert isinstance(counter, sa.Table)
        number: sa.BindParameter[int] = sa.bindparam("number", type_=sa.BigInteger())
        self._draw = sa.update(counter).values(n=counter.c.n + number).returning(counter.c.n)
        # Others' rows without a position are not committed, so nobody sees them: these are the transaction's own.
        place: Any = sa.func.row_number().over(order_by=change.c.id).label("place")
        own = sa.select(change.c.id, place).where(change.c.position.is_(None)).subquery("own")
        last: sa.BindParameter[int] = sa.bindparam("last", type_=sa.BigInteger())
        self._give = sa.update(change).values(position=last - number + own.c.place).where(change.c.id == own.c.id)

    def before_commit(self, session: Session) -> None:
        """Flush, and give the rows of the transaction their positions; not for a savepoint."""
        if session.in_nested_transaction():
            return
        session.flush()
        self.number(session)
        session.info[NUMBERING] = self.number

    def number(self, session: Session) -> None:
        """Give the rows that were written since the last time their positions."""
        number = session.info.pop(LOGGED, 0)
        if not number:
            return
        # What a savepoint has undone is counted too: positions may have gaps, but never change their order.
        last = execute(session, self._draw, {"number": number}).scalar_one()
        execute(session, self._give, {"number": number, "last": last})
