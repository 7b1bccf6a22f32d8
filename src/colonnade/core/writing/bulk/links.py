"""What the rows refer to: records that are stored and may be seen, or other rows of the table itself.

A row that refers to another of the same table waits until that one is stored, wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from colonnade.core.resources import Field, Relation, Resource, Resources
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import Key, rows_of_keys
from colonnade.core.writing.references import Reference, attribute_of, references_of, showing

from .columns import Column, names_of
from .rows import BATCH, Entry, Refusals, batches, shown


class Way(ABC):
    """One of the ways in which rows refer to records.

    target: of which resource.
    header: of the columns that say to which one.
    fields: whose values these columns hold.
    """

    def __init__(self, author: Author, target: Resource, header: str, fields: Sequence[Field]) -> None:
        self.author = author
        self.target = target
        self.header = header
        self.fields = fields

    @abstractmethod
    def sought(self, entry: Entry) -> Key | None:
        """What a row refers to; None where it refers to nothing."""

    @abstractmethod
    def own(self, entry: Entry) -> Key:
        """What a row of the same table would be referred to by."""

    @abstractmethod
    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        """Give the rows the foreign keys that this way leads to, and return those for which it leads nowhere."""


class ForeignKey(Way):
    """Fields that hold the foreign key as it is."""

    def __init__(self, author: Author, reference: Reference, header: str) -> None:
        super().__init__(author, reference.target, header, [reference.source.fields[name] for name in reference.fields])
        self._reference = reference
        self._remote = [attribute_of(reference.target.mapper, column) for column in reference.columns]

    def sought(self, entry: Entry) -> Key | None:
        return self._reference.key(entry.values)

    def own(self, entry: Entry) -> Key:
        return tuple(entry.values.get(name or "") for name in self._remote)

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        keys = [self.sought(entry) for entry in entries]
        found = self._reference.found(self.author, {key for key in keys if key is not None})
        return [entry for entry, key in zip(entries, keys, strict=True) if key is not None and key not in found]


class ByUniqueField(Way):
    """A column that names the record which a relation leads to by a unique field of it."""

    def __init__(self, author: Author, index: int, header: str, relation: Relation, field: Field) -> None:
        super().__init__(author, relation.target, header, [field])
        self._index = index
        self._name = field.name
        self._local = relation.local
        pairs = relation.source.mapper.relationships[relation.name].local_remote_pairs or ()
        remote: dict[str | None, Any] = {attribute_of(relation.source.mapper, here): there for here, there in pairs}
        self._remote = [remote[name] for name in relation.local]

    def sought(self, entry: Entry) -> Key | None:
        value = entry.sought[self._index]
        return None if value is None else (value,)

    def own(self, entry: Entry) -> Key:
        return (entry.values.get(self._name),)

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        keys = [self.sought(entry) for entry in entries]
        found: dict[Key | None, Key] = dict(self._found({key for key in keys if key is not None}))
        found[None] = (None,) * len(self._local)
        missed = []
        for entry, key in zip(entries, keys, strict=True):
            values = found.get(key)
            if values is None:
                missed.append(entry)
            else:
                entry.values.update(zip(self._local, values, strict=True))
        return missed

    def _found(self, keys: set[Key]) -> dict[Key, Key]:
        unique = [getattr(self.target.model, self._name)]
        conditions = showing(self.author, self.target, self._name)
        return rows_of_keys(self.author, self.target, unique, keys, also=self._remote, conditions=conditions)


class Links:
    """Finds what the rows of a table refer to."""

    def __init__(
        self, author: Author, resource: Resource, resources: Resources, columns: Sequence[Column], refusals: Refusals
    ) -> None:
        self._resource = resource
        self._refusals = refusals
        self._waiting: list[Entry] = []
        given = {column.field.name for column in columns if column.relation is None}
        headers = names_of(columns)
        self._ways: list[Way] = [
            ByUniqueField(author, index, column.header, column.relation, column.field)
            for index, column in enumerate(column for column in columns if column.relation is not None)
            if column.relation is not None
        ]
        self._ways += [
            ForeignKey(author, reference, ", ".join(headers[name] for name in reference.fields))
            for reference in references_of(resource, resources)
            if given.issuperset(reference.fields)
        ]

    def follow(self, entries: Sequence[Entry]) -> list[Entry]:
        """Give the rows their foreign keys, and return those whose references all lead somewhere.

        Those that refer to what may yet be stored are kept back, see `settle`; the others are refused.
        """
        missed: dict[int, list[Way]] = {}
        for way in self._ways:
            for entry in way.follow(entries):
                missed.setdefault(entry.line, []).append(way)
        for entry in entries if missed else ():
            ways = missed.get(entry.line, [])
            astray = [way for way in ways if not self._leads_home(way)]
            for way in astray:
                self._refuse(entry, way, f"leads to no record of {way.target.name}")
            if ways and not astray:
                self._waiting.append(entry)
        return [entry for entry in entries if entry.line not in missed]

    def settle(self) -> Iterator[list[Entry]]:
        """Go through the rows that were kept back, once all others are stored: each time, those whose turn has come.

        The caller stores them before it takes the next ones. Rows that wait in vain are refused at the end.
        """
        progress = True
        while progress and self._waiting:
            progress = False
            waiting, self._waiting = self._waiting, []
            for batch in batches(waiting, BATCH):
                if ready := self.follow(batch):
                    progress = True
                    yield ready
        for way in self._ways if self._waiting else ():
            if self._leads_home(way):
                self._refuse_waiting(way)

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
                reason = f"leads to line {line}, which cannot be created before this one"
            self._refuse(entry, way, reason)

    def _refuse(self, entry: Entry, way: Way, reason: str) -> None:
        parts = zip(way.fields, way.sought(entry) or (), strict=True)
        said = ", ".join(field.value.to_text(part) for field, part in parts)
        self._refusals.add(entry.line, way.header, f"{shown(said)} {reason}")
