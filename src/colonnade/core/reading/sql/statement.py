"""A shape becomes a statement: compiled once, run often."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)

from colonnade.core.database import Prepared, can_parse
from colonnade.core.policy.terms import me_names
from colonnade.core.reading.shape import Selection, Shape, Step
from colonnade.core.resources import Field
from colonnade.core.values import among

from .conditions import written
from .levels import Levels
from .order import SortColumn, after, sort_columns
from .page import PageScope, picked
from .places import Path, paths, place_in
from .scope import Aliases, AnySelect, Scope, clause_of
from .text import TextWriter, can_write, order_fields, writable


@dataclass(frozen=True)
class Found:
    """What a statement found: the records as JSON joined by commas, and how many there were (one more than the limit if
    more are to come).

    place: if more are to come, reads the sort values of the last one that is shown, as JSON has them. It raises
        ValueError for what is no JSON: a table that others write may hold what its types do not.
    """

    data: str
    count: int
    place: Callable[[], Sequence[object]] | None


@dataclass(frozen=True)
class Statement:
    """A compiled shape. Either the database writes the answer (`prepared`), or Python does, from rows (`levels`).

    paths: where the sort values stand in a record; None where they are written beside it.
    """

    prepared: Prepared | None
    levels: Levels | None
    #: The attributes of ``me`` that have to be filled in.
    me: tuple[str, ...]
    paths: tuple[Path, ...] | None = None

    @cached_property
    def links(self) -> bool:
        """Whether it writes addresses, for which it has to be told that of the API."""
        return self.prepared is None or "base" in self.prepared.parameters

    def read(self, rows: Sequence[Sequence[Any]], values: Mapping[str, Any]) -> Found:
        """Read the rows that the statement of a list, or of one record, gave for these values."""
        read = self.read_some(rows, values)
        shown = read[: values.get("limit")]
        place = partial(self._place, shown[-1]) if len(shown) < len(read) else None
        return Found(",".join([row[0] for row in shown]), len(read), place)

    def read_some(self, rows: Sequence[Sequence[Any]], values: Mapping[str, Any]) -> Sequence[Sequence[str]]:
        """Read the rows that were given: each record as JSON, with the JSON of its sort values if it stands beside."""
        return rows if self.levels is None else list(zip(*self.levels.read(rows, values), strict=True))

    def _place(self, row: Sequence[str]) -> Sequence[object]:
        if self.paths is not None:
            return place_in(row[0], self.paths)
        values: list[object] = json.loads(row[1])
        return values


def compiled(shape: Shape, dialect: Dialect) -> Statement:
    """Write and compile the statement of a shape."""
    aliases = Aliases()
    scope = Scope.over(shape.access, aliases)
    conditions = conditions_of(shape, scope, dialect.name)
    if shape.kind in ("count", "capped"):
        statement = _count(shape, scope, conditions)
        return Statement(Prepared.compile(statement, dialect), None, me_names(statement))
    columns = sort_columns(shape.orders, scope, dialect.name)
    assert shape.selection is not None
    page = picked(
        scope,
        shape.selection,
        conditions,
        columns=columns,
        runs=after(columns, shape.start.nulls) if shape.start.kind == "cursor" else (),
        limit="limit" if shape.kind == "list" else None,
        offset="offset" if shape.start.kind == "offset" else None,
    )
    sort_fields = order_fields(shape.orders, scope)
    by_text = can_write(shape.selection, dialect.name) and all(writable(each, dialect.name) for each in sort_fields)
    if by_text and not shape.python:
        shown = None if shape.kind == "some" else paths(shape.orders, shape.selection)
        beside = sort_fields if shown is None else None
        statement = _text(page, shape.selection, columns, beside, TextWriter(dialect.name))
        prepared = Prepared.compile(statement, dialect)
        if can_parse(prepared, dialect):
            return Statement(prepared, None, me_names(statement), shown)
    levels = Levels(page, columns, sort_fields, shape.selection, dialect.name)
    return Statement(None, levels, me_names(levels.statement))


def conditions_of(shape: Shape, scope: Scope, dialect_name: str) -> list[ColumnElement[bool]]:
    """What the rows of a shape have to meet: the policy, then what was asked."""
    conditions: list[ColumnElement[bool]] = []
    viewed = scope.viewed()
    if viewed is not True:
        conditions.append(clause_of(viewed) if viewed is False else viewed)
    if shape.kind == "one":
        conditions += [
            scope.column(field.name) == bindparam(f"key{index}", type_=field.column.type)
            for index, field in enumerate(shape.access.resource.key)
        ]
    if shape.kind == "some":
        conditions.append(among(dialect_name, [scope.column(field.name) for field in shape.access.resource.key]))
    if shape.parent is not None:
        conditions.append(_within(shape, scope))
    if shape.where is not None:
        conditions.append(written(shape.where, scope, dialect_name))
    return conditions


def _within(shape: Shape, scope: Scope) -> ColumnElement[bool]:
    """The rows that a relation of the parent leads to: the parent may be seen, and the way from it to them."""
    assert shape.parent is not None
    parent = Scope.over(shape.parent.access, scope.aliases)
    step = Step(shape.parent.relation, shape.access)
    inner = parent.joined(select(1)).where(
        parent.leads(step, scope),
        *(
            parent.column(field.name) == bindparam(f"key{index}", type_=field.column.type)
            for index, field in enumerate(shape.parent.access.resource.key)
        ),
    )
    for condition in (parent.viewed(), parent.link(step, scope)):
        if condition is not True:
            inner = inner.where(clause_of(condition))
    return exists(inner.correlate(scope.entity))


def _count(shape: Shape, scope: Scope, conditions: Sequence[ColumnElement[bool]]) -> AnySelect:
    if shape.kind == "count":
        return scope.joined(select(func.count())).where(*conditions)
    some = scope.joined(select(literal_column("1").label("one"))).where(*conditions)
    capped = some.limit(bindparam("limit", type_=BigInteger())).subquery(scope.aliases.name("some"))
    return select(func.count()).select_from(capped)


def _text(
    page: PageScope,
    selection: Selection,
    columns: tuple[SortColumn, ...],
    sort_fields: Sequence[Field] | None,
    writer: TextWriter,
) -> AnySelect:
    """Each record as JSON; beside it the JSON of its sort values, where their fields are given."""
    shown = [writer.record(page, selection)]
    if sort_fields is not None:
        shown.append(writer.array([(field, page.sort(index)) for index, field in enumerate(sort_fields)]))
    return page.joined(select(*shown)).order_by(*page.order(columns))
