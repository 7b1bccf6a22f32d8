"""Texts become values: by the type of the column's field, then by its constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Dialect

from colonnade.core.resources import Field
from colonnade.core.values.constraints import annotated, sentence
from colonnade.core.values.opaque import OpaqueValue
from colonnade.core.writing.author import Author
from colonnade.core.writing.binding import require_bindable

from .columns import Column
from .rows import Entry, Refusals, Row, shown

#: What an empty cell of a field with a default is: nothing that is written.
LEFT_OUT: Final = object()

#: How many texts of a column are remembered with their values. Tables repeat themselves: codes, dates, numbers.
_REMEMBERED = 50_000


class Cells:
    """Reads the texts of a table with these columns."""

    def __init__(self, author: Author, columns: Sequence[Column], refusals: Refusals) -> None:
        self._columns = columns
        self._refusals = refusals
        self._readers = [_Reader(_reader(column, author.dialect)) for column in columns]
        self._omissible = [column.field.name for column in columns if _may_be_left_out(column)]

    def read(self, rows: Sequence[Row]) -> list[Entry]:
        """The rows that can be read; the others are refused, cell by cell."""
        rows = [row for row in rows if self._is_whole(row)]
        wrong: set[int] = set()
        values = [self._column(index, rows, wrong) for index in range(len(self._columns))]
        fields = [cells for column, cells in zip(self._columns, values, strict=True) if column.relation is None]
        sought = [cells for column, cells in zip(self._columns, values, strict=True) if column.relation is not None]
        names = [column.field.name for column in self._columns if column.relation is None]
        entries = [
            Entry(row.line, dict(zip(names, given, strict=True)), named)
            for row, given, named in zip(rows, _rows(fields, len(rows)), _rows(sought, len(rows)), strict=True)
            if not wrong or row.line not in wrong
        ]
        for name in self._omissible:
            for entry in entries:
                if entry.values[name] is LEFT_OUT:
                    del entry.values[name]
        return entries

    def _is_whole(self, row: Row) -> bool:
        broken = row.broken
        if not broken and len(row.texts) != len(self._columns):
            cells, columns = len(row.texts), len(self._columns)
            broken = f"has {cells} {'cell' if cells == 1 else 'cells'} where there are {columns} columns"
        if broken:
            self._refusals.add(row.line, "", broken)
        return not broken

    def _column(self, index: int, rows: Sequence[Row], wrong: set[int]) -> list[Any]:
        reader = self._readers[index]
        try:
            return [reader[row.texts[index]] for row in rows]
        except ValueError:
            return [self._cell(index, row.texts[index], row, wrong) for row in rows]

    def _cell(self, index: int, text: str, row: Row, wrong: set[int]) -> Any:
        try:
            return self._readers[index][text]
        except ValueError as error:
            wrong.add(row.line)
            said = f"{shown(text)} {error}" if text else str(error)
            self._refusals.add(row.line, self._columns[index].header, said)
            return None


def _rows(columns: Sequence[list[Any]], number: int) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True) if columns else ((),) * number


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
    parse = _parser(field, dialect)

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


def _parser(field: Field, dialect: Dialect) -> Callable[[str], Any]:
    """A function that reads a text that is not empty: by the field's type, its constraints, its column's type."""
    if not field.constraints and not isinstance(field.value, OpaqueValue):
        return field.value.parse_text
    adapter: TypeAdapter[Any] = TypeAdapter(
        annotated(field.value.python_type, field.value.parse_text, {}, {}, field.constraints)  # type: ignore[arg-type]
    )

    def parse(text: str) -> Any:
        try:
            value = adapter.validate_python(text)
        except ValidationError as error:
            raise ValueError(sentence(error.errors()[0])) from None
        require_bindable(field, value, dialect)
        return value

    return parse
