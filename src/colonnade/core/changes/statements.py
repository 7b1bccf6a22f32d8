"""What a statement of SQLAlchemy says: on which table it is, what it does, what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from colonnade.core.database import execute

#: Execution option of a statement whose changes are in the log by other means, or not at all by its author's word.
PAST: Final = "colonnade_past_the_log"

Name: TypeAlias = tuple[str | None, str]
"""The schema and name of a table: the same one may be declared twice."""


def name_of(table: Any) -> Name:
    """The schema and name of a table as it is declared."""
    return getattr(table, "schema", None), str(getattr(table, "name", ""))


def name_in(statement: UpdateBase, dialect: sa.Dialect) -> Name:
    """The name of the table that a statement writes to; that of the default schema goes without one."""
    schema, name = name_of(table_of(statement))
    return schema if schema != dialect.default_schema_name else None, name


def table_of(statement: UpdateBase) -> Any:
    """The table that a statement writes to; not the alias that it has there."""
    table: Any = statement.table
    while isinstance(table, sa.sql.selectable.AliasedReturnsRows):
        table = table.element
    return table


def verb_of(statement: UpdateBase) -> str:
    """What a statement does: insert, update or delete."""
    return "insert" if statement.is_insert else "update" if statement.is_update else "delete"


def set_by(statement: Any) -> Iterable[tuple[Any, Any]]:
    """What an UPDATE sets: columns, or their names, with values."""
    values = statement._values or {}
    ordered: Iterable[tuple[Any, Any]] = values.items() if isinstance(values, Mapping) else values
    return ordered


def given_by(session: Session, statement: Any) -> Iterator[Mapping[Any, Any]]:
    """The rows of an INSERT, by columns or their names; those of a SELECT are read first: they may be of that table."""
    if statement.select is not None:
        rows = execute(session, statement.select).all()
        yield from (dict(zip(statement._select_names, row, strict=True)) for row in rows)
    elif statement._multi_values:
        for several in statement._multi_values:
            for row in several:
                yield row if isinstance(row, Mapping) else dict(zip(statement.table.c, row, strict=True))
    else:
        yield statement._values or {}


def plain(value: Any) -> Any:
    """A value that is given; an expression is left to the unit of work, which computes it in the INSERT."""
    if not isinstance(value, sa.BindParameter):
        return value
    if value.required:
        raise ValueError(f"each() takes no parameters: write the value of {value.key} into the statement")
    return value.effective_value
