"""Statements that would change records past the log, refused before they are executed.

SQLAlchemy shows every INSERT, UPDATE and DELETE that it writes; raw text it does not, which is its author's
responsibility.
"""

from __future__ import annotations

from typing import Any, Final
from weakref import ref

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from .log import Log

#: Execution option of a statement whose changes are in the log by other means, or not at all by its author's word.
PAST: Final = "colonnade_past_the_log"
_FLUSHING: Final = "colonnade.changes.flushing"


class BypassError(RuntimeError):
    """A statement would change the records of a resource, and the change log would not know."""


class Guard:
    """Watches the statements of an application's engines."""

    def __init__(self, log: Log) -> None:
        self._tables = dict(log.tables())

    def before_flush(self, session: Session, *_: object) -> None:
        """What the unit of work writes is recorded."""
        session.connection().info[_FLUSHING] = ref(session)

    def before_execute(
        self, connection: sa.Connection, statement: Any, multi: Any, parameters: Any, options: Any
    ) -> None:
        """:raises BypassError: for a statement of Core or ORM that is no flush's."""
        if not isinstance(statement, UpdateBase) or options.get(PAST) or statement.get_execution_options().get(PAST):
            return
        resource = self._tables.get(statement.table)
        if resource is None or _is_flushing(connection):
            return
        raise BypassError(
            f"This {_verb(statement)} would go past the change log of {resource.name}. Write the "
            "records one by one, as objects or by changes.each(session, statement); or say "
            "changes.unlogged(session, statement, reason), which leaves a row that says how many were touched."
        )


def _verb(statement: UpdateBase) -> str:
    return "insert" if statement.is_insert else "update" if statement.is_update else "delete"


def _is_flushing(connection: sa.Connection) -> bool:
    known = connection.info.get(_FLUSHING)
    session = None if known is None else known()
    return session is not None and bool(session._flushing)
