"""Text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Dialect, String, Text
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from .json_text import check_text, json_string
from .sql_text import postgresql_json, sqlite_json
from .storage import Storage
from .value import TEXT, Value

_BY_CODE_POINT: Final = "C"
_SQLITE_COLLATIONS: Final = frozenset({"BINARY", "NOCASE", "RTRIM"})


@dataclass(frozen=True, kw_only=True)
class TextValue(Value):
    """Text of at most `length` characters (code points); None: of any length."""

    name: ClassVar[str] = "text"
    textual: ClassVar[bool] = True
    operators: ClassVar[frozenset[str]] = TEXT
    length: int | None = None

    @property
    def python_type(self) -> type[str]:
        return str

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError('is not text; write it in quotes, as "text"')
        text = value if type(value) is str else str.__str__(value)
        if not text.isascii() or "\x00" in text:
            check_text(text)
        if self.length is not None and len(text) > self.length:
            raise ValueError(f"is too long: it has {len(text)} characters; write at most {self.length}")
        return text

    def parse(self, raw: object) -> str:
        return self.check(raw)

    def parse_text(self, text: str) -> str:
        return self.check(text)

    def to_json(self, value: Any) -> str:
        return json_string(value)

    def to_text(self, value: Any) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"} if self.length is None else {"type": "string", "maxLength": self.length}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return postgresql_json(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return sqlite_json(column)


class PlainText(Storage[str]):
    """VARCHAR(length), or TEXT where there is no length, in the order of code points unless a collation is declared.

    That order is SQLite's own; PostgreSQL gets COLLATE "C". A declared collation holds on the database that has it:
    BINARY, NOCASE and RTRIM are SQLite's, all others are taken for PostgreSQL's.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None, collation: str | None = None) -> None:
        super().__init__(length=length)
        self.length = length
        self.collation = collation

    @property
    def value(self) -> TextValue:
        """How it is read and written."""
        return TextValue(length=self.length)

    @property
    def plain(self) -> TypeEngine[Any]:
        """As declared, with the collation on PostgreSQL."""
        return self._type("sqlite").with_variant(self._type("postgresql"), "postgresql")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Collate on the database that has the collation."""
        return self._type(dialect.name)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare with text of any length: a pattern is longer than what it finds."""
        return ComparedText() if isinstance(value, str) else super().coerce_compared_value(op, value)

    def _type(self, dialect_name: str) -> String:
        home = "sqlite" if self.collation in _SQLITE_COLLATIONS else "postgresql"
        collation = self.collation if home == dialect_name else None
        if dialect_name == "postgresql":
            collation = collation or _BY_CODE_POINT
        return Text(collation=collation) if self.length is None else String(self.length, collation=collation)


class ComparedText(PlainText):
    """Text that stands beside a column in an expression: checked, and without a collation that would be in the way."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__()

    def _type(self, dialect_name: str) -> String:
        return Text()
