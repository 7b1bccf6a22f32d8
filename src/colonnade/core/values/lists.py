"""A list of values as one parameter: how many there are is no part of a statement's text."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Dialect, LargeBinary, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine


class ListOf(TypeDecorator[Any]):
    """A list of values of one type: an array on PostgreSQL, JSON on SQLite. Each item is bound as its type does."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage of the dialect."""
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Hand over the list; on PostgreSQL the array's own processing binds the items."""
        if dialect.name == "postgresql":
            return value
        if value is None:
            return "[null]"  # whether something is in no list is unknown; of an empty list it is known
        process = self.item.dialect_impl(dialect).bind_processor(dialect)
        bound = [process(item) if process else item for item in value]
        # JSON has no bytes: see _each.
        return json.dumps([item.hex().upper() if isinstance(item, (bytes, memoryview)) else item for item in bound])


class _Listed(FunctionElement[bool]):
    """``left`` is one of the items of ``right``."""

    name = "listed"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> _Listed:
        """Stand as it is: SQLAlchemy's "= 1" around it would keep SQLite from the column's index."""
        return self


@compiles(_Listed)
def _in(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    """For people who read a condition; no database is sent this."""
    left, right = element.clauses
    return f"{compiler.process(left, **kw)} IN {compiler.process(right, **kw)}"


@compiles(_Listed, "postgresql")
def _any(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    left, right = element.clauses
    return f"({compiler.process(left, **kw)} = ANY ({compiler.process(right, **kw)}))"


@compiles(_Listed, "sqlite")
def _each(element: _Listed, compiler: SQLCompiler, **kw: Any) -> str:
    left, right = element.clauses
    column = compiler.process(left, **kw)
    if left.type._type_affinity is LargeBinary()._type_affinity:
        column = f"CASE WHEN {column} IS NOT NULL THEN hex({column}) END"  # hex(NULL) is the text of no bytes
    return f"({column} IN (SELECT value FROM json_each({compiler.process(right, **kw)})))"


def listed(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The condition that a column is among the values of the parameter ``name``, a list. An empty list has none."""
    return _Listed(column, bindparam(name, type_=ListOf(column.type)))
