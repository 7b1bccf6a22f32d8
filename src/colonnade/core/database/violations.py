"""Which constraint a driver's error speaks of, and which columns that constraint is about."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IdentifierError

from colonnade.core.database.failures import driver_error


class Kind(StrEnum):
    """What kind of rule was broken."""

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    NOT_NULL = "not_null"
    CHECK = "check"
    EXCLUSION = "exclusion"
    OTHER = "other"


@dataclass(frozen=True)
class Violation:
    """A broken rule as the driver reports it: what is not known is empty. SQLite tells columns, PostgreSQL the name."""

    kind: Kind
    table: str = ""
    constraint: str = ""
    columns: tuple[str, ...] = ()

    def columns_of(self, table: Table) -> tuple[Column[Any], ...]:
        """The columns that the broken rule is about; empty if that cannot be told."""
        if self.columns:
            return tuple(table.columns[name] for name in self.columns if name in table.columns)
        if self.constraint:
            return next((tuple(columns) for name, columns in _named(table) if name == self.constraint), ())
        return ()

    def is_in(self, table: Table) -> bool:
        """Tell whether it is a rule of this table."""
        if self.table:
            return self.table == table.name
        return bool(self.constraint) and any(name == self.constraint for name, _ in _named(table))


_NAMES = postgresql.dialect().identifier_preparer

_POSTGRESQL = {
    "23505": Kind.UNIQUE,
    "23503": Kind.FOREIGN_KEY,
    "23502": Kind.NOT_NULL,
    "23514": Kind.CHECK,
    "23P01": Kind.EXCLUSION,
    "23001": Kind.FOREIGN_KEY,
}
_SQLITE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Kind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Kind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: Kind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Kind.FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: Kind.NOT_NULL,
    sqlite3.SQLITE_CONSTRAINT_CHECK: Kind.CHECK,
}
#: SQLite says in words what PostgreSQL has fields for: "UNIQUE constraint failed: employee.email, employee.number",
#: "UNIQUE constraint failed: index 'ix'", "CHECK constraint failed: ck_employee_salary".
_IN_WORDS = re.compile(r"constraint failed: (?:index '(?P<index>.*)'|(?P<rest>.*))$", re.DOTALL)


def violation_of(error: BaseException) -> Violation | None:
    """The rule that was broken; None if the error speaks of no rule."""
    orig = driver_error(error)
    if isinstance(orig, psycopg.IntegrityError):
        told = orig.diag
        kind = _POSTGRESQL.get(orig.sqlstate or "", Kind.OTHER)
        columns = (told.column_name,) if told.column_name else ()
        return Violation(kind, told.table_name or "", told.constraint_name or "", columns)
    if isinstance(orig, sqlite3.IntegrityError):
        return _in_words(_SQLITE.get(orig.sqlite_errorcode, Kind.OTHER), str(orig))
    return None


def _in_words(kind: Kind, message: str) -> Violation:
    found = _IN_WORDS.search(message)
    if found is None:
        return Violation(kind)
    if index := found["index"]:
        return Violation(kind, constraint=index)
    if kind not in (Kind.UNIQUE, Kind.NOT_NULL):
        return Violation(kind, constraint=found["rest"])
    table, _, _ = found["rest"].partition(".")
    columns = tuple(each.removeprefix(f"{table}.") for each in found["rest"].split(f", {table}."))
    return Violation(kind, table, columns=columns)


def _named(table: Table) -> Iterator[tuple[str, tuple[Column[Any], ...]]]:
    """Each rule of a table by the name that the database has for it, with its columns."""
    rules: list[Constraint | Index] = [*table.constraints, *table.indexes]
    for rule in rules:
        columns: tuple[Column[Any], ...] = tuple(getattr(rule, "columns", ()))
        yield _name(table, rule, columns), columns


def _name(table: Table, rule: Constraint | Index, columns: tuple[Column[Any], ...]) -> str:
    """The name as it was given, cut short as SQLAlchemy does where it is too long; else what PostgreSQL chooses."""
    if isinstance(rule.name, str):
        try:
            given = _NAMES.format_index(rule) if isinstance(rule, Index) else _NAMES.format_constraint(rule)
        except IdentifierError:
            given = rule.name  # SQLite keeps a name of any length
        return (given or rule.name).strip('"')
    if isinstance(rule, PrimaryKeyConstraint):
        return f"{table.name}_pkey"
    names = "_".join(column.name for column in columns)
    return f"{table.name}_{names}_{'fkey' if isinstance(rule, ForeignKeyConstraint) else 'key'}"
