"""Whether a database's parser can take a statement in.

SQLite's parser has a stack of 100 entries, unless it was built otherwise, and select within select fills it. How far a
statement goes is best asked of the very library that will read it: parsing comes before tables are looked for.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from sqlalchemy import Dialect

from colonnade.core.database.prepared import Prepared

_TOO_MUCH = re.compile(r"stack overflow|Expression tree is too large")


def can_parse(prepared: Prepared, dialect: Dialect) -> bool:
    """Tell whether the database of this dialect can parse a statement."""
    if dialect.name != "sqlite":
        return True
    with closing(sqlite3.connect(":memory:")) as empty:
        try:
            empty.execute(f"EXPLAIN {prepared.text}")
        except sqlite3.Error as error:
            return _TOO_MUCH.search(str(error)) is None
    return True
