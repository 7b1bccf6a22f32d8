"""When tokens were last used: taken down in memory by each request, written now and then by a thread."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, or_, update

from colonnade.core.database import Database, Model, execute

from .models import Token, now

log = logging.getLogger(__name__)

#: Of how many tokens a process remembers at once; of more than that some are forgotten, rather than the memory filled.
MOST = 10_000


class LastUse:
    """Remembers when tokens were used, and writes it every few seconds; no request waits for that, or fails by it.

    The thread begins with the first use and ends when there is nothing left to write, so an application that nobody
    calls has none. What is still in memory when the process ends in an orderly way is written then.
    """

    def __init__(self, database: Database, every: float) -> None:
        """:param every: seconds between two writes."""
        self._database = database
        self._every = every
        self._used: dict[int, datetime] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._writer: threading.Thread | None = None

    def note(self, token_id: int) -> None:
        """Take down that a token was used at this moment."""
        with self._lock:
            if token_id in self._used or len(self._used) < MOST:
                self._used[token_id] = now()
            if self._writer is not None and self._writer.is_alive():  # a process that was forked has no writer any more
                return
            self._ending.clear()
            self._writer = threading.Thread(target=self._write_now_and_then, name="last use of tokens", daemon=True)
            self._writer.start()
        atexit.unregister(self.close)
        atexit.register(self.close)

    def close(self) -> None:
        """Write what is still in memory. Further uses are taken down again."""
        self._ending.set()
        with self._lock:
            writer = self._writer
        if writer is not None and writer.is_alive():
            writer.join()
        atexit.unregister(self.close)

    def _write_now_and_then(self) -> None:
        while True:
            ending = self._ending.wait(self._every)
            with self._lock:
                used, self._used = self._used, {}
            if not self._write(used):
                self._take_back(used)
            with self._lock:
                if ending or not self._used:
                    self._writer = None
                    return

    def _take_back(self, used: Mapping[int, datetime]) -> None:
        """Keep for the next time what could not be written; what was noted since is newer."""
        with self._lock:
            for token_id, moment in used.items():
                if len(self._used) < MOST:
                    self._used.setdefault(token_id, moment)

    def _write(self, used: Mapping[int, datetime]) -> bool:
        """Write; False if the database does not let us."""
        if not used:
            return True
        tokens = Model.metadata.tables[Token.__tablename__]  # in SQL's words: the ORM would update by keys
        written = (
            update(tokens)
            .where(tokens.c.id == bindparam("token"))
            .where(or_(tokens.c.last_used.is_(None), tokens.c.last_used < bindparam("moment")))
            .values(last_used=bindparam("moment"))
        )
        # In one order everywhere, so that two processes cannot wait for each other.
        rows = [{"token": token_id, "moment": used[token_id]} for token_id in sorted(used)]
        try:
            with self._database.sessions.begin() as session:
                execute(session, written, rows)
        except Exception as error:  # noqa: BLE001 whatever it is: nobody waits for this, and it is tried again
            log.warning("When %d tokens were last used cannot be written now: %s", len(rows), error)
            return False
        return True
