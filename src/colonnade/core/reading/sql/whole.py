"""The statement of a whole list, to be read as it comes: records as JSON, or columns of a table of text.

One flat select in the order that was asked for. Its policy, filters and orders are those of every other statement: the
scope puts them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, bindparam, case, select

from colonnade.core.database import Prepared, can_parse
from colonnade.core.policy.terms import me_names
from colonnade.core.reading.shape import Selection, Shape
from colonnade.core.values import Cell, cell

from .order import sort_columns
from .scope import Aliases, AnySelect, Scope, clause_of
from .statement import conditions_of
from .text import TextWriter, can_write


@dataclass(frozen=True)
class Whole:
    """A statement, the attributes of ``me`` that have to be filled in, and, for a table, its columns by name.

    prepared: the same, where what the driver gives will do.
    """

    statement: AnySelect
    prepared: Prepared | None
    me: tuple[str, ...]
    columns: tuple[tuple[str, Cell], ...] = ()


def records(shape: Shape, dialect: Dialect, *, limited: bool) -> Whole | None:
    """The statement whose rows are the JSON of one record each; None where the database cannot write it.

    :param limited: whether only the first ones are wanted, as many as the parameter ``limit`` says.
    """
    assert shape.selection is not None
    if shape.python or not can_write(shape.selection, dialect.name):
        return None
    scope = Scope.over(shape.access, Aliases())
    record = TextWriter(dialect.name).record(scope, shape.selection)
    statement = _ordered(shape, scope, [record.label("j")], dialect, limited=limited)
    prepared = Prepared.compile(statement, dialect)
    return Whole(statement, prepared, me_names(statement)) if can_parse(prepared, dialect) else None


def table(shape: Shape, dialect: Dialect, *, limited: bool) -> Whole:
    """The statement whose columns are the fields that are shown, those of relations to one as ``relation.field``."""
    assert shape.selection is not None
    scope = Scope.over(shape.access, Aliases())
    columns = tuple(_columns(scope, shape.selection, "", dialect.name, python=shape.python))
    shown = [each.column.label(f"c{index}") for index, (_, each) in enumerate(columns)]
    statement = _ordered(shape, scope, shown, dialect, limited=limited)
    prepared = Prepared.compile(statement, dialect) if all(each.raw for _, each in columns) else None
    return Whole(statement, prepared, me_names(statement), columns)


def _columns(
    scope: Scope, selection: Selection, path: str, dialect_name: str, *, python: bool
) -> Iterator[tuple[str, Cell]]:
    """The columns of a row, null where the field may not be seen, and where no row that may be seen is related."""
    for name in selection.fields:
        field = scope.access.resource.fields[name]
        made = cell(field.value, scope.column(name), dialect_name, python=python)
        seen = scope.seen(name)
        yield path + name, made if seen is True else replace(made, column=case((clause_of(seen), made.column)))
    for step, inner in selection.ones:
        yield from _columns(scope.one(step), inner, f"{path}{step.relation}.", dialect_name, python=python)


def _ordered(
    shape: Shape, scope: Scope, shown: Sequence[ColumnElement[Any]], dialect: Dialect, *, limited: bool
) -> AnySelect:
    conditions = conditions_of(shape, scope, dialect.name)
    directions = [column.direction for column in sort_columns(shape.orders, scope, dialect.name)]
    statement: AnySelect = scope.joined(select(*shown)).where(*conditions).order_by(*directions)
    return statement.limit(bindparam("limit", type_=BigInteger())) if limited else statement
