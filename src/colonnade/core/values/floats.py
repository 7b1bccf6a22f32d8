"""Floating-point numbers, IEEE 754 binary64."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Double
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from .sql_text import postgresql_json
from .storage import Storage
from .value import Value

_TEXT: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
_WRONG: Final = "is not a number; write it as 1.5"


@dataclass(frozen=True, kw_only=True)
class FloatValue(Value):
    """Finite floats. The two databases and Python write one float in different ways, which all mean the same float."""

    name: ClassVar[str] = "float"

    @property
    def python_type(self) -> type[float]:
        return float

    def check(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            raise ValueError(_WRONG)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        except ValueError:  # a signalling NaN
            number = math.nan
        if not math.isfinite(number):
            raise ValueError("is not a finite number; NaN, Infinity and numbers beyond 1.8e308 are refused")
        return number + 0.0  # SQLite does not keep -0.0

    def parse(self, raw: object) -> float:
        return self.check(raw)

    def parse_text(self, text: str) -> float:
        if len(text) > 2000 or not _TEXT.fullmatch(text):
            raise ValueError(_WRONG)
        return self.check(float(text))

    def to_json(self, value: Any) -> str:
        number = float(value)
        if math.isfinite(number):
            return repr(number)
        # Only a foreign table holds these. JSON has no such number; PostgreSQL's to_json writes the names, so do we.
        return '"NaN"' if math.isnan(number) else '"Infinity"' if number > 0 else '"-Infinity"'

    def to_text(self, value: Any) -> str:
        return repr(float(value))

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "format": "double"}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return postgresql_json(column)

    # SQLite before 3.43 turns floats to text with 15 digits, or inexactly with more: rows there.


class FiniteFloat(Storage[float]):
    """DOUBLE PRECISION on every database, whatever precision was declared; NaN and Infinity are refused."""

    impl = Double
    cache_ok = True

    @property
    def value(self) -> FloatValue:
        """How it is read and written."""
        return FloatValue()

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Take every number beside it for a float."""
        return self if isinstance(value, (int, float, Decimal)) else super().coerce_compared_value(op, value)
