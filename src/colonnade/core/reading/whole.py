"""The whole of a list, for a file: batch by batch, as of one moment, however long it is.

It is planned as a page of the list is, so the same policy, filters and orders hold. What is read has no end that a
cursor could name, so it holds a connection until it is closed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from colonnade.core.database import Snapshot, Stream
from colonnade.core.policy.terms import ME_PREFIX
from colonnade.core.problems import BadRequest, Forbidden
from colonnade.core.resources import Resource
from colonnade.core.values import Cell

from .grammar import Query, refused
from .paging import Paging
from .planning import Plan
from .questions import plan_of
from .reader import Reader
from .shape import Selection, Shape, Start
from .sql import whole
from .sql.levels import Levels
from .words import OF_PAGES, words_in


class Records(Protocol):
    """The records of a list, each as JSON."""

    def fetch(self, size: int) -> Sequence[str]:
        """The next ones, at most so many; none at the end."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass(frozen=True)
class Table:
    """The records of a list as cells: texts, and numbers to be written as they are. A null, or what may not be seen, is
    None.

    names: of the columns; fields of relations to one are ``relation.field``.
    free: for each column, whether its texts may begin with any sign: somebody wrote them.
    """

    names: tuple[str, ...]
    free: tuple[bool, ...]
    _cells: tuple[Cell, ...]
    _stream: Stream
    _snapshot: Snapshot

    def fetch(self, size: int) -> list[Sequence[Any]]:
        """The next records, at most so many, as columns; no columns at the end."""
        columns = zip(*self._stream.fetch(size), strict=False)  # the rows are as long as each other
        return [cell.write(values) for cell, values in zip(self._cells, columns, strict=False)]

    def close(self) -> None:
        """Give the connection back."""
        self._snapshot.close()


@dataclass(frozen=True)
class Whole:
    """Reads the whole of a list for a reader's identity.

    The reader's connection is taken over by what is opened here, which has to be closed.
    """

    reader: Reader

    def records(self, resource: Resource, query: Query) -> Records:
        """The records as JSON, as pages of the list show them.

        :raises BadRequest: for what does not exist or does not suit, and for what only a page has.
        :raises Forbidden: where no record may be seen at all.
        """
        plan = self._plan(resource, query)
        shape = plan.shape("list")
        found = whole.records(shape, self.reader.shapes.dialect, limited=query.limit is not None)
        if found is not None:
            return _Written(*self._opened(found, plan, query))
        return _Pages(self.reader, plan, shape, query)

    def table(self, resource: Resource, query: Query) -> Table:
        """The records as a table.

        :raises BadRequest: as above, and for relations to many, which a table has no place for.
        :raises Forbidden: where no record may be seen at all.
        """
        plan = self._plan(resource, query)
        _refuse_manys(plan.selection)
        found = whole.table(plan.shape("list"), self.reader.shapes.dialect, limited=query.limit is not None)
        names, cells = zip(*found.columns, strict=True) if found.columns else ((), ())
        return Table(names, tuple(each.free for each in cells), cells, *self._opened(found, plan, query))

    def _plan(self, resource: Resource, query: Query) -> Plan:
        _refuse_words_of_pages(query)
        if not self.reader.access.of(resource).may("view"):
            raise Forbidden(f"You may not view records of {resource.name}.")
        self.reader.prepare(resource)
        return plan_of(self.reader.access, self.reader.limits, resource, query)

    def _opened(self, found: whole.Whole, plan: Plan, query: Query) -> tuple[Stream, Snapshot]:
        values = _values(self.reader, found.me, {**plan.values, "limit": query.limit})
        snapshot = Snapshot(self.reader.connection)
        try:
            if found.prepared is not None:
                return snapshot.fetching(found.prepared, values), snapshot
            return snapshot.streaming(found.statement, values), snapshot
        except BaseException:
            snapshot.close()
            raise


@dataclass(frozen=True)
class _Written:
    """Records that the database writes."""

    stream: Stream
    snapshot: Snapshot

    def fetch(self, size: int) -> Sequence[str]:
        return [row[0] for row in self.stream.fetch(size)]

    def close(self) -> None:
        self.snapshot.close()


class _Pages:
    """Records that Python writes: page after page of one snapshot, for related rows have to be put together."""

    def __init__(self, reader: Reader, plan: Plan, shape: Shape, query: Query) -> None:
        self._reader = reader
        self._plan = plan
        self._shape = shape
        self._paging = Paging(reader.cursors, reader.limits, query, plan, "", 0)
        self._left = query.limit
        self._read = 0
        self._start: tuple[Start, Mapping[str, object]] = (Start(), {})
        self._page(0)  # what has to be known of the identity is read before the connection is taken
        self._snapshot = Snapshot(reader.connection)

    def fetch(self, size: int) -> Sequence[str]:
        size = size if self._left is None else min(size, self._left)
        if not size:
            return ()
        levels, values = self._page(size)
        records, places = levels.read(self._snapshot.rows(levels.statement, values), values)
        shown = records[:size]
        self._read += len(shown)
        at_end = len(records) <= size
        self._left = 0 if at_end else None if self._left is None else self._left - size
        if not at_end:
            self._go_on_after(places[size - 1])
        return shown

    def close(self) -> None:
        self._snapshot.close()

    def _page(self, size: int) -> tuple[Levels, Mapping[str, object]]:
        start, after = self._start
        shape = self._shape
        statement = self._reader.shapes.statement(
            Shape("list", shape.access, shape.selection, shape.where, shape.orders, start, python=True)
        )
        assert statement.levels is not None
        return statement.levels, _values(self._reader, statement.me, {**self._plan.values, **after, "limit": size})

    def _go_on_after(self, place: str) -> None:
        try:
            self._start = self._paging.after(tuple(json.loads(place)))
        except BadRequest:
            # By numbers, where a value cannot be compared with: the rows are those of the same moment.
            self._start = Start("offset"), {"offset": self._read}


def _values(reader: Reader, me: Sequence[str], values: Mapping[str, object]) -> Mapping[str, object]:
    own = {ME_PREFIX + name: reader.me[name] for name in me}
    return {**values, **own, "base": json.dumps(reader.base, ensure_ascii=False)[1:-1]}


def _refuse_words_of_pages(query: Query) -> None:
    faults = words_in(query, OF_PAGES, "has no meaning for a whole list; limit takes its first records", "not_a_page")
    if faults:
        raise BadRequest("A whole list is no page: it takes filters, sort, fields, expand and limit.", faults=faults)


def _refuse_manys(selection: Selection) -> None:
    for many in selection.manys:
        detail = f"{many.step.relation} leads to many records, for which a table has no place; JSON Lines has"
        raise refused("expand", detail, code="to_many")
    for _, inner in selection.ones:
        _refuse_manys(inner)
