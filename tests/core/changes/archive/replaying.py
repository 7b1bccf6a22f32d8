"""Replaying a log from empty, by nothing but its images; and what is stored, to hold it against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes.log import Log
from colonnade.core.resources import Relation, Resource

Records = dict[str, dict[str, dict[str, Any]]]
"""Images by resource and key; with the keys of many-to-many relations, in order."""


def replayed(connection: sa.Connection, log: Log) -> Records:
    """What the images come to, in the order of positions; rows of a transaction that is under way come last.

    Each image before has to be what the changes before it have left. Of relations the rows that change them have the
    keys; what leads to a record that is deleted goes with it.
    """
    table = log.table
    records: Records = {resource.name: {} for resource in log.kept()}
    order = (table.c.position.is_(None), table.c.position, table.c.id)
    for row in connection.execute(sa.select(table).order_by(*order)):
        told = (row.id, row.verb, row.resource, row.key, row.before, row.after)
        resource = log.resources[row.resource]
        images = log.images(resource)
        records_of = records[row.resource]
        lists: dict[str, list[Any]] = {relation.name: [] for relation in listed(resource)}
        before = None if row.before is None else {name: row.before[name] for name in images.names}
        known = records_of.pop(row.key, None)
        assert (known if known is None else {name: known[name] for name in images.names}) == before, told
        assert row.verb in ("baseline", "create" if before is None else "delete" if row.after is None else "update"), (
            told
        )
        if row.after is not None:
            assert row.key == images.key(images.values(row.after)), told
            assert set(images.names) <= set(row.after) <= {*images.names, *lists}, told
            given = {name: sorted(row.after[name], key=repr) for name in lists if name in row.after}
            kept = lists if known is None else {name: known[name] for name in lists}
            records_of[row.key] = {**{name: row.after[name] for name in images.names}, **kept, **given}
        _follow(log, records, resource, row, known)
    return records


def _follow(log: Log, records: Records, resource: Resource, row: Any, known: Any) -> None:
    """What a change of a list, or of a record in lists, does to the lists of others."""
    own = _key(log, resource, row.after or row.before)
    for other in log.kept():
        for relation in listed(other):
            if relation.target is not resource:
                continue
            back = next((each for each in listed(resource) if _table(each) is _table(relation)), None)
            for text, image in records[other.name].items():
                there = _key(log, other, image)
                if row.after is None:
                    image[relation.name] = [each for each in image[relation.name] if each != own]
                elif back is not None and back.name in row.after:
                    without = [each for each in image[relation.name] if each != own]
                    more = [own] if there in row.after[back.name] else []
                    records[other.name][text][relation.name] = sorted([*without, *more], key=repr)


def listed(resource: Resource) -> Iterator[Relation]:
    """The relations whose keys are in the log."""
    return (each for each in resource.relations.values() if each.by_keys)


def _table(relation: Relation) -> Any:
    return relation.source.mapper.relationships[relation.name].secondary


def _key(log: Log, resource: Resource, image: Any) -> Any:
    parts = [image[each.name] for each in resource.key]
    return parts[0] if len(parts) == 1 else parts


def stored(connection: sa.Connection, log: Log) -> Records:
    """Every row of every kept resource, as images."""
    records: Records = {}
    for resource in log.kept():
        images = log.images(resource)
        columns = [getattr(resource.model, name) for name in images.names]
        found = [images.of_row(row) for row in connection.execute(_whole(resource.model, columns))]
        for relation in listed(resource):
            pairs = _pairs(connection, resource, relation)
            for image in found:
                own = _key(log, resource, image)
                image[relation.name] = sorted((other for one, other in pairs if one == own), key=repr)
        records[resource.name] = {images.key(images.values(image)): image for image in found}
    return records


def _pairs(connection: sa.Connection, resource: Resource, relation: Relation) -> list[tuple[Any, Any]]:
    """What a table of a many-to-many relation holds, of single keys."""
    prop = resource.mapper.relationships[relation.name]
    ((_, one),), ((_, other),) = prop.synchronize_pairs, prop.secondary_synchronize_pairs
    return [tuple(row) for row in connection.execute(sa.select(one, other))]


def _whole(model: Any, columns: list[Any]) -> sa.Select[Any]:
    mapper = sa.inspect(model)
    kinds = [each.polymorphic_identity for each in mapper.self_and_descendants]
    selected = sa.select(*columns).select_from(mapper.persist_selectable)
    return selected if mapper.polymorphic_on is None else selected.where(mapper.polymorphic_on.in_(kinds))


def check(connection: sa.Connection, log: Log) -> None:
    """Hold the one against the other."""
    there, told = stored(connection, log), replayed(connection, log)
    for name, records in there.items():
        assert told[name] == records, name
