"""The baseline: records that are older than the log enter it, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from colonnade.core.database import Database, execute
from colonnade.core.database.failures import is_worth_retrying
from colonnade.core.problems import Problem
from colonnade.core.resources import Resource

from .application import recorder_of
from .images import Image, Images
from .lists import read_lists, relations_of
from .log import Log
from .origin import ORIGIN, Origin

#: Records of one transaction.
BATCH: Final = 1000
_TRIES: Final = 10


def enter_baseline(
    database: Database,
    log: Log,
    resource: Resource,
    origin: Origin,
    *,
    batch: int = BATCH,
    told: Callable[[int], object] = lambda _: None,
) -> int:
    """Let the records of a resource that the log knows nothing of enter it: verb ``baseline``, only an after image.

    Each batch is a transaction. Its rows are locked, and only then is it asked which of them the log knows: whoever
    changes one meanwhile has a later position, or was there before and the record is passed over. Doing it again
    enters what is still missing.

    :param told: is called with the number of each batch.
    :returns: how many records have entered it.
    """
    number = 0
    after: Sequence[Any] | None = None
    while True:
        entered, after = _tried(database, log, resource, origin, after, batch)
        number += entered
        told(entered)
        if after is None:
            return number


def _tried(
    database: Database, log: Log, resource: Resource, origin: Origin, after: Sequence[Any] | None, batch: int
) -> tuple[int, Sequence[Any] | None]:
    """A batch; again, where the database chose it as the victim of a deadlock with a writer."""
    for _ in range(_TRIES - 1):
        try:
            return _batch(database, log, resource, origin, after, batch)
        except (Problem, DBAPIError) as error:
            if not is_worth_retrying(error.__cause__ or error):
                raise
    return _batch(database, log, resource, origin, after, batch)


def _batch(
    database: Database, log: Log, resource: Resource, origin: Origin, after: Sequence[Any] | None, batch: int
) -> tuple[int, Sequence[Any] | None]:
    images = log.images(resource)
    with database.sessions.begin() as session:
        session.info[ORIGIN] = origin
        rows = execute(session, _select(log, resource, after, batch)).all()
        keys = [images.key(dict(zip(images.names, row, strict=True))) for row in rows]
        known = _known(session, log, resource, keys)
        missing = {key: row for key, row in zip(keys, rows, strict=True) if key not in known}
        entering = {key: images.of_row(row) for key, row in missing.items()}
        _read_lists(session, resource, images, entering)
        named = {"resource": resource.name, "verb": "baseline", "before": None}
        recorder = recorder_of(session)
        assert recorder is not None
        recorder.entries.write(session, [{**named, "key": key, "after": image} for key, image in entering.items()])
    if len(rows) < batch:
        return len(missing), None
    last = dict(zip(images.names, rows[-1], strict=True))
    return len(missing), [last[field.name] for field in resource.key]


def _select(log: Log, resource: Resource, after: Sequence[Any] | None, batch: int) -> sa.Select[Any]:
    """The next records by key, locked against changes; others may still refer to them."""
    columns = {name: getattr(resource.model, name) for name in log.images(resource).names}
    keys = [columns[field.name] for field in resource.key]
    asked = sa.select(*columns.values()).order_by(*keys).limit(batch).with_for_update(read=True)
    if after is None:
        return asked
    if len(keys) == 1:
        return asked.where(keys[0] > after[0])
    bound = [sa.literal(value, key.type) for value, key in zip(after, keys, strict=True)]
    return asked.where(sa.tuple_(*keys) > sa.tuple_(*bound))


def _known(session: Session, log: Log, resource: Resource, keys: Sequence[str]) -> set[str]:
    """Those of some keys of which the log has a change; one look into its index for each."""
    change = log.table.c
    if session.get_bind().dialect.name != "postgresql":
        asked = sa.select(change.key).where(change.resource == resource.name, change.key.in_(keys)).distinct()
        return set(execute(session, asked).scalars())
    # Of a log that has just begun to grow PostgreSQL has no statistics, and would read all of it for each IN.
    given = sa.func.unnest(sa.cast(list(keys), ARRAY(sa.Text))).table_valued(sa.column("key", sa.Text)).render_derived()
    own = sa.select(change.id).where(change.resource == resource.name, change.key == given.c.key)
    known = own.limit(1).correlate(given).scalar_subquery()
    return set(execute(session, sa.select(given.c.key).where(known.is_not(None))).scalars())


def _read_lists(session: Session, resource: Resource, images: Images, entering: Mapping[str, Image]) -> None:
    """Put the lists of keys into images: later changes tell of those alone that change."""
    columns = resource.mapper.primary_key
    parts = [images.fields[resource.mapper.get_property_by_column(column).key] for column in columns]
    keys = {}
    for image in entering.values() if relations_of(resource) else ():
        keys[tuple(part.value.parse(image[part.name]) for part in parts)] = image
    for prop in relations_of(resource):
        for key, several in read_lists(session, resource, prop, list(keys)).items():
            keys[key][prop.key] = several
