"""The one read path: a query string becomes data, a plan, a statement, and JSON text.

`grammar` reads what was asked, `planning` resolves it for who asks, `sql` writes the statement of its `shape`, `shapes`
keeps it compiled, and `reader` runs it on the connection that it is given; `questions` remembers what has been read and
resolved before. Every door that reads (REST, export, pages) comes in by `reader_of(request)`. The policy is part of the
statement; there is no second evaluator.
"""

from __future__ import annotations

from .application import includeme, reader_of, reading_of
from .grammar import Query, parse
from .limits import ReadingSettings
from .reader import Listing, Reader, Within
from .whole import Records, Table, Whole

__all__ = [
    "Listing",
    "Query",
    "Reader",
    "ReadingSettings",
    "Records",
    "Table",
    "Whole",
    "Within",
    "includeme",
    "parse",
    "reader_of",
    "reading_of",
]
