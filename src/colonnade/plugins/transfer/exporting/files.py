"""What is read becomes the bytes of a file, a batch at a time.

CSV as RFC 4180 has it: a first line with the names of the columns, lines that end in CR LF, quotes where they are
needed, UTF-8. JSON Lines: a record of the API in each line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol, Self

from colonnade.core.reading import Query, Records, Table, Whole
from colonnade.core.resources import Resource
from colonnade.plugins.transfer.guard import guarded

#: Records of the first batch, of which nobody knows how long they are, and of any.
_FIRST: Final = 20
_MOST: Final = 2_000
#: Bytes of a batch, about: so that long records come one by one, and short ones by the thousand.
_WANTED: Final = 256 * 1024


class _Source(Protocol):
    def fetch(self, size: int) -> Sequence[Any]: ...

    def close(self) -> None: ...


class File(Iterator[bytes]):
    """The bytes of a file. The first of them are read when it is made, so whatever is wrong is raised there.

    An error on the way is raised by the iterator: whoever serves it breaks off, and a file that ends is whole. It holds
    a connection until it ends or is closed.
    """

    def __init__(self, source: _Source, write: Callable[[Sequence[Any]], bytes], head: bytes = b"") -> None:
        self._source = source
        self._write = write
        self._size = _FIRST
        try:
            self._first = head + self._more()
        except BaseException:
            source.close()
            raise

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        chunk = first or self._more()
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def _more(self) -> bytes:
        batch = self._source.fetch(self._size)
        if not batch:
            return b""
        chunk = self._write(batch)
        self._size = min(max(1, self._size * _WANTED // len(chunk)), _MOST)
        return chunk

    def close(self) -> None:
        """Give the connection back; servers do so where the client has left (PEP 3333)."""
        self._source.close()

    def __del__(self) -> None:
        # An answer that is dropped, because its transaction is tried again, is closed by nobody.
        if hasattr(self, "_source"):
            self._source.close()


def csv_file(whole: Whole, resource: Resource, query: Query, *, raw: bool = False) -> File:
    """A list as CSV.

    :param raw: leave texts as they are that a spreadsheet would take for formulas.
    """
    table: Table = whole.table(resource, query)

    def write(columns: Sequence[Sequence[Any]]) -> bytes:
        if not raw:
            columns = [guarded(each) if free else each for each, free in zip(columns, table.free, strict=True)]
        return _lines(zip(*columns, strict=True))

    return File(table, write, _lines([table.names]))


def json_lines_file(whole: Whole, resource: Resource, query: Query) -> File:
    """A list as JSON Lines."""
    records: Records = whole.records(resource, query)

    def write(batch: Sequence[str]) -> bytes:
        text = "\n".join(batch)
        if text.count("\n") >= len(batch):
            # White space in a JSON document that another program stored; within strings it is written \\n.
            text = "\n".join([each.replace("\n", " ") for each in batch])
        return f"{text}\n".encode()

    return File(records, write)


def _lines(rows: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
