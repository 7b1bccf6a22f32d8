"""Errors of the database as problems: what a caller may be told, and never the database's own words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from pyramid_retry import IRetryableError, mark_error_retryable
from sqlalchemy import FromClause, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import StaleDataError

from colonnade.core.database.failures import driver_error, is_worth_retrying, unavailable
from colonnade.core.database.model import Model
from colonnade.core.database.violations import Kind, Violation, violation_of
from colonnade.core.problems import BadRequest, Conflict, Fault, Problem, Unprocessable

#: SQLite's limits (sqlite.org/limits.html), which have no codes.
_LIMITS = re.compile(r"Expression tree is too large|too many|stack overflow|pattern too complex|at most \d+ tables")
#: A value that no column of that type holds. The rooms at the border refuse such; this is for what passes them.
_NOT_STORABLE = frozenset({None, "22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})


@contextmanager
def translated(mapper: Mapper[Any] | None = None) -> Iterator[None]:
    """Raise the problem that an error of the database is, while the block runs; see :func:`problem_of`."""
    try:
        yield
    except Exception as error:
        problem = problem_of(error, mapper)
        if problem is None or problem is error:
            raise
        raise problem from error


def problem_of(error: BaseException, mapper: Mapper[Any] | None = None) -> Problem | None:
    """The problem that an error of a driver, of SQLAlchemy or of its pool is; None if it is no error of the database.

    Something that is away or busy is a 503 with Retry-After; a broken constraint is a 409 or 422 that names the field.
    A retry by pyramid_retry is asked for in the problem's stead where the error asked for one.

    :param mapper: of the resource that is being written: faults point at its attributes.
    """
    if isinstance(error, Problem):
        return error
    problem = _problem_of(error, mapper)
    if problem is not None and (IRetryableError.providedBy(error) or is_worth_retrying(error)):
        mark_error_retryable(problem)
    return problem


def problem_of_read(error: Exception) -> Exception:
    """What `problem_of` gives, as one who reads is told it; the error itself where that is none."""
    problem = problem_of(error)
    if isinstance(problem, Unprocessable):
        # Whatever cannot be compared with a column came with the query string.
        return BadRequest(problem.detail)
    return problem or error


def _problem_of(error: BaseException, mapper: Mapper[Any] | None) -> Problem | None:
    if violation := violation_of(error):
        return _of_violation(violation, mapper, deleting=_statement_deletes(error))
    if isinstance(error, StaleDataError):
        return Conflict("Somebody else changed or deleted this record at the same time.", slug="changed-meanwhile")
    if problem := unavailable(error):
        return problem
    orig = driver_error(error)
    if isinstance(orig, psycopg.DataError) and orig.sqlstate in _NOT_STORABLE:
        return Unprocessable("A value cannot be stored: it is too long, too large, or not of the field's type.")
    if isinstance(orig, sqlite3.DataError) and "too big" in str(orig):
        return Unprocessable("A value cannot be stored: it is too long.")
    if _is_too_complex(orig):
        return BadRequest("This asks for more at once than the database can take in. Ask for less.")
    return None


def _is_too_complex(orig: BaseException) -> bool:
    """Whether a statement is beyond a limit of the database's own; ours are meant to be narrower."""
    if isinstance(orig, psycopg.Error):
        return (orig.sqlstate or "").startswith("54")
    return isinstance(orig, sqlite3.Error) and bool(_LIMITS.search(str(orig)))


def _statement_deletes(error: BaseException) -> bool:
    """A foreign key is broken from both ends: by a reference to nothing, and by deleting what is referred to."""
    statement = (error.statement if isinstance(error, DBAPIError) else None) or ""
    return statement.lstrip()[:6].upper() == "DELETE"


def _of_violation(violation: Violation, mapper: Mapper[Any] | None, *, deleting: bool) -> Problem:
    owner = _owner(violation, mapper)
    names = () if owner is None else _names(violation, owner)
    pointing = mapper is not None and owner is mapper
    match violation.kind:
        case Kind.UNIQUE:
            many = f"{' and '.join(names)} together are" if len(names) > 1 else "This value is"
            faults = _faults(names, f"{many} already taken.", "taken", pointing=pointing)
            return Conflict(_said(names, "already taken"), faults=faults, slug="already-taken")
        case Kind.FOREIGN_KEY if deleting:
            return Conflict("Other records still refer to this one.", slug="still-referred-to")
        case Kind.FOREIGN_KEY:
            faults = _faults(names, "There is no such record.", "unknown_reference", pointing=pointing)
            return Unprocessable("A reference leads to no record.", faults=faults)
        case Kind.NOT_NULL:
            faults = _faults(names, "This field is required.", "required", pointing=pointing)
            return Unprocessable(_said(names, "required"), faults=faults)
        case Kind.CHECK:
            text = _broken_rule(violation, owner)
            return Unprocessable(text, faults=_faults(names, text, "check", pointing=pointing))
        case _:
            return Conflict("The change contradicts other records.")


def _owner(violation: Violation, mapper: Mapper[Any] | None) -> Mapper[Any] | None:
    """Whose rule was broken: of the resource that is written, or of another class that the same flush wrote."""
    if mapper is not None and any(_is_of(violation, table) for table in mapper.tables):
        return mapper
    known = Model.registry.mappers if mapper is None else mapper.registry.mappers | Model.registry.mappers
    return next((each for each in known if any(_is_of(violation, table) for table in each.tables)), None)


def _is_of(violation: Violation, table: FromClause) -> bool:
    return isinstance(table, Table) and violation.is_in(table)


def _names(violation: Violation, owner: Mapper[Any]) -> tuple[str, ...]:
    """The attributes of the class, which are the names of the fields; a column that is not mapped has none."""
    tables = [table for table in owner.tables if isinstance(table, Table) and violation.is_in(table)]
    columns = [column for table in tables for column in violation.columns_of(table)]
    properties = [owner.get_property_by_column(column) for column in columns if column in owner.columns.values()]
    return tuple(each.key for each in properties)


def _said(names: tuple[str, ...], what: str) -> str:
    if not names:
        return f"A field is {what}."
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {what}."


def _faults(names: tuple[str, ...], detail: str, code: str, *, pointing: bool) -> tuple[Fault, ...]:
    if not pointing:
        return ()
    return tuple(Fault(detail, pointer="/" + name, code=code) for name in names)


def _broken_rule(violation: Violation, owner: Mapper[Any] | None) -> str:
    """A CHECK is named by its author, so its name says more than we could; an expression instead of a name does not."""
    name = violation.constraint
    for table in () if owner is None else owner.tables:
        if isinstance(table, Table):
            name = name.removeprefix(f"ck_{table.name}_")
    return f"The rule {name} does not hold." if name.isidentifier() else "A rule for this record does not hold."
