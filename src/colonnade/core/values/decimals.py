"""Exact decimals: text in answers, text or numbers in requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from functools import cached_property
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, ColumnElement, Text, case, func, null, type_coerce

from .sql_text import quoted, sql_number, sql_string, text_of
from .value import Form, Value

_TEXT: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?\s*", re.ASCII)
_LONGEST: Final = 1000
"""Digits of a decimal without a declared precision; PostgreSQL itself stops at 131,072 before the point."""
_FLOAT_DIGITS: Final = 15
"""So many digits survive the way through a float (IEEE 754 binary64)."""
_EXACTLY: Final = Context(prec=3 * _LONGEST, traps=[Inexact])


@dataclass(frozen=True, kw_only=True)
class DecimalValue(Value):
    """Decimals of `precision` digits, `scale` of them after the point; None: any number of them.

    Answers show exactly `scale` digits after the point, or as many as are stored where there is no scale.
    """

    name: ClassVar[str] = "decimal"
    precision: int | None = None
    scale: int | None = None

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal

    def check(self, value: object) -> Decimal:
        number = _number(value)
        if not number:
            return Decimal(0)  # also for -0, which no database keeps
        before = _LONGEST if self.precision is None else self.precision - (self.scale or 0)
        after = _LONGEST if self.scale is None else self.scale
        place = number.adjusted()
        if place >= before:
            raise ValueError(f"is out of range; write at most {before} digits before the point")
        if place < -after:
            raise ValueError(f"has too many digits after the point; write at most {after}")
        try:
            return number if self.scale is None else number.quantize(self._unit, context=_EXACTLY)
        except Inexact:
            raise ValueError(f"has too many digits after the point; write at most {after}") from None

    @cached_property
    def _unit(self) -> Decimal:
        """One in the last place."""
        return Decimal((0, (1,), -(self.scale or 0)))

    def parse(self, raw: object) -> Decimal:
        if isinstance(raw, str):
            return self.parse_text(raw)
        return self.check(raw)

    def parse_text(self, text: str) -> Decimal:
        if len(text) > _LONGEST or not _TEXT.fullmatch(text):
            raise ValueError(f'is not a decimal; write it as "{self._example()}"')
        return self.check(Decimal(text.strip()))

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        # "f" never writes an exponent; with a scale it fills up with zeros, as NUMERIC(p, s) does.
        return format(value, "f" if self.scale is None else f".{self.scale}f")

    def schema(self) -> dict[str, Any]:
        places = r"(\.[0-9]+)?" if self.scale is None else rf"\.[0-9]{{{self.scale}}}" if self.scale else ""
        return {
            "type": "string",
            "format": "decimal",
            "pattern": f"^-?[0-9]+{places}$",
            "examples": [self._example()],
        }

    def request_schema(self) -> dict[str, Any]:
        places = "" if self.scale == 0 else rf"(\.[0-9]{{1,{self.scale or _LONGEST}}})?"
        text = {**self.schema(), "pattern": f"^-?[0-9]+{places}$"}
        return {"anyOf": [text, {"type": "number"}]}

    def _example(self) -> str:
        before = 2 if self.precision is None else self.precision - (self.scale or 0)
        scale = 2 if self.scale is None else self.scale
        after = "5".ljust(scale, "0")[:scale]
        return ".".join(filter(None, ("12" if before >= 2 else "0", after)))

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return quoted(text_of(column))

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        if self.form is not Form.OWN:
            return None  # SQLite's NUMERIC keeps 15 digits: what SQLAlchemy makes of them is not what their text says
        number = type_coerce(column, BigInteger())
        if not self.scale:
            return quoted(text_of(number))
        unit = sql_number(10**self.scale)
        digits = f"%d.%0{self.scale}d"

        def written(start: str, amount: ColumnElement[int]) -> ColumnElement[str]:
            return func.printf(sql_string(f'"{start}{digits}"'), amount // unit, amount % unit, type_=Text())

        zero = sql_number(0)
        return case((number.is_(null()), null()), (number < zero, written("-", -number)), else_=written("", number))


def _number(value: object) -> Decimal:
    """Take what Python or JSON has for numbers to a finite Decimal, without guessing digits. Raises ValueError."""
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 4 * _LONGEST:
            raise ValueError(f"is out of range; write at most {_LONGEST} digits before the point")
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
        if number.is_finite() and (number.adjusted() >= _FLOAT_DIGITS or len(number.as_tuple().digits) > _FLOAT_DIGITS):
            raise ValueError("has more digits than a floating-point number keeps; write it as text, in quotes")
    else:
        raise ValueError('is not a decimal; write it as "12.50"')
    if not number.is_finite():
        raise ValueError("is not a finite number; NaN and Infinity are refused")
    return number
