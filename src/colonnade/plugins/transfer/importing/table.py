"""A CSV file (RFC 4180) as rows of text, each with the line that it begins on.

UTF-8, with or without a byte order mark; the first row names the columns. Rows are read as they are asked for, so a
file of any length takes no more memory than its longest row.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from colonnade.core.problems import Unprocessable
from colonnade.core.writing.bulk import Row

#: The longest text of one cell, in characters.
LONGEST_CELL = 10_000_000

_CHUNK = 1 << 20


@contextmanager
def opened(path: str, delimiter: str = ",") -> Iterator[CsvTable]:
    """The table of a file; ``-`` is standard input.

    :raises Unprocessable: if there is no such file, or its first line names no columns.
    """
    try:
        # Standard input can be read once only, and the rows are counted first.
        stream = _kept(sys.stdin.buffer) if path == "-" else Path(path).open("rb")  # noqa: SIM115 closed below
    except OSError as error:
        raise Unprocessable(f"{path} cannot be read: {error.strerror}.") from None
    with stream:
        yield CsvTable(stream, delimiter)


def _kept(stream: BinaryIO) -> BinaryIO:
    kept = tempfile.SpooledTemporaryFile(max_size=8 * _CHUNK)  # noqa: SIM115 it is the caller's
    shutil.copyfileobj(stream, kept)
    return kept  # type: ignore[return-value]


class CsvTable:
    """The rows of a CSV file.

    :param stream: the file, which can be read from its beginning again.
    """

    def __init__(self, stream: BinaryIO, delimiter: str = ",") -> None:
        """:raises Unprocessable: if the first line names no columns, or not all of them."""
        self._stream = stream
        self._delimiter = delimiter
        csv.field_size_limit(LONGEST_CELL)
        first = next(self._read(), None)
        if first is None:
            raise Unprocessable("The file is empty; its first line names the columns.")
        if first.broken:
            raise Unprocessable(f"Line {first.line}: {first.broken}.")
        self.headers: tuple[str, ...] = tuple(header.strip() for header in first.texts)
        self._require_names(first.line)

    def _require_names(self, line: int) -> None:
        places = [str(place) for place, header in enumerate(self.headers, start=1) if not header]
        if places:
            raise Unprocessable(f"Line {line}: column {', '.join(places)} has no name.")
        if len(self.headers) == 1:
            other = next((sign for sign in ";\t|," if sign != self._delimiter and sign in self.headers[0]), None)
            if other is not None:
                said = {"\t": "\\t"}.get(other, other)
                raise Unprocessable(f"Line {line}: is one column; --delimiter '{said}' would make several of it.")

    def count(self) -> int:
        """About how many rows there are: lines, without the headers. For a progress bar."""
        self._stream.seek(0)
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: self._stream.read(_CHUNK), b""))
        return max(lines - 1, 0)

    def rows(self) -> Iterator[Row]:
        """The rows after the headers; those without any text are passed over. What cannot be read is the last one."""
        rows = self._read()
        next(rows, None)
        return (row for row in rows if row.broken or any(row.texts))

    def _read(self) -> Iterator[Row]:
        self._stream.seek(0)
        text = io.TextIOWrapper(self._stream, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        line = 1
        try:
            for texts in reader:
                if texts:
                    yield Row(line, texts)
                line = reader.line_num + 1
        except csv.Error as error:
            yield Row(line, (), f"is not CSV ({error}); nothing after it was read")
        except UnicodeDecodeError:
            yield Row(self._line_of_bad_text(), (), "is not UTF-8; save the file in that encoding")
        finally:
            if not text.closed:
                text.detach()

    def _line_of_bad_text(self) -> int:
        self._stream.seek(0)
        for line, text in enumerate(self._stream, start=1):
            try:
                text.decode()
            except UnicodeDecodeError:
                return line
        return 1
