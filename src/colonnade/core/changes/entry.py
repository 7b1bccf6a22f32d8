"""The statement that inserts one row into the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect, Text, TypeDecorator

from colonnade.core.values.json_text import check_json, write_json

from .log import Log


class _Image(TypeDecorator[Any]):
    """An image as JSON text; one that the database has written is that already."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | Mapping[str, Any] | None, dialect: Dialect) -> str | None:
        """Write it."""
        return value if value is None or isinstance(value, str) else write_json(check_json(value))


def entry(log: Log, position: sa.ColumnElement[Any] | None = None) -> Any:
    """Insert a row, whose columns are parameters by their names; it returns the row's ``id``.

    :param position: of another statement, in the place of the parameter of that name.
    """
    columns: dict[str, sa.ColumnElement[Any]] = {
        column.name: sa.bindparam(column.name, type_=column.type) for column in log.table.c if column.name != "id"
    }
    for side in ("before", "after"):
        columns[side] = sa.cast(sa.bindparam(side, type_=_Image()), log.table.c[side].type)
    inserted = sa.insert(log.table)
    if position is None:
        return inserted.values(columns).returning(log.table.c.id)
    columns["position"] = position
    return inserted.from_select(list(columns), sa.select(*columns.values())).returning(log.table.c.id)
