"""Many records at once, from a table of texts or JSON objects: all of them, or none and every reason.

A `Source` knows what its rows are (`Table`, `Objects`, `Documents`); after it nobody does. A batch of rows at a time
goes through the steps, each a file: they become values (`cells`, `members`, `documents`), what they refer to is found
(`links`), and with a key the record that each changes (`matching`, `changing`); what is taken is told (`uniqueness`),
and the rest is inserted (`inserting`) or changed (`updating`) and held against the policy. A refused row does not end
it; when all have been looked at, one refusal is enough to undo everything, unless the good rows are to be written all
the same.
"""

from __future__ import annotations

from .cells import Table
from .columns import Columns
from .doors import create_each, objects_of, table_of
from .members import Objects
from .rows import Refusal, Row
from .source import Source
from .writing import BulkWriter, Outcome

__all__ = [
    "BulkWriter",
    "Columns",
    "Objects",
    "Outcome",
    "Refusal",
    "Row",
    "Source",
    "Table",
    "create_each",
    "objects_of",
    "table_of",
]
