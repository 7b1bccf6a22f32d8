"""Whole numbers, within the bounds of their column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, SmallInteger
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from .sql_text import sqlite_json, text_of
from .storage import Storage
from .value import Form, Value

_TEXT: Final = re.compile(r"\s*[+-]?[0-9]{1,30}\s*", re.ASCII)
_EXACT_FLOAT: Final = 2**53


@dataclass(frozen=True, kw_only=True)
class IntegerValue(Value):
    """JSON numbers, also beyond 2⁵³; `bits` is the width of the column, sign included."""

    name: ClassVar[str] = "integer"
    bits: int = 64

    @property
    def python_type(self) -> type[int]:
        return int

    @cached_property
    def low(self) -> int:
        """The least value that the column holds."""
        return -(1 << self.bits - 1)

    @cached_property
    def high(self) -> int:
        """The greatest value that the column holds."""
        return (1 << self.bits - 1) - 1

    def check(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("is not an integer; write it as 42")
        if self.low <= value <= self.high:
            return int(value)
        raise ValueError(f"is out of range; write an integer between {self.low} and {self.high}")

    def parse(self, raw: object) -> int:
        # JSON has one kind of number: 5.0 is the integer 5 (JSON Schema 2020-12, section 4.2.3).
        if isinstance(raw, Decimal) and raw.is_finite() and raw.adjusted() < 20 and raw == raw.to_integral_value():
            return self.check(int(raw))
        if isinstance(raw, float) and raw.is_integer() and abs(raw) <= _EXACT_FLOAT:
            return self.check(int(raw))
        return self.check(raw)

    def parse_text(self, text: str) -> int:
        if _TEXT.fullmatch(text):
            return self.check(int(text))
        if re.fullmatch(r"\s*[+-]?[0-9]+\s*", text, re.ASCII):
            raise ValueError(f"is out of range; write an integer between {self.low} and {self.high}")
        raise ValueError("is not an integer; write it as 42")

    def to_json(self, value: Any) -> str:
        return str(value)

    def to_text(self, value: Any) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return text_of(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # An INTEGER column of a foreign table may hold anything.
        return text_of(column) if self.form is Form.OWN else sqlite_json(column)


class StoredInteger(Storage[int]):
    """SMALLINT, INTEGER or BIGINT for 16, 32 or 64 bits; on SQLite INTEGER, which alone may count keys by itself."""

    impl = Integer
    cache_ok = True

    def __init__(self, bits: int = 32) -> None:
        super().__init__()
        self.bits = bits
        # Which of the three is asked by PostgreSQL's DDL, for SERIAL and BIGSERIAL.
        self.impl = {16: SmallInteger(), 32: Integer(), 64: BigInteger()}[bits]  # type: ignore[assignment]

    @property
    def value(self) -> IntegerValue:
        """How it is read and written."""
        return IntegerValue(bits=self.bits)

    @property
    def plain(self) -> TypeEngine[Any]:
        """As declared, and INTEGER on SQLite."""
        declared = self.impl_instance
        return declared if self.bits == 32 else declared.with_variant(Integer(), "sqlite")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, as declared elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else self.impl_instance)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Let an expression hold numbers that the column does not: ones with a point, and larger ones."""
        if isinstance(value, (float, Decimal)):
            return self.impl_instance.coerce_compared_value(op, value)
        if isinstance(value, int) and not self.value.low <= value <= self.value.high:
            return StoredInteger(64)
        return super().coerce_compared_value(op, value)

    class Comparator(Storage.Comparator[int]):
        """A sum may be larger than the columns that it is made of, and is compared with larger numbers."""

        def _adapt_expression(self, op: OperatorType, other_comparator: Any) -> tuple[OperatorType, TypeEngine[Any]]:
            op, type_ = super()._adapt_expression(op, other_comparator)
            return op, StoredInteger(64) if issubclass(type_._type_affinity or object, Integer) else type_

    comparator_factory = Comparator
