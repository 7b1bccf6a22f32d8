"""Many new records at once: one statement for them, one for their rows of the log.

The images are written by the database itself, from the rows that it has just stored, where every field allows it;
otherwise the rows come back and Python writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import ARRAY, JSON, ColumnElement
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database import execute
from colonnade.core.resources import Resource
from colonnade.core.values import ListOf, Storage, StoredInteger, listed
from colonnade.core.values.sql_text import sql_string

from .image_text import image_text
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
    """Insert rows of a class that is one table, all at once; the log has them if it keeps such records.

    :param rows: by names of columns, all of the same ones.
    :param returning: the columns of the key, if the keys are wanted.
    :returns: the keys of the new rows, in their order.
    """
    table = mapper.local_table
    assert isinstance(table, sa.Table)
    resource = None if recorder is None else recorder.log.resource_of(mapper)
    statement = sa.insert(table).execution_options(**{PAST: True})
    if recorder is not None and resource is not None:
        return _logged(session, recorder, resource, statement, rows, tuple(returning))
    if returning:
        keyed = statement.returning(*returning, sort_by_parameter_order=True)
        return [tuple(row) for row in execute(session, keyed, rows, mapper=mapper)]
    if _goes_by_lists(session, table, rows):
        by_lists, lists = _by_lists(statement, table, rows)
        execute(session, by_lists, lists, mapper=mapper)
    else:
        execute(session, statement, rows, mapper=mapper)
    return ()


def _logged(
    session: Session,
    recorder: Recorder,
    resource: Resource,
    statement: Any,
    rows: Sequence[Mapping[str, Any]],
    returning: tuple[ColumnElement[Any], ...],
) -> Sequence[Key]:
    mapper, images = resource.mapper, recorder.log.images(resource)
    key = returning or mapper.primary_key
    dialect_name = session.get_bind().dialect.name
    if dialect_name not in images.selected:
        images.selected[dialect_name] = _selected(images, dialect_name)
    selected = images.selected[dialect_name]
    if selected is not None:
        keys = _inserted(session, mapper, statement, rows, key, ordered=bool(returning))
        recorder.entries.write_selected(session, selected, {"wanted": [key[0] for key in keys]}, len(keys))
        return keys
    columns = [mapper.attrs[name].columns[0] for name in images.names]
    whole = statement.returning(*key, *columns, sort_by_parameter_order=True)
    stored = execute(session, whole, rows, mapper=mapper).all()
    width = len(key)
    recorder.entries.write(session, [_created(images, row[width:]) for row in stored])
    return [tuple(row[:width]) for row in stored]


def _inserted(
    session: Session,
    mapper: Mapper[Any],
    statement: Any,
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[ColumnElement[Any]],
    *,
    ordered: bool,
) -> Sequence[Key]:
    """Insert rows; return their keys, in their order if that is asked for."""
    table = mapper.local_table
    assert isinstance(table, sa.Table)
    given: Any = rows
    if _counts_up(session, table, rows):
        return _counted_up(session, mapper, statement, rows, key)
    if not ordered and _goes_by_lists(session, table, rows):
        statement, given = _by_lists(statement, table, rows)
        keyed = statement.returning(*key)
    else:
        keyed = statement.returning(*key, sort_by_parameter_order=ordered)
    return [tuple(row) for row in execute(session, keyed, given, mapper=mapper)]


def _counts_up(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the keys of new rows follow on the greatest one that is there, for nobody else writes: on SQLite."""
    generated = table.autoincrement_column
    return session.get_bind().dialect.name == "sqlite" and generated is not None and generated.key not in rows[0]


def _counted_up(
    session: Session,
    mapper: Mapper[Any],
    statement: Any,
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[ColumnElement[Any]],
) -> Sequence[Key]:
    """Insert rows all at once; to return their keys, SQLite would be sent a statement for each."""
    last = execute(session, sa.select(sa.func.coalesce(sa.func.max(*key), 0))).scalar_one()
    execute(session, statement, rows, mapper=mapper)
    keys = execute(session, sa.select(*key).where(key[0] > last).order_by(*key)).all()
    if len(keys) != len(rows):
        raise RuntimeError(f"{len(rows)} rows were inserted into {mapper.local_table}, but {len(keys)} keys have come")
    return [tuple(row) for row in keys]


def _goes_by_lists(session: Session, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether rows can be sent as a list for each column: on PostgreSQL, and where SQLAlchemy makes no value.

    The database would cut off what is too long for the type of a list; our own types refuse it before.
    """
    if session.get_bind().dialect.name != "postgresql":
        return False
    types = [table.c[name].type for name in rows[0]]
    plain = all(isinstance(each, Storage) and not isinstance(each.impl_instance, (JSON, ARRAY)) for each in types)
    by_database = all(column.default is None for column in table.c if column.key not in rows[0])
    return bool(types) and plain and by_database


def _by_lists(
    statement: Any, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> tuple[Any, dict[str, Sequence[Any]]]:
    """One INSERT whose text does not depend on the number of rows, and what it is given."""
    columns = {f"list_{place}": table.c[name] for place, name in enumerate(rows[0])}
    lists = [sa.bindparam(name, type_=ListOf(column.type)) for name, column in columns.items()]
    values = sa.func.unnest(*lists).table_valued(*(sa.column(name) for name in columns)).render_derived()
    inserted = statement.from_select([column.name for column in columns.values()], sa.select(*values.c))
    return inserted, {name: [row[column.key] for row in rows] for name, column in columns.items()}


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
    text = image_text(images.fields, dialect_name)
    if text is None:
        return None
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
