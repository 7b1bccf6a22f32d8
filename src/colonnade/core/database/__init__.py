"""Engines, sessions, transactions, the Model base, migrations: everything that talks to a database.

A plug-in may build a statement; only this room executes one. Reads go through :class:`ReadConnection`: prepared and
past SQLAlchemy (`fetch`, as `sending` has found out for the connection) or through it (`rows`), on one that is lent or
on one of the read-only pool (`pooled`). Writes go through the session of the request, those of one record by `fetch`.
What waits for the next statement (`waiting`), or for COMMIT (`last_statement`), goes with it.
What goes wrong leaves the room as a problem (`problem_of`). It knows no resource, no policy and no plug-in; what a
value looks like is core.values' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.database import Database, database_of, keep_database
from colonnade.core.database.deferred import check_deferred
from colonnade.core.database.errors import problem_of, translated
from colonnade.core.database.execution import execute, fetch, flush, statements_of
from colonnade.core.database.model import Model
from colonnade.core.database.parsing import can_parse
from colonnade.core.database.pooled import PooledReadConnection
from colonnade.core.database.prepared import Prepared
from colonnade.core.database.sending import commits_each
from colonnade.core.database.session_connection import connection_of
from colonnade.core.database.sessions import manager_of, read_connection_for, session_for, write_connection_for
from colonnade.core.database.settings import DatabaseSettings
from colonnade.core.database.snapshot import Snapshot, Stream

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = [
    "Database",
    "DatabaseSettings",
    "Model",
    "PooledReadConnection",
    "Prepared",
    "ReadConnection",
    "Snapshot",
    "Stream",
    "can_parse",
    "check_deferred",
    "commits_each",
    "connection_of",
    "database_of",
    "execute",
    "fetch",
    "flush",
    "includeme",
    "keep_database",
    "manager_of",
    "problem_of",
    "read_connection_for",
    "session_for",
    "statements_of",
    "translated",
    "write_connection_for",
]


def includeme(config: Configurator) -> None:
    """Make the application's database (without touching it), its transactions, and the answers to its errors."""
    from colonnade.core.settings import settings_of

    keep_database(config.registry, Database(settings_of(config.registry, DatabaseSettings)))
    config.include("colonnade.core.database.sessions")
    config.include("colonnade.core.database.views")
