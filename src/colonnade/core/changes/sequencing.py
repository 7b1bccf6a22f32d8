"""Positions that are given after the commit, by whoever comes first: writers do not wait for one another.

Who numbers holds the row of the counter, and only then looks what has committed: what it does not see yet commits later
and gets a greater number. So a reader of numbered rows misses nothing, no less than where each transaction numbers its
own (`positions`); and as both draw from the same counter, they may take turns, and even work side by side.

Nothing is lost with the process that was to do it: what has no number is found by the next one who reads the log.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from colonnade.core.database import Database, PooledReadConnection, ReadConnection, execute
from colonnade.core.problems import Problem

from .log import Log
from .numbering import UNNUMBERED
from .positions import PositionsLater, forget

#: Rows that are numbered in one transaction.
BATCH: Final = 20_000
#: Seconds in which commits gather before they are numbered together, if no reader asks for them.
_GATHERING: Final = 0.02
#: Seconds for which the thread waits for another commit before it ends.
_LINGERING: Final = 1.0
#: Seconds between two looks for what processes with the other setting have left.
_BETWEEN: Final = 60.0

logger = logging.getLogger(__name__)


def number_committed(database: Database, log: Log) -> None:
    """Give all committed changes that have no position theirs; when this returns, what had committed before has one."""
    with database.read() as connection:
        if not _is_any(connection, log):
            return
    given = BATCH
    while given == BATCH:
        with database.sessions.begin() as session:
            given = _number(session, log)


def _is_any(connection: ReadConnection, log: Log) -> bool:
    without = sa.select(log.table.c.id).where(log.table.c.position.is_(None))
    return bool(connection.rows(without.limit(1)))


def _number(session: Session, log: Log) -> int:
    """Number the next batch; return how many there were.

    By their ids: of two changes of one record the later one was inserted later, for it had to wait for the row.
    """
    change, counter = log.table, log.counter.__table__
    last = execute(session, sa.select(counter.c.n).with_for_update()).scalar_one()
    # Not in the order of the key's index: PostgreSQL might go through all of the log by it to save itself the sorting.
    order = change.c.id + 0
    place: Any = sa.func.row_number().over(order_by=order).label("place")
    without = sa.select(change.c.id, place).where(change.c.position.is_(None))
    batch = without.order_by(order).limit(BATCH).subquery("batch")
    numbered = sa.update(change).values(position=last + batch.c.place).where(change.c.id == batch.c.id)
    done = execute(session, numbered)
    assert isinstance(done, sa.CursorResult)
    if done.rowcount:
        execute(session, sa.update(counter).values(n=last + done.rowcount))
    return done.rowcount


class Leftovers:
    """Numbers what has no position when the log is about to be read."""

    def __init__(self, database: Database, log: Log, *, always: bool) -> None:
        """:param always: whether there may be any at all times; otherwise it is looked for now and then."""
        self._database = database
        self._log = log
        self._between = 0.0 if always else _BETWEEN
        self._looked: float | None = None

    def before_read(self, connection: ReadConnection) -> None:
        """Number them, for a reader of the pool; one who reads in a transaction that writes takes the log as it is."""
        now = time.monotonic()
        if not isinstance(connection, PooledReadConnection):
            return
        if self._looked is None or now - self._looked >= self._between:
            if _is_any(connection, self._log):
                number_committed(self._database, self._log)
            self._looked = now


class Sequencer:
    """A thread that numbers what its process has committed, some moments later; nobody waits for it.

    It begins with a commit and ends when there was none for a while, or the connections are closed. Several processes
    have one each, of which one numbers at a time: what others have committed, too.
    """

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._due = False
        self._thread: threading.Thread | None = None
        database.before_dispose.append(self.finish)

    def wake(self) -> None:
        """There is something to be numbered."""
        with self._changed:
            self._due = True
            if self._thread is not None and self._thread.is_alive():  # none is in a process that was forked
                self._changed.notify()
                return
            self._ending.clear()
            self._thread = threading.Thread(target=self._run, name="positions of changes", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Number at once what is still to be numbered, and end the thread."""
        with self._changed:
            thread = self._thread
            self._ending.set()
            self._changed.notify()
        if thread is not None and thread.is_alive():
            thread.join()

    def _run(self) -> None:
        while self._is_due():
            self._ending.wait(_GATHERING)
            with self._changed:
                self._due = False
            try:
                number_committed(self._database, self._log)
            except (Problem, SQLAlchemyError) as error:  # the next commit, or reader, brings it up again
                logger.warning("The changes that were committed cannot be numbered now: %s", error)

    def _is_due(self) -> bool:
        """Wait until there is something to be numbered; False if there was nothing for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._due or self._ending.is_set(), _LINGERING)
            if not self._due:
                self._thread = None
            return self._due


class PositionsAfterwards(PositionsLater):
    """Given by a sequencer, when a transaction has committed."""

    def __init__(self, database: Database, log: Log) -> None:
        super().__init__(database, log)
        self._sequencer = Sequencer(database, log)

    def before_commit(self, session: Session) -> None:
        """Do nothing, but in a transaction that somebody else will end: what follows sees it, a sequencer does not."""
        if isinstance(session.bind, sa.Connection):
            super().before_commit(session)

    def after_commit(self, session: Session) -> None:
        """Let what has committed be numbered."""
        if session.in_nested_transaction():
            return
        if UNNUMBERED in session.info:
            self._sequencer.wake()
        forget(session)
