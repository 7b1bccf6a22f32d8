"""The present moment in SQL, in the form that both databases compare and store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .datetimes import UtcDateTime

_MICROSECOND: Final = timedelta(microseconds=1)
_NOTHING: Final = timedelta()


def utc_now(offset: timedelta = _NOTHING) -> ColumnElement[datetime]:
    """The moment at which the transaction began on PostgreSQL, the statement on SQLite, plus a fixed offset.

    ``Token.used_at > utc_now(-timedelta(days=7))``: in SQLAlchemy's SQL for SQLite, ``func.now() - timedelta`` is a
    number of no meaning. Milliseconds count on SQLite, where CURRENT_TIMESTAMP has whole seconds.
    """
    # As a clause, the offset is part of the statement's cache key.
    return _UtcNow(literal_column(str(offset // _MICROSECOND)))


class _UtcNow(FunctionElement[datetime]):
    name = "utc_now"
    type = UtcDateTime()
    inherit_cache = True


def _offset(element: _UtcNow) -> int:
    (microseconds,) = element.clauses
    return int(str(microseconds))


@compiles(_UtcNow)
def _postgresql(element: _UtcNow, compiler: Any, **kw: Any) -> str:
    offset = _offset(element)
    return f"(now() + interval '{offset} microseconds')" if offset else "now()"


@compiles(_UtcNow, "sqlite")
def _sqlite(element: _UtcNow, compiler: Any, **kw: Any) -> str:
    offset = _offset(element)
    shift = f", '{offset / 1_000_000:+.3f} seconds'" if offset else ""
    # %f has three digits. A fraction of zero is not stored: see UtcDateTime.
    return f"replace(strftime('%Y-%m-%d %H:%M:%f000', 'now'{shift}), '.000000', '')"
