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

from .beside import Beside
from .cascades import Cascades
from .log import Log
from .statements import PAST, Name, name_in, name_of, table_of, verb_of

_FLUSHING: Final = "colonnade.changes.flushing"


class BypassError(RuntimeError):
    """A statement would change the records of a resource, and the change log would not know."""


class Guard:
    """Watches the statements of an application's engines."""

    def __init__(self, log: Log, cascades: Cascades) -> None:
        self._tables = named_tables(log)
        self._beside = Beside(log, cascades)
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
            if resource is not None:
                if not self._is_flush(connection, statement, options):
                    raise BypassError(
                        f"This {verb_of(statement)} would go past the change log of {resource.name}. {_WAYS_ON}"
                    )
                continue
            given = compiled.column_keys or () if statement is compiled.statement else ()
            beside = self._beside.concerned(statement, connection.dialect, given)
            if beside and not self._is_flush_beside(connection, statement, options):
                raise BypassError(
                    f"This {verb_of(statement)} on {table_of(statement)} would go past the change log of "
                    f"{', '.join(each.name for each in beside)}, whose records it changes. {_WAYS_ON}"
                )

    def _is_flush(self, connection: sa.Connection, statement: UpdateBase, options: Any) -> bool:
        """Tell whether the unit of work itself sends it: not who listens to it, nor a statement of the ORM."""
        return _is_flushing(connection, statement) and id(options.get("compiled_cache")) in self._caches

    def _is_flush_beside(self, connection: sa.Connection, statement: UpdateBase, options: Any) -> bool:
        """The same of a table that nobody keeps: with a mapper of any class, or none where it is the list of one."""
        by_class = options.get("compiled_cache") is not None
        return _is_flushing(connection, statement) and (
            by_class or self._beside.is_list_of_flush(statement, connection.dialect)
        )


_WAYS_ON: Final = (
    "Write the records one by one, as objects or by colonnade.core.changes.each(session, statement); or say "
    "colonnade.core.changes.unlogged(session, statement, reason), which leaves a row that says how many were touched."
)


def _is_flushing(connection: sa.Connection, statement: UpdateBase) -> bool:
    known = connection.info.get(_FLUSHING)
    session = None if known is None else known()
    if session is None or _FLUSHING not in session.info or not session._flushing:
        return False
    return statement._propagate_attrs.get("compile_state_plugin") != "orm"


def _changing(compiled: Any) -> Iterator[UpdateBase]:
    """The statements within a compiled one that change something."""
    if isinstance(compiled.statement, UpdateBase):
        yield compiled.statement
    for each in compiled.ctes or ():
        if isinstance(each.element, UpdateBase):
            yield each.element


def named_tables(log: Log) -> dict[Name, Resource]:
    """The tables of kept resources by schema and name."""
    return {name_of(table): resource for table, resource in log.tables().items()}


def resource_of(statement: UpdateBase, tables: Mapping[Name, Resource], dialect: sa.Dialect) -> Resource | None:
    """The kept resource whose table a statement writes to, under whatever alias or declaration; None for others."""
    return tables.get(name_in(statement, dialect))
