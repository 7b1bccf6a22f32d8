"""Constraints that would be checked at COMMIT only, checked now: there they can still be told as what they are."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import MetaData, Table, text
from sqlalchemy.orm import Session

from colonnade.core.database.errors import translated
from colonnade.core.database.model import Model
from colonnade.core.problems import Unprocessable


def check_deferred(session: Session, metadata: MetaData = Model.metadata) -> None:
    """Check what is written so far against the constraints that are declared ``DEFERRABLE``.

    :raises Conflict: for a value that is taken.
    :raises Unprocessable: for a reference that leads nowhere.
    """
    if not _deferrable(metadata, len(metadata.tables)):
        return
    if session.get_bind().dialect.name == "postgresql":
        with translated():
            session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    elif session.execute(text("PRAGMA foreign_key_check")).first() is not None:
        raise Unprocessable("A reference leads to no record.")


@lru_cache(maxsize=16)
def _deferrable(metadata: MetaData, _tables: int) -> bool:
    """Whether any constraint waits for COMMIT; looked for again where tables have come since."""
    return any(_waits(table) for table in metadata.tables.values())


def _waits(table: Table) -> bool:
    return any(rule.deferrable for rule in table.constraints)
