"""One new record by one prepared statement, which returns its image: what most creations are.

`inserting` is for many of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, fetch
from colonnade.core.resources import Resource
from colonnade.core.values import read_json

from .application import recorder_of
from .image_text import image_text
from .log import Log
from .rows import created

#: Statements that are kept of a resource: one for each set of columns that are given or not; there are few.
_MOST: Final = 50


class Creation:
    """Creates records of a resource, one at a time.

    :param log: the application's, if it keeps one.
    """

    def __init__(self, database: Database, log: Log | None, resource: Resource, image: sa.ColumnElement[str]) -> None:
        self._database = database
        self._resource = resource
        self._images = None if log is None or not log.keeps(resource) else log.images(resource)
        table = resource.mapper.local_table
        assert isinstance(table, sa.Table)
        self._inserted = sa.insert(table).returning(image)
        self._columns: dict[str, sa.Column[Any]] = {
            prop.key: column
            for prop in resource.mapper.column_attrs
            for column in prop.columns
            if isinstance(column, sa.Column)
        }
        # As the unit of work does it: what is not given and has no default is null.
        self._nulls = {
            name: None
            for name, column in self._columns.items()
            if column.default is None
            and column.server_default is None
            and column.computed is None
            and column is not table.autoincrement_column
            and not column.type.should_evaluate_none
        }
        self._constants = {
            name: default.arg
            for name, column in self._columns.items()
            if isinstance(default := column.default, sa.ColumnDefault)
        }
        self._kept: dict[frozenset[str], Prepared] = {}

    @classmethod
    def of(cls, database: Database, log: Log | None, resource: Resource) -> Self | None:
        """The way to create records of a class that is one table; None where that takes Python.

        So it does where SQLAlchemy makes a value, and where the image has one that the database does not write.
        """
        table = resource.mapper.local_table
        mapped = [prop.columns[0] for prop in resource.mapper.column_attrs]
        if not all(isinstance(column, sa.Column) and _is_constant(column.default) for column in mapped):
            return None
        if not isinstance(table, sa.Table) or any(each.default is not None for each in set(table.c).difference(mapped)):
            return None
        kept = log is not None and log.keeps(resource)
        fields = log.images(resource).fields if log is not None and kept else {each.name: each for each in resource.key}
        image = image_text(fields, database.dialect.name)
        return None if image is None else cls(database, log, resource, image)

    def create(self, session: Session, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Create a record; the log has it if it keeps such records.

        :param values: by attribute name.
        :returns: its key.
        :raises Problem: what the database has against it.
        """
        given = {**self._nulls, **self._constants, **values}
        statement = self._kept.get(frozenset(given)) or self._prepare(frozenset(given))
        ((text,),) = fetch(self._database, session, statement, given, mapper=self._resource.mapper)
        image = read_json(text)
        recorder = recorder_of(session)
        if recorder is not None and self._images is not None:
            recorder.entries.write(session, [created(self._resource, self._images.key_of(image), text)])
        return tuple(field.value.parse(image[field.name]) for field in self._resource.key)

    def _prepare(self, names: frozenset[str]) -> Prepared:
        columns = {
            column: sa.bindparam(name, type_=column.type) for name, column in self._columns.items() if name in names
        }
        statement = self._inserted.values(columns)
        if len(self._kept) >= _MOST:
            self._kept.clear()
        prepared = self._kept[names] = Prepared.compile(statement, self._database.dialect)
        return prepared


def _is_constant(default: Any) -> bool:
    return default is None or default.is_scalar
