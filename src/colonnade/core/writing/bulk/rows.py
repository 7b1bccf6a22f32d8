"""The rows of a source on their way, and those that do not get through."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from colonnade.core.problems import Fault, Problem
from colonnade.core.writing.bodies import pointer
from colonnade.core.writing.lookup import Key

#: How many rows go through the steps at once.
BATCH = 5_000

#: How many refusals are enough: a file in which more is wrong has one thing wrong with all of it.
ENOUGH = 10_000

#: What an empty cell of a field with a default is: nothing that is written.
LEFT_OUT: Final = object()

Reason = tuple[tuple[str, ...], str, str]
"""Columns, what is wrong with them, and the code of it; see `Refusal`."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row(Generic[_T]):
    """One row of a source.

    line: where it begins: the line of a file, from 1; the index in an array, from 0.
    content: the texts of a table, one a column; or a JSON value.
    broken: why it cannot be read, as a predicate; "" if it can.
    """

    line: int
    content: _T
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The stored record that a row leads to by its key.

    key: its primary key, in the order of ``resource.key``.
    values: what is stored, by field name: of each field that the source may give.
    permitted: whether the author may edit it.
    readable: the names of the fields that the author sees of it.
    writable: the names of those that they may write, as far as the record as it is decides.
    """

    key: Key
    values: Mapping[str, Any]
    permitted: bool
    readable: Collection[str]
    writable: Collection[str]


@dataclass(slots=True)
class Entry:
    """A row that has been read.

    values: by field name; in a row that changes a record only what changes, once that is known. A many-to-many relation
        has the keys of the related records. By ``relation.field`` is what a related record is named by, until its
        foreign key is known.
    match: the record that it changes; None where it creates one.
    key: that of the record which was written, where somebody wants to know.
    sound: whether nothing was wrong so far. What else is wrong with one that is not is told; it is not written.
    """

    line: int
    values: dict[str, Any]
    match: Match | None = None
    key: Key | None = None
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row cannot be written.

    line: where it begins; see `Row`.
    columns: the headers (or members) at fault; the fields' names if no column gives them; none if it is the whole row.
    reason: what is wrong, and what would be right: a predicate, or a sentence.
    code: a short stable word for programs, such as ``unknown_reference``.
    told: the faults of the record that it stands for, where there were any.
    raised: the problem that refused the record, where one was raised.
    """

    line: int
    columns: tuple[str, ...]
    reason: str
    code: str = "value"
    told: tuple[Fault, ...] = ()
    raised: Problem | None = None

    @property
    def column(self) -> str:
        """The columns in one text."""
        return ", ".join(self.columns)

    @property
    def said(self) -> str:
        """Columns and reason in one text."""
        return ": ".join(filter(None, (self.column, self.reason)))

    def faults(self) -> Iterator[Fault]:
        """It as faults of a JSON object: those that were told, or a fault for each member."""
        yield from self.told
        for column in () if self.told else self.columns or (None,):
            place = () if column is None else (column,)
            yield Fault(self.reason, pointer=pointer(*place), code=self.code)


class Refusals:
    """The reasons found so far.

    :param most: how many are enough; None if all are wanted.
    """

    def __init__(self, most: int | None = None) -> None:
        self._found: list[Refusal] = []
        self._most = most

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Refusal]:
        """By line; those of one line in the order in which they were found."""
        return iter(sorted(self._found, key=lambda refusal: refusal.line))

    @property
    def enough(self) -> bool:
        """Whether more of them would help nobody."""
        return self._most is not None and len(self._found) >= self._most

    def add(self, line: int, columns: Iterable[str], reason: str, code: str) -> None:
        """Take one in."""
        self._found.append(Refusal(line, tuple(dict.fromkeys(columns)), reason, code))

    def add_faults(self, line: int, faults: Iterable[Fault], headers: Mapping[str, str]) -> None:
        """Take in the faults of one record, those that say the same as one.

        :param headers: which column gives each field.
        """
        self._add_faults(line, faults, headers, "value", None)

    def add_problem(self, line: int, problem: Problem, headers: Mapping[str, str], code: str) -> None:
        """Take in a problem that refuses one record.

        :param headers: which column gives each field.
        :param code: of the refusal, where the problem has no code of its own.
        """
        self._add_faults(line, problem.faults or [Fault(problem.detail)], headers, code, problem)

    def _add_faults(
        self, line: int, faults: Iterable[Fault], headers: Mapping[str, str], code: str, raised: Problem | None
    ) -> None:
        said: dict[str, list[Fault]] = {}
        for fault in faults:
            said.setdefault(fault.detail, []).append(fault)
        for detail, alike in said.items():
            names = [(fault.pointer or "").removeprefix("/") for fault in alike]
            columns = dict.fromkeys(headers.get(name, name) for name in names if name)
            self._found.append(Refusal(line, tuple(columns), detail, alike[0].code or code, tuple(alike), raised))


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items, so many at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def alike(entries: Iterable[Entry]) -> Iterator[tuple[tuple[str, ...], list[Entry]]]:
    """The entries that give the same fields, in the order in which these were first met; with the names."""
    shapes: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        shapes.setdefault(tuple(entry.values), []).append(entry)
    yield from shapes.items()


def shown(value: object) -> str:
    """What stood there, short enough for a line."""
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
