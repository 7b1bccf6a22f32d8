"""Combinations of values as parameters: how many there are is no part of a statement's text."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, LargeBinary, Text, bindparam, func, select, tuple_
from sqlalchemy.types import TypeDecorator, TypeEngine

from .lists import ListOf, listed

_WANTED = "wanted"


def among(dialect_name: str, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """The condition that the columns hold one of the combinations that `wanted` makes parameters of."""
    if len(columns) == 1:
        return listed(columns[0], _WANTED)
    if dialect_name == "postgresql":
        lists = (bindparam(f"{_WANTED}_{index}", type_=ListOf(each.type)) for index, each in enumerate(columns))
        names = (f"{_WANTED}_{index}" for index in range(len(columns)))
        rows = func.unnest(*lists).table_valued(*names).render_derived()
        return tuple_(*columns).in_(select(*rows.c))
    types = tuple(column.type for column in columns)
    value = func.json_each(bindparam(_WANTED, type_=_Combinations(types))).table_valued("value").c.value
    parts_of_value = (func.json_extract(value, f"$[{index}]") for index in range(len(columns)))
    left = (func.hex(column) if _is_binary(column.type) else column for column in columns)
    return tuple_(*left).in_(select(*parts_of_value))


def wanted(dialect_name: str, keys: Collection[Sequence[Any]]) -> dict[str, object]:
    """The parameters of `among`.

    :param keys: combinations of values, one for each column, none of them None.
    """
    width = len(next(iter(keys), ()))
    if width <= 1:
        return {_WANTED: [key[0] for key in keys]}
    if dialect_name == "postgresql":
        return {f"{_WANTED}_{index}": list(part) for index, part in enumerate(zip(*keys, strict=True))}
    return {_WANTED: list(keys)}


class _Combinations(TypeDecorator[Any]):
    """Combinations of values as JSON, for SQLite; each part is bound as its type does."""

    impl = Text
    cache_ok = True

    def __init__(self, types: tuple[TypeEngine[Any], ...]) -> None:
        super().__init__()
        self.types = types

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Write them; JSON has no bytes, so these are compared as hexadecimal digits."""
        processes = [type_.dialect_impl(dialect).bind_processor(dialect) or _as_it_is for type_ in self.types]
        bound = [[process(part) for process, part in zip(processes, key, strict=True)] for key in value]
        return json.dumps([[part.hex().upper() if isinstance(part, bytes) else part for part in key] for key in bound])


def _as_it_is(value: Any) -> Any:
    return value


def _is_binary(type_: TypeEngine[Any]) -> bool:
    return type_._type_affinity is LargeBinary
