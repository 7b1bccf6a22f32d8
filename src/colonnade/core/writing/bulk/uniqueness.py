"""Values that no two records may share: taken by a stored record, or by an earlier row of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pyramid_retry import mark_error_retryable

from colonnade.core.problems import Conflict
from colonnade.core.resources.mapping import unique_sets
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import Key, rows_of_keys
from colonnade.core.writing.references import showing

from .columns import Columns
from .rows import Entry, Refusals, shown
from .seen import Seen

#: The code of a refusal for a value that is taken, as the database's own refusal has it.
TAKEN = "taken"


class Uniqueness:
    """Tells which rows have values that are taken already.

    That a value is taken is told, whoever may see the record that has it; which one it is, never.
    """

    def __init__(self, author: Author, columns: Columns, refusals: Refusals) -> None:
        self._author = author
        self._resource = columns.resource
        self._columns = columns
        self._refusals = refusals
        given = columns.given
        #: For each set of fields that the source gives: on which line their values stood first.
        self._seen = {
            tuple(name for name in given if name in names): Seen()
            for names in unique_sets(self._resource.mapper)
            if names.issubset(given)
        }

    def within(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose values no earlier row has; the others are refused."""
        refused: set[int] = set()
        for names, seen in self._seen.items():
            for entry, key in _keys(names, entries):
                line = seen.first(key, entry.line)
                if line != entry.line:
                    keyed = frozenset(names) == frozenset(self._columns.key)
                    said = "is the key of" if keyed else "is already taken, by"
                    self._refuse(entry, names, key, f"{said} {self._columns.place} {line}")
                    refused.add(entry.line)
        return [entry for entry in entries if entry.line not in refused] if refused else list(entries)

    def beside(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose values no other stored record has; the others are refused.

        :raises Conflict: which is worth a retry, if a record by which a row was looked for has appeared since.
        """
        refused: set[int] = set()
        own = [getattr(self._resource.model, field.name) for field in self._resource.key]
        for names in self._seen:
            keys = list(_keys(names, entries))
            columns = [getattr(self._resource.model, name) for name in names]
            stored = rows_of_keys(self._author, self._resource, columns, {key for _, key in keys}, also=own)
            if frozenset(names) == frozenset(self._columns.key):
                self._require_unchanged(columns, {key for entry, key in keys if entry.match is None and key in stored})
            for entry, key in keys:
                if key in stored and (entry.match is None or stored[key] != entry.match.key):
                    self._refuse(entry, names, key, "is already taken, by a stored record")
                    refused.add(entry.line)
        return [entry for entry in entries if entry.line not in refused]

    def _require_unchanged(self, columns: Sequence[Any], keys: set[Key]) -> None:
        """Of a record that its author does not see nothing is known; one that they see would have been found."""
        seen = showing(self._author, self._resource, *self._columns.key)
        for key in rows_of_keys(self._author, self._resource, columns, keys, conditions=seen):
            whose = f"{', '.join(self._columns.key)} is {self._shown(self._columns.key, key)}"
            said = f"Somebody else has just created a record of {self._resource.name} whose {whose}. Do this once more."
            problem = Conflict(said, slug="changed-meanwhile")
            mark_error_retryable(problem)
            raise problem

    def _shown(self, names: Sequence[str], key: Key) -> str:
        fields = self._resource.fields
        return shown(", ".join(fields[name].value.to_text(part) for name, part in zip(names, key, strict=True)))

    def _refuse(self, entry: Entry, names: tuple[str, ...], key: Key, reason: str) -> None:
        headers = (self._columns.headers.get(name, name) for name in names)
        self._refusals.add(entry.line, headers, f"{self._shown(names, key)} {reason}", TAKEN)


def _keys(names: tuple[str, ...], entries: Sequence[Entry]) -> Iterator[tuple[Entry, Key]]:
    """The rows with what they have of these fields; null is never taken, documents are the database's to compare."""
    for entry in entries:
        key = tuple([entry.values.get(name) for name in names])
        if None not in key and not any(isinstance(part, (list, dict)) for part in key):
            yield entry, key
