"""The two ways on for a statement that the guard refuses: row by row, or past the log by one's own word.

Both work where no log is kept as well: the statement is then executed as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.dml import UpdateBase

from colonnade.core.database import execute, flush

from .application import recorder_of
from .guard import PAST, table_of, verb_of
from .log import Log

#: Rows that are objects at the same time.
_BATCH: Final = 500


def each(session: Session, statement: UpdateBase) -> int:
    """Do what an `insert()`, `update()` or `delete()` says, record by record: the log keeps every one.

    The rows that a statement means, and the values that it gives them, are found first, and locked; so it may change
    what it asks for. Then they are objects, some hundred at a time, that the unit of work changes: what listens to
    them hears of it, relations are dealt with as the classes say, and versions count.

    :param statement: of ORM or Core, on the table of a resource; whatever its conditions and values are.
    :returns: how many records it meant.
    :raises ValueError: for one with RETURNING, and one that sets what the class does not map.
    """
    recorder = recorder_of(session)
    if recorder is None:
        return _count(execute(session, statement))
    if statement._returning:
        raise ValueError("each() tells how many records there were, and returns none: leave RETURNING out")
    flush(session)
    mapper = _mapper_of(recorder.log, statement)
    if statement.is_insert:
        return _insert(session, mapper, statement)
    return _delete(session, mapper, statement) if statement.is_delete else _update(session, mapper, statement)


def unlogged(
    session: Session,
    statement: UpdateBase,
    reason: str,
    parameters: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
) -> int:
    """Execute a statement past the log, which gets one row: that it was done, why, and to how many records.

    History, undo and whoever follows the log will not know what became of those records.

    :param reason: for those who read the log.
    :returns: how many rows it touched.
    :raises ValueError: without a reason.
    """
    if not reason.strip():
        raise ValueError("say why the log shall not know: unlogged(session, statement, reason)")
    recorder = recorder_of(session)
    if recorder is None:
        return _count(execute(session, statement, parameters), parameters)
    flush(session)
    info = session.connection().info
    info[PAST] = True  # some of what the ORM makes of a statement has not its options
    try:
        count = _count(execute(session, statement, parameters), parameters)
    finally:
        del info[PAST]
    table = table_of(statement)
    resource = recorder.log.tables().get(table)
    name = resource.name if resource is not None else str(table.name)
    said = {"reason": reason.strip(), "statement": verb_of(statement)}
    row = {"resource": name, "key": "", "verb": "unlogged", "before": None, "after": said, "count": count}
    recorder.write(session, [row])
    return count


def _count(result: sa.Result[Any], parameters: object = None) -> int:
    """How many rows a statement touched; of rows that are given, their number."""
    if isinstance(parameters, Sequence):
        return len(parameters)
    count = getattr(result, "rowcount", -1)
    return int(count) if count >= 0 else len(result.all())


def _mapper_of(log: Log, statement: UpdateBase) -> Mapper[Any]:
    """The class whose objects the rows of the statement's table are; of several, the one that the others inherit from.

    :raises ValueError: for a table of no kept resource.
    """
    table = table_of(statement)
    entity = statement.entity_description.get("entity")
    if entity is not None and not isinstance(entity, sa.FromClause):
        mapper: Mapper[Any] = sa.inspect(entity).mapper
        if log.resource_of(mapper) is not None or any(map(log.resource_of, mapper.self_and_descendants)):
            return mapper
    resource = log.tables().get(table)
    if resource is None:
        raise ValueError(f"the log keeps no changes of {table}: execute the statement")
    owners = [every for every in resource.mapper.iterate_to_root() if every.local_table is table]
    return owners[-1] if owners else resource.mapper


def _update(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    names = [_attribute(mapper, column) for column in statement._ordered_values or statement._values]
    values = [value for _, value in statement._ordered_values or statement._values.items()]
    computed = [number for number, value in enumerate(values) if not isinstance(value, sa.BindParameter)]
    found = _found(session, mapper, statement, [values[number] for number in computed])
    given = {
        name: value.effective_value
        for name, value in zip(names, values, strict=True)
        if isinstance(value, sa.BindParameter)
    }
    for batch in batched(found.items(), _BATCH):
        for record, key in _objects(session, mapper, [key for key, _ in batch]):
            made = {names[number]: value for number, value in zip(computed, found[key], strict=True)}
            for name in names:
                setattr(record, name, {**given, **made}[name])
        flush(session, mapper)
    return len(found)


def _delete(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    found = _found(session, mapper, statement, [])
    # Rows that refer to one another go together, for the unit of work to find an order.
    refer = any(key.column.table in mapper.tables for table in mapper.tables for key in table.foreign_keys)
    for batch in batched(found, len(found) or 1 if refer else _BATCH):
        for record, _ in _objects(session, mapper, batch):
            session.delete(record)
        flush(session, mapper)
    return len(found)


def _insert(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    count = 0
    for batch in batched(_given(session, statement), _BATCH):
        for given in batch:
            record = mapper.class_()
            for column, value in given.items():
                setattr(record, _attribute(mapper, column), _plain(value))
            session.add(record)
        flush(session, mapper)
        count += len(batch)
    return count


def _given(session: Session, statement: Any) -> Iterator[Mapping[Any, Any]]:
    """The rows of an INSERT, by column; those of a SELECT are read first, for they may be of the same table."""
    if statement.select is not None:
        rows = execute(session, statement.select).all()
        columns = [statement.table.c[name] for name in statement._select_names]
        yield from (dict(zip(columns, row, strict=True)) for row in rows)
    elif statement._multi_values:
        for several in statement._multi_values:
            for row in several:
                yield row if isinstance(row, Mapping) else dict(zip(statement.table.c, row, strict=True))
    else:
        yield statement._values or {}


def _found(session: Session, mapper: Mapper[Any], statement: Any, values: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
    """The keys of the rows that a statement means, locked, each with the values that the database computes for it."""
    table, own = statement.table, table_of(statement)
    keys = [table.c[column.key] for column in own.primary_key]
    named = [value.label(f"value_{number}") for number, value in enumerate(values)]
    asked = sa.select(*keys, *named).select_from(table).where(*statement._where_criteria).order_by(*keys)
    rows = execute(session, asked.with_for_update(of=table))
    size = len(keys)
    found: dict[Any, tuple[Any, ...]] = {}
    for row in rows:
        found.setdefault(tuple(row[:size]), tuple(row[size:]))  # a join may find one twice
    return found


def _objects(session: Session, mapper: Mapper[Any], keys: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The objects of rows that are locked, each with its key, as they are stored now."""
    columns = mapper.primary_key
    one = len(columns) == 1
    where = columns[0].in_([key[0] for key in keys]) if one else sa.tuple_(*columns).in_(keys)
    # of_key: a subclass's table names its key otherwise than the one that the statement writes to
    asked = sa.select(mapper.class_).where(where).order_by(*columns).execution_options(populate_existing=True)
    for record in execute(session, asked).unique().scalars().all():
        yield record, tuple(sa.inspect(record).identity)


def _attribute(mapper: Mapper[Any], column: Any) -> str:
    """The attribute that a column is mapped to, if there is one.

    :raises ValueError: if there is none.
    """
    try:
        if isinstance(column, str):
            return mapper.get_property(column).key
        return mapper.get_property_by_column(getattr(column, "element", column)).key
    except (sa.exc.InvalidRequestError, sa.orm.exc.UnmappedColumnError):
        pass
    name = getattr(column, "key", column)
    for every in mapper.columns:
        if every.key == name and every.table in mapper.tables:
            return mapper.get_property_by_column(every).key
    raise ValueError(f"{mapper.class_.__qualname__} has no attribute for the column {column}")


def _plain(value: Any) -> Any:
    return value.effective_value if isinstance(value, sa.BindParameter) else value
