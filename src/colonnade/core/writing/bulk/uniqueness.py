"""Values that no two records may share: taken by a stored record, or by an earlier row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colonnade.core.resources import Resource
from colonnade.core.resources.mapping import unique_sets
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import Key, rows_of_keys

from .columns import Column, names_of
from .rows import Entry, Refusals, shown


class Uniqueness:
    """Tells which rows have values that are taken already.

    That a value is taken is told, whoever may see the record that has it; which one it is, never.
    """

    def __init__(self, author: Author, resource: Resource, columns: Sequence[Column], refusals: Refusals) -> None:
        self._author = author
        self._resource = resource
        self._refusals = refusals
        self._headers = names_of(columns)
        given = [name for column in columns for name in column.written]
        #: For each set of fields that the table gives: on which line their values stood first.
        self._lines: dict[tuple[str, ...], dict[Key, int]] = {
            tuple(name for name in given if name in names): {}
            for names in unique_sets(resource.mapper)
            if names.issubset(given)
        }

    def within(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose values no earlier row has; the others are refused."""
        refused: set[int] = set()
        for names, lines in self._lines.items():
            for entry, key in _keys(names, entries):
                line = lines.setdefault(key, entry.line)
                if line != entry.line:
                    self._refuse(entry, names, key, f"by line {line}")
                    refused.add(entry.line)
        return [entry for entry in entries if entry.line not in refused] if refused else list(entries)

    def beside(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose values no stored record has; the others are refused."""
        refused: set[int] = set()
        for names in self._lines:
            keys = list(_keys(names, entries))
            columns = [getattr(self._resource.model, name) for name in names]
            stored = rows_of_keys(self._author, self._resource, columns, [key for _, key in keys])
            for entry, key in keys:
                if key in stored:
                    self._refuse(entry, names, key, "by a stored record")
                    refused.add(entry.line)
        return [entry for entry in entries if entry.line not in refused]

    def _refuse(self, entry: Entry, names: tuple[str, ...], key: Key, by: str) -> None:
        headers = ", ".join(dict.fromkeys(self._headers[name] for name in names))
        fields = self._resource.fields
        said = ", ".join(fields[name].value.to_text(part) for name, part in zip(names, key, strict=True))
        self._refusals.add(entry.line, headers, f"{shown(said)} is already taken, {by}")


def _keys(names: tuple[str, ...], entries: Sequence[Entry]) -> Iterator[tuple[Entry, Key]]:
    """The rows with what they have of these fields; null is never taken."""
    for entry in entries:
        key = tuple([entry.values.get(name) for name in names])
        if None not in key:
            yield entry, key
