"""The base of the classes that plug-ins declare."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Table, event
from sqlalchemy.orm import DeclarativeBase

from colonnade.core.values import adopt_column

#: Constraints have names, so that a migration can drop them and an error can be told by them.
NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Model(DeclarativeBase):
    """Declare a table: a subclass with a `__tablename__` and `Mapped[…]` attributes, SQLAlchemy's declarative style.

    Constraints get names by convention (a CHECK needs one: `CheckConstraint("salary > 0", name="salary_positive")`).
    Columns are stored as core.values has it for their types, so that both databases hold and compare the same: a
    `Mapped[datetime]` has its zone, a `Numeric(12, 2)` its digits, text sorts by code point unless the column has a
    collation of its own. `Table`s in `Model.metadata` are stored the same way; other bases are left as they are.
    """

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 SQLAlchemy reads it from the class
        datetime.datetime: DateTime(timezone=True),
    }


@event.listens_for(Column, "before_parent_attach")
def _store(column: Column[Any], table: Table) -> None:
    """Give a column its storage type while its table is being made, before anything has read the type."""
    if getattr(table, "metadata", None) is Model.metadata:
        adopt_column(column)
