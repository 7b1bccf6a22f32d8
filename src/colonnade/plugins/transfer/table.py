"""A CSV file (RFC 4180) as rows of text, each with the line that it begins on.

UTF-8, with or without a byte order mark; the first row names the columns. The file is read twice, to count and to read,
so it is a file and not a pipe; ``-`` is standard input, kept in memory.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.writing import Row

#: The longest text of one cell, in characters.
LONGEST_CELL = 10_000_000


class CsvTable:
    """The rows of a CSV file."""

    def __init__(self, path: str, delimiter: str = ",") -> None:
        """:raises Unprocessable: if there is no such file, or it is not in UTF-8; the line is named."""
        self.delimiter = delimiter
        self._text = _text_of(path)
        csv.field_size_limit(LONGEST_CELL)
        rows = self._rows()
        first = next(rows, None)
        if first is None:
            raise _refused("The file is empty; its first line names the columns.")
        self.headers: tuple[str, ...] = tuple(header.strip() for header in first[1])
        blank = [str(place) for place, header in enumerate(self.headers, start=1) if not header]
        if blank:
            raise _refused(f"Line 1: column {', '.join(blank)} has no name.")

    def count(self) -> int:
        """About how many rows there are: lines, without the headers. For a progress bar."""
        return max(0, self._text.count("\n") + (not self._text.endswith("\n")) - 1)

    def rows(self) -> Iterator[Row]:
        """The rows after the headers; lines without any text are passed over.

        :raises Unprocessable: for a row of more or fewer cells than there are headers, and for quotes that are wrong.
        """
        width = len(self.headers)
        rows = self._rows()
        next(rows)
        wrong = []
        for line, texts in rows:
            if not texts:
                continue
            if len(texts) != width:
                wrong.append(Fault(f"line {line}: has {len(texts)} cells, and there are {width} columns", code="cells"))
                continue
            yield Row(line, texts)
        if wrong:
            raise _refused("Some rows do not have the columns of the first line.", *wrong)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self.delimiter, strict=True)
        line = 1
        try:
            for texts in reader:
                yield line, texts
                line = reader.line_num + 1
        except csv.Error as error:
            raise _refused(f"Line {line}: is not CSV: {error}.") from None


def _text_of(path: str) -> str:
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(f"Line {line}: is not UTF-8; save the file in that encoding.") from None


def _refused(detail: str, *faults: Fault) -> Unprocessable:
    return Unprocessable(detail, faults=faults)
