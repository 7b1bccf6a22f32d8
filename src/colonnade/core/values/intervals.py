"""Lengths of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, ColumnElement, Dialect, Interval, Text, case, cast, extract, func, null, type_coerce
from sqlalchemy.types import TypeEngine

from .scaled import Scaled
from .sql_text import sql_number, sql_string, text_of
from .times import microseconds
from .value import Form, Value

_TEXT: Final = re.compile(
    r"\s*([+-])?P(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_WRONG: Final = "is not a duration; write it as P1DT2H30M, in weeks, days, hours, minutes and seconds"
_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST: Final = timedelta(microseconds=2**63 - 1)
"""What 64 bits of microseconds hold, some 292,271 years; both databases are held to it."""


@dataclass(frozen=True, kw_only=True)
class IntervalValue(Value):
    """ISO 8601 durations, exact to the microsecond, negative ones with a leading minus.

    Years and months are refused: they have no fixed length. Answers are canonical: days, hours below 24, minutes and
    seconds below 60, nothing that is zero, ``PT0S`` for none.
    """

    name: ClassVar[str] = "interval"

    @property
    def python_type(self) -> type[timedelta]:
        return timedelta

    def check(self, value: object) -> timedelta:
        if not isinstance(value, timedelta):
            raise ValueError(_WRONG)
        if not -_LONGEST <= value <= _LONGEST:
            raise ValueError(f"is out of range; write a duration of less than {_LONGEST.days} days")
        return value

    def parse(self, raw: object) -> timedelta:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> timedelta:
        found = _TEXT.fullmatch(text) if len(text) <= 100 else None
        if found is None:
            if re.match(r"\s*[+-]?P[0-9]+[YM]", text, re.ASCII | re.IGNORECASE):
                raise ValueError("counts years or months, which have no fixed length; write days, as P30D")
            raise ValueError(_WRONG)
        sign, weeks, days, clock, hours, minutes, seconds, fraction = found.groups()
        if not any((weeks, days, hours, minutes, seconds)) or clock in ("T", "t"):
            raise ValueError(_WRONG)
        try:
            fine = microseconds(fraction)
        except ValueError as error:
            raise ValueError(f"{error}; write it as PT1.5S") from None
        try:
            length = timedelta(
                weeks=int(weeks or 0),
                days=int(days or 0),
                hours=int(hours or 0),
                minutes=int(minutes or 0),
                seconds=int(seconds or 0),
                microseconds=fine,
            )
            signed = -length if sign == "-" else length
        except OverflowError:
            raise ValueError(f"is out of range; write a duration of less than {_LONGEST.days} days") from None
        return self.check(signed)

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        if not value:
            return "PT0S"
        length = abs(value)
        minutes, seconds = divmod(length.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        fine = f".{length.microseconds:06}".rstrip("0") if length.microseconds else ""
        clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        clock += f"{seconds}{fine}S" if seconds or fine else ""
        days = f"{length.days}D" if length.days else ""
        return f"{'-' if value.days < 0 else ''}P{days}{'T' if clock else ''}{clock}"

    def schema(self) -> dict[str, Any]:
        # Format "duration" of JSON Schema (RFC 3339, appendix A) has neither fractions nor a sign.
        return {
            "type": "string",
            "pattern": r"^-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]{1,6})?S)?)?$",
            "description": "ISO 8601 duration",
            "examples": ["P1DT2H30M"],
        }

    def request_schema(self) -> dict[str, Any]:
        pattern = r"^[+-]?P(?=.)([0-9]+W)?([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]{1,6})?S)?)?$"
        return {**self.schema(), "pattern": pattern}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        if self.form is not Form.OWN:
            return None  # months and years of others: psycopg decides how long they are
        # The seconds are numeric, and exact, since PostgreSQL 14.
        return _duration(cast(extract("epoch", column) * sql_number(1_000_000), BigInteger()))

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        return _duration(type_coerce(column, BigInteger())) if self.form is Form.OWN else None


class Duration(Scaled[timedelta]):
    """INTERVAL on PostgreSQL; on SQLite a BIGINT that counts microseconds."""

    impl = Interval
    cache_ok = True

    @property
    def unit(self) -> str:
        """What one stored integer counts."""
        return "microsecond"

    @property
    def value(self) -> IntervalValue:
        """How it is read and written."""
        return IntervalValue()

    @property
    def plain(self) -> TypeEngine[Any]:
        """INTERVAL, and BIGINT on SQLite."""
        return Interval().with_variant(BigInteger(), "sqlite")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """BIGINT on SQLite, INTERVAL elsewhere."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else self.impl_instance)

    def to_stored(self, value: timedelta, dialect: Dialect) -> timedelta | int:
        """Count microseconds, on SQLite."""
        return value // _MICROSECOND if dialect.name == "sqlite" else value

    def from_stored(self, value: Any, dialect: Dialect) -> timedelta:
        """Take microseconds for a length, on SQLite. Raises ValueError for a sum that left SQLite's 64 bits."""
        if dialect.name != "sqlite":
            return value  # type: ignore[no-any-return]
        if not isinstance(value, int):
            raise ValueError(f"{value!r} is no number of microseconds: a sum out of range, or a row written by others")
        return value * _MICROSECOND


def _duration(count: ColumnElement[int]) -> ColumnElement[str]:
    """The JSON text of a number of microseconds, canonical; the same SQL on both databases."""
    nothing, zero = sql_string(""), sql_number(0)
    length = func.abs(count, type_=BigInteger())

    def part(unit: int, below: int | None, letter: str) -> ColumnElement[str]:
        amount = length // sql_number(unit)
        if below is not None:
            amount = amount % sql_number(below)
        return case((amount != zero, text_of(amount) + sql_string(letter)), else_=nothing)

    fine = length % sql_number(1_000_000)
    second = (length // sql_number(1_000_000)) % sql_number(60)
    # Six digits, the zeros in front put there by a 1 that is cut off again.
    digits = func.substr(text_of(fine + sql_number(1_000_000)), sql_number(2), type_=Text())
    point = sql_string(".") + func.rtrim(digits, sql_string("0"), type_=Text())
    seconds = text_of(second) + case((fine != zero, point), else_=nothing) + sql_string("S")
    clock = (
        sql_string("T")
        + part(3_600_000_000, 24, "H")
        + part(60_000_000, 60, "M")
        + case((length % sql_number(60_000_000) != zero, seconds), else_=nothing)
    )
    written = (
        case((count < zero, sql_string('"-P')), else_=sql_string('"P'))
        + part(86_400_000_000, None, "D")
        + case((length % sql_number(86_400_000_000) != zero, clock), else_=nothing)
        + sql_string('"')
    )
    return case((count.is_(null()), null()), (count == zero, sql_string('"PT0S"')), else_=written)
