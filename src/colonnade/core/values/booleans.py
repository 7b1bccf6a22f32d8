"""true and false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import Boolean, ColumnElement, Integer, case, null, type_coerce

from .sql_text import sql_number, sql_string, text_of
from .storage import Storage
from .value import EQUALITY, Value

_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class BooleanValue(Value):
    """JSON true and false; 1 and 0 in CSV and URLs too."""

    name: ClassVar[str] = "boolean"
    operators: ClassVar[frozenset[str]] = EQUALITY

    @property
    def python_type(self) -> type[bool]:
        return bool

    def check(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError("is not a boolean; write it as true or false")

    def parse(self, raw: object) -> bool:
        return self.check(raw)

    def parse_text(self, text: str) -> bool:
        try:
            return _WORDS[text.strip().lower()]
        except KeyError:
            raise ValueError("is not a boolean; write it as true or false") from None

    def to_json(self, value: Any) -> str:
        return "true" if value else "false"

    def to_text(self, value: Any) -> str:
        return self.to_json(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return text_of(column)

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        number = type_coerce(column, Integer())
        return case(
            (number.is_(null()), null()), (number == sql_number(0), sql_string("false")), else_=sql_string("true")
        )


class StoredBoolean(Storage[bool]):
    """BOOLEAN; on SQLite 1 and 0."""

    impl = Boolean
    cache_ok = True

    @property
    def value(self) -> BooleanValue:
        """How it is read and written."""
        return BooleanValue()
