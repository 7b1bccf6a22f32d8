"""Calendar dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Date

from .outside import Outside
from .sql_text import bare, postgresql_json, quoted, sqlite_json
from .storage import Storage
from .value import Form, Value

_TEXT: Final = re.compile(r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class DateValue(Value):
    """Dates of the years 1 to 9999, as RFC 3339 writes full-date."""

    name: ClassVar[str] = "date"

    @property
    def python_type(self) -> type[date]:
        return date

    def check(self, value: object) -> date:
        if isinstance(value, datetime) or not isinstance(value, date):
            raise ValueError("is not a date; write it as 2026-11-22")
        return value

    def parse(self, raw: object) -> date:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> date:
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("is not a date; write it as 2026-11-22")
        try:
            return date(*map(int, found.groups()))
        except ValueError as error:
            raise ValueError(f"is not a date of the calendar ({error}); write it as 2026-11-22") from None

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        return value if isinstance(value, Outside) else str(value.isoformat())

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "examples": ["2026-11-22"]}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # Also writes infinity and other years, and does not depend on DateStyle.
        return postgresql_json(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return quoted(bare(column)) if self.form is Form.OWN else sqlite_json(column)


class CalendarDate(Storage[date]):
    """DATE; on SQLite text, 2026-11-22."""

    impl = Date
    cache_ok = True

    @property
    def value(self) -> DateValue:
        """How it is read and written."""
        return DateValue()
