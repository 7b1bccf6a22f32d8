"""Erasing: what the log holds of a person goes, and the rest can still be verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.changes import Log, recorder_of
from colonnade.core.changes.images import ERASED
from colonnade.core.database import execute
from colonnade.core.problems import Unprocessable
from colonnade.core.resources import Resource

from .digests import salt_of, salts_of, value_digest
from .seals import CHANGE, LEAF, lock


def personal_fields(resources: Iterable[Resource]) -> list[str]:
    """The fields that can be erased: those that are marked personal, but for keys."""
    return sorted(
        {field.name for each in resources for field in each.fields.values() if field.personal and not field.key}
    )


def erase(session: Session, log: Log, resource: Resource, key: str) -> int:
    """Take the personal fields of a record out of all its images, for good; the record itself stays as it is.

    The images say which fields were erased. A row of the log says that it was done, by whom and when (verb ``erase``).

    :param key: as in the URL of the record.
    :returns: how many rows of the log had something to erase.
    :raises Unprocessable: for a resource without personal fields.
    """
    family = [
        each for each in log.kept() if each.mapper.isa(resource.mapper) or resource.mapper.isa(each.mapper)
    ]  # an inheriting class's record is one of its base, too, by the same key
    names = personal_fields(family)
    if not names:
        raise Unprocessable(
            f"{resource.name} has no personal fields: mapped_column(info={{'personal': True}}) marks one."
        )
    lock(session)
    resources = sorted(each.name for each in family)
    asked = (
        sa.select(CHANGE, LEAF.c.salt, LEAF.c.salts, LEAF.c.digest)
        .select_from(CHANGE.outerjoin(LEAF, LEAF.c.position == CHANGE.c.position))
        .where(CHANGE.c.resource.in_(resources), CHANGE.c.key == key)
        .order_by(CHANGE.c.id)
    )
    number = 0
    for row in execute(session, asked).all():
        number += _erase(session, row._mapping, names)
    if number:
        recorder = recorder_of(session)
        assert recorder is not None
        said = {"key": key, "fields": names, "resources": resources}
        told = {"resource": resource.name, "key": "", "verb": "erase", "before": None, "after": said, "count": number}
        recorder.entries.write(session, [told])
    return number


def _erase(session: Session, row: Mapping[Any, Any], names: list[str]) -> bool:
    images = {side: _without(row, side, names) for side in ("before", "after")}
    if all(images[side] == row[CHANGE.c[side]] for side in images):
        return False
    execute(session, sa.update(CHANGE).where(CHANGE.c.id == row[CHANGE.c.id]).values(**images))
    if row[LEAF.c.digest] is not None:
        salts = salts_of({**images}, row[LEAF.c.salt], row[LEAF.c.salts] or {})
        position = LEAF.c.position == row[CHANGE.c.position]
        execute(session, sa.update(LEAF).where(position).values(salt=None, salts=salts))
    return True


def _without(row: Mapping[Any, Any], side: str, names: list[str]) -> dict[str, Any] | None:
    image: dict[str, Any] | None = row[CHANGE.c[side]]
    if image is None or not any(name in image for name in names):
        return image
    sealed = row[LEAF.c.digest] is not None
    erased = dict(image.get(ERASED) or {})
    for name in names:
        if name in image:
            salt = salt_of(side, name, row[LEAF.c.salt], row[LEAF.c.salts] or {})
            erased[name] = value_digest(image[name], salt) if sealed else None
    return {**{name: value for name, value in image.items() if name not in names}, ERASED: erased}
