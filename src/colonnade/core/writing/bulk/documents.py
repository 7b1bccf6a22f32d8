"""JSON objects become values as the body of one creation does: an array is told what each would be told by itself."""

from __future__ import annotations

from collections.abc import Sequence

from colonnade.core.problems import Forbidden, Unprocessable
from colonnade.core.writing.author import Author
from colonnade.core.writing.binding import unbindable
from colonnade.core.writing.bodies import pointer, read_new, require_object

from .changing import FORBIDDEN
from .columns import Columns
from .rows import Entry, Refusals, Row
from .source import Source


class Documents(Source[object]):
    """JSON objects, each the body of a record that is to be created.

    Of one that is wrong the values that are right are kept: where they refer to nothing, that is told too.
    """

    def __init__(self, author: Author, columns: Columns) -> None:
        super().__init__(columns)
        self._author = author

    def read(self, rows: Sequence[Row[object]], refusals: Refusals) -> list[Entry]:
        """The objects that can be read, the faults of those that are not right."""
        entries = []
        for row in rows:
            if refusals.enough:
                break
            try:
                entries.append(self._entry(row, refusals))
            except Unprocessable as problem:
                refusals.add_problem(row.line, problem, {}, "object")
        return entries

    def _entry(self, row: Row[object], refusals: Refusals) -> Entry:
        fields = self.columns.fields
        values, faults = read_new(fields, require_object(fields, row.content))
        plain = {name: value for name, value in values.items() if name in fields.known}
        faults += unbindable(fields.resource, plain, self._author.dialect)
        if not faults:
            try:
                fields.require_possible(values)
            except Forbidden as problem:
                refusals.add_problem(row.line, problem, {}, FORBIDDEN)
                return Entry(row.line, values, sound=False)
            return Entry(row.line, values)
        refusals.add_faults(row.line, faults, {})
        wrong = {fault.pointer for fault in faults}
        right = {name: each for name, each in values.items() if name not in plain or pointer(name) not in wrong}
        return Entry(row.line, right, sound=False)
