"""Which of many combinations of values are stored: one statement, whose text does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from colonnade.core import values
from colonnade.core.policy import Condition
from colonnade.core.resources import Resource

from .author import Author

Key = tuple[Any, ...]


def rows_of_keys(
    author: Author,
    resource: Resource,
    columns: Sequence[sa.ColumnElement[Any]],
    keys: Collection[Key],
    *,
    also: Sequence[sa.ColumnElement[Any]] = (),
    conditions: Sequence[Condition] = (),
) -> dict[Key, Key]:
    """The rows of a resource whose columns hold one of these combinations.

    :param keys: combinations of values, one for each column, none of them None.
    :param also: what else is wanted of each row.
    :param conditions: which rows count; nothing is found where one of them is False.
    :returns: for each combination that was found, the values of ``also``.
    """
    if not keys or any(condition is False for condition in conditions):
        return {}
    wanted, parameters = among(author.dialect, columns, keys)
    statement = sa.select(*columns, *also).select_from(resource.model).where(wanted)
    statement = statement.where(*(condition for condition in conditions if not isinstance(condition, bool)))
    width = len(columns)
    return {tuple(row[:width]): tuple(row[width:]) for row in author.rows(statement, parameters)}


def among(
    dialect: sa.Dialect, columns: Sequence[sa.ColumnElement[Any]], keys: Collection[Key]
) -> tuple[sa.ColumnElement[bool], dict[str, object]]:
    """The condition that the columns hold one of the combinations, and its parameters."""
    return values.among(dialect.name, columns), values.wanted(dialect.name, keys)
