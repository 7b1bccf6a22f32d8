"""Which stored record each row changes: the one with its key, if its author may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from colonnade.core.policy import Condition
from colonnade.core.resources import Resources
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import Key, among
from colonnade.core.writing.references import references_of, showing

from .columns import Columns
from .rows import Entry, Match, Refusals, shown


class Matching:
    """Finds and locks the records that rows change, with what their author may see and write of each."""

    def __init__(self, author: Author, resources: Resources, columns: Columns, refusals: Refusals) -> None:
        self._author = author
        self._columns = columns
        self._resource = columns.resource
        self._refusals = refusals
        given = dict.fromkeys(columns.given)
        for reference in references_of(columns.resource, resources):
            if not given.keys().isdisjoint(reference.fields):
                given |= dict.fromkeys(reference.fields)
        self._names = tuple(given)

    def match(self, entries: Sequence[Entry]) -> None:
        """Give each row the record that it changes; it has none if it creates one, or if every row does."""
        keys = self._columns.key
        if not keys:
            return
        rows = {key: entry for entry in entries if None not in (key := self._key(entry))}
        found = self._found(list(rows)) if rows else {}
        for entry in entries:
            entry.match = found.get(self._key(entry))

    def admitted(self, entries: Sequence[Entry]) -> list[Entry]:
        """The rows whose key leads to a record, or may be that of a new one; the others are refused."""
        return [entry for entry in entries if entry.match is not None or self._may_be_new(entry)]

    def _may_be_new(self, entry: Entry) -> bool:
        fields = [self._resource.fields[name] for name in self._columns.key]
        headers = [self._columns.headers.get(field.name, field.name) for field in fields]
        key = self._key(entry)
        alone = fields[0] if len(fields) == 1 else None
        made = alone is not None and alone.key and (alone.generated or not alone.required)
        if alone is not None and alone.generated and key != (None,):
            said = f"{shown(alone.value.to_text(key[0]))} leads to no record of {self._resource.name}"
            self._refusals.add(entry.line, headers, said, "unknown_reference")
            return False
        if None in key and not made:
            lacking = [header for header, part in zip(headers, key, strict=True) if part is None]
            self._refusals.add(entry.line, lacking, "is part of the key; it cannot be empty", "missing")
            return False
        return True

    def _key(self, entry: Entry) -> Key:
        return tuple([entry.values.get(name) for name in self._columns.key])

    def _found(self, keys: Sequence[Key]) -> dict[Key, Match]:
        author, resource, access = self._author, self._resource, self._columns.fields.access
        seen = showing(author, resource, *self._columns.key)
        if any(condition is False for condition in seen):
            return {}
        own = [getattr(resource.model, field.name) for field in resource.key]
        by = [getattr(resource.model, name) for name in self._columns.key]
        values = [getattr(resource.model, name) for name in self._names]
        questions = dict(self._questions())
        asked = {slot: condition for slot, condition in questions.items() if not isinstance(condition, bool)}
        wanted, parameters = among(author.dialect, by, keys)
        statement = sa.select(*own, *by, *values, *(each.label(None) for each in asked.values()))
        statement = statement.select_from(resource.model).where(wanted)
        statement = statement.where(*(each for each in seen if not isinstance(each, bool))).order_by(*own)
        tables = [table for table in resource.mapper.tables if isinstance(table, sa.Table)]
        if tables and access.may("edit"):
            statement = statement.with_for_update(of=tables)
        found = {}
        first, second, third = len(own), len(own) + len(by), len(own) + len(by) + len(values)
        always = None if asked else _Answers(questions)
        for row in author.rows(statement, parameters):
            answers = always or _Answers({**questions, **dict(zip(asked, row[third:], strict=True))})
            stored = dict(zip(self._names, row[second:third], strict=True))
            found[tuple(row[first:second])] = Match(
                tuple(row[:first]), stored, answers.permitted, answers.readable, answers.writable
            )
        return found

    def _questions(self) -> Iterator[tuple[tuple[str, str], Condition]]:
        """What the policy has to say of a row: of editing it, and of each field by itself."""
        access = self._columns.fields.access
        yield ("", "edit"), access.decides("edit")
        for name in self._names:
            yield (name, "view"), access.field(name)
            yield (name, "edit"), access.field(name, "edit")


class _Answers:
    """What the policy says of one row."""

    def __init__(self, answers: dict[tuple[str, str], Any]) -> None:
        self.permitted = bool(answers["", "edit"])
        self.readable = frozenset(_yes(answers, "view"))
        self.writable = frozenset(_yes(answers, "edit"))


def _yes(answers: dict[tuple[str, str], Any], mode: str) -> Iterable[str]:
    return (name for (name, asked), yes in answers.items() if name and asked == mode and yes)
