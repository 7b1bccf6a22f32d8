"""The two ways on for a statement that the guard refuses: row by row, or past the log by one's own word.

Both work where no log is kept as well: the statement is then executed as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.dml import UpdateBase

from colonnade.core.database import execute, flush
from colonnade.core.resources import Resource

from .application import recorder_of
from .guard import PAST, named_tables, resource_of, table_of, verb_of
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
    mapper = None if recorder is None else _mapper_of(recorder.log, session, statement)
    if mapper is None:
        return _count(execute(session, _counted(statement)))
    if statement._returning:
        raise ValueError("each() tells how many records there were, and returns none: leave RETURNING out")
    flush(session)
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
    resource = None if recorder is None else _resource_of(recorder.log, session, statement)
    if recorder is None or resource is None:
        return _count(execute(session, _counted(statement), parameters), parameters)
    flush(session)
    info = session.connection().info
    info[PAST] = True  # some of what the ORM makes of a statement has not its options
    try:
        count = _count(execute(session, _counted(statement), parameters), parameters)
    finally:
        info.pop(PAST, None)
    said = {"reason": reason.strip(), "statement": verb_of(statement)}
    row = {"resource": resource.name, "key": "", "verb": "unlogged", "before": None, "after": said, "count": count}
    recorder.write(session, [row])
    return count


def _counted(statement: UpdateBase) -> UpdateBase:
    return statement.execution_options(preserve_rowcount=True)  # of an INSERT drivers are not asked for it


def _count(result: sa.Result[Any], parameters: object = None) -> int:
    """How many rows a counted statement touched; of rows that are given, their number."""
    if isinstance(parameters, Sequence):
        return len(parameters)
    count = getattr(result, "rowcount", -1)
    return int(count) if count >= 0 else len(result.all())


def _resource_of(log: Log, session: Session, statement: UpdateBase) -> Resource | None:
    return resource_of(statement, named_tables(log), session.get_bind().dialect)


def _entity(statement: UpdateBase) -> Any:
    """The class, or an alias of it, that a statement of the ORM writes to; None for one of Core."""
    entity = statement.entity_description.get("entity")
    return None if isinstance(entity, sa.FromClause) else entity


def _mapper_of(log: Log, session: Session, statement: UpdateBase) -> Mapper[Any] | None:
    """The class whose objects are the rows of a statement's table; of several, the one that the others inherit from.

    None for a table of no kept resource.
    """
    resource = _resource_of(log, session, statement)
    if resource is None:
        return None
    if (entity := _entity(statement)) is not None:
        mapper: Mapper[Any] = sa.inspect(entity).mapper
        return mapper
    table = table_of(statement)
    owners = [every for every in resource.mapper.iterate_to_root() if every.local_table is table]
    if not owners:
        raise ValueError(
            f"{table} is not the table that {resource.model.__qualname__} is mapped to, but one of its name"
        )
    return owners[-1]


def _update(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    values = {_attribute(mapper, statement, column): value for column, value in _set_by(statement)}
    given = {name: value for name, value in values.items() if isinstance(value, sa.BindParameter)}
    computed = {name: value for name, value in values.items() if name not in given}
    found = _found(session, mapper, statement, list(computed.values()))
    constants = {name: _plain(value) for name, value in given.items()}
    for batch in _batches(found, _BATCH):
        for record, key in _objects(session, mapper, batch):
            made = dict(zip(computed, found[key], strict=True))
            for name, value in {**constants, **made}.items():
                setattr(record, name, value)
        flush(session, mapper)
    return len(found)


def _set_by(statement: Any) -> Iterable[tuple[Any, Any]]:
    values = statement._values or {}
    ordered: Iterable[tuple[Any, Any]] = values.items() if isinstance(values, Mapping) else values
    return ordered


def _delete(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    found = _found(session, mapper, statement, [])
    # Rows that refer to one another go together, for the unit of work to find an order.
    tables = set(mapper.tables)
    refer = any(key.column.table in tables for table in mapper.tables for key in table.foreign_keys)
    for batch in _batches(found, max(len(found), 1) if refer else _BATCH):
        for record, _ in _objects(session, mapper, batch):
            session.delete(record)
        flush(session, mapper)
    return len(found)


def _insert(session: Session, mapper: Mapper[Any], statement: Any) -> int:
    count = 0
    for batch in _batches(_given(session, statement), _BATCH):
        for given in batch:
            record = mapper.class_()
            for column, value in given.items():
                setattr(record, _attribute(mapper, statement, column), _plain(value))
            session.add(record)
        flush(session, mapper)
        count += len(batch)
    return count


def _given(session: Session, statement: Any) -> Iterator[Mapping[Any, Any]]:
    """The rows of an INSERT; those of a SELECT are read first, for they may be of the same table."""
    if statement.select is not None:
        rows = execute(session, statement.select).all()
        yield from (dict(zip(statement._select_names, row, strict=True)) for row in rows)
    elif statement._multi_values:
        for several in statement._multi_values:
            for row in several:
                yield row if isinstance(row, Mapping) else dict(zip(statement.table.c, row, strict=True))
    else:
        yield statement._values or {}


def _found(session: Session, mapper: Mapper[Any], statement: Any, values: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
    """The keys of the rows that a statement means, locked, each with the values that the database computes for it."""
    entity = _entity(statement)
    if entity is None:
        source = statement.table
        keys = [source.c[column.key] for column in table_of(statement).primary_key]
    else:
        source = entity
        keys = [getattr(entity, mapper.get_property_by_column(column).key) for column in mapper.primary_key]
    named = [value.label(f"value_{number}") for number, value in enumerate(values)]
    asked = sa.select(*keys, *named).select_from(source).where(*statement._where_criteria).order_by(*keys)
    found: dict[Any, tuple[Any, ...]] = {}
    for row in execute(session, asked.with_for_update(of=source)):
        found.setdefault(tuple(row[: len(keys)]), tuple(row[len(keys) :]))  # a join may find one twice
    return found


def _objects(session: Session, mapper: Mapper[Any], keys: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The objects of rows that are locked, each with its key, as they are stored now."""
    columns = mapper.primary_key
    where = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else sa.tuple_(*columns).in_(keys)
    asked = sa.select(mapper.class_).where(where).order_by(*columns).execution_options(populate_existing=True)
    for record in execute(session, asked).unique().scalars().all():
        yield record, sa.inspect(record).identity


def _attribute(mapper: Mapper[Any], statement: Any, column: Any) -> str:
    """The attribute that a column is mapped to; texts are attributes to the ORM, columns to Core.

    :raises ValueError: if there is none.
    """
    try:
        if _entity(statement) is not None:
            # The ORM says of its own columns by which attribute they were named, of an alias as well.
            return mapper.attrs[column if isinstance(column, str) else column._annotations["proxy_key"]].key
        name = column if isinstance(column, str) else column.key
        return mapper.get_property_by_column(table_of(statement).c[name]).key
    except (KeyError, sa.exc.NoInspectionAvailable, sa.orm.exc.UnmappedColumnError):
        raise ValueError(f"{mapper.class_.__qualname__} has no attribute for the column {column}") from None


def _plain(value: Any) -> Any:
    """A value that is given; an expression is left to the unit of work, which computes it in the INSERT."""
    if not isinstance(value, sa.BindParameter):
        return value
    if value.required:
        raise ValueError(f"each() takes no parameters: write the value of {value.key} into the statement")
    return value.effective_value


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
