"""Which of many combinations of values are stored: one statement, whose text does not depend on how many there are."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from colonnade.core.policy import Condition
from colonnade.core.resources import Resource
from colonnade.core.values import listed
from colonnade.core.values.lists import ListOf

from .author import Author

Key = tuple[Any, ...]


def rows_of_keys(
    author: Author,
    resource: Resource,
    columns: Sequence[sa.ColumnElement[Any]],
    keys: Collection[Key],
    *,
    also: Sequence[sa.ColumnElement[Any]] = (),
    conditions: Sequence[Condition] = (),
) -> dict[Key, Key]:
    """The rows of a resource whose columns hold one of these combinations.

    :param keys: combinations of values, one for each column, none of them None.
    :param also: what else is wanted of each row.
    :param conditions: which rows count; nothing is found where one of them is False.
    :returns: for each combination that was found, the values of ``also``.
    """
    if not keys or any(condition is False for condition in conditions):
        return {}
    wanted, parameters = among(author.dialect, columns, keys)
    statement = sa.select(*columns, *also).select_from(resource.model).where(wanted)
    statement = statement.where(*(condition for condition in conditions if not isinstance(condition, bool)))
    width = len(columns)
    return {tuple(row[:width]): tuple(row[width:]) for row in author.rows(statement, parameters)}


def among(
    dialect: sa.Dialect, columns: Sequence[sa.ColumnElement[Any]], keys: Collection[Key]
) -> tuple[sa.ColumnElement[bool], dict[str, object]]:
    """The condition that the columns hold one of the combinations, and its parameters."""
    if len(columns) == 1:
        return listed(columns[0], "wanted"), {"wanted": [key[0] for key in keys]}
    if dialect.name == "postgresql":
        names = [f"wanted_{index}" for index in range(len(columns))]
        lists = (sa.bindparam(name, type_=ListOf(column.type)) for name, column in zip(names, columns, strict=True))
        rows = sa.func.unnest(*lists).table_valued(*names).render_derived()
        parts = zip(*keys, strict=True)
        return sa.tuple_(*columns).in_(sa.select(*rows.c)), dict(zip(names, map(list, parts), strict=True))
    types = tuple(column.type for column in columns)
    value = sa.func.json_each(sa.bindparam("wanted", type_=_Combinations(types))).table_valued("value").c.value
    parts_of_value = (sa.func.json_extract(value, f"$[{index}]") for index in range(len(columns)))
    left = (sa.func.hex(column) if _is_binary(column.type) else column for column in columns)
    return sa.tuple_(*left).in_(sa.select(*parts_of_value)), {"wanted": list(keys)}


class _Combinations(TypeDecorator[Any]):
    """Combinations of values as JSON, for SQLite; each part is bound as its type does."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, types: tuple[TypeEngine[Any], ...]) -> None:
        super().__init__()
        self.types = types

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        """Write them; JSON has no bytes, so these are compared as hexadecimal digits."""
        processes = [type_.dialect_impl(dialect).bind_processor(dialect) or _as_it_is for type_ in self.types]
        bound = [[process(part) for process, part in zip(processes, key, strict=True)] for key in value]
        return json.dumps([[part.hex().upper() if isinstance(part, bytes) else part for part in key] for key in bound])


def _as_it_is(value: Any) -> Any:
    return value


def _is_binary(type_: TypeEngine[Any]) -> bool:
    return type_._type_affinity is sa.LargeBinary
