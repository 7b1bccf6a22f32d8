"""What the pipeline asks of where rows come from; it does not know whether these were texts or JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from .columns import Columns
from .rows import Entry, Refusals, Row

Content = TypeVar("Content")


class Source(ABC, Generic[Content]):
    """A kind of rows, and what may stand in them.

    columns: all that a row may give.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    @abstractmethod
    def read(self, rows: Sequence[Row[Content]], refusals: Refusals) -> list[Entry]:
        """The rows that can be read; the others are refused, value by value."""
