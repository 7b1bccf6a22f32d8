"""Statements that would change records past the log, refused before they are executed.

SQLAlchemy shows every INSERT, UPDATE and DELETE that it writes, those within a WITH included; raw text it does not,
which is its author's responsibility.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from weakref import ref

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from colonnade.core.resources import Resource

from .log import Log

#: Execution option of a statement whose changes are in the log by other means, or not at all by its author's word.
PAST: Final = "colonnade_past_the_log"
_FLUSHING: Final = "colonnade.changes.flushing"


class BypassError(RuntimeError):
    """A statement would change the records of a resource, and the change log would not know."""


class Guard:
    """Watches the statements of an application's engines."""

    def __init__(self, log: Log) -> None:
        self._tables = named_tables(log)
        # What the unit of work writes is compiled into a cache of its mapper's own, which no other statement names.
        self._caches = {id(each.mapper.base_mapper._compiled_cache) for each in log.kept()}

    def before_flush(self, session: Session, *_: object) -> None:
        """What the unit of work writes from here on is recorded."""
        session.info[_FLUSHING] = True
        session.connection().info[_FLUSHING] = ref(session)

    def after_flush(self, session: Session, *_: object) -> None:
        """The unit of work has written everything, or has failed."""
        session.info.pop(_FLUSHING, None)

    def before_cursor_execute(
        self, connection: sa.Connection, cursor: Any, text: str, parameters: Any, context: Any, many: bool
    ) -> None:
        """:raises BypassError: for a statement of Core or ORM that is no flush's."""
        compiled = None if context is None else context.compiled
        if compiled is None or not (
            context.isinsert or context.isupdate or context.isdelete or getattr(compiled, "ctes", None)
        ):
            return
        options = context.execution_options
        if options.get(PAST) or connection.info.get(PAST):
            return
        for statement in _changing(compiled):
            resource = resource_of(statement, self._tables, connection.dialect)
            if resource is not None and not self._is_flush(connection, statement, options):
                raise BypassError(
                    f"This {verb_of(statement)} would go past the change log of {resource.name}. Write the records "
                    "one by one, as objects or by colonnade.core.changes.each(session, statement); or say "
                    "colonnade.core.changes.unlogged(session, statement, reason), which leaves a row that says how "
                    "many were touched."
                )

    def _is_flush(self, connection: sa.Connection, statement: UpdateBase, options: Any) -> bool:
        """Tell whether the unit of work itself sends it: not who listens to it, nor a statement of the ORM."""
        known = connection.info.get(_FLUSHING)
        session = None if known is None else known()
        if session is None or _FLUSHING not in session.info or not session._flushing:
            return False
        by_orm = statement._propagate_attrs.get("compile_state_plugin") == "orm"
        return id(options.get("compiled_cache")) in self._caches and not by_orm


def _changing(compiled: Any) -> Iterator[UpdateBase]:
    """The statements within a compiled one that change something."""
    if isinstance(compiled.statement, UpdateBase):
        yield compiled.statement
    for each in compiled.ctes or ():
        if isinstance(each.element, UpdateBase):
            yield each.element


def named_tables(log: Log) -> dict[tuple[str | None, str], Resource]:
    """The tables of kept resources by schema and name: the same one may be declared twice."""
    return {_name(table): resource for table, resource in log.tables().items()}


def resource_of(
    statement: UpdateBase, tables: Mapping[tuple[str | None, str], Resource], dialect: sa.Dialect
) -> Resource | None:
    """The kept resource whose table a statement writes to, under whatever alias or declaration; None for others."""
    schema, name = _name(table_of(statement))
    return tables.get((schema if schema != dialect.default_schema_name else None, name))


def table_of(statement: UpdateBase) -> Any:
    """The table that a statement writes to; not the alias that it has there."""
    table: Any = statement.table
    while isinstance(table, sa.sql.selectable.AliasedReturnsRows):
        table = table.element
    return table


def verb_of(statement: UpdateBase) -> str:
    """What a statement does: insert, update or delete."""
    return "insert" if statement.is_insert else "update" if statement.is_update else "delete"


def _name(table: Any) -> tuple[str | None, str]:
    return getattr(table, "schema", None), str(getattr(table, "name", ""))
