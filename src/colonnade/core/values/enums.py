"""Values from a fixed list."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ColumnElement, Dialect, case
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from .json_text import check_text, json_string, write_json
from .sql_text import bare, postgresql_json, quoted, sql_string, sqlite_json, text_of
from .storage import Storage
from .texts import PlainText
from .value import EQUALITY, Value

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class EnumValue(Value):
    """A choice. `members` has, for each, what requests and answers show, and what Python has: text or a member.

    `labels` is what a foreign table stores for each, which is the member's name by SQLAlchemy's custom.
    """

    name: ClassVar[str] = "enum"
    operators: ClassVar[frozenset[str]] = EQUALITY
    members: tuple[tuple[str | int, object], ...]
    labels: tuple[str, ...] | None = None

    @cached_property
    def python_type(self) -> type[Any]:
        return type(self.members[0][1])

    @property
    def choices(self) -> tuple[str | int, ...]:
        """What requests may say, in the order of declaration."""
        return tuple(shown for shown, _ in self.members)

    @property
    def is_text(self) -> bool:
        """Whether the choices are text; integers otherwise."""
        return isinstance(self.members[0][0], str)

    @cached_property
    def _by_shown(self) -> Mapping[object, object]:
        return dict(self.members)

    @cached_property
    def _shown(self) -> Mapping[object, str | int]:
        return {member: shown for shown, member in self.members}

    def check(self, value: object) -> Any:
        if isinstance(value, self.python_type) and value in self._shown:
            return value
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value in self._by_shown:
            return self._by_shown[value]
        more = ", …" if len(self.members) > _SHOWN else ""
        raise ValueError(f"is not one of {', '.join(map(str, self.choices[:_SHOWN]))}{more}")

    def parse(self, raw: object) -> Any:
        return self.check(raw)

    def parse_text(self, text: str) -> Any:
        if self.is_text:
            return self.check(text)
        try:
            return self.check(int(text[:30]))
        except ValueError:
            return self.check(text)

    def shown(self, value: Any) -> str | int:
        """What stands for a Python value; a stored one that is no choice any more stands for itself."""
        return self._shown.get(value, value)

    @cached_property
    def _json(self) -> Mapping[object, str]:
        return {member: write_json(shown) for shown, member in self.members}

    def to_json(self, value: Any) -> str:
        return self._json.get(value) or write_json(value)

    def to_text(self, value: Any) -> str:
        return str(self.shown(value))

    def schema(self) -> dict[str, Any]:
        return {"type": "string" if self.is_text else "integer", "enum": list(self.choices)}

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        stored = text_of(column)
        if not self.is_text and self.labels is None:
            return stored
        return self._translated(stored, quoted(stored) if self._needs_no_escape else postgresql_json(stored))

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        stored = bare(column)
        if not self.is_text and self.labels is None:
            return text_of(column)
        return self._translated(stored, quoted(stored) if self._needs_no_escape else sqlite_json(stored))

    @property
    def _needs_no_escape(self) -> bool:
        return self.labels is None and all(json_string(str(each)) == f'"{each}"' for each in self.choices)

    def _translated(self, stored: ColumnElement[str], as_it_is: ColumnElement[str]) -> ColumnElement[str]:
        """What is shown for what is stored, where that differs."""
        pairs = zip(self.labels or (), self.choices, strict=self.labels is not None)
        whens = [
            (stored == sql_string(label), sql_string(write_json(shown))) for label, shown in pairs if label != shown
        ]
        return case(*whens, else_=as_it_is) if whens else as_it_is


class Choice(Storage[Any]):
    """One of an Enum's values, or one of several texts; stored as that value: TEXT (by code point) or BIGINT.

    There is no type and no constraint in the database, so that a choice may be added without a migration.
    """

    impl = PlainText
    cache_ok = True

    def __init__(self, choices: type[enum.Enum] | tuple[str, ...]) -> None:
        """Declare the choices. Raises TypeError for an Enum whose values are neither all text nor all integers."""
        super().__init__()
        self.choices = choices
        self._value = EnumValue(members=_members(choices))
        if not self._value.is_text:
            self.impl = BigInteger()  # type: ignore[assignment]

    @property
    def value(self) -> EnumValue:
        """How it is read and written."""
        return self._value

    @property
    def plain(self) -> TypeEngine[Any]:
        """Text or BIGINT."""
        return PlainText().plain if self._value.is_text else BigInteger()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text or BIGINT."""
        return PlainText().load_dialect_impl(dialect) if self._value.is_text else BigInteger()

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare with choices only."""
        return self

    def to_stored(self, value: Any, dialect: Dialect) -> str | int:
        """Store what is shown."""
        return self._value.shown(value)

    def from_stored(self, value: Any, dialect: Dialect) -> Any:
        """Find the member; what is no choice any more is read as it is."""
        return self._value._by_shown.get(value, value)


def _members(choices: type[enum.Enum] | tuple[str, ...]) -> tuple[tuple[str | int, object], ...]:
    if isinstance(choices, tuple):
        if not choices or not all(isinstance(each, str) for each in choices):
            raise TypeError("An enum needs at least one choice, and they are text: Enum('draft', 'sent').")
        return tuple((check_text(each), each) for each in choices)
    values = [member.value for member in choices]
    if not values or not (all(isinstance(each, str) for each in values) or all(map(_is_integer, values))):
        raise TypeError(
            f"The values of {choices.__qualname__} are stored and shown: they have to be all text or all integers, not "
            f"{values[0]!r}."
            if values
            else f"{choices.__qualname__} has no members."
        )
    return tuple((member.value, member) for member in choices)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
