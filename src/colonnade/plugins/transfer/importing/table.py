"""A CSV file (RFC 4180) as rows of text, each with the line that it begins on.

UTF-8, with or without a byte order mark; the first row names the columns. Rows are read as they are asked for, from the
beginning to the end, so a file of any length takes no more memory than its longest row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import IO

from colonnade.core.problems import Unprocessable
from colonnade.core.writing.bulk import Row
from colonnade.plugins.transfer.guard import unguarded

#: The longest text of one cell, in characters.
LONGEST_CELL = 10_000_000

#: What a file of rejected rows has besides the columns of the file that they stood in; an import passes it over.
LINE = "_line"
REASON = "_reason"


class CsvTable:
    """The rows of a CSV file.

    :param stream: the file, at its beginning; it stays open.
    :param raw: whether cells are to be taken as they stand; otherwise what an export puts before formulas goes.
    """

    def __init__(self, stream: IO[bytes], delimiter: str = ",", *, raw: bool = False) -> None:
        """:raises Unprocessable: if the first line names no columns, or not all of them."""
        self._delimiter = delimiter
        self._raw = raw
        self._undecodable = self._quoted = False
        self._rows = self._read(stream)
        first = next(self._rows, None)
        if first is None:
            raise Unprocessable("The file is empty; its first line names the columns.")
        if first.broken:
            raise Unprocessable(f"Line {first.line}: {first.broken}.")
        names = [header.strip() for header in first.content]
        self._require_names(names, first.line)
        #: The places of what is no column of ours.
        self._passed_over = [place for place, name in enumerate(names) if name in (LINE, REASON)]
        self.headers: tuple[str, ...] = tuple(self._without(names))

    def _require_names(self, names: Sequence[str], line: int) -> None:
        places = [str(place) for place, header in enumerate(names, start=1) if not header]
        if places:
            raise Unprocessable(f"Line {line}: column {', '.join(places)} has no name.")
        if len(names) == 1:
            other = next((sign for sign in ";\t|," if sign != self._delimiter and sign in names[0]), None)
            if other is not None:
                said = {"\t": "\\t"}.get(other, other)
                raise Unprocessable(f"Line {line}: is one column; --delimiter '{said}' would make several of it.")

    def rows(self) -> Iterator[Row[Sequence[str]]]:
        """The rows after the headers, once; those without any text are passed over."""
        rows = (row for row in self._rows if row.broken or any(row.content))
        if not self._passed_over:
            return rows
        return (Row(row.line, self._without(row.content), row.broken) for row in rows)

    def _without(self, cells: Sequence[str]) -> list[str]:
        return [cell for place, cell in enumerate(cells) if place not in self._passed_over]

    def _read(self, stream: IO[bytes]) -> Iterator[Row[Sequence[str]]]:
        # Bytes that are no UTF-8 are told by the row that they stand in, and written back as they were.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(self._lines(text), delimiter=self._delimiter, strict=True)
        line = 1
        try:
            for texts in reader:
                if self._undecodable:
                    self._undecodable = False
                    yield Row(line, texts, "is not UTF-8; save the file in that encoding")
                elif texts:
                    yield Row(line, [unguarded(text) for text in texts] if self._quoted else texts)
                self._quoted = False
                line = reader.line_num + 1
        except csv.Error as error:
            yield Row(line, (), f"is not CSV ({error}); nothing after it was read")
        finally:
            if not text.closed:
                text.detach()

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        for line in text:
            if "'" in line and not self._raw:
                self._quoted = True
            if not line.isascii():
                try:
                    line.encode()
                except UnicodeEncodeError:
                    self._undecodable = True
            yield line
