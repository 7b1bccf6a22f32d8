"""Cells that a spreadsheet would take for formulas, and how they are told from those.

A text that begins with one of these signs is run by Excel and its like when a table of text is opened, whoever wrote it
(OWASP, "CSV Injection"). An apostrophe before it makes it text again. Where apostrophes stand before such a sign, one
more is put before them: so what has one too many is known, and `unguarded` undoes exactly what `guarded` did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_SIGNS: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # the last four are = + - @ in full width
_FORMULA: Final = re.compile(f"'*[{re.escape(_SIGNS)}]")
_GUARDED: Final = re.compile(f"'+[{re.escape(_SIGNS)}]")
#: What a text has to begin with to be looked at any closer.
_SUSPECT: Final = frozenset(f"{_SIGNS}'")


def guarded(texts: Sequence[str | None]) -> list[str | None]:
    """The cells of a column, each as a spreadsheet may open it; None is an empty cell."""
    return [f"'{text}" if text and text[0] in _SUSPECT and _FORMULA.match(text) else text for text in texts]


def unguarded(text: str) -> str:
    """The text that a cell was made of."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text
