"""Files to import: which format they are of, how their rows are read, and where those go that are rejected."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from colonnade.core.problems import Unprocessable
from colonnade.core.resources import Resource
from colonnade.core.writing import Writer
from colonnade.core.writing.bulk import Refusal, Row, Source, objects_of, table_of

from .lines import JsonLines
from .table import LINE, REASON, CsvTable

Format = Literal["csv", "jsonl"]

_BY_SUFFIX: Mapping[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl"}
_CHUNK = 1 << 20
#: What an earlier rejection has added to a line.
_TOLD = re.compile(rb"""(, )?"_line": \d+, "_reason": "(?:[^"\\]|\\.)*"}$""")


def format_of(path: str) -> Format:
    """The format that a file's name tells; CSV if it tells nothing."""
    return _BY_SUFFIX.get(Path(path).suffix.lower(), "csv")


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """A file that can be read from its beginning again; ``-`` is standard input.

    :raises Unprocessable: if it cannot be read.
    """
    with ExitStack() as opening:
        try:
            if path == "-":
                stream: IO[bytes] = opening.enter_context(tempfile.SpooledTemporaryFile(max_size=8 * _CHUNK))
                shutil.copyfileobj(sys.stdin.buffer, stream)
                stream.seek(0)
            else:
                stream = opening.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise Unprocessable(f"{path} cannot be read: {error.strerror}.") from None
        yield stream


def count_lines(stream: IO[bytes]) -> int:
    """How many lines a file has; it is at its beginning afterwards."""
    stream.seek(0)
    lines = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))
    stream.seek(0)
    return lines


@dataclass(frozen=True)
class Reading:
    """How rows are to be read.

    renamed: pairs of a header (or member) and what it gives.
    key: by what a row leads to the record that it changes; () where every row creates one.
    raw: whether cells are as they stand; otherwise `guard` was there before.
    """

    format: Format
    delimiter: str = ","
    raw: bool = False
    renamed: Sequence[tuple[str, str]] = ()
    key: Sequence[str] = ()

    def begin(self, stream: IO[bytes], writer: Writer, resource: Resource) -> tuple[Source[Any], Iterable[Row[Any]]]:
        """The source of the rows of a stream, and the rows.

        :raises Unprocessable: for columns that do not fit.
        :raises Forbidden: for what the author may not write.
        """
        if self.format == "csv":
            table = CsvTable(stream, self.delimiter, raw=self.raw)
            return table_of(writer, resource, table.headers, self.renamed, self.key), table.rows()
        return objects_of(writer, resource, self.renamed, self.key), JsonLines(stream).rows()

    def reject(self, stream: IO[bytes], refusals: Iterable[Refusal], path: str) -> None:
        """Write the rows that were refused to a file, as they stood, each with its line and the reasons.

        :param stream: where the rows were read from, at its beginning.
        :raises Unprocessable: if the file cannot be written.
        """
        reasons: dict[int, list[str]] = defaultdict(list)
        for refusal in refusals:
            reasons[refusal.line].append(refusal.said)
        said = {line: "; ".join(each) for line, each in reasons.items()}
        try:
            if self.format == "csv":
                self._reject_rows(stream, said, path)
            else:
                _reject_lines(stream, said, path)
        except OSError as error:
            raise Unprocessable(f"{path} cannot be written, so nothing was: {error.strerror}.") from None

    def _reject_rows(self, stream: IO[bytes], reasons: Mapping[int, str], path: str) -> None:
        table = CsvTable(stream, self.delimiter, raw=True)
        with Path(path).open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, delimiter=self.delimiter, lineterminator="\n")
            writer.writerow([*table.headers, LINE, REASON])
            for row in table.rows():
                if row.line in reasons:
                    lacking = [""] * (len(table.headers) - len(row.content))
                    writer.writerow([*row.content, *lacking, row.line, reasons[row.line]])


def _reject_lines(stream: IO[bytes], reasons: Mapping[int, str], path: str) -> None:
    """A line that is a JSON object stays as it is, with two members more; any other stands as text beside them."""
    with Path(path).open("wb") as file:
        for number, text in JsonLines(stream).texts():
            if number in reasons:
                told = json.dumps({LINE: number, REASON: reasons[number]}, ensure_ascii=False).encode()
                kept = _TOLD.sub(b"}", text.strip())
                if not (kept.startswith(b"{") and kept.endswith(b"}")):
                    kept = json.dumps({"_text": text.decode(errors="replace").strip()}, ensure_ascii=False).encode()
                comma = b", " if kept[1:-1].strip() else b""
                file.write(kept[:-1] + comma + told[1:] + b"\n")
