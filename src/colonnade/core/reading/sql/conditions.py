"""Filters as SQL. Each comparison is of a visible field: where it may not be seen, it reads as null."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Enum,
    String,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql

from colonnade.core.reading.shape import AllOf, AnyOf, Exists, Node, NotOf, Test
from colonnade.core.values import Form, Value, fold_sql, listed

from .scope import Scope, clause_of

_COMPARISONS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "exact": lambda left, right: left == right,
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}

_POSTGRESQL = postgresql.dialect()
_TEXTUAL = frozenset({"contains", "startswith", "endswith"})


def written(node: Node, scope: Scope, dialect_name: str) -> ColumnElement[bool]:
    """Write a condition over the rows of a scope; to-one rows that it needs are joined to it."""
    match node:
        case AllOf(items):
            return and_(true(), *(written(each, scope, dialect_name) for each in items))
        case AnyOf(items):
            return or_(false(), *(written(each, scope, dialect_name) for each in items))
        case NotOf(item):
            return written(item, scope, dialect_name).is_not(true())
        case Exists(way, step, items):
            return _exists(scope.at(way), step, items, dialect_name)
        case Test():
            return _test(node, scope.at(node.way), dialect_name)


def _exists(scope: Scope, step: Any, items: tuple[Node, ...], dialect_name: str) -> ColumnElement[bool]:
    target, joined = scope.related(step)
    conditions = [written(each, target, dialect_name) for each in items]
    inner = target.joined(select(1)).where(joined, *conditions)
    link = scope.link(step, target)
    if link is not True:
        inner = inner.where(clause_of(link))
    return exists(inner.correlate(scope.entity))


def _test(test: Test, scope: Scope, dialect_name: str) -> ColumnElement[bool]:
    seen = scope.seen(test.field)
    column = scope.column(test.field)
    if test.operator == "isnull":
        null = _is_null(scope.access.resource.fields[test.field].value, column)
        return null if seen is True else or_(clause_of(seen).is_not(true()), null)
    compared = _compared(test, scope, column, dialect_name)
    return compared if seen is True else and_(clause_of(seen), compared)


def _is_null(value: Value, column: ColumnElement[Any]) -> ColumnElement[bool]:
    if value.name == "json" and value.form is not Form.OWN:
        # Others keep JSON's null beside SQL's; answers show both alike.
        return or_(column.is_(None), func.trim(cast(column, Text)) == "null")
    return column.is_(None)


def _compared(test: Test, scope: Scope, column: ColumnElement[Any], dialect_name: str) -> ColumnElement[bool]:
    slot = str(test.slot)
    operator = test.operator
    if operator == "in":
        return listed(column, slot)
    if operator == "iexact":
        return fold_sql(column, dialect_name) == bindparam(slot, type_=column.type)
    if operator in _TEXTUAL:
        return _textual(operator, column, bindparam(slot, type_=column.type), dialect_name)
    if operator.startswith("i") and operator[1:] in _TEXTUAL:
        folded = fold_sql(column, dialect_name)
        return _textual(operator[1:], folded, bindparam(slot, type_=column.type), dialect_name)
    left = ordered(column, dialect_name) if operator != "exact" else column
    return _COMPARISONS[operator](left, bindparam(slot, type_=column.type))


def ordered(column: ColumnElement[Any], dialect_name: str) -> ColumnElement[Any]:
    """A column as it is compared and sorted: text by code point, unless it declares a collation of its own."""
    if dialect_name != "postgresql":
        return column
    stored: Any = column.type.dialect_impl(_POSTGRESQL)
    while isinstance(stored, TypeDecorator):
        stored = stored.impl_instance
    is_text = isinstance(stored, String) and not (isinstance(stored, Enum) and stored.native_enum)
    return column.collate("C") if is_text and stored.collation is None else column


def _textual(
    operator: str, column: ColumnElement[str], value: ColumnElement[str], dialect_name: str
) -> ColumnElement[bool]:
    """``contains`` and its like, without patterns: nothing in the value has a meaning of its own."""
    if dialect_name == "postgresql":
        ways = {
            "contains": func.strpos(column, value) > 0,
            "startswith": func.starts_with(column, value),
            "endswith": func.right(column, func.length(value)) == value,
        }
        return ways[operator]
    ways = {
        "contains": func.instr(column, value) > 0,
        "startswith": func.substr(column, 1, func.length(value)) == value,
        "endswith": func.substr(column, func.length(column) - func.length(value) + 1) == value,
    }
    return ways[operator]
