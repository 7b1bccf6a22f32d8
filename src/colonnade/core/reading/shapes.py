"""The bounded cache of statements: one for each shape, the least recently used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sqlalchemy import Dialect

from .shape import Shape
from .sql.statement import Statement, compiled


class Shapes:
    """The statements of an application. Safe to share between threads.

    :param dialect: of the database.
    :param most: how many statements are kept.
    """

    def __init__(self, dialect: Dialect, most: int) -> None:
        self.dialect = dialect
        self.most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Shape, Statement] = OrderedDict()

    def statement(self, shape: Shape) -> Statement:
        """The statement of a shape, compiled now or kept from before."""
        with self._lock:
            kept = self._kept.get(shape)
            if kept is not None:
                self._kept.move_to_end(shape)
                return kept
        made = compiled(shape, self.dialect)
        with self._lock:
            self._kept[shape] = made
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return made

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)
