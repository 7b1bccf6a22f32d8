"""One new record by one prepared statement, which returns its image: what most creations are.

`inserting` is for many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database
from colonnade.core.problems import Conflict
from colonnade.core.resources import Resource
from colonnade.core.values import read_json

from .log import Log
from .one_table import OneTable, Shown, Statements


class Creation:
    """Creates records of a resource, one at a time."""

    def __init__(self, stored: OneTable) -> None:
        self._stored = stored
        self._statements = Statements(stored, self._inserted)
        # As the unit of work does it: what is not given and has no default is null.
        self._nulls = {
            name: None
            for name, column in stored.columns.items()
            if column.default is None
            and column.server_default is None
            and column.computed is None
            and column is not stored.table.autoincrement_column
            and not column.type.should_evaluate_none
        }
        self._constants = {
            name: default.arg
            for name, column in stored.columns.items()
            if isinstance(default := column.default, sa.ColumnDefault)
        }

    @classmethod
    def of(cls, database: Database, log: Log | None, resource: Resource) -> Self | None:
        """The way to create records of a class that is one table; None where that takes Python.

        So it does where SQLAlchemy makes a value, and where the image has one that the database does not write.
        """
        stored = OneTable.of(database, log, resource)
        if stored is None or not all(_is_constant(column.default) for column in stored.columns.values()):
            return None
        if any(each.default is not None for each in set(stored.table.c).difference(stored.columns.values())):
            return None
        return None if stored.returned() is None else cls(stored)

    def create(
        self, session: Session, values: Mapping[str, Any], shown: Shown = None
    ) -> tuple[tuple[Any, ...], str | None]:
        """Create a record; the log has it if it keeps such records.

        :param values: by attribute name.
        :param shown: the fields that are to be shown of it.
        :returns: its key, and the JSON of those fields; None where it takes another statement to show them.
        :raises Problem: what the database has against it.
        """
        stored, given = self._stored, {**self._nulls, **self._constants, **values}
        statement = self._statements.of(frozenset(given), shown)
        found = stored.fetch(session, statement.prepared, given)
        if not found:
            raise Conflict("The database has kept this record from being made.", slug="not-made")
        image, text = statement.read(found[0])
        key = stored.key_of(read_json(image))
        stored.enter(session, key, None, image)
        return key, text

    def _inserted(self, names: frozenset[str]) -> sa.Insert:
        """The statement that is given these columns."""
        columns = {
            column: sa.bindparam(name, type_=column.type)
            for name, column in self._stored.columns.items()
            if name in names
        }
        return sa.insert(self._stored.table).values(columns)


def _is_constant(default: Any) -> bool:
    return default is None or default.is_scalar
