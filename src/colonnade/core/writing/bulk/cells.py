"""Texts become values: by the type of the column's field, then by its constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Dialect

from colonnade.core.writing.author import Author

from .columns import Column, Columns
from .parsing import parser_of_texts
from .rows import LEFT_OUT, Entry, Refusals, Row, shown
from .source import Source

#: How many texts of a column are remembered with their values. Tables repeat themselves: codes, dates, numbers.
_REMEMBERED = 2_000

Texts = Sequence[str]


class Table(Source[Texts]):
    """A table of texts with these columns."""

    def __init__(self, author: Author, columns: Columns) -> None:
        super().__init__(columns)
        self._columns = columns.all
        self._readers = [_Reader(_reader(column, author.dialect)) for column in self._columns]
        self._omissible = [column.field.name for column in self._columns if _may_be_left_out(column)]

    def read(self, rows: Sequence[Row[Texts]], refusals: Refusals) -> list[Entry]:
        """The rows that can be read; the others are refused, cell by cell."""
        rows = [row for row in rows if self._is_whole(row, refusals)]
        wrong: set[int] = set()
        values = [self._column(index, rows, wrong, refusals) for index in range(len(self._columns))]
        names = [column.name for column in self._columns]
        entries = [
            Entry(row.line, dict(zip(names, given, strict=True)))
            for row, given in zip(rows, zip(*values, strict=True), strict=True)
            if not wrong or row.line not in wrong
        ]
        for name in self._omissible:
            for entry in entries:
                if entry.values[name] is LEFT_OUT:
                    del entry.values[name]
        return entries

    def _is_whole(self, row: Row[Texts], refusals: Refusals) -> bool:
        broken = row.broken
        if not broken and len(row.content) != len(self._columns):
            cells, columns = len(row.content), len(self._columns)
            broken = f"has {cells} {'cell' if cells == 1 else 'cells'} where there are {columns} columns"
        if broken:
            refusals.add(row.line, (), broken, "row")
        return not broken

    def _column(self, index: int, rows: Sequence[Row[Texts]], wrong: set[int], refusals: Refusals) -> list[Any]:
        reader = self._readers[index]
        try:
            return [reader[row.content[index]] for row in rows]
        except ValueError:
            return [self._cell(index, row, wrong, refusals) for row in rows]

    def _cell(self, index: int, row: Row[Texts], wrong: set[int], refusals: Refusals) -> Any:
        text = row.content[index]
        try:
            return self._readers[index][text]
        except ValueError as error:
            wrong.add(row.line)
            said = f"{shown(text)} {error}" if text else str(error)
            refusals.add(row.line, (self._columns[index].header,), said, "value" if text else "missing")
            return None


def _may_be_left_out(column: Column) -> bool:
    """Tell whether an empty cell stands for a default: the field has one, and an empty text is nothing else."""
    field = column.field
    return column.relation is None and not (field.nullable or field.value.textual or field.required)


class _Reader(dict[str, Any]):
    """What each text means; a text that was not met yet is read."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        value = self._read(text)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = value
        return value


def _reader(column: Column, dialect: Dialect) -> Callable[[str], Any]:
    """A function that reads one text. It raises ValueError, whose text is a predicate that says what would be right.

    An empty text is null where the field may be null, the empty text where it is text, and its default where it has
    one; otherwise it is missing.
    """
    field = column.field
    nullable = field.nullable if column.relation is None else column.relation.nullable
    parse = parser_of_texts(field, dialect)

    def read(text: str) -> Any:
        if text:
            return parse(text)
        if nullable:
            return None
        if field.value.textual and column.relation is None:
            return parse(text)
        if _may_be_left_out(column):
            return LEFT_OUT
        raise ValueError("is required")

    return read
