"""From the SQLAlchemy type of a column to its value."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from .binaries import BytesValue
from .booleans import BooleanValue
from .dates import DateValue
from .datetimes import DateTimeValue
from .decimals import DecimalValue
from .documents import JsonValue
from .enums import EnumValue
from .floats import FloatValue
from .integers import IntegerValue
from .intervals import IntervalValue
from .opaque import OpaqueValue
from .storage import Storage
from .texts import TextValue
from .times import TimeValue
from .uuids import UuidValue
from .value import Form, Value


def value_for(type_: TypeEngine[Any], dialect_name: str | None = None) -> Value:
    """Tell how the values of a column are read, written and described; never fails, unknown types are `OpaqueValue`.

    `dialect_name` ("sqlite", "postgresql") says where a table that is not ours is stored, if that is known: a type with
    variants is then the variant, and an INTEGER of SQLite has 64 bits. Our own types need no such help.
    """
    if isinstance(type_, Storage):
        return type_.value
    if variants := type_._variant_mapping:
        if dialect_name is None:
            return _of_plain(type_, None).through_python()
        type_ = variants.get(dialect_name, type_)
    return _of_plain(type_, dialect_name)


def _of_plain(type_: TypeEngine[Any], dialect_name: str | None) -> Value:
    for known, make in _KNOWN:
        if isinstance(type_, known):
            return make(type_, dialect_name)
    return OpaqueValue()


def _integer(type_: Any, dialect_name: str | None) -> Value:
    bits = 64 if isinstance(type_, sa.BigInteger) or dialect_name == "sqlite" else 32
    return IntegerValue(form=Form.PLAIN, bits=16 if isinstance(type_, sa.SmallInteger) and bits == 32 else bits)


def _float(type_: Any, dialect_name: str | None) -> Value:
    return DecimalValue(form=Form.ROWS) if type_.asdecimal else FloatValue(form=Form.PLAIN)


def _numeric(type_: Any, dialect_name: str | None) -> Value:
    if not type_.asdecimal:
        return FloatValue(form=Form.ROWS)
    # NUMERIC(10) has no digits after the point; NUMERIC has any number of them.
    scale = 0 if type_.scale is None and type_.precision is not None else type_.scale
    return DecimalValue(form=Form.PLAIN, precision=type_.precision, scale=scale)


def _date(type_: Any, dialect_name: str | None) -> Value:
    own_format = isinstance(type_, sqlite.DATE) and "_storage_format" in vars(type_)
    return DateValue(form=Form.ROWS if own_format else Form.PLAIN)


def _time(type_: Any, dialect_name: str | None) -> Value:
    return OpaqueValue() if type_.timezone else TimeValue(form=Form.PLAIN)


def _uuid(type_: Any, dialect_name: str | None) -> Value:
    return UuidValue(form=Form.PLAIN, native=type_.native_uuid) if type_.as_uuid else OpaqueValue()


def _enum(type_: Any, dialect_name: str | None) -> Value:
    labels: tuple[str, ...] = tuple(type_.enums)
    if type_.enum_class is None:
        return EnumValue(form=Form.PLAIN, members=tuple((label, label) for label in labels))
    objects: list[enum.Enum] = [type_._object_lookup[label] for label in labels]
    values = [member.value for member in objects]
    kinds = {type(value) for value in values}
    shown = values if kinds in ({str}, {int}) else [member.name for member in objects]
    return EnumValue(form=Form.PLAIN, members=tuple(zip(shown, objects, strict=True)), labels=labels)


def _decorated(type_: Any, dialect_name: str | None) -> Value:
    if isinstance(type_, sa.PickleType):
        return OpaqueValue()
    inner = value_for(type_.impl_instance, dialect_name)
    return OpaqueValue() if isinstance(inner, OpaqueValue) else OpaqueValue(inner=inner)


_Make = Callable[[Any, str | None], Value]

#: In this order: what stands above is a subclass of what stands below.
_KNOWN: Final[tuple[tuple[type[Any] | tuple[type[Any], ...], _Make], ...]] = (
    ((sa.Interval, postgresql.INTERVAL), lambda type_, name: IntervalValue(form=Form.PLAIN)),
    (TypeDecorator, _decorated),
    (sa.Enum, _enum),
    (sa.Boolean, lambda type_, name: BooleanValue(form=Form.PLAIN)),
    (sa.Integer, _integer),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (sa.String, lambda type_, name: TextValue(form=Form.PLAIN, length=type_.length)),
    (sa.DateTime, lambda type_, name: DateTimeValue(form=Form.PLAIN, zoned=type_.timezone)),
    (sa.Date, _date),
    (sa.Time, _time),
    (sa.Uuid, _uuid),
    (sa.LargeBinary, lambda type_, name: BytesValue(form=Form.PLAIN, length=type_.length)),
    (sa.JSON, lambda type_, name: JsonValue(form=Form.PLAIN)),
    (postgresql.DOMAIN, lambda type_, name: value_for(type_.data_type, name)),
)
