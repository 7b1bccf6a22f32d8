"""Orders, and the condition "after this row" that a cursor stands for.

NULL is the greatest value in both directions, and so is what may not be seen. The condition is written so that an
index serves it: a row comparison where no key may be null and all run one way; else a bound on the first key beside the
exact condition; and where the bound would lose the nulls, two selects, each of which an index serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, tuple_

from colonnade.core.reading.shape import Order

from .conditions import ordered
from .scope import Scope


@dataclass(frozen=True)
class SortColumn:
    """One key of an order in a statement: what is compared, and the name of the parameter that a cursor fills."""

    value: ColumnElement[Any]
    compared: ColumnElement[Any]
    nullable: bool
    descending: bool
    slot: str

    @property
    def direction(self) -> ColumnElement[Any]:
        """The key as ORDER BY has it."""
        directed = self.compared.desc() if self.descending else self.compared.asc()
        if not self.nullable:
            return directed
        return directed.nulls_first() if self.descending else directed.nulls_last()

    @property
    def parameter(self) -> ColumnElement[Any]:
        """The cursor's value."""
        return bindparam(self.slot, type_=self.value.type)


def sort_columns(orders: tuple[Order, ...], scope: Scope, dialect_name: str) -> tuple[SortColumn, ...]:
    """The keys of an order over the rows of a scope; to-one rows that it needs are joined to it."""
    columns = []
    for index, order in enumerate(orders):
        at = scope.at(order.way)
        value = at.value(order.field)
        columns.append(
            SortColumn(
                value,
                ordered(value, dialect_name),
                bool(order.way) or at.may_be_null(order.field),
                order.descending,
                f"after{index}",
            )
        )
    return tuple(columns)


def after(columns: tuple[SortColumn, ...], nulls: tuple[bool, ...]) -> list[ColumnElement[bool]]:
    """The rows that come after a cursor's row.

    :param nulls: for each key, whether the cursor's value is null.
    :returns: one condition, or two that part the rows in two runs, the first of which comes first.
    """
    first = columns[0]
    if not any(column.nullable for column in columns) and len({column.descending for column in columns}) == 1:
        keys = tuple_(*(column.compared for column in columns))
        values = tuple_(*(column.parameter for column in columns))
        return [keys < values if first.descending else keys > values]
    exact = _after(columns, nulls)
    if nulls[0]:
        among_nulls = and_(first.compared.is_(None), _after(columns[1:], nulls[1:]))
        return [among_nulls, first.compared.is_not(None)] if first.descending else [among_nulls]
    bound = first.compared <= first.parameter if first.descending else first.compared >= first.parameter
    among_values = and_(bound, exact)
    return [among_values, first.compared.is_(None)] if first.nullable and not first.descending else [among_values]


def _after(columns: tuple[SortColumn, ...], nulls: tuple[bool, ...]) -> ColumnElement[bool]:
    """The exact condition, key by key: a greater first key, or the same and then the rest."""
    if not columns:
        return false()
    column, null = columns[0], nulls[0]
    ways: list[ColumnElement[bool]] = []
    same: ColumnElement[bool]
    if null:
        if column.descending:
            ways.append(column.compared.is_not(None))
        same = column.compared.is_(None)
    else:
        greater = column.compared < column.parameter if column.descending else column.compared > column.parameter
        ways.append(greater)
        if column.nullable and not column.descending:
            ways.append(column.compared.is_(None))
        same = column.compared == column.parameter
    if len(columns) > 1:
        ways.append(and_(same, _after(columns[1:], nulls[1:])))
    return or_(false(), *ways)
