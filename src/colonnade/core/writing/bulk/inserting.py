"""Rows go into the database, a batch at once; where it refuses a batch, the rows at fault are found."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from colonnade.core.database import execute, flush
from colonnade.core.policy import ResourceAccess
from colonnade.core.problems import Conflict, Problem, Unprocessable
from colonnade.core.writing.author import Author
from colonnade.core.writing.fields import WritableFields
from colonnade.core.writing.lookup import Key
from colonnade.core.writing.records import new_record
from colonnade.core.writing.results import Results
from colonnade.core.writing.telling import told_to

from .columns import Column, names_of
from .rows import Entry, Refusals, batches
from .uniqueness import Uniqueness

#: How many rows are tried at once where one of them is at fault.
FEW = 100


class Inserting:
    """Inserts rows of a table, and holds the new records against the policy."""

    def __init__(
        self,
        author: Author,
        access: ResourceAccess,
        columns: Sequence[Column],
        uniqueness: Uniqueness,
        refusals: Refusals,
    ) -> None:
        self._author = author
        self._fields = WritableFields(access)
        self._resource = access.resource
        self._uniqueness = uniqueness
        self._refusals = refusals
        self._headers = names_of(columns)
        self._results = Results(author, access, self._headers)
        self._key = [field.name for field in self._resource.key]
        self._as_objects = not _is_plain(self._resource.mapper)
        self._insert = self._by_objects if self._as_objects else self._by_statement

    def insert(self, entries: Sequence[Entry]) -> None:
        """Insert rows. Those that the database or the policy does not take are refused."""
        for _, alike in groupby(entries, key=lambda entry: tuple(entry.values)):
            group = list(alike)
            if self._try(group) is not None:
                # What is taken can be asked for, for all of them at once; anything else has to be tried.
                self._search(self._uniqueness.beside(group))

    def _try(self, entries: Sequence[Entry]) -> Problem | None:
        """Insert rows that give the same fields; if one of them is not taken, none is, and the answer says why."""
        try:
            with told_to(self._fields), self._savepoint():
                keys = self._insert(entries)
        except (Conflict, Unprocessable) as problem:
            return problem
        refused = self._results.refused(keys)
        for entry, key in zip(entries, keys, strict=True) if refused else ():
            if key in refused:
                self._refusals.add(entry.line, "", f"is no record of {self._resource.name} that you may create")
        return None

    def _search(self, entries: Sequence[Entry]) -> None:
        """Find the rows at fault: insert a few at a time, and where these are not taken, each by itself."""
        for few in batches(entries, FEW):
            if self._try(few) is None:
                continue
            for entry in few:
                if self._refusals.enough:
                    return
                if problem := self._try([entry]):
                    self._refuse(entry, problem)

    def _savepoint(self) -> AbstractContextManager[object]:
        """A savepoint. That of a session costs twice as much, which shows where rows are tried one by one."""
        session = self._author.session
        return session.begin_nested() if self._as_objects else session.connection().begin_nested()

    def _by_statement(self, entries: Sequence[Entry]) -> Sequence[Key]:
        """Insert all by one statement of Core; the keys are only asked for where the policy needs them."""
        mapper, session = self._resource.mapper, self._author.session
        columns = {name: mapper.columns[name] for name in entries[0].values}
        if all(name == column.key for name, column in columns.items()):
            rows = [entry.values for entry in entries]
        else:
            rows = [{columns[name].key: value for name, value in entry.values.items()} for entry in entries]
        statement = sa.insert(mapper.local_table)  # type: ignore[arg-type]
        if self._results.undecided:
            key = (mapper.columns[name] for name in self._key)
            returning = statement.returning(*key, sort_by_parameter_order=True)
            return [tuple(row) for row in execute(session, returning, rows, mapper=mapper)]
        execute(session, statement, rows, mapper=mapper)
        return ()

    def _by_objects(self, entries: Sequence[Entry]) -> Sequence[Key]:
        """Insert by the ORM, object by object."""
        records = [new_record(self._resource, entry.values) for entry in entries]
        self._author.session.add_all(records)
        flush(self._author.session, self._resource.mapper)
        return [tuple(getattr(record, name) for name in self._key) for record in records]

    def _refuse(self, entry: Entry, problem: Problem) -> None:
        said: dict[str, list[str]] = {}
        for fault in problem.faults:
            name = (fault.pointer or "").removeprefix("/")
            said.setdefault(fault.detail, []).append(self._headers.get(name, name))
        for detail, headers in (said or {problem.detail: []}).items():
            self._refusals.add(entry.line, ", ".join(dict.fromkeys(headers)), detail)


def _is_plain(mapper: Mapper[Any]) -> bool:
    """Tell whether a statement of Core makes the same record that the ORM would make.

    It would not where a record is more than one row of one table, where the ORM adds something (a polymorphic identity,
    the version of a row), or where somebody listens when an object is made, set or written.
    """
    manager = mapper.class_manager
    return (
        isinstance(mapper.local_table, sa.Table)
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not mapper.dispatch.before_insert
        and not mapper.dispatch.after_insert
        and not any(manager[prop.key].dispatch.set for prop in mapper.column_attrs)
    )
