"""Storage types whose integers on SQLite are not the numbers that they mean."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import Any, TypeVar

from sqlalchemy import Dialect

from .storage import Storage

T = TypeVar("T")


class Scaled(Storage[T]):
    """Counts units on SQLite, so that SQL there may compare, add and subtract columns of one unit, and nothing else.

    An engine whose compiler does not see to that (`prepare_dialect`) is refused when it binds or reads: RuntimeError.
    """

    cache_ok = True

    @property
    @abstractmethod
    def unit(self) -> Hashable:
        """What one stored integer counts."""

    def bind_processor(self, dialect: Dialect) -> Any:
        """As ever, on an engine that was prepared. Raises RuntimeError."""
        _require_prepared(dialect)
        return super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """As ever, on an engine that was prepared. Raises RuntimeError."""
        _require_prepared(dialect)
        return super().result_processor(dialect, coltype)


def _require_prepared(dialect: Dialect) -> None:
    if dialect.name == "sqlite" and not getattr(dialect.statement_compiler, "refuses_wrong_arithmetic", False):
        raise RuntimeError(
            "This SQLite engine would calculate with decimals and durations as they are stored, with wrong results. "
            "Call colonnade.core.values.prepare_dialect(engine.dialect) when you make it."
        )
