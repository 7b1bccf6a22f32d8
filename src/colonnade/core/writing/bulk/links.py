"""What the rows refer to: records that are stored and may be seen, or other rows of the source itself.

A row that refers to another of the same source waits until that one is stored, wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from colonnade.core.resources import Field, Relation, Resource, Resources
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import Key, rows_of_keys
from colonnade.core.writing.references import Reference, attribute_of, references_of, showing
from colonnade.core.writing.relations import relation_faults

from . import rows as limits
from .columns import Column, Columns
from .matching import Matching
from .rows import Entry, Refusals, batches, shown

#: The code of a refusal for a reference to nothing.
ASTRAY = "unknown_reference"


class Way(ABC):
    """One of the ways in which rows refer to records.

    target: of which resource.
    headers: of the columns that say to which one.
    fields: whose values these columns hold.
    """

    def __init__(self, author: Author, target: Resource, headers: Sequence[str], fields: Sequence[Field]) -> None:
        self.author = author
        self.target = target
        self.headers = headers
        self.fields = fields

    @abstractmethod
    def sought(self, entry: Entry) -> Key | None:
        """What a row refers to; None where it refers to nothing, or to what it has referred to before."""

    @abstractmethod
    def own(self, entry: Entry) -> Key:
        """What a row of the same source would be referred to by."""

    @abstractmethod
    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        """Give the rows the foreign keys that this way leads to, and return those for which it leads nowhere."""


class ForeignKey(Way):
    """Fields that hold the foreign key as it is."""

    def __init__(self, author: Author, reference: Reference, headers: Sequence[str]) -> None:
        fields = [reference.source.fields[name] for name in reference.fields]
        super().__init__(author, reference.target, headers, fields)
        self._reference = reference
        self._remote = [attribute_of(reference.target.mapper, column) for column in reference.columns]

    def sought(self, entry: Entry) -> Key | None:
        if entry.match is None:
            return self._reference.key(entry.values)
        # A key of several columns may be changed in one of them only.
        stored = entry.match.values
        key = self._reference.key({name: entry.values.get(name, stored[name]) for name in self._reference.fields})
        return None if key == self._reference.key(stored) else key

    def own(self, entry: Entry) -> Key:
        return tuple(entry.values.get(name or "") for name in self._remote)

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        keys = [self.sought(entry) for entry in entries]
        found = self._reference.found(self.author, {key for key in keys if key is not None})
        return [entry for entry, key in zip(entries, keys, strict=True) if key is not None and key not in found]


class ByUniqueField(Way):
    """A column that names the record which a relation leads to by a unique field of it."""

    def __init__(self, author: Author, column: Column, relation: Relation) -> None:
        super().__init__(author, relation.target, (column.header,), [column.field])
        self._column = column.name
        self._name = column.field.name
        self._local = relation.local
        pairs = relation.source.mapper.relationships[relation.name].local_remote_pairs or ()
        remote: dict[str | None, Any] = {attribute_of(relation.source.mapper, here): there for here, there in pairs}
        self._remote = [remote[name] for name in relation.local]

    def sought(self, entry: Entry) -> Key | None:
        value = entry.values.get(self._column)
        return None if value is None else (value,)

    def own(self, entry: Entry) -> Key:
        return (entry.values.get(self._name),)

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        entries = [entry for entry in entries if self._column in entry.values]
        keys = [self.sought(entry) for entry in entries]
        found: dict[Key | None, Key] = dict(self._found({key for key in keys if key is not None}))
        found[None] = (None,) * len(self._local)
        missed = []
        for entry, key in zip(entries, keys, strict=True):
            values = found.get(key)
            if values is None:
                missed.append(entry)
            else:
                del entry.values[self._column]
                entry.values.update(zip(self._local, values, strict=True))
        return missed

    def _found(self, keys: set[Key]) -> dict[Key, Key]:
        unique = [getattr(self.target.model, self._name)]
        conditions = showing(self.author, self.target, self._name)
        return rows_of_keys(self.author, self.target, unique, keys, also=self._remote, conditions=conditions)


class Links:
    """Finds what the rows of a source refer to, and between the two kinds of ways the records that they change."""

    def __init__(
        self, author: Author, resources: Resources, columns: Columns, matching: Matching, refusals: Refusals
    ) -> None:
        self._author = author
        self._columns = columns
        self._resource = columns.resource
        self._matching = matching
        self._refusals = refusals
        self._waiting: list[Entry] = []
        self._named = [
            ByUniqueField(author, column, column.relation) for column in columns.all if column.relation is not None
        ]
        given = {column.field.name for column in columns.all if column.relation is None}
        headers = columns.headers
        self._keyed = [
            ForeignKey(author, reference, tuple(headers.get(name, name) for name in reference.fields))
            for reference in references_of(columns.resource, resources)
            if not given.isdisjoint(reference.fields)
        ]

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        """Give the rows their foreign keys and matches, and return those whose references all lead somewhere.

        Those that refer to what may yet be stored are kept back, see `settle`; the others are refused.
        """
        missed: dict[int, list[Way]] = {}
        for named in self._named:
            for entry in named.follow(entries):
                missed.setdefault(entry.line, []).append(named)
        self._matching.match(entries if not missed else [each for each in entries if each.line not in missed])
        for keyed in self._keyed:
            for entry in keyed.follow(entries):
                missed.setdefault(entry.line, []).append(keyed)
        lost: list[Entry] = []
        for entry in entries if missed else ():
            ways = missed.get(entry.line, [])
            astray = [way for way in ways if not self._leads_home(way)]
            for way in astray:
                self._refuse(entry, way, f"leads to no record of {way.target.name}")
            if ways:
                (lost if astray else self._waiting).append(entry)
        rest = [entry for entry in entries if entry.line not in missed]
        if not self._columns.fields.relations:
            return rest
        self._related(lost)  # what else is wrong with them
        return self._related(rest)

    def settle(self) -> Iterator[list[Entry]]:
        """Go through the rows that were kept back, once all others are stored: each time, those whose turn has come.

        The caller stores them before it takes the next ones. Rows that wait in vain are refused at the end.
        """
        progress = True
        while progress and self._waiting:
            progress = False
            waiting, self._waiting = self._waiting, []
            for batch in batches(waiting, limits.BATCH):
                if ready := self.follow(batch):
                    progress = True
                    yield ready
        ways: list[Way] = [*self._named, *self._keyed]
        for each in ways if self._waiting else ():
            if self._leads_home(each):
                self._refuse_waiting(each)

    def _leads_home(self, way: Way) -> bool:
        return way.target.mapper.local_table in self._resource.mapper.tables

    def _refuse_waiting(self, way: Way) -> None:
        lines = {way.own(entry): entry.line for entry in self._waiting}
        for entry in way.follow(self._waiting):
            line = lines.get(way.sought(entry) or ())
            if line is None:
                reason = f"leads to no record of {way.target.name}, and to no row of the file that can be created"
            elif line == entry.line:
                reason = "leads to this very row, which is not stored yet"
            else:
                reason = f"leads to {self._columns.place} {line}, which cannot be created before this one"
            self._refuse(entry, way, reason)

    def _refuse(self, entry: Entry, way: Way, reason: str) -> None:
        parts = zip(way.fields, way.sought(entry) or (), strict=True)
        said = ", ".join(field.value.to_text(part) for field, part in parts)
        self._refusals.add(entry.line, way.headers, f"{shown(said)} {reason}", ASTRAY)

    def _related(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose lists of keys lead to records that may be seen; the others are refused."""
        found = []
        for entry in entries:
            faults = [
                fault
                for name, relation in self._columns.fields.relations.items()
                if name in entry.values
                for fault in relation_faults(self._author, relation, entry.values[name])
            ]
            if faults:
                self._refusals.add_faults(entry.line, faults, self._columns.headers)
            else:
                found.append(entry)
        return found
