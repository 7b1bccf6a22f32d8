"""Replaying a log from empty, by nothing but its images; and what is stored, to hold it against."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from colonnade.core.changes.log import Log

Records = dict[str, dict[str, dict[str, Any]]]
"""Images by resource and key."""


def replayed(connection: sa.Connection, log: Log) -> Records:
    """What the images come to, in the order of positions; rows of a transaction that is under way come last.

    Each image before has to be what the changes before it have left.
    """
    table = log.table
    records: Records = {resource.name: {} for resource in log.kept()}
    order = (table.c.position.is_(None), table.c.position, table.c.id)
    for row in connection.execute(sa.select(table).order_by(*order)):
        told = (row.id, row.verb, row.resource, row.key, row.before, row.after)
        images = log.images(log.resources[row.resource])
        known = records[row.resource]
        before, after = (
            None if image is None else {name: image[name] for name in image if name in images.names}
            for image in (row.before, row.after)
        )
        assert known.pop(row.key, None) == before, told
        assert row.verb in ("baseline", "create" if before is None else "delete" if after is None else "update"), told
        if after is not None:
            assert row.key == images.key(images.values(after)), told
            assert set(after) == set(images.names), told
            known[row.key] = after
    return records


def stored(connection: sa.Connection, log: Log) -> Records:
    """Every row of every kept resource, as images."""
    records: Records = {}
    for resource in log.kept():
        images = log.images(resource)
        columns = [getattr(resource.model, name) for name in images.names]
        found = (images.of_row(row) for row in connection.execute(_whole(resource.model, columns)))
        records[resource.name] = {images.key(images.values(image)): image for image in found}
    return records


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
