"""Classes that are one table: statements write their rows, and return them as the log keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, fetch
from colonnade.core.resources import Field, Resource
from colonnade.core.tree import join_key

from .application import recorder_of
from .image_text import image_text, returned_text
from .images import Image, Images
from .log import Log
from .rows import written

#: Statements that are kept of a resource: one for each set of columns that are given or not, and for each that are
#: shown; there are few.
_MOST: Final = 50

Shown: TypeAlias = tuple[str, ...] | None
"""The fields that are to be shown of a record that is written; None where nobody asks."""


class OneTable:
    """The table of a class whose records are each one row of it, with images that the database writes.

    columns: those that the class maps, by attribute name.
    images: how the log has the records, or would have them.
    """

    def __init__(self, database: Database, resource: Resource, images: Images, returned: Mapping[str, Field]) -> None:
        table = resource.mapper.local_table
        assert isinstance(table, sa.Table)
        self.database = database
        self.resource = resource
        self.table = table
        self.columns: dict[str, sa.Column[Any]] = {
            prop.key: column
            for prop in resource.mapper.column_attrs
            for column in prop.columns
            if isinstance(column, sa.Column)
        }
        self.images = images
        self._returned = returned  # what the log keeps of a record; the key, if it keeps none

    @classmethod
    def of(cls, database: Database, log: Log | None, resource: Resource) -> Self | None:
        """That of a resource's class; None where a record is something else."""
        mapped = [prop.columns[0] for prop in resource.mapper.column_attrs]
        is_table = isinstance(resource.mapper.local_table, sa.Table)
        if not is_table or not all(isinstance(column, sa.Column) for column in mapped):
            return None
        if log is None or not log.keeps(resource):
            return cls(database, resource, Images(resource), {each.name: each for each in resource.key})
        images = log.images(resource)
        return cls(database, resource, images, images.fields)

    def selected(self, fields: Mapping[str, Field]) -> sa.ColumnElement[str] | None:
        """The JSON text of a row's fields, to be selected; None where Python has to write one of them."""
        return image_text(fields, self.database.dialect.name)

    def returned(self) -> sa.ColumnElement[str] | None:
        """The image that a statement returns, or None likewise."""
        return returned_text(self._returned, self.database.dialect.name)

    def shown(self, names: Shown) -> sa.ColumnElement[str] | None:
        """The JSON of these fields, as a statement returns it; None likewise, and for none.

        A trigger that comes after the row is written is not heard there, so what one may make is not shown so.
        """
        fields = {name: self.resource.fields[name] for name in names or ()}
        if not fields or any(type(self.columns[name].server_default) is sa.FetchedValue for name in fields):
            return None
        return returned_text(fields, self.database.dialect.name)

    def key_of(self, image: Image) -> tuple[Any, ...]:
        """The key in an image."""
        return tuple([field.value.parse(image[field.name]) for field in self.resource.key])

    def key_text(self, key: tuple[Any, ...]) -> str:
        """A key as the log has it."""
        return join_key([field.value.to_text(part) for field, part in zip(self.resource.key, key, strict=True)])

    def fetch(self, session: Session, statement: Prepared, given: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Execute a statement in a session's transaction; what the database has against it points at the fields."""
        return fetch(self.database.reading_in(session), statement, given, mapper=self.resource.mapper)

    def enter(self, session: Session, key: tuple[Any, ...], before: str | None, after: str) -> None:
        """Enter a change in the log, if it keeps such records.

        :param before: the record's image, as JSON text; None for a new one.
        :param after: the same, as it is now.
        """
        recorder = recorder_of(session)
        if recorder is not None and recorder.log.keeps(self.resource):
            recorder.entries.write(session, [written(self.resource, self.key_text(key), before, after)])


@dataclass(frozen=True, slots=True)
class RowStatement:
    """A statement that writes a row and returns its image; and the record as it is shown, if that was asked for.

    shown_at: in which place of what it returns; it may be the image itself.
    """

    prepared: Prepared
    shown_at: int | None

    def read(self, returned: Sequence[str]) -> tuple[str, str | None]:
        """The image, and the record as it is shown."""
        return returned[0], None if self.shown_at is None else returned[self.shown_at]


class Statements:
    """The statements that write a resource's rows: one for each set of columns that are given."""

    def __init__(self, stored: OneTable, make: Callable[[frozenset[str]], sa.Insert | sa.Update]) -> None:
        """:param make: the statement that is given these columns, by attribute name."""
        self._stored = stored
        self._make = make
        self._known: dict[tuple[frozenset[str], Shown], RowStatement] = {}

    def of(self, names: frozenset[str], shown: Shown) -> RowStatement:
        """The statement for these columns, which shows these fields."""
        known = self._known.get((names, shown))
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[names, shown] = self._made(names, shown)
        return known

    def _made(self, names: frozenset[str], shown: Shown) -> RowStatement:
        image, text = self._stored.returned(), self._stored.shown(shown)
        assert image is not None, "whoever writes by statements has asked"
        returned = [image] if text is None or text.compare(image) else [image, text]
        statement = self._make(names).returning(*returned)
        shown_at = None if text is None else len(returned) - 1
        return RowStatement(Prepared.compile(statement, self._stored.database.dialect), shown_at)
