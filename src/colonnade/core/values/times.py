"""Times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Dialect, Text, Time, case, cast, func, literal_column, type_coerce
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.dialects.sqlite import TIME
from sqlalchemy.types import TypeEngine

from .outside import Outside
from .sql_text import bare, or_own_text, quoted, sql_number, sql_string, to_char
from .storage import Storage
from .value import Form, Value

_TEXT: Final = re.compile(r"\s*([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?\s*", re.ASCII)
_WRONG: Final = "is not a time of day; write it as 09:30:00"


@dataclass(frozen=True, kw_only=True)
class TimeValue(Value):
    """Times of day without a zone, to the microsecond; answers always show six digits of it."""

    name: ClassVar[str] = "time"

    @property
    def python_type(self) -> type[time]:
        return time

    def check(self, value: object) -> time:
        if not isinstance(value, time):
            raise ValueError(_WRONG)
        if value.tzinfo is not None:
            raise ValueError("has a time zone, which a time of day cannot have; write it as 09:30:00")
        return value

    def parse(self, raw: object) -> time:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> time:
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(_WRONG)
        hour, minute, second, fraction = found.groups()
        try:
            return time(int(hour), int(minute), int(second or 0), microseconds(fraction))
        except ValueError as error:
            raise ValueError(f"is not a time of day ({error}); write it as 09:30:00") from None

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        return value if isinstance(value, Outside) else str(value.isoformat(timespec="microseconds"))

    def schema(self) -> dict[str, Any]:
        # Format "time" of JSON Schema is RFC 3339's, which has a zone.
        return {
            "type": "string",
            "pattern": r"^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}$",
            "examples": ["09:30:00.000000"],
        }

    def request_schema(self) -> dict[str, Any]:
        return {**self.schema(), "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # PostgreSQL has 24:00, Python has not.
        typed = type_coerce(column, Time())
        written = to_char(cast(typed, INTERVAL()), "HH24:MI:SS.US")
        return or_own_text(column, typed < literal_column("'24:00'", Time()), written)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        if self.form is not Form.OWN:
            return None
        stored = bare(column)
        point = case((func.length(stored) == sql_number(8), sql_string(".")), else_=sql_string(""))
        full = stored + point + sql_string("000000")
        return quoted(func.substr(full, sql_number(1), sql_number(15), type_=Text()))


class TimeOfDay(Storage[time]):
    """TIME WITHOUT TIME ZONE; on SQLite text, 09:30:00, which is also what its CURRENT_TIME gives."""

    impl = Time
    cache_ok = True

    def __init__(self) -> None:
        super().__init__()

    @property
    def value(self) -> TimeValue:
        """How it is read and written."""
        return TimeValue()

    @property
    def plain(self) -> TypeEngine[Any]:
        """TIME WITHOUT TIME ZONE."""
        return Time()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Our text on SQLite."""
        if dialect.name == "sqlite":
            return _SQLiteText()  # type: ignore[no-untyped-call]
        return self.impl_instance


class _SQLiteText(TIME):
    """SQLAlchemy's own text, but without a fraction where it is zero: only so does CURRENT_TIME equal itself."""

    def bind_processor(self, dialect: Dialect) -> Any:
        return lambda value: None if value is None else value.isoformat()

    def literal_processor(self, dialect: Dialect) -> Any:
        return lambda value: f"'{value.isoformat()}'"


def microseconds(fraction: str | None) -> int:
    """Read the digits after the point of a second. Raises ValueError for what is smaller than a microsecond."""
    digits = (fraction or "").rstrip("0")
    if len(digits) > 6:
        raise ValueError("has more than six digits after the point of a second")
    return int(digits.ljust(6, "0"))
