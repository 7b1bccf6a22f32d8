"""The rows of a table on their way, and those that do not get through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

#: How many rows go through the steps at once.
BATCH = 5_000

#: How many refusals are enough: a file in which more is wrong has one thing wrong with all of it.
ENOUGH = 10_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    line: on which it begins, from 1.
    texts: one a column.
    broken: why it cannot be read, as a predicate; "" if it can.
    """

    line: int
    texts: Sequence[str]
    broken: str = ""


@dataclass(slots=True)
class Entry:
    """A row whose texts have been read.

    values: by field name.
    sought: what the columns that give a relation name the related records by, in the order of these columns.
    """

    line: int
    values: dict[str, Any]
    sought: tuple[Any, ...]


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be written.

    line: on which it begins.
    column: the header of the column at fault, the fields' names if it is none or several, "" if it is the whole row.
    reason: what is wrong, and what would be right.
    """

    line: int
    column: str
    reason: str


class Refusals:
    """The reasons found so far."""

    def __init__(self) -> None:
        self._found: list[Refusal] = []

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Refusal]:
        """By line; those of one line in the order in which they were found."""
        return iter(sorted(self._found, key=lambda refusal: refusal.line))

    @property
    def enough(self) -> bool:
        """Whether more of them would help nobody."""
        return len(self._found) >= ENOUGH

    def add(self, line: int, column: str, reason: str) -> None:
        """Take one in."""
        self._found.append(Refusal(line, column, reason))


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items, so many at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def shown(value: object) -> str:
    """What stood there, short enough for a line."""
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
