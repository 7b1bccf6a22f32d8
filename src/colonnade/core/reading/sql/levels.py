"""The same answer read as rows and written by Python, where a field needs Python.

Still one statement. The picked rows are one level; the rows of each to-many relation, numbered within their parent, are
a level of their own; all levels come by UNION ALL, each with columns of its own that are null in the others. A row
carries the numbers of the rows that it hangs from, so Python puts the tree together again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, func, literal, null, select, union_all
from sqlalchemy.types import NullType

from colonnade.core.reading.shape import Many, Selection, Step
from colonnade.core.resources import Field
from colonnade.core.tree import join_key

from .order import SortColumn, sort_columns
from .page import PageScope, picked_columns
from .scope import AnySelect, Scope, clause_of
from .text import absent, numbered

Row: TypeAlias = Sequence[Any]
Ordinals: TypeAlias = tuple[int, ...]


@dataclass
class _Context:
    """What writing a row needs beside the row: the values of the slots, and the texts of the rows that hang from it."""

    values: Mapping[str, Any]
    children: dict[int, dict[Ordinals, list[str]]] = field(default_factory=lambda: defaultdict(dict))


Write: TypeAlias = Callable[[Row, Ordinals, _Context], str | None]
"""Writes the value of one member from a row; None where it is left out."""


@dataclass(eq=False)
class _Level:
    """One level of the tree: its rows, the columns that are read of them, and how one is written."""

    number: int
    depth: int
    page: PageScope
    ordinals: list[ColumnElement[int]]
    columns: list[ColumnElement[Any]] = field(default_factory=list)
    write: Write | None = None
    sorts: list[int] = field(default_factory=list)

    def add(self, column: ColumnElement[Any]) -> int:
        """Read one more column; returns its place among those of the level."""
        self.columns.append(column)
        return len(self.columns) - 1


class Levels:
    """Builds the statement of all levels, and reads its rows."""

    def __init__(
        self,
        page: PageScope,
        columns: Sequence[SortColumn],
        sort_fields: Sequence[Field],
        selection: Selection,
        dialect_name: str,
    ) -> None:
        self.dialect_name = dialect_name
        self.sort_fields = sort_fields
        self.levels: list[_Level] = []
        number = numbered(page, columns) if columns else literal(1).label("n")
        top = select(page.subquery, number).cte(page.aliases.name("level"))
        self._level(PageScope(page, top), [top.c.n], selection, sorts=len(columns))
        self.offsets: list[int] = []
        self.statement = self._statement()

    def _level(
        self, page: PageScope, ordinals: list[ColumnElement[int]], selection: Selection, sorts: int = 0
    ) -> _Level:
        level = _Level(len(self.levels), len(ordinals), page, ordinals)
        self.levels.append(level)
        level.sorts = [level.add(page.sort(index)) for index in range(sorts)]
        level.write = self._record(level, page, selection)
        return level

    def _record(self, level: _Level, scope: Scope, selection: Selection) -> Write:
        members: list[tuple[str, Write]] = [
            *((name, self._field(level, scope, name)) for name in selection.fields),
            *((step.relation, self._one(level, scope, step, inner)) for step, inner in selection.ones),
            *((many.step.relation, self._many(level, scope, many)) for many in selection.manys),
        ]
        named = [(json.dumps(name, ensure_ascii=False) + ":", write) for name, write in members]

        def write(row: Row, ordinals: Ordinals, context: _Context) -> str:
            texts = ((name, each(row, ordinals, context)) for name, each in named)
            return "{" + ",".join(name + text for name, text in texts if text is not None) + "}"

        return write

    def _field(self, level: _Level, scope: Scope, name: str) -> Write:
        at = level.add(scope.column(name))
        to_json = scope.access.resource.fields[name].value.to_json
        seen = scope.seen(name)
        flag = None if isinstance(seen, bool) else level.add(clause_of(seen))

        def write(row: Row, _: Ordinals, __: _Context) -> str | None:
            if flag is not None and not row[flag]:
                return None
            return "null" if row[at] is None else to_json(row[at])

        return write

    def _one(self, level: _Level, scope: Scope, step: Step, selection: Selection) -> Write:
        target = scope.one(step)
        there = level.add(target.matched())
        none = absent(scope, step)
        flag = None if isinstance(none, bool) else level.add(none)
        record = self._record(level, target, selection)

        def write(row: Row, ordinals: Ordinals, context: _Context) -> str | None:
            if row[there]:
                return record(row, ordinals, context)
            return "null" if flag is None or row[flag] else None

        return write

    def _many(self, level: _Level, scope: Scope, many: Many) -> Write:
        child = self._child(level, scope, many)
        resource = scope.access.resource
        key = [(level.add(scope.column(each.name)), each.value.to_text) for each in resource.key]
        seen = scope.seen(many.step.relation)
        flag = None if isinstance(seen, bool) else level.add(clause_of(seen))

        def write(row: Row, ordinals: Ordinals, context: _Context) -> str | None:
            if flag is not None and not row[flag]:
                return None
            texts = context.children[child.number].get(ordinals, [])
            limit = context.values[many.slot]
            following = "null"
            if len(texts) > limit:
                parts = join_key([to_text(row[at]) for at, to_text in key])
                address = f"{context.values['base']}/{resource.name}/{quote(parts, safe=',~')}"
                following = f'"{address}{context.values[many.slot + "_next"]}"'
            return f'{{"data":[{",".join(texts[:limit])}],"next":{following}}}'

        return write

    def _child(self, level: _Level, scope: Scope, many: Many) -> _Level:
        # The rows are joined again from their parents' level, so the parents' scope is made anew for this statement.
        parents = PageScope(level.page, level.page.subquery)
        source = _again(parents, level.page, scope)
        target, joined = source.related(many.step)
        columns = sort_columns(many.orders, target, self.dialect_name)
        link = source.link(many.step, target)
        shown = picked_columns(target, many.selection, columns)
        place = func.row_number().over(partition_by=level.ordinals, order_by=[each.direction for each in columns])
        ordinals = [each.label(f"n{index}") for index, each in enumerate(level.ordinals)]
        # Joins of the target's own (for its order) come after it, so it is joined first.
        related = parents.joined(select(*shown, *ordinals, place.label("n")))
        if source.access.resource.relations[many.step.relation].repeats:
            related = related.join(target.entity, joined)
        else:
            related = related.join(source.attribute(many.step, target))
        for join in target.joins:
            related = join(related)
        if link is not True:
            related = related.where(clause_of(link))
        inner = related.subquery(scope.aliases.name("related"))
        limited = select(inner).where(inner.c.n <= bindparam(many.slot, type_=BigInteger()) + 1)
        cte = limited.cte(scope.aliases.name("level"))
        page = PageScope(target, cte)
        return self._level(page, [*(cte.c[f"n{i}"] for i in range(level.depth)), cte.c.n], many.selection)

    def _statement(self) -> Any:
        depth = max(level.depth for level in self.levels)
        place = 1 + depth
        for level in self.levels:
            self.offsets.append(place)
            place += len(level.columns)
        selects: list[AnySelect] = []
        for level in self.levels:
            columns: list[Any] = [literal(level.number).label("level")]
            columns += level.ordinals
            columns += [cast(null(), BigInteger)] * (depth - level.depth)
            for other in self.levels:
                columns += other.columns if other is level else [_nothing(each) for each in other.columns]
            named = [column.label(f"x{index}") for index, column in enumerate(columns)]
            selects.append(level.page.joined(select(*named)))
        return selects[0] if len(selects) == 1 else union_all(*selects)

    def read(self, rows: Iterable[Row], values: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Put the records together.

        :returns: the JSON of each record in order, and for each the JSON of its sort values, an array.
        """
        sorted_rows: dict[int, list[tuple[Ordinals, Row]]] = defaultdict(list)
        for row in rows:
            level = self.levels[row[0]]
            ordinals = tuple(row[1 : 1 + level.depth])
            offset = self.offsets[level.number]
            sorted_rows[level.number].append((ordinals, row[offset : offset + len(level.columns)]))
        context = _Context(values)
        # Children have greater numbers than their parents, so their texts are ready when these ask for them.
        for level in reversed(self.levels[1:]):
            texts: dict[Ordinals, list[str]] = context.children[level.number]
            for ordinals, row in sorted(sorted_rows[level.number], key=lambda each: each[0]):
                texts.setdefault(ordinals[:-1], []).append(_written(level, row, ordinals, context))
        top = self.levels[0]
        records, places = [], []
        for ordinals, row in sorted(sorted_rows[0], key=lambda each: each[0]):
            records.append(_written(top, row, ordinals, context))
            sorts = (row[at] for at in top.sorts)
            pairs = zip(self.sort_fields, sorts, strict=True)
            places.append("[" + ",".join("null" if each is None else f.value.to_json(each) for f, each in pairs) + "]")
        return records, places


def _written(level: _Level, row: Row, ordinals: Ordinals, context: _Context) -> str:
    assert level.write is not None
    text = level.write(row, ordinals, context)
    assert text is not None
    return text


def _again(parents: PageScope, page: PageScope, scope: Scope) -> Scope:
    """The scope that lies where ``scope`` lies, seen from another scope over the same rows."""
    way: list[Step] = []
    while scope is not page:
        if scope.origin is None:
            raise LookupError("the scope does not hang from these rows")
        scope, step = scope.origin
        way.insert(0, step)
    return parents.at(tuple(way))


def _nothing(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return null() if isinstance(column.type, NullType) else cast(null(), column.type)
