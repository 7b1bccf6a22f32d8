"""JSON columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import JSON, ColumnElement, Dialect, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from .json_text import check_json, read_json, write_json
from .sql_text import bare, text_of
from .storage import Storage
from .value import PRESENCE, Form, Value


@dataclass(frozen=True, kw_only=True)
class JsonValue(Value):
    """Any JSON. What comes out equals what went in as a value; white space and the order of keys may differ."""

    name: ClassVar[str] = "json"
    ordered: ClassVar[bool] = False
    operators: ClassVar[frozenset[str]] = PRESENCE

    @property
    def python_type(self) -> type[Any]:
        return object

    def check(self, value: object) -> Any:
        return check_json(value)

    def parse(self, raw: object) -> Any:
        return check_json(raw)

    def parse_text(self, text: str) -> Any:
        return check_json(read_json(text))

    def to_json(self, value: Any) -> str:
        return write_json(value)

    def to_text(self, value: Any) -> str:
        return write_json(value)

    def schema(self) -> dict[str, Any]:
        return {}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return text_of(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        return bare(column) if self.form is Form.OWN else None


class Document(Storage[Any]):
    """JSON; `binary` makes it JSONB on PostgreSQL. Python's None is SQL's NULL, never JSON's null."""

    impl = JSON
    cache_ok = True

    def __init__(self, binary: bool = False) -> None:
        super().__init__(none_as_null=True)
        self.binary = binary

    @property
    def value(self) -> JsonValue:
        """How it is read and written."""
        return JsonValue()

    @property
    def plain(self) -> TypeEngine[Any]:
        """JSON, or JSONB on PostgreSQL; TEXT on SQLite."""
        text = JSON().with_variant(Text(), "sqlite")
        if not self.binary:
            return text
        binary = JSONB()
        # Only DDL is made of it, and Alembic would write it down, on SQLite without naming its module.
        binary.astext_type = None  # type: ignore[assignment]
        return text.with_variant(binary, "postgresql")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, where a column declared JSON turns large numbers into inexact ones."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        wanted = JSONB(none_as_null=True) if self.binary and dialect.name == "postgresql" else self.impl_instance
        return dialect.type_descriptor(wanted)

    def to_stored(self, value: Any, dialect: Dialect) -> Any:
        """Write the text, on SQLite."""
        return write_json(value) if dialect.name == "sqlite" else value

    def from_stored(self, value: Any, dialect: Dialect) -> Any:
        """Read the text, on SQLite."""
        return json.loads(value) if dialect.name == "sqlite" else value

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Take keys and indexes for what they are."""
        return self.impl_instance.coerce_compared_value(op, value)
