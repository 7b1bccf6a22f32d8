"""What the database refuses, told to one who does not see every field.

A field that does not exist for somebody is named to them in no message: not as the field whose value is taken, nor by
the name of a rule that speaks of it.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from colonnade.core.database.violations import Kind, Violation, violation_of
from colonnade.core.problems import Conflict, Fault, Problem, Unprocessable
from colonnade.core.resources import Resource

from .fields import WritableFields
from .references import attribute_of


class ToldTo(AbstractContextManager[None]):
    """Raises what the database refuses in the block as its author may hear it.

    :raises Conflict: for a value that is taken, and where others refer to what would be no more.
    :raises Unprocessable: for a rule that does not hold, and a value that a column's own type does not take.
    """

    def __init__(self, fields: WritableFields, *, referred: bool = False) -> None:
        """:param referred: whether what others refer to is changed; the record's own references have been looked at."""
        self._fields = fields
        self._referred = referred

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, (Conflict, Unprocessable)):
            raise _audible(error, self._fields, referred=self._referred) from error.__cause__
        if not isinstance(error, StatementError) or isinstance(error, DBAPIError):
            return
        # A column's type refuses a value when it is bound; where that could be told before, it has been.
        if isinstance(error.orig, (ValueError, TypeError)):
            raise Unprocessable("A value cannot be stored.") from error


def _audible(problem: Problem, fields: WritableFields, *, referred: bool) -> Problem:
    cause = problem.__cause__
    violation = None if cause is None else violation_of(cause)
    if violation is None:
        return problem
    if violation.kind is Kind.FOREIGN_KEY and (referred or isinstance(problem, Conflict)):
        return Conflict("Other records still refer to this one.", slug="still-referred-to")
    names = _fields_of(violation, fields.resource)
    if fields.hidden and not (names and fields.known.keys() >= names):
        return _vague(problem, violation)
    if violation.kind is Kind.CHECK and names and not problem.faults:
        faults = [Fault(problem.detail, pointer=f"/{name}", code="check") for name in sorted(names)]
        return Unprocessable(problem.detail, faults=faults)
    return problem


def _vague(problem: Problem, violation: Violation) -> Problem:
    """The same answer without any name."""
    match violation.kind:
        case Kind.UNIQUE:
            return Conflict("A value is already taken.", slug=problem.slug)
        case Kind.FOREIGN_KEY:
            return Unprocessable("A reference leads to no record.")
        case Kind.NOT_NULL | Kind.CHECK:
            return Unprocessable("A rule for this record does not hold.")
        case _:
            return problem


def _fields_of(violation: Violation, resource: Resource) -> frozenset[str]:
    """The fields that a broken rule speaks of; none if that cannot be told."""
    columns = [
        column
        for table in resource.mapper.tables
        if isinstance(table, sa.Table) and violation.is_in(table)
        for column in (violation.columns_of(table) or _columns_of_check(violation, table))
    ]
    names = (attribute_of(resource.mapper, column) for column in columns)
    return frozenset(name for name in names if name is not None)


def _columns_of_check(violation: Violation, table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that the text of a CHECK names; SQLite tells a CHECK without a name by its text."""
    if violation.kind is not Kind.CHECK:
        return []
    text = next(
        (
            str(rule.sqltext)
            for rule in table.constraints
            if isinstance(rule, sa.CheckConstraint) and rule.name == violation.constraint
        ),
        violation.constraint,
    )
    words = set(re.findall(r"\w+", text))
    return [column for column in table.columns if column.name in words]
