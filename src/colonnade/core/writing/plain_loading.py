"""A stored row of a plain class, loaded by a prepared statement. No object is made of it, as `loading` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes import Alteration
from colonnade.core.database import Database
from colonnade.core.policy import ResourceAccess
from colonnade.core.resources import Resource

from .author import Author
from .loading import Questions, Stored
from .lookup import ByKey, Key


@dataclass(frozen=True)
class _Asked:
    """The statement for one set of permissions, and what it asks of a row for them."""

    statement: ByKey
    questions: Questions


class PlainLoading:
    """Loads one row at a time, of a resource whose records a statement changes."""

    def __init__(self, database: Database, resource: Resource, alteration: Alteration) -> None:
        self._database = database
        self._resource = resource
        self._alteration = alteration

    def of(self, author: Author, key: Key) -> Stored | None:
        """The record of a key, locked to be edited; None if there is none that the author may see."""
        access = author.access.of(self._resource)
        if self not in access.kept:
            access.kept[self] = self._asked(access)
        asked: _Asked | None = access.kept[self]
        found = None if asked is None else asked.statement.row(author, key)
        if asked is None or found is None:
            return None
        width = len(self._alteration.selected)
        row = self._alteration.read(found[:width])
        if row.key != key:  # the database may take two keys for one
            return None
        return Stored(row.record, *asked.questions.verdict(found[width:]), row)

    def _asked(self, access: ResourceAccess) -> _Asked | None:
        """What is asked; None where no row is seen."""
        view = access.decides("view")
        if view is False:
            return None
        questions = Questions(access, "edit")
        statement: sa.Select[Any] = sa.select(*self._alteration.selected, *questions.asked)
        statement = statement.select_from(self._resource.model).where(*([] if view is True else [view]))
        statement = statement.with_for_update(of=self._alteration.table, key_share=True)
        columns = [getattr(self._resource.model, field.name) for field in self._resource.key]
        return _Asked(ByKey.of(self._database, columns, statement), questions)
