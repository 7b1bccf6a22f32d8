"""Which of many combinations of values are stored: one statement, whose text does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from colonnade.core.policy import Condition
from colonnade.core.resources import Resource
from colonnade.core.values import listed

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
    wanted = set(keys)
    # Each column by itself, so some rows have another combination of the values: they are left out below.
    parts = {f"wanted_{index}": list(dict.fromkeys(values)) for index, values in enumerate(zip(*wanted, strict=True))}
    statement = (
        sa.select(*columns, *also)
        .select_from(resource.model)
        .where(*(listed(column, name) for column, name in zip(columns, parts, strict=True)))
        .where(*(condition for condition in conditions if not isinstance(condition, bool)))
    )
    width = len(columns)
    found = ((tuple(row[:width]), tuple(row[width:])) for row in author.rows(statement, parts))
    return {key: rest for key, rest in found if key in wanted}
