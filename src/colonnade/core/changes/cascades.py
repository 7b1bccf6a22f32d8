"""What the database changes by itself when a row goes or its key changes: ``ON DELETE`` and ``ON UPDATE``.

No session hears of it. The rows concerned are found before, by following the foreign keys through every table that
leads to a kept one; what became of them is read when the flush is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .log import Log
from .stored import Identity, read_rows, restricted

_KEY: Final = "colonnade.changes.cascaded"
_DOING: Final = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})

Values = Mapping[sa.Column[Any], Any]


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key by which the end or the new key of one row does something to another one."""

    table: sa.Table
    local: tuple[sa.Column[Any], ...]
    remote: tuple[sa.Column[Any], ...]
    on_delete: str
    on_update: str

    def outcome(self, row: Values, after: Values | None) -> Values | None:
        """What becomes of a row that refers to another one; None if it is deleted.

        :param after: the other row after it was changed; None if it was deleted.
        """
        if after is None:
            return None if self.on_delete == "CASCADE" else {**row, **dict.fromkeys(self.local)}
        if self.on_update == "CASCADE":
            return {**row, **{own: after[other] for own, other in zip(self.local, self.remote, strict=True)}}
        return {**row, **dict.fromkeys(self.local)}


@dataclass(frozen=True)
class Touched:
    """A record that the database may have changed or deleted.

    values: by field, as they were before.
    identity: its key now, if it is still there.
    names: the fields that were to be changed; the session's object has them still.
    """

    resource: Resource
    values: Mapping[str, Any]
    was: Identity
    identity: Identity
    names: frozenset[str]


class Cascades:
    """Finds out what the database does beside what it is told."""

    def __init__(self, log: Log) -> None:
        self.log = log

    @cached_property
    def keys(self) -> dict[sa.FromClause, list[ForeignKey]]:
        """The foreign keys that lead to kept records, by the table that they refer to."""
        inherited = {
            (each.local_table, each.inherits.local_table)
            for resource in self.log.kept()
            for each in resource.mapper.iterate_to_root()
            if each.inherits is not None
        }
        doing = [
            (constraint.referred_table, key)
            for table in self._tables()
            for constraint in table.foreign_key_constraints
            if (key := _key(table, constraint)) is not None and (table, constraint.referred_table) not in inherited
        ]
        leading: set[sa.FromClause] = set(self.log.tables())
        while more := {other for other, key in doing if key.table in leading} - leading:
            leading |= more
        found: dict[sa.FromClause, list[ForeignKey]] = {}
        for other, key in doing:
            if key.table in leading:
                found.setdefault(other, []).append(key)
        return found

    def _tables(self) -> set[sa.Table]:
        """All that are declared beside those of kept resources."""
        kept = [table for table in self.log.tables() if isinstance(table, sa.Table)]
        return {table for each in kept for table in each.metadata.tables.values()}

    def changed_columns(self, mapper: Mapper[Any]) -> Iterator[str]:
        """The attributes of a class a change of which the database hands on to others."""
        for table in mapper.tables:
            for key in self.keys.get(table, ()):
                if key.on_update in _DOING:
                    yield from (mapper.get_property_by_column(column).key for column in key.remote)

    def names(self, mapper: Mapper[Any]) -> Iterator[str]:
        """The attributes of a class that others refer to."""
        for table in mapper.tables:
            yield from (mapper.get_property_by_column(column).key for column in _remote(self.keys.get(table, ())))

    def concern(self, mapper: Mapper[Any]) -> bool:
        """Tell whether anything is done when a row of a class is deleted or changes its key."""
        return any(table in self.keys for table in mapper.tables)

    def reached(
        self, table: sa.FromClause, changed: Collection[Any] | None, seen: frozenset[ForeignKey] = frozenset()
    ) -> Iterator[Resource]:
        """The kept resources whose records the database may change or delete with rows of a table.

        :param changed: the columns of the table that are changed; None where the rows are deleted.
        """
        for key in self.keys.get(table, ()):
            rule = key.on_delete if changed is None else key.on_update if set(key.remote) & set(changed) else ""
            if rule in _DOING and key not in seen:
                yield from self.log.owners(key.table)
                gone = changed is None and rule == "CASCADE"
                yield from self.reached(key.table, None if gone else key.local, seen | {key})

    def read_beside(self, session: Session, table: sa.FromClause, rows: Sequence[tuple[Values, Values | None]]) -> None:
        """Read the records that will be touched when rows of a table that nobody keeps go or change."""
        touched: dict[tuple[str, Identity], Touched] = session.info.setdefault(_KEY, {})
        for each in self._follow(session, table, list(rows), set()):
            touched.setdefault((each.resource.name, each.was), each)

    def read(
        self, session: Session, mapper: Mapper[Any], before: Mapping[str, Any], after: Mapping[str, Any] | None
    ) -> None:
        """Read the records that will be touched when a row goes or changes, and those that go with them.

        :param before: the values of the row by attribute, as they are stored.
        :param after: the same as they will be; None for a deletion.
        """
        touched: dict[tuple[str, Identity], Touched] = session.info.setdefault(_KEY, {})
        seen: set[tuple[sa.Table, Identity, bool]] = set()
        for table in mapper.tables:
            if table in self.keys:
                names = {column: mapper.get_property_by_column(column).key for column in _remote(self.keys[table])}
                old = {column: before[name] for column, name in names.items()}
                new = None if after is None else {column: after[name] for column, name in names.items()}
                for each in self._follow(session, table, [(old, new)], seen):
                    touched.setdefault((each.resource.name, each.was), each)

    def forget(self, session: Session) -> None:
        """What was read for a flush that failed is of no use."""
        session.info.pop(_KEY, None)

    def pending(self, session: Session) -> Collection[Touched]:
        """The records that were read for the flush that is under way."""
        pending: dict[Any, Touched] = session.info.get(_KEY, {})
        return pending.values()

    def outcomes(self, session: Session) -> Iterator[tuple[Touched, Mapping[str, Any] | None]]:
        """What became of the records that were touched, by field; None for those that are gone."""
        by_resource: dict[Resource, list[Touched]] = {}
        for each in session.info.pop(_KEY, {}).values():
            by_resource.setdefault(each.resource, []).append(each)
        for resource, several in by_resource.items():
            names = self.log.images(resource).names
            now = read_rows(session, resource.mapper, names, [each.identity for each in several])
            yield from ((each, now.get(each.identity)) for each in several)

    def _follow(
        self,
        session: Session,
        table: sa.FromClause,
        rows: list[tuple[Values, Values | None]],
        seen: set[tuple[sa.Table, Identity, bool]],
    ) -> Iterator[Touched]:
        for key in self.keys.get(table, ()):
            other = {
                tuple(before[column] for column in key.remote): after
                for before, after in rows
                if _acts(key, before, after)
            }
            if not other:
                continue
            further: list[tuple[Values, Values | None]] = []
            wanted = restricted(key.local, list(other))
            for found in execute(session, sa.select(key.table).where(wanted).with_for_update()):
                row = dict(zip(key.table.c, found, strict=True))
                outcome = key.outcome(row, other[tuple(row[column] for column in key.local)])
                place = (key.table, _identity(key.table, row), outcome is None)
                if place not in seen:
                    seen.add(place)
                    further.append((row, outcome))
            if further:
                yield from self._records(session, key, further)
                yield from self._follow(session, key.table, further, seen)

    def _records(
        self, session: Session, key: ForeignKey, rows: list[tuple[Values, Values | None]]
    ) -> Iterator[Touched]:
        """The records that rows of a table belong to: of the resource of the nearest class."""
        left = {_identity(key.table, row): (row, outcome) for row, outcome in rows}
        for resource in self.log.owners(key.table):
            names = self.log.images(resource).names
            mapper = resource.mapper
            fields = frozenset(mapper.get_property_by_column(c).key for c in key.local if c in mapper.columns.values())
            for was, values in read_rows(session, mapper, names, list(left)).items():
                row, outcome = left.pop(was)
                yield Touched(resource, values, was, _identity(key.table, outcome or row), fields)


def _key(table: sa.Table, constraint: sa.ForeignKeyConstraint) -> ForeignKey | None:
    on_delete, on_update = (constraint.ondelete or "").upper(), (constraint.onupdate or "").upper()
    if not _DOING & {on_delete, on_update}:
        return None
    local = tuple(element.parent for element in constraint.elements)
    return ForeignKey(table, local, tuple(element.column for element in constraint.elements), on_delete, on_update)


def _acts(key: ForeignKey, before: Values, after: Values | None) -> bool:
    old = [before[column] for column in key.remote]
    if None in old:
        return False
    if after is None:
        return key.on_delete in _DOING
    return key.on_update in _DOING and old != [after[column] for column in key.remote]


def _remote(keys: Iterable[ForeignKey]) -> Iterator[sa.Column[Any]]:
    return (column for key in keys for column in key.remote)


def _identity(table: sa.Table, row: Values) -> Identity:
    return tuple(row[column] for column in table.primary_key)
