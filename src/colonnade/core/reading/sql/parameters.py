"""Parameters whose number of values is no part of the statement's text."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine


class ListOf(TypeDecorator[Any]):
    """A list of values of one type: an array on PostgreSQL, a JSON text on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage of the dialect."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Hand over the list; each item goes through its own type's processing."""
        if value is None or dialect.name == "postgresql":
            return value
        process = self.item.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([process(item) if process else item for item in value])


def is_in(left: ColumnElement[Any], name: str, dialect_name: str) -> ColumnElement[bool]:
    """``left = ANY(:name)``: one text for a list of any length."""
    values = bindparam(name, type_=ListOf(left.type))
    if dialect_name == "postgresql":
        return left == func.any(values)
    return left.in_(select(column("value")).select_from(func.json_each(values)))
