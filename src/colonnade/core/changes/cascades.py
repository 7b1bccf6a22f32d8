"""What the database changes by itself when a row is deleted: ``ON DELETE CASCADE`` and ``SET NULL``.

No session hears of it, so the rows concerned are read before, and enter the log after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .log import Log

_KEY: Final = "colonnade.changes.cascaded"


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key by which deleting there does something here.

    resource: whose records hold it.
    local: the names of its fields; remote: the columns that these refer to.
    deletes: whether the records are deleted; otherwise they lose the reference.
    """

    resource: Resource
    local: tuple[str, ...]
    remote: tuple[sa.Column[Any], ...]
    deletes: bool


@dataclass(frozen=True)
class Touched:
    """A record that the database deletes, or takes a reference from."""

    key: ForeignKey
    values: Mapping[str, Any]


class Cascades:
    """Finds out what the database does beside what it is told."""

    def __init__(self, log: Log) -> None:
        self.log = log

    @cached_property
    def keys(self) -> dict[sa.FromClause, list[ForeignKey]]:
        """The foreign keys that do something, by the table that they lead to."""
        found: dict[sa.FromClause, list[ForeignKey]] = {}
        for table, resource in self.log.tables().items():
            for constraint in table.foreign_key_constraints if isinstance(table, sa.Table) else ():
                action = (constraint.ondelete or "").upper()
                if action not in ("CASCADE", "SET NULL"):
                    continue
                names = tuple(_name(resource, element.parent) for element in constraint.elements)
                remote = tuple(element.column for element in constraint.elements)
                key = ForeignKey(resource, names, remote, deletes=action == "CASCADE")
                found.setdefault(constraint.referred_table, []).append(key)
        return found

    def concern(self, mapper: Mapper[Any]) -> bool:
        """Tell whether anything is done when a row of a class is deleted."""
        return any(table in self.keys for table in mapper.tables)

    def read(self, session: Session, mapper: Mapper[Any], target: Any) -> None:
        """Read the records that will be touched when this object's row is deleted, and those that go with them."""
        values = {column: mapper.get_property_by_column(column).key for column in mapper.columns}
        touched = session.info.setdefault(_KEY, [])
        touched += self._touched(
            session, mapper, {column: getattr(target, name) for column, name in values.items()}, set()
        )

    def rows(self, session: Session, done: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """The rows of the log for what was touched, without those records that the session wrote by itself."""
        touched: list[Touched] = session.info.pop(_KEY, [])
        deleted = {self._place(each): each for each in touched if each.key.deletes}
        bereft = {place: each for each in touched if (place := self._place(each)) not in deleted}
        for place, each in {**bereft, **deleted}.items():
            if place in done:
                continue
            images = self.log.images(each.key.resource)
            before = images.of(each.values)
            after = None if place in deleted else {**before, **dict.fromkeys(each.key.local)}
            verb = "delete" if after is None else "update"
            yield {"resource": place[0], "key": place[1], "verb": verb, "before": before, "after": after}

    def _touched(
        self,
        session: Session,
        mapper: Mapper[Any],
        values: Mapping[Any, Any],
        seen: set[tuple[str, str]],
    ) -> Iterator[Touched]:
        for table in mapper.tables:
            for key in self.keys.get(table, ()):
                images = self.log.images(key.resource)
                of = key.resource.mapper
                columns = {name: of.attrs[name].columns[0] for name in images.names}
                where = [columns[name] == values[remote] for name, remote in zip(key.local, key.remote, strict=True)]
                for row in execute(
                    session, sa.select(*columns.values()).select_from(of.persist_selectable).where(*where)
                ):
                    each = Touched(key, dict(zip(columns, row, strict=True)))
                    if self._place(each) in seen:
                        continue
                    yield each
                    if key.deletes:
                        seen.add(self._place(each))
                        child = {column: each.values.get(name) for name, column in columns.items()}
                        yield from self._touched(session, of, child, seen)

    def _place(self, touched: Touched) -> tuple[str, str]:
        return touched.key.resource.name, self.log.images(touched.key.resource).key(touched.values)


def _name(resource: Resource, column: sa.Column[Any]) -> str:
    return resource.mapper.get_property_by_column(column).key
