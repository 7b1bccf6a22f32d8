"""UUIDs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Dialect, String, Uuid, cast
from sqlalchemy import func as sql
from sqlalchemy.types import TypeEngine

from .sql_text import bare, quoted, sql_number, sql_string, text_of
from .storage import Storage
from .value import Form, Value

_TEXT: Final = re.compile(
    r"\s*[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\s*", re.IGNORECASE | re.ASCII
)
_WRONG: Final = "is not a UUID; write it as 123e4567-e89b-12d3-a456-426614174000"


@dataclass(frozen=True, kw_only=True)
class UuidValue(Value):
    """UUIDs in their canonical form: lower case, with dashes (RFC 9562, section 4)."""

    name: ClassVar[str] = "uuid"
    native: bool = True
    """On a foreign base, whether PostgreSQL has its own type for the column."""

    @property
    def python_type(self) -> type[UUID]:
        return UUID

    def check(self, value: object) -> UUID:
        if not isinstance(value, UUID):
            raise ValueError(_WRONG)
        return value

    def parse(self, raw: object) -> UUID:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> UUID:
        if not _TEXT.fullmatch(text):
            raise ValueError(_WRONG)
        return UUID(text.strip())

    def to_json(self, value: Any) -> str:
        return f'"{value}"'

    def to_text(self, value: Any) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return quoted(text_of(column)) if self.native else _dashed(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return quoted(bare(column)) if self.form is Form.OWN else _dashed(column)


class CanonicalUuid(Storage[UUID]):
    """UUID on PostgreSQL; on SQLite its canonical text, with dashes, in the same order."""

    impl = Uuid
    cache_ok = True

    @property
    def value(self) -> UuidValue:
        """How it is read and written."""
        return UuidValue()

    @property
    def plain(self) -> TypeEngine[Any]:
        """UUID, and 36 characters on SQLite."""
        return Uuid().with_variant(String(36), "sqlite")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, UUID elsewhere."""
        return dialect.type_descriptor(String(36) if dialect.name == "sqlite" else self.impl_instance)

    def to_stored(self, value: UUID, dialect: Dialect) -> UUID | str:
        """Write it out, on SQLite."""
        return str(value) if dialect.name == "sqlite" else value

    def from_stored(self, value: Any, dialect: Dialect) -> UUID:
        """Read it, on SQLite."""
        return value if isinstance(value, UUID) else UUID(value)


def _dashed(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The canonical form of SQLAlchemy's 32 hexadecimal digits."""
    stored = cast(bare(column), String(32))
    parts = [sql.substr(stored, sql_number(start), sql_number(size)) for start, size in _PARTS]
    written: ColumnElement[str] = parts[0]
    for part in parts[1:]:
        written = written + sql_string("-") + part
    return quoted(written)


_PARTS: Final = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
