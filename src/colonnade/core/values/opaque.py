"""Types that the room does not know."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from .binaries import BytesValue
from .booleans import BooleanValue
from .dates import DateValue
from .datetimes import DateTimeValue
from .decimals import DecimalValue
from .floats import FloatValue
from .intervals import IntervalValue
from .json_text import check_json, json_string
from .times import TimeValue
from .uuids import UuidValue
from .value import EQUALITY, PRESENCE, Form, Value


@dataclass(frozen=True, kw_only=True)
class OpaqueValue(Value):
    """A custom type, read as rows and written by what its Python values are.

    `inner` is the value of the type that a custom TypeDecorator is made of: requests are read as that says, and then go
    through the decorator. Without it any JSON is handed to the type, whose refusal SQLAlchemy raises as StatementError.
    """

    name: ClassVar[str] = "opaque"
    ordered: ClassVar[bool] = False
    form: Form = Form.ROWS
    inner: Value | None = None

    @property
    def operators(self) -> frozenset[str]:  # type: ignore[override]
        return PRESENCE if self.inner is None else self.inner.operators & EQUALITY

    @property
    def python_type(self) -> type[Any]:
        return object

    def check(self, value: object) -> Any:
        return value

    def parse(self, raw: object) -> Any:
        return check_json(raw) if self.inner is None else self.inner.parse(raw)

    def parse_text(self, text: str) -> Any:
        return check_json(text) if self.inner is None else self.inner.parse_text(text)

    def to_json(self, value: Any) -> str:
        return any_json(value)

    def to_text(self, value: Any) -> str:
        if isinstance(value, str):
            return str.__str__(value)
        written = any_json(value)
        return written[1:-1] if written.startswith('"') and "\\" not in written else written

    def schema(self) -> dict[str, Any]:
        return {}

    def request_schema(self) -> dict[str, Any]:
        return {} if self.inner is None else self.inner.request_schema()


def any_json(value: object) -> str:
    """Write whatever Python has, as the value of its class would: text for what JSON does not know."""
    if value is None:
        return "null"
    if isinstance(value, enum.Enum):
        return any_json(value.value)
    if isinstance(value, datetime):
        return DateTimeValue(zoned=value.tzinfo is not None).to_json(value)
    for classes, known in _WRITERS:
        if isinstance(value, classes):
            return known.to_json(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json_string(str(key))}:{any_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ",".join(map(any_json, value)) + "]"
    return json_string(str(value))


_WRITERS: tuple[tuple[type[Any] | tuple[type[Any], ...], Value], ...] = (
    (bool, BooleanValue()),
    (float, FloatValue()),
    (Decimal, DecimalValue()),
    (date, DateValue()),
    (time, TimeValue()),
    (timedelta, IntervalValue()),
    (UUID, UuidValue()),
    ((bytes, bytearray, memoryview), BytesValue()),
)
