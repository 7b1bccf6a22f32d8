"""From the SQLAlchemy type that a model of ours declares to the type that stores it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Column, DefaultClause, event
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from .binaries import Binary
from .booleans import StoredBoolean
from .dates import CalendarDate
from .datetimes import LocalDateTime, UtcDateTime
from .documents import Document
from .enums import Choice
from .exact_decimal import ExactDecimal
from .floats import FiniteFloat
from .integers import StoredInteger
from .intervals import Duration
from .scaled import Scaled
from .storage import Storage
from .texts import PlainText
from .times import TimeOfDay
from .uuids import CanonicalUuid


def adopt_column(column: Column[Any]) -> None:
    """Give a column of our own models its storage type, and its server default the form that this type stores.

    Call it before the column is attached to its table. Raises TypeError, which names the column, for a type that cannot
    be stored exactly on both databases, and for a server default that would be stored unscaled.
    """
    declared = column.type
    try:
        column.type = storage_for(declared)
        _adopt_server_default(column)
    except (TypeError, ValueError) as error:
        raise TypeError(f"The column {column.name!r} cannot be stored: {error}") from None
    if column.type is declared or not isinstance(declared, sa.Enum):
        return
    # It waits for the table, to create a type on PostgreSQL with it.
    if event.contains(column, "after_parent_attach", declared._set_table):
        event.remove(column, "after_parent_attach", declared._set_table)


def _adopt_server_default(column: Column[Any]) -> None:
    default = column.server_default
    if not isinstance(default, DefaultClause):
        return
    said = default.arg
    if isinstance(column.type, Scaled):
        # '0' is zero to both databases. Anything else would be one number to PostgreSQL and a scaled one to SQLite.
        if not isinstance(said, str) or column.type.value.parse_text(said):
            raise TypeError("its server default would be taken for a scaled integer on SQLite; write default= instead.")
        column.server_default = DefaultClause("0")
    elif isinstance(column.type, StoredBoolean) and isinstance(said, str):
        # SQLite would keep the text 'true'.
        column.server_default = DefaultClause(sa.true() if column.type.value.parse_text(said) else sa.false())


def storage_for(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Find the storage type for a plain SQLAlchemy type that a model declares.

    Storage types, custom TypeDecorators, types of one database only and types with variants are given back as they are:
    their author has decided. Raises TypeError where both databases cannot store it exactly.
    """
    if isinstance(type_, Storage):
        return type_
    if type_._variant_mapping:
        return _with_variants(type_)
    for known, make in _KNOWN:
        if isinstance(type_, known):
            return make(type_)
    return type_


def _with_variants(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """See through the two idioms that our storage makes superfluous."""
    variants = {(name, type(variant)) for name, variant in type_._variant_mapping.items()}
    if isinstance(type_, sa.BigInteger) and variants in ({("sqlite", sa.Integer)}, {("sqlite", sa.INTEGER)}):
        return StoredInteger(64)
    if isinstance(type_, sa.JSON) and variants == {("postgresql", JSONB)}:
        return Document(binary=True)
    return type_


def _integer(type_: Any) -> TypeEngine[Any]:
    return StoredInteger(64 if isinstance(type_, sa.BigInteger) else 16 if isinstance(type_, sa.SmallInteger) else 32)


def _float(type_: Any) -> TypeEngine[Any]:
    if type_.asdecimal:
        raise TypeError("Float(asdecimal=True) invents digits; declare Numeric(12, 2), or Float.")
    return FiniteFloat()


def _numeric(type_: Any) -> TypeEngine[Any]:
    if not type_.asdecimal:
        raise TypeError("Numeric(asdecimal=False) loses digits on the way; declare Numeric(12, 2), or Float.")
    if type_.precision is None or type_.scale is None:
        raise TypeError(
            "A decimal needs its digits declared, such as Numeric(12, 2): SQLite stores it as a scaled integer."
        )
    return ExactDecimal(type_.precision, type_.scale)


def _time(type_: Any) -> TypeEngine[Any]:
    if type_.timezone:
        raise TypeError(
            "A time of day cannot have a time zone: its offset depends on the date. Declare Time, or "
            "DateTime(timezone=True)."
        )
    return TimeOfDay()


def _enum(type_: Any) -> TypeEngine[Any]:
    if type_.create_constraint:
        raise TypeError("Enum(create_constraint=True) would check names, where values are stored; leave it out.")
    if type_.enum_class is None:
        return Choice(tuple(type_.enums))
    if type_.values_callable is not None and list(type_.enums) != [str(member.value) for member in type_.enum_class]:
        return type_  # type: ignore[no-any-return]  # stored as its author has it
    return Choice(type_.enum_class)


def _uuid(type_: Any) -> TypeEngine[Any]:
    if not type_.as_uuid:
        raise TypeError("Uuid(as_uuid=False) is text to Python, which nothing checks; declare Uuid, or String(36).")
    return CanonicalUuid()


_KNOWN: Final[tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], TypeEngine[Any]]], ...]] = (
    ((sa.Interval, INTERVAL), lambda type_: Duration()),
    (TypeDecorator, lambda type_: type_),
    (sa.Enum, _enum),
    (sa.Boolean, lambda type_: StoredBoolean()),
    (sa.Integer, _integer),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (sa.String, lambda type_: PlainText(type_.length, type_.collation)),
    (sa.DateTime, lambda type_: UtcDateTime() if type_.timezone else LocalDateTime()),
    (sa.Date, lambda type_: CalendarDate()),
    (sa.Time, _time),
    (sa.Uuid, _uuid),
    (sa.LargeBinary, lambda type_: Binary(type_.length)),
    (sa.JSON, lambda type_: Document(binary=isinstance(type_, JSONB))),
)
