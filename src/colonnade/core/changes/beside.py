"""Statements on tables that nobody keeps, which change kept records all the same: what the database does along with
them, and the lists of keys that a table between two classes holds.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.dependency import _ManyToManyDP
from sqlalchemy.sql.dml import UpdateBase

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .cascades import Cascades, Values
from .lists import Lists, Pairs, tables_between
from .log import Log
from .recording import Recorder
from .rows import told
from .statements import PAST, Name, given_by, name_in, name_of, plain, set_by


class Beside:
    """Knows the tables whose rows have to do with kept records, though they are none."""

    def __init__(self, log: Log, cascades: Cascades) -> None:
        self._log = log
        self._cascades = cascades

    @cached_property
    def between(self) -> Mapping[Name, tuple[sa.Table, Sequence[Pairs]]]:
        """The tables that hold lists, by schema and name."""
        return {name_of(table): (table, pairs) for table, pairs in tables_between(self._log).items()}

    @cached_property
    def leading(self) -> Mapping[Name, sa.Table]:
        """The tables that kept records refer to, and by whose changes these are changed."""
        return {name_of(table): table for table in self._cascades.keys if isinstance(table, sa.Table)}

    def concerned(
        self, statement: UpdateBase, dialect: sa.Dialect, given: Collection[str] = ()
    ) -> tuple[Resource, ...]:
        """The kept resources whose records a statement on another table changes.

        :param given: the names of the columns that its parameters give.
        """
        name = name_in(statement, dialect)
        if name in self.between:
            return tuple(dict.fromkeys(resource for resource, _ in self.between[name][1]))
        table = self.leading.get(name)
        if table is None or statement.is_insert:
            return ()
        names = {*given, *(_key(column) for column, _ in set_by(statement))} if statement.is_update else set()
        changed = [column for column in table.c if column.key in names] if statement.is_update else None
        return tuple(dict.fromkeys(self._cascades.reached(table, changed)))

    def is_list_of_flush(self, statement: UpdateBase, dialect: sa.Dialect) -> bool:
        """Tell whether the unit of work itself writes the pairs of a list just now."""
        return name_in(statement, dialect) in self.between and _is_writing_lists()


def each_beside(session: Session, recorder: Recorder, beside: Beside, statement: Any) -> int:
    """Execute a statement on a table that nobody keeps; the log has every record that it changes.

    :returns: how many rows it meant.
    :raises ValueError: for what cannot be followed.
    """
    name = name_in(statement, session.get_bind().dialect)
    if name in beside.between:
        return _each_pair(session, recorder, *beside.between[name], statement)
    table = beside.leading[name]
    rows = list(_rows(session, table, statement))
    recorder.read_beside(session, table, rows)
    execute(session, statement.execution_options(**{PAST: True}))
    recorder.write_touched(session)
    return len(rows)


def _each_pair(
    session: Session, recorder: Recorder, table: sa.Table, relations: Sequence[Pairs], statement: Any
) -> int:
    if statement.is_update:
        raise ValueError(
            f"{table} holds lists of keys: delete the pairs that go and insert those that come, each by itself"
        )
    if statement.is_insert:
        pairs = [{_key(column): plain(value) for column, value in row.items()} for row in given_by(session, statement)]
    else:
        names = [column.key for column in table.c]
        asked = sa.select(*(statement.table.c[each] for each in names)).where(*statement._where_criteria)
        pairs = [dict(zip(names, row, strict=True)) for row in execute(session, asked)]
    lists = Lists(session, recorder.log, table, relations, pairs)
    if statement.is_insert and pairs:
        execute(session, sa.insert(table).execution_options(**{PAST: True}), pairs)
    elif pairs:
        execute(session, statement.execution_options(**{PAST: True}))
    recorder.entries.write(session, [row for change in lists.changes() for row in told(*change)])
    return len(pairs)


def _rows(session: Session, table: sa.Table, statement: Any) -> Iterator[tuple[Values, Values | None]]:
    """The rows that an UPDATE or DELETE means, as they are and as they will be."""
    source = statement.table
    set_to = {table.c[_key(column)]: value for column, value in set_by(statement)} if statement.is_update else {}
    named = [
        sa.type_coerce(value, column.type).label(f"value_{place}")
        for place, (column, value) in enumerate(set_to.items())
    ]
    asked = sa.select(*(source.c[column.key] for column in table.c), *named).select_from(source)
    for found in execute(session, asked.where(*statement._where_criteria).with_for_update(of=source)).all():
        row = dict(zip(table.c, found, strict=False))
        after = {**row, **dict(zip(set_to, found[len(row) :], strict=True))}
        yield row, None if statement.is_delete else after


def _key(column: Any) -> str:
    return column if isinstance(column, str) else str(column.key)


def _is_writing_lists() -> bool:
    """Whether the unit of work's own code for lists is what runs: it names itself in no other way."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code is _ManyToManyDP._run_crud.__code__:
            return True
    return False
