"""Many new records at once: one statement for them, one for their rows of the log.

The images are written by the database itself, from the rows that it has just stored, where every field allows it;
otherwise the rows come back and Python writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database import execute
from colonnade.core.resources import Resource
from colonnade.core.values import Form, StoredInteger, json_string, listed
from colonnade.core.values.sql_text import sql_string

from .images import Images
from .recording import Recorder
from .statements import PAST

Key: TypeAlias = tuple[Any, ...]


def insert(
    session: Session,
    recorder: Recorder | None,
    mapper: Mapper[Any],
    rows: Sequence[Mapping[str, Any]],
    returning: Sequence[ColumnElement[Any]] = (),
) -> Sequence[Key]:
    """Insert rows of a class that is one table, by one statement of Core; the log has them if it keeps such records.

    :param rows: by names of columns, all of the same ones.
    :param returning: the columns of the key, if the keys are wanted.
    :returns: the keys of the new rows, in their order.
    """
    table = mapper.local_table
    assert isinstance(table, sa.Table)
    resource = None if recorder is None else recorder.log.resource_of(mapper)
    statement = sa.insert(table).execution_options(**{PAST: True})
    if recorder is None or resource is None:
        if not returning:
            execute(session, statement, rows, mapper=mapper)
            return ()
        keyed = statement.returning(*returning, sort_by_parameter_order=True)
        return [tuple(row) for row in execute(session, keyed, rows, mapper=mapper)]
    return _logged(session, recorder, resource, statement, rows, tuple(returning) or mapper.primary_key)


def _logged(
    session: Session,
    recorder: Recorder,
    resource: Resource,
    statement: Any,
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[ColumnElement[Any]],
) -> Sequence[Key]:
    mapper, images = resource.mapper, recorder.log.images(resource)
    dialect_name = session.get_bind().dialect.name
    if dialect_name not in images.selected:
        images.selected[dialect_name] = _selected(images, dialect_name)
    selected = images.selected[dialect_name]
    if selected is not None:
        keyed = statement.returning(*key, sort_by_parameter_order=True)
        keys = [tuple(row) for row in execute(session, keyed, rows, mapper=mapper)]
        recorder.write_selected(session, selected, {"wanted": [key[0] for key in keys]}, len(keys))
        return keys
    columns = [mapper.attrs[name].columns[0] for name in images.names]
    returning = statement.returning(*key, *columns, sort_by_parameter_order=True)
    stored = execute(session, returning, rows, mapper=mapper).all()
    width = len(key)
    recorder.write(session, [_created(images, row[width:]) for row in stored])
    return [tuple(row[:width]) for row in stored]


def _created(images: Images, row: Sequence[Any]) -> dict[str, Any]:
    key = images.key(dict(zip(images.names, row, strict=True)))
    named = {"resource": images.resource.name, "key": key, "verb": "create"}
    return {**named, "before": None, "after": images.of_row(row)}


def _selected(images: Images, dialect_name: str) -> sa.Select[*tuple[Any, ...]] | None:
    """The rows of the log for new records whose keys are in ``wanted``; None where Python has to write them."""
    keys = images.resource.key
    if images.resource.mapper.inherits is not None:
        return None  # it may be a record of its base's resource, too
    if len(keys) != 1 or not isinstance(keys[0].column.type, StoredInteger):
        return None
    members: list[ColumnElement[str]] = []
    for name, field in images.fields.items():
        written = field.value.json_sql(field.column, dialect_name) if field.value.form is Form.OWN else None
        if written is None:
            return None
        members.append(sql_string(("," if members else "{") + json_string(name) + ":"))
        members.append(sa.func.coalesce(written, sql_string("null")))
    text = reduce(lambda one, other: one.op("||")(other), [*members, sql_string("}")])
    return (
        sa.select(
            sql_string(images.resource.name).label("resource"),
            sa.cast(keys[0].column, sa.Text()).label("key"),
            sql_string("create").label("verb"),
            (sa.cast(text, JSONB()) if dialect_name == "postgresql" else text).label("after"),
        )
        .where(listed(keys[0].column, "wanted"))
        .order_by(keys[0].column)
    )
