"""The change log: every write of a resource leaves a row in it, in the transaction of the write.

`recording` listens to the flushes of the application's sessions and has their rows written (`entering`); `creating` and
`altering` write one record by a statement, `inserting` many new ones; `guard` refuses the statements that would go past
it.
`positions` numbers the rows when their transaction commits (`holding`: with the row, where there is one only), or
`sequencing` does afterwards, so that a reader who asks for what came after position N misses nothing; `images` writes a
record as JSON. The room reads no HTTP and knows no plug-in; the log is switched on by one (`config.keep_log`), which
makes its tables. What happens outside of the database (mail, live pages, other services) reads the log, and is never
done here.
"""

from __future__ import annotations

from .altering import Alteration, StoredRow, Unreadable
from .application import includeme, recorder_of
from .bulk import each, unlogged
from .creating import Creation
from .guard import BypassError
from .inserting import insert
from .log import Log, log_of
from .model import ChangeColumns, CounterColumns
from .origin import Origin, origin_of

__all__ = [
    "Alteration",
    "BypassError",
    "ChangeColumns",
    "CounterColumns",
    "Creation",
    "Log",
    "Origin",
    "StoredRow",
    "Unreadable",
    "each",
    "includeme",
    "insert",
    "log_of",
    "origin_of",
    "recorder_of",
    "unlogged",
]
