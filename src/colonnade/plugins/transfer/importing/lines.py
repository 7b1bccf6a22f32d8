"""A file of JSON Lines (jsonlines.org): one JSON value a line, in UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from colonnade.core.body import parse_json
from colonnade.core.problems import BadRequest
from colonnade.core.writing.bulk import Row

from .table import LINE, REASON

#: The longest line, in bytes.
LONGEST_LINE = 10_000_000

_MARK = b"\xef\xbb\xbf"


class JsonLines:
    """The values of a file of JSON Lines.

    :param stream: the file, at its beginning; it stays open.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def texts(self) -> Iterator[tuple[int, bytes]]:
        """The lines that have any text, with their numbers from 1; one that is too long is the last, cut short."""
        number = 0
        while text := self._stream.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1:
                text = text.removeprefix(_MARK)
            if text.strip():
                yield number, text
            if len(text) > LONGEST_LINE:
                return

    def rows(self) -> Iterator[Row[object]]:
        """The values, once."""
        for number, text in self.texts():
            yield self._row(number, text)

    def _row(self, number: int, text: bytes) -> Row[object]:
        if len(text) > LONGEST_LINE:
            return Row(number, None, f"is longer than {LONGEST_LINE:,} bytes; nothing after it was read")
        try:
            value = parse_json(text.rstrip())
        except BadRequest as problem:
            return Row(number, None, _said(problem))
        if isinstance(value, dict) and (LINE in value or REASON in value):
            value = {name: member for name, member in value.items() if name not in (LINE, REASON)}
        return Row(number, value)


def _said(problem: BadRequest) -> str:
    """What is wrong with a body that is one line, as a predicate of that line."""
    return re.sub(r"^The body (?=is)|line 1, |\.$", "", problem.detail)
