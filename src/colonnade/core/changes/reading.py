"""Reading the log in order, and a record as it was: what the grammar of lists cannot say.

Everything is asked under a `ChangeAccess`. A change is told as it is to who asks: one that takes a record out of their
sight is a deletion, one that brings it there a creation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from colonnade.core.database import ReadConnection
from colonnade.core.policy.terms import ME_PREFIX, me_names
from colonnade.core.resources import Resource

from .access import ChangeAccess
from .log import Log
from .model import OF_RECORDS


@dataclass(frozen=True)
class Told:
    """One change, as it is to who asks.

    verb: ``create``, ``update`` or ``delete``; or what was done past the log, or to it, which has no key.
    record: its fields as they are after it; None on deletion.
    """

    position: int | None
    at: datetime
    request_id: str
    actor: str
    resource: str
    key: str
    verb: Literal["create", "update", "delete", "unlogged", "erase", "prune"]
    record: Mapping[str, Any] | None


class Unchanged(LookupError):
    """The log has nothing of a record."""


@dataclass(frozen=True)
class ChangeReader:
    """Reads the log for one identity on one connection."""

    log: Log
    access: ChangeAccess
    me: Mapping[str, object]
    connection: ReadConnection

    def prepare(self) -> None:
        """Do what has to be done before the log is read in the order of positions."""
        if (before_read := self.access.resource.before_read) is not None:
            before_read(self.connection)

    def last_position(self) -> int:
        """The last position that was given: every smaller one is there to be seen."""
        self.prepare()
        counter = self.log.counter.__table__
        rows = self.connection.rows(sa.select(counter.c.n))
        return int(rows[0][0]) if rows else 0

    def oldest_position(self) -> int | None:
        """The first position that the log still has; None if it is empty."""
        rows = self.connection.rows(sa.select(sa.func.min(self.log.table.c.position)))
        return None if rows[0][0] is None else int(rows[0][0])

    def after(self, position: int, limit: int, resource: str | None = None) -> tuple[list[Told], int | None]:
        """The changes after a position, in order, as far as they have theirs: ask for the last one before.

        :param limit: of how many changes it reads at most; fewer may be told.
        :returns: the changes, and the position of the last one that was read; None if there are no more for now.
        """
        table = self.log.table
        statement = self._select().where(table.c.position > position).order_by(table.c.position).limit(limit)
        if resource is not None:
            statement = statement.where(table.c.resource == resource)
        rows = self._rows(statement)
        return list(_told(rows)), rows[-1].position if len(rows) == limit else None

    def of_request(self, request_id: str) -> list[Told]:
        """The changes that a request has made so far, in its own transaction; they have no positions before it ends."""
        table = self.log.table
        rows = self._rows(self._select().where(table.c.request_id == request_id).order_by(table.c.id))
        return [replace(each, position=None) for each in _told(rows)]

    def record_as_of(self, resource: Resource, key: str, moment: datetime | int) -> Mapping[str, Any] | None:
        """A record as it was, by field name; None if there was none, or none that may be seen.

        A record that is older than the log was until its first change as it was before that.

        :param moment: a time, or a position.
        :raises Unchanged: for a record of which the log has nothing: if there is one, it is as it always was.
        """
        self.prepare()
        table = self.log.table
        until = table.c.position <= moment if isinstance(moment, int) else table.c.at <= moment
        own = [table.c.resource == resource.name, table.c.key == key]
        last = sa.select(sa.func.max(table.c.position)).where(*own, until).scalar_subquery()
        first = sa.select(sa.func.min(table.c.position)).where(*own).scalar_subquery()
        place: Any = self.connection.rows(sa.select(last, first))[0]
        if place[1] is None:
            raise Unchanged
        side, position = ("before", place[1]) if place[0] is None else ("after", place[0])
        seen, image = self.access.shown(side)
        rows = self._rows(sa.select(image.label("image")).where(table.c.position == position, seen))
        return rows[0].image if rows else None

    def _select(self) -> sa.Select[Any]:
        table = self.log.table
        names = ("position", "at", "request_id", "actor", "resource", "key", "verb")
        sides = [self.access.shown(side) for side in ("before", "after")]
        labelled = [
            each
            for side, (seen, image) in zip(("before", "after"), sides, strict=True)
            for each in (seen.label(f"{side}_seen"), image.label(side))
        ]
        return sa.select(*(table.c[name] for name in names), *labelled).where(sa.or_(*(seen for seen, _ in sides)))

    def _rows(self, statement: sa.Select[Any]) -> Any:
        mine = {ME_PREFIX + name: self.me[name] for name in me_names(statement)}
        return self.connection.rows(statement, mine)


def _told(rows: Any) -> Iterator[Told]:
    for row in rows:
        common = (row.position, row.at, row.request_id, row.actor, row.resource, row.key)
        if row.verb not in OF_RECORDS:
            yield Told(*common, row.verb, None)
        elif row.after_seen and not row.before_seen:
            yield Told(*common, "create", row.after)
        elif row.after_seen and row.before != row.after:
            yield Told(*common, "update", row.after)
        elif row.before_seen and not row.after_seen:
            yield Told(*common, "delete", None)
