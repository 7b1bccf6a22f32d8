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
from .beside import Beside, each_beside
from .guard import named_tables, resource_of
from .log import Log
from .recording import Recorder
from .statements import PAST, given_by, plain, set_by, table_of, verb_of

#: Rows that are objects at the same time.
_BATCH: Final = 500


def each(session: Session, statement: UpdateBase) -> int:
    """Do what an `insert()`, `update()` or `delete()` says, record by record: the log keeps every one.

    The rows that a statement means, and the values that it gives them, are found first, and locked; so it may change
    what it asks for. Then they are objects, some hundred at a time, that the unit of work changes: what listens to
    them hears of it, relations are dealt with as the classes say, and versions count.

    On another table, the one between two classes or one whose rows take records along, it is executed as it is: the log
    keeps every record that the database changes with it, and every list of keys that is another one then.

    :param statement: of ORM or Core; whatever its conditions and values are.
    :returns: how many records it meant.
    :raises ValueError: for one with RETURNING, and one that sets what the class does not map.
    """
    recorder = recorder_of(session)
    mapper = None if recorder is None else _mapper_of(recorder.log, session, statement)
    beside = None if recorder is None or mapper is not None else _beside(recorder, session, statement)
    if mapper is None and beside is None:
        return _count(execute(session, _counted(statement)))
    if statement._returning:
        raise ValueError("each() tells how many records there were, and returns none: leave RETURNING out")
    flush(session)
    if recorder is not None and beside is not None:
        return each_beside(session, recorder, beside, statement)
    assert mapper is not None
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

    Of a statement on another table it gets one for each resource whose records that changes; the rows are that table's.

    History, undo and whoever follows the log will not know what became of those records.

    :param reason: for those who read the log.
    :returns: how many rows it touched.
    :raises ValueError: without a reason.
    """
    if not reason.strip():
        raise ValueError("say why the log shall not know: unlogged(session, statement, reason)")
    recorder = recorder_of(session)
    resources = () if recorder is None else _resources_of(recorder, session, statement, parameters)
    if recorder is None or not resources:
        return _count(execute(session, _counted(statement), parameters), parameters)
    flush(session)
    info = session.connection().info
    info[PAST] = True  # some of what the ORM makes of a statement has not its options
    try:
        count = _count(execute(session, _counted(statement), parameters), parameters)
    finally:
        info.pop(PAST, None)
    said = {"reason": reason.strip(), "statement": verb_of(statement)}
    if _resource_of(recorder.log, session, statement) is None:
        said["table"] = str(table_of(statement))
    row = {"key": "", "verb": "unlogged", "before": None, "after": said, "count": count}
    recorder.entries.write(session, [{**row, "resource": resource.name} for resource in resources])
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


def _beside(recorder: Recorder, session: Session, statement: UpdateBase) -> Beside | None:
    """What knows how a statement on another table changes kept records; None where it changes none."""
    beside = Beside(recorder.log, recorder.cascades)
    return beside if beside.concerned(statement, session.get_bind().dialect) else None


def _resources_of(recorder: Recorder, session: Session, statement: UpdateBase, parameters: Any) -> tuple[Resource, ...]:
    """The kept resources whose records a statement changes, on their table or on another one."""
    resource = _resource_of(recorder.log, session, statement)
    if resource is not None:
        return (resource,)
    given = parameters if isinstance(parameters, Mapping) else next(iter(parameters or ()), {})
    return Beside(recorder.log, recorder.cascades).concerned(statement, session.get_bind().dialect, given.keys())


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
    values = {_attribute(mapper, statement, column): value for column, value in set_by(statement)}
    given = {name: value for name, value in values.items() if isinstance(value, sa.BindParameter)}
    computed = {name: value for name, value in values.items() if name not in given}
    found = _found(session, mapper, statement, list(computed.values()))
    constants = {name: plain(value) for name, value in given.items()}
    for batch in _batches(found, _BATCH):
        for record, key in _objects(session, mapper, batch):
            made = dict(zip(computed, found[key], strict=True))
            for name, value in {**constants, **made}.items():
                setattr(record, name, value)
        flush(session, mapper)
    return len(found)


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
    for batch in _batches(given_by(session, statement), _BATCH):
        for given in batch:
            record = mapper.class_()
            for column, value in given.items():
                setattr(record, _attribute(mapper, statement, column), plain(value))
            session.add(record)
        flush(session, mapper)
        count += len(batch)
    return count


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


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
