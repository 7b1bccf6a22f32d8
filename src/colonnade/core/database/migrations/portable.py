"""The tables of the Model classes as a migration may write them down: in SQLAlchemy's ordinary words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DefaultClause, ForeignKeyConstraint, MetaData, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.sql.elements import False_, True_
from sqlalchemy.sql.functions import current_timestamp, now
from sqlalchemy.types import TypeDecorator, TypeEngine

from colonnade.core.values import Storage

_DEFAULTS: tuple[tuple[tuple[type[Any], ...], str], ...] = (
    ((now, current_timestamp), "CURRENT_TIMESTAMP"),
    ((True_,), "true"),
    ((False_,), "false"),
)


def portable(metadata: MetaData) -> MetaData:
    """A copy with ordinary SQLAlchemy types and portable defaults.

    A migration says what was done on its day: it stays so whatever becomes of our types, and is right on both
    databases. Of foreign keys that lead in a circle, as between departments and their managers, one of each circle is
    marked `use_alter`: it can be added only when both tables are there.
    """
    plain = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        copy = table.to_metadata(plain)
        for column in copy.columns:
            column.type = plain_type(column.type)
            column.server_default = _portable_default(column)
    for table_or_none, constraints in sort_tables_and_constraints(plain.tables.values()):
        if table_or_none is None:
            for constraint in constraints:
                assert isinstance(constraint, ForeignKeyConstraint)
                constraint.use_alter = True
    return plain


def plain_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """The ordinary type that makes the same column on both databases."""
    if isinstance(type_, Storage):
        return type_.plain
    if not isinstance(type_, TypeDecorator):
        return type_
    on_sqlite, on_postgresql = (plain_type(type_.load_dialect_impl(room.dialect())) for room in (sqlite, postgresql))
    return on_sqlite if repr(on_sqlite) == repr(on_postgresql) else on_sqlite.with_variant(on_postgresql, "postgresql")


def _portable_default(column: Column[Any]) -> Any:
    """SQLAlchemy would write these as the database at hand has them: now(), or 1 for true."""
    default = column.server_default
    if isinstance(default, DefaultClause):
        for kinds, written in _DEFAULTS:
            if isinstance(default.arg, kinds):
                return DefaultClause(text(written))
    return default
