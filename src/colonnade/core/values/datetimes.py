"""Moments with a zone, which are UTC here, and dates with a time of day without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, DateTime, Dialect, Text, case, func, literal_column, type_coerce
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.types import TypeEngine

from .outside import Outside
from .sql_text import bare, or_own_text, sql_number, sql_string, to_char
from .storage import Storage
from .times import microseconds
from .value import Form, Value

_TEXT: Final = re.compile(
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"(?:([Zz])|([ +-])([0-9]{2}):?([0-9]{2}))?\s*",
    re.ASCII,
)
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True, kw_only=True)
class DateTimeValue(Value):
    """Moments to the microsecond, RFC 3339; answers are UTC with six digits and Z. Without a zone if not `zoned`."""

    name: ClassVar[str] = "datetime"
    zoned: bool = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    @property
    def example(self) -> str:
        """A value as requests may write it."""
        return "2026-11-22T09:00:00Z" if self.zoned else "2026-11-22T09:00:00"

    def check(self, value: object) -> datetime:
        if not isinstance(value, datetime):
            raise ValueError(f"is not a date with a time; write it as {self.example}")
        if not self.zoned:
            if value.tzinfo is not None:
                raise ValueError(f"has a time zone, which the field does not keep; write it as {self.example}")
            return value
        if value.utcoffset() is None:
            raise ValueError(f"has no time zone; write it as {self.example}")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise ValueError("is out of range; in UTC it is not in the years 1 to 9999") from None

    def parse(self, raw: object) -> datetime:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> datetime:
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"is not a date with a time; write it as {self.example}")
        *fields, second, fraction, z, sign, hours, minutes = found.groups()
        if sign == " ":
            raise ValueError("has a space where its zone has a sign; in a URL, write + as %2B")
        try:
            zone = UTC if z else None
            if sign:
                offset = timedelta(hours=int(hours), minutes=int(minutes))
                zone = timezone(-offset if sign == "-" else offset)
            year, month, day, hour, minute = map(int, fields)
            moment = datetime(year, month, day, hour, minute, int(second or 0), microseconds(fraction), zone)
        except ValueError as error:
            raise ValueError(f"is not a date with a time ({error}); write it as {self.example}") from None
        return self.check(moment)

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        if isinstance(value, Outside):
            return value
        if not self.zoned:
            return str(value.isoformat(timespec="microseconds"))
        if value.tzinfo is None:
            # SQLite dropped the zone from a foreign table. What comes in by us is UTC.
            return f"{value.isoformat(timespec='microseconds')}Z"
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return f"{value.isoformat(timespec='microseconds')[:-6]}Z"

    def schema(self) -> dict[str, Any]:
        if self.zoned:
            return {"type": "string", "format": "date-time", "examples": ["2026-11-22T09:00:00.000000Z"]}
        # Format "date-time" of JSON Schema is RFC 3339's, which has a zone.
        pattern = rf"^{_DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{6}}$"
        return {"type": "string", "pattern": pattern, "examples": ["2026-11-22T09:00:00.000000"]}

    def request_schema(self) -> dict[str, Any]:
        if self.zoned:
            return self.schema()
        return {**self.schema(), "pattern": rf"^{_DATE}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?$"}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        typed = type_coerce(column, DateTime(timezone=self.zoned))
        zone = "+00" if self.zoned else ""
        # to_char writes NULL for infinity, and leaves out BC.
        low, high = (literal_column(f"'{moment}{zone}'", typed.type) for moment in ("0001-01-01", "10000-01-01"))
        utc = func.timezone(sql_string("UTC"), typed) if self.zoned else typed
        written = to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS.US' + ('"Z"' if self.zoned else ""))
        return or_own_text(column, (typed >= low) & (typed < high), written)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        if self.form is not Form.OWN:
            return None  # other programs write dates with times in many forms
        # Whole seconds have 19 characters, others 26; strftime's %f, of other hands, has 23.
        stored = bare(column)
        point = case((func.length(stored) == sql_number(19), sql_string(".")), else_=sql_string(""))
        full = func.substr(stored + point + sql_string("000000"), sql_number(1), sql_number(26), type_=Text())
        iso = func.replace(full, sql_string(" "), sql_string("T"), type_=Text())
        return sql_string('"') + iso + sql_string('Z"' if self.zoned else '"')


class UtcDateTime(Storage[datetime]):
    """TIMESTAMP WITH TIME ZONE; on SQLite UTC as text, 2026-11-22 09:00:00, in whose order time runs.

    That is also what SQLite's CURRENT_TIMESTAMP gives, so that func.now() may be compared with and be a server default.
    A datetime without a zone is refused; what is read is in UTC.
    """

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    @property
    def value(self) -> DateTimeValue:
        """How it is read and written."""
        return DateTimeValue(zoned=True)

    @property
    def plain(self) -> TypeEngine[Any]:
        """TIMESTAMP WITH TIME ZONE."""
        return DateTime(timezone=True)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Our text on SQLite."""
        if dialect.name == "sqlite":
            return _SQLiteText()  # type: ignore[no-untyped-call]
        return self.impl_instance

    def to_stored(self, value: datetime, dialect: Dialect) -> datetime:
        """Drop the zone, which is UTC, on SQLite."""
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def from_stored(self, value: Any, dialect: Dialect) -> datetime:
        """Put the zone back."""
        if isinstance(value, Outside):
            return value  # type: ignore[return-value]
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)  # type: ignore[no-any-return]


class LocalDateTime(Storage[datetime]):
    """TIMESTAMP WITHOUT TIME ZONE: a date and a time of the clock on some wall. A datetime with a zone is refused."""

    impl = DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=False)

    @property
    def value(self) -> DateTimeValue:
        """How it is read and written."""
        return DateTimeValue(zoned=False)

    @property
    def plain(self) -> TypeEngine[Any]:
        """TIMESTAMP WITHOUT TIME ZONE."""
        return DateTime()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Our text on SQLite."""
        if dialect.name == "sqlite":
            return _SQLiteText()  # type: ignore[no-untyped-call]
        return self.impl_instance


class _SQLiteText(DATETIME):
    """SQLAlchemy's own text, but without a fraction where it is zero: only so does CURRENT_TIMESTAMP equal itself."""

    def bind_processor(self, dialect: Dialect) -> Any:
        return lambda value: None if value is None else value.isoformat(" ")

    def literal_processor(self, dialect: Dialect) -> Any:
        return lambda value: f"'{value.isoformat(' ')}'"
