"""The lists of keys that many-to-many relations are: read for images; changed by statements on the tables between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import RelationshipProperty, Session, aliased

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .images import Image, Images
from .log import Log
from .stored import Identity, batched, read_rows, restricted

Pairs = tuple[Resource, RelationshipProperty[Any]]
"""A relation, whose pairs of keys a table between holds."""


def relations_of(resource: Resource) -> list[RelationshipProperty[Any]]:
    """The relations whose keys are in the images of a resource's records."""
    return [resource.mapper.relationships[each.name] for each in resource.relations.values() if each.by_keys]


def tables_between(log: Log) -> Mapping[sa.Table, Sequence[Pairs]]:
    """The tables that hold the lists of kept resources, each with the relations that go through it."""
    found: dict[sa.Table, list[Pairs]] = {}
    for resource in log.kept():
        for prop in relations_of(resource):
            assert isinstance(prop.secondary, sa.Table)
            found.setdefault(prop.secondary, []).append((resource, prop))
    return found


def read_lists(
    session: Session, resource: Resource, prop: RelationshipProperty[Any], keys: Sequence[Identity]
) -> dict[Identity, list[Any]]:
    """The list of each of some records, in the order of images."""
    target: Any = aliased(prop.mapper.class_)
    own = resource.mapper.primary_key
    others = [getattr(target, prop.mapper.get_property_by_column(each).key) for each in prop.mapper.primary_key]
    relation: Any = getattr(resource.model, prop.key)
    asked = sa.select(*own, *others).select_from(resource.model).join(relation.of_type(target)).distinct()
    found: dict[Identity, list[Any]] = {tuple(key): [] for key in keys}
    for few in batched(keys):
        for row in execute(session, asked.where(restricted(own, few))):
            key = tuple(row[len(own) :])
            found[tuple(row[: len(own)])].append(key[0] if len(key) == 1 else list(key))
    return {key: sorted(several, key=repr) for key, several in found.items()}


def lists_of(session: Session, resource: Resource, key: Identity) -> Image:
    """All lists of keys of one record, as they are now."""
    return {prop.key: read_lists(session, resource, prop, [key])[key] for prop in relations_of(resource)}


def changed_lists(
    session: Session,
    log: Log,
    resource: Resource,
    prop: RelationshipProperty[Any],
    before: Mapping[Identity, list[Any]],
) -> Iterator[tuple[Images, Image, Image]]:
    """The records whose lists are others than they were: their images before and after.

    The session reads the lists again when it is asked for them.

    :param before: the lists by the keys of their records; one that is gone is passed over.
    """
    images = log.images(resource)
    rows = read_rows(session, resource.mapper, images.names, list(before))
    for key, now in read_lists(session, resource, prop, list(rows)).items():
        if now != before[key]:
            image = images.of(rows[key])
            yield images, {**image, prop.key: before[key]}, {**image, prop.key: now}
            known = session.identity_map.get(resource.mapper.identity_key_from_primary_key(key))
            if known is not None:
                session.expire(known, [prop.key])


def _there(session: Session, resource: Resource, keys: Sequence[Identity]) -> list[Identity]:
    """Those of the keys that records of this very resource have; locked."""
    names = [each.name for each in resource.key]
    return list(read_rows(session, resource.mapper, names, keys, lock=True))


class Lists:
    """How the lists of kept records were before a statement on a table between, for those that it concerns.

    :param pairs: what the statement takes away or adds, by the columns of that table.
    """

    def __init__(
        self,
        session: Session,
        log: Log,
        table: sa.Table,
        relations: Sequence[Pairs],
        pairs: Sequence[Mapping[str, Any]],
    ) -> None:
        self._session = session
        self._log = log
        self._relations = relations
        self._before = [self._read(resource, prop, self._concerned(prop, pairs)) for resource, prop in relations]

    def changes(self) -> Iterator[tuple[Images, Image, Image]]:
        """The records whose lists are others by now: their images before and after."""
        for (resource, prop), before in zip(self._relations, self._before, strict=True):
            yield from changed_lists(self._session, self._log, resource, prop, before)

    def _concerned(self, prop: RelationshipProperty[Any], pairs: Sequence[Mapping[str, Any]]) -> list[Identity]:
        """The records that are on this side of some pairs."""
        columns = [column for column, _ in prop.synchronize_pairs]
        values = {tuple(pair.get(str(between.key)) for _, between in prop.synchronize_pairs) for pair in pairs}
        keys: list[Identity] = []
        for few in batched([each for each in values if None not in each]):
            asked = sa.select(*prop.parent.primary_key).where(restricted(columns, few))
            keys += [tuple(row) for row in execute(self._session, asked)]
        return keys

    def _read(
        self, resource: Resource, prop: RelationshipProperty[Any], keys: Sequence[Identity]
    ) -> dict[Identity, list[Any]]:
        return read_lists(self._session, resource, prop, _there(self._session, resource, keys))
