"""The storage of decimals: NUMERIC on PostgreSQL; scaled integers on SQLite, whose own NUMERIC loses digits ."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Numeric
from sqlalchemy.sql import operators
from sqlalchemy.sql.operators import OperatorType, is_comparison
from sqlalchemy.types import TypeEngine

from .decimals import DecimalValue
from .scaled import Scaled

MAX_PRECISION: Final = 18
"""Digits of a decimal: as many as fit into SQLite's 64-bit integers, with room for a sum of nine."""
_EXACTLY: Final = Context(prec=50)
_FACTORS: Final = frozenset({operators.mul, operators.truediv, operators.floordiv, operators.mod})


class ExactDecimal(Scaled[Decimal]):
    """NUMERIC(precision, scale) on PostgreSQL; on SQLite a BIGINT that counts units of 10⁻ˢᶜᵃˡᵉ.

    Comparisons, +, -, sum, min, max, coalesce and their like work between decimals of one scale and with Python's
    numbers. Anything that would take the scaled integer for the number (products, quotients, averages, other scales,
    CASTs) raises CompileError on SQLite: calculate it in Python.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        """Declare the digits, and how many of them stand after the point. Raises TypeError for more than 18."""
        if not 1 <= precision <= MAX_PRECISION or not 0 <= scale <= precision:
            raise TypeError(
                f"A decimal needs a precision of 1 to {MAX_PRECISION} digits and a scale between 0 and the precision, "
                f"such as Numeric(12, 2); not precision={precision}, scale={scale}. For more digits store text."
            )
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale

    @property
    def unit(self) -> tuple[str, int]:
        """What one stored integer counts."""
        return ("decimal", self.scale)

    @property
    def value(self) -> DecimalValue:
        """How it is read and written."""
        return DecimalValue(precision=self.precision, scale=self.scale)

    @property
    def plain(self) -> TypeEngine[Any]:
        """NUMERIC, and BIGINT on SQLite."""
        return Numeric(self.precision, self.scale).with_variant(BigInteger(), "sqlite")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """BIGINT on SQLite, NUMERIC elsewhere."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else self.impl_instance)

    def to_stored(self, value: Decimal, dialect: Dialect) -> Decimal | int:
        """Scale the number, on SQLite."""
        return int(value.scaleb(self.scale, _EXACTLY)) if dialect.name == "sqlite" else value

    def from_stored(self, value: Any, dialect: Dialect) -> Decimal:
        """Take the scale back, on SQLite. Raises ValueError for a sum that left SQLite's 64 bits."""
        if dialect.name != "sqlite":
            return value if isinstance(value, Decimal) else Decimal(value)
        if not isinstance(value, int):
            raise ValueError(f"{value!r} is no scaled integer: a sum out of range, or a row that was written by others")
        return Decimal(value).scaleb(-self.scale, _EXACTLY)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Take the other side for a decimal of the same scale, but for a factor or divisor."""
        return Numeric() if op in _FACTORS else self

    class Comparator(Scaled.Comparator[Decimal]):
        """Sums and differences keep the scale; of anything else only PostgreSQL knows the digits."""

        def _adapt_expression(self, op: OperatorType, other_comparator: Any) -> tuple[OperatorType, TypeEngine[Any]]:
            if is_comparison(op):
                return super()._adapt_expression(op, other_comparator)
            mine, other = self.type, other_comparator.type
            same = isinstance(mine, ExactDecimal) and isinstance(other, ExactDecimal) and mine.scale == other.scale
            return op, mine if same and op in (operators.add, operators.sub) else Numeric()

    comparator_factory = Comparator
