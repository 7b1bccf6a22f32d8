"""Many records at once, from a table of texts: all of them, or none and every reason.

Everything that can be told from the table is told before anything is written: types, constraints, references, values
that are taken. Then the rows are inserted in batches, and the result is held against the policy as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from colonnade.core.database import execute
from colonnade.core.problems import Forbidden
from colonnade.core.resources import Resource
from colonnade.core.resources.mapping import unique_sets
from colonnade.core.values import listed

from .columns import Column, FieldColumn, RelationColumn, reader_of_field
from .references import Reference, references_of
from .writer import Writer

#: How many rows go to the database at once.
BATCH = 5000

_T = TypeVar("_T")


@dataclass(frozen=True)
class Refusal:
    """Why one row cannot be written: where it stands, which column, and a predicate that says what is wrong."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Row:
    """One row of a table: the line that it begins on, from 1, and its texts, one a column."""

    line: int
    texts: Sequence[str]


Told = Callable[[int], None]
"""Is told how many rows more are done."""


class BulkCreation:
    """Creates many records of one resource in the writer's transaction.

    :param told: is told of progress: each row counts once when it is read, and once when it is written.
    """

    def __init__(self, writer: Writer, resource: Resource, columns: Sequence[Column], told: Told) -> None:
        self.writer = writer
        self.resource = resource
        self.columns = columns
        self.told = told
        self.refusals: list[Refusal] = []
        self.values: list[dict[str, Any]] = []
        self.lines: list[int] = []

    def create(self, rows: Iterable[Row]) -> int:
        """Create all rows.

        :returns: how many were created: all, or 0 if `refusals` holds a reason for any.
        :raises Forbidden: if the policy does not give them to who asks.
        """
        access = self.writer.access.of(self.resource)
        if not access.may("create"):
            raise Forbidden(f"You may not create records of {self.resource.name}.")
        self._read(rows)
        for column in self.columns:
            if isinstance(column, RelationColumn):
                self._resolve(column)
        for reference in references_of(self.resource, self.writer.resources):
            self._check(reference)
        for names in self._unique_names():
            self._check_taken(names)
        if self.refusals:
            self.refusals.sort(key=lambda refusal: refusal.line)
            return 0
        self._insert()
        return len(self.values)

    def _read(self, rows: Iterable[Row]) -> None:
        readers = [
            (column.header, column.field.name if isinstance(column, FieldColumn) else "", reader_of_field(column.field))
            for column in self.columns
        ]
        for batch in _batches(rows, BATCH):
            for row in batch:
                values: dict[str, Any] = {}
                whole = True
                for (header, name, read), text in zip(readers, row.texts, strict=True):
                    if not name and not text:
                        values[header] = None
                        continue
                    try:
                        values[name or header] = read(text)
                    except ValueError as error:
                        whole = False
                        self.refusals.append(Refusal(row.line, header, f"{_shown(text)} {error}"))
                if whole:
                    self.values.append(values)
                    self.lines.append(row.line)
            self.told(len(batch))

    def _resolve(self, column: RelationColumn) -> None:
        """Put the foreign key in the place of the other side's unique field."""
        local, target = column.relation.local, column.relation.target
        remote = [target.fields[name] for name in self._remote(column)]
        texts = {values[column.header] for values in self.values} - {None}
        unique: sa.ColumnElement[Any] = getattr(target.model, column.field.name)
        columns = [unique, *(getattr(target.model, field.name) for field in remote)]
        found = {row[0]: tuple(row[1:]) for row in self._visible(target, columns, unique, texts)}
        required = not column.relation.nullable
        for line, values in zip(self.lines, self.values, strict=True):
            given = values.pop(column.header)
            key = found.get(given) if given is not None else None
            if key is None and (given is not None or required):
                said = column.field.value.to_text(given) if given is not None else ""
                reason = f"leads to no record of {target.name}" if given is not None else "is required"
                self.refusals.append(Refusal(line, column.header, f"{_shown(said)} {reason}"))
            values.update(zip(local, key or (None,) * len(local), strict=True))

    def _remote(self, column: RelationColumn) -> list[str]:
        prop = self.resource.mapper.relationships[column.relation.name]
        pairs = {
            self.resource.mapper.get_property_by_column(here).key: column.relation.target.mapper.get_property_by_column(
                there
            ).key
            for here, there in prop.local_remote_pairs or ()
        }
        return [pairs[name] for name in column.relation.local]

    def _visible(
        self,
        target: Resource,
        columns: Sequence[sa.ColumnElement[Any]],
        unique: sa.ColumnElement[Any],
        wanted: Iterable[Any],
    ) -> Iterator[Sequence[Any]]:
        """The rows of a resource that may be seen and hold one of the wanted values."""
        view = self.writer.access.of(target).decides("view")
        if view is False:
            return
        statement = sa.select(*columns).where(listed(unique, "wanted"))
        if view is not True:
            statement = statement.where(view)
        parameters = self.writer.parameters(statement)
        for batch in _batches(wanted, BATCH):
            yield from execute(self.writer.session, statement, {**parameters, "wanted": list(batch)})

    def _check(self, reference: Reference) -> None:
        """Foreign keys that were given as they are: each must lead to a row that may be seen."""
        given = {column.field.name for column in self.columns if isinstance(column, FieldColumn)}
        if not given.issuperset(reference.fields):
            return
        keys = {key for values in self.values if (key := reference.key(values)) is not None}
        first = reference.columns[0]
        found = {
            tuple(row) for row in self._visible(reference.target, reference.columns, first, {key[0] for key in keys})
        }
        for line, values in zip(self.lines, self.values, strict=True):
            key = reference.key(values)
            if key is not None and key not in found:
                reason = f"leads to no record of {reference.target.name}"
                self.refusals.append(Refusal(line, ", ".join(reference.fields), f"{_shown(str(key[0]))} {reason}"))

    def _unique_names(self) -> Iterator[tuple[str, ...]]:
        """The sets of fields of which no two rows may share the values, where the table gives all of them."""
        given = set(self.values[0]) if self.values else set()
        for names in unique_sets(self.resource.mapper):
            if given.issuperset(names):
                yield tuple(sorted(names))

    def _check_taken(self, names: tuple[str, ...]) -> None:
        """Values that are taken, by a row of the database or by an earlier one of the table."""
        taken: dict[tuple[Any, ...], int] = dict.fromkeys(self._stored(names), 0)
        for line, values in zip(self.lines, self.values, strict=True):
            key = tuple(values[name] for name in names)
            if any(part is None for part in key):
                continue
            before = taken.setdefault(key, line)
            if before != line:
                said = ", ".join(str(part) for part in key)
                by = f"by line {before}" if before else "by a stored record"
                self.refusals.append(Refusal(line, ", ".join(names), f"{_shown(said)} is already taken, {by}"))

    def _stored(self, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        columns = [getattr(self.resource.model, name) for name in names]
        statement = sa.select(*columns).where(listed(columns[0], "wanted"))
        wanted = {values[names[0]] for values in self.values} - {None}
        for batch in _batches(wanted, BATCH):
            for row in execute(self.writer.session, statement, {"wanted": list(batch)}):
                yield tuple(row)

    def _insert(self) -> None:
        access = self.writer.access.of(self.resource)
        names = list(self.values[0]) if self.values else []
        decided = [access.decides("create"), *(access.field(name, "create") for name in names)]
        undecided = [condition for condition in decided if not isinstance(condition, bool)]
        statement = sa.insert(self.resource.model)
        keys = [getattr(self.resource.model, field.name) for field in self.resource.key]
        for batch in _batches(self.values, BATCH):
            if undecided:
                made = execute(self.writer.session, statement.returning(*keys), batch, mapper=self.resource.mapper)
                self._check_results(undecided, [tuple(row) for row in made])
            else:
                execute(self.writer.session, statement, batch, mapper=self.resource.mapper)
            self.told(len(batch))

    def _check_results(self, undecided: Sequence[sa.ColumnElement[bool]], keys: Sequence[tuple[Any, ...]]) -> None:
        """Hold a batch of new rows against the policy: one that is not its author's to create refuses all."""
        columns = [getattr(self.resource.model, field.name) for field in self.resource.key]
        statement = sa.select(*columns).where(listed(columns[0], "wanted"), *undecided)
        parameters = {**self.writer.parameters(statement), "wanted": [key[0] for key in keys]}
        allowed = {tuple(row) for row in execute(self.writer.session, statement, parameters)}
        if not allowed.issuperset(keys):
            raise Forbidden(f"You may not create some of these records of {self.resource.name}; none was created.")


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _shown(text: str) -> str:
    """What stood there, short enough for a line."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
