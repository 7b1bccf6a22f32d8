"""One stored record is changed by one prepared statement, which returns its image: what most changes are.

How it was is known by its image as well: whoever selects the row, under whatever policy, selects that with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from colonnade.core.database import Database, translated
from colonnade.core.resources import Field, Resource
from colonnade.core.values import read_json

from .images import Image
from .log import Log
from .one_table import OneTable, Shown, Statements


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that its field would not take: of a table that others write, or one that the database calculates.

    shown: as answers show it, as JSON has it.
    """

    shown: object


class _Record:
    """A stored row as a record: each attribute is read from its image when it is asked for."""

    def __init__(self, fields: Mapping[str, Field], image: Image) -> None:
        self.__fields = fields
        self.__image = image

    def __getattr__(self, name: str) -> Any:
        field = self.__fields.get(name)
        if field is None:
            raise AttributeError(name)
        raw = self.__image[name]
        try:
            return None if raw is None else field.value.parse(raw)
        except ValueError:
            return Unreadable(raw)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored, locked.

    record: whatever has the attributes of a record.
    key: in the order of the resource's key.
    text: the image, as the log keeps it.
    """

    alteration: Alteration
    record: Any
    key: tuple[Any, ...]
    text: str

    def alter(self, session: Session, values: Mapping[str, Any], shown: Shown = None) -> str | None:
        """Change it; see `Alteration.alter`."""
        return self.alteration.alter(session, self, values, shown)


class Alteration:
    """Changes records of a resource, one at a time.

    selected: what has to be selected of a row for `read`.
    """

    def __init__(self, stored: OneTable, selected: Sequence[Any]) -> None:
        self.table = stored.table
        self.selected = selected
        self._stored = stored
        self._statements = Statements(stored, self._updated)

    @classmethod
    def of(cls, database: Database, log: Log | None, resource: Resource) -> Self | None:
        """The way to change records of a class that is one table; None where that takes Python.

        So it does where SQLAlchemy makes a value at each change, where the database makes one of which only another
        statement can tell, and where an image has a value that the database does not write.
        """
        stored = OneTable.of(database, log, resource)
        if stored is None or any(_is_made(column) for column in stored.table.c):
            return None
        secrets = {name: field for name, field in resource.fields.items() if name not in stored.images.fields}
        if any(field.name in secrets for field in resource.key):
            return None
        parts = [stored.selected(fields) for fields in (stored.images.fields, secrets) if fields]
        selected = [part for part in parts if part is not None]
        return None if stored.returned() is None or len(selected) < len(parts) else cls(stored, selected)

    def read(self, texts: Sequence[str]) -> StoredRow:
        """A row of which `selected` was selected."""
        image: Image = {}
        for text in texts:
            image |= read_json(text)
        key = self._stored.key_of(image)
        return StoredRow(self, _Record(self._stored.resource.fields, image), key, texts[0])

    def alter(self, session: Session, row: StoredRow, values: Mapping[str, Any], shown: Shown = None) -> str | None:
        """Change a record; the log has it if it keeps such records, and another image came of it.

        :param values: by attribute name; none is of the key.
        :param shown: the fields that are to be shown of it.
        :returns: their JSON; None where it takes another statement to show them.
        :raises Problem: what the database has against it.
        """
        stored = self._stored
        given = {f"key_{index}": part for index, part in enumerate(row.key)}
        given |= {f"value_{name}": value for name, value in values.items()}
        statement = self._statements.of(frozenset(values), shown)
        found = stored.fetch(session, statement.prepared, given)
        if not found:
            with translated(stored.resource.mapper):
                raise StaleDataError(f"a row of {stored.table} was locked, and is not changed")
        image, text = statement.read(found[0])
        if image != row.text:
            stored.enter(session, row.key, row.text, image)
        return text

    def _updated(self, names: frozenset[str]) -> sa.Update:
        """The statement that is given these columns."""
        columns = {
            column: sa.bindparam(f"value_{name}", type_=column.type)
            for name, column in self._stored.columns.items()
            if name in names
        }
        key = [self._stored.columns[field.name] for field in self._stored.resource.key]
        wanted = (column == sa.bindparam(f"key_{index}", type_=column.type) for index, column in enumerate(key))
        return sa.update(self._stored.table).where(*wanted).values(columns)


def _is_made(column: sa.Column[Any]) -> bool:
    """Tell whether a column gets a value at each change that the statement does not return, or that Python makes."""
    made = column.onupdate
    return (made is not None and not made.is_clause_element) or column.server_onupdate is not column.computed
