"""Pruning: old changes go, and of each record one state is left to go on from.

What is pruned was sealed, and goes by whole batches and whole requests: of a request all changes go, or none, so that
what is left can still be undone. Of each record that was there at the end of the last batch its last change stays, as a
baseline, in its place; what comes after it is as it was. A seal keeps its hash, on which the seals after it stand, and
gets the digest of what is left of its batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.changes import Log, Origin, recorder_of
from colonnade.core.changes.origin import ORIGIN
from colonnade.core.database import Database, ReadConnection, execute

from .digests import batch_digest, row_digest
from .seals import CHANGE, LEAF, SEAL, lock, seal
from .verifying import PRUNES, newest_prune, pruned_digest


def position_before(database: Database, moment: datetime) -> int:
    """The last position before the first change that is as young as this or younger."""
    younger = sa.select(CHANGE.c.position).where(CHANGE.c.at >= moment, CHANGE.c.position.is_not(None))
    with database.read() as connection:
        found = connection.rows(younger.order_by(CHANGE.c.position).limit(1))
        newest = connection.rows(sa.select(sa.func.max(CHANGE.c.position)))[0][0] or 0
    return found[0][0] - 1 if found else newest


def position_leaving(database: Database, number: int) -> int:
    """The position after which so many changes come."""
    placed = sa.select(CHANGE.c.position).where(CHANGE.c.position.is_not(None))
    with database.read() as connection:
        found = connection.rows(placed.order_by(CHANGE.c.position.desc()).offset(number).limit(1))
    return found[0][0] if found else 0


def whole_until(database: Database, position: int) -> int:
    """The last position up to a given one at which no request is parted: each has all of its changes before or after.

    A baseline is entered, and left, record by record, whatever request it is of.
    """
    parted = CHANGE.c.verb.in_(("create", "update", "delete", "unlogged"))
    with database.read() as connection:
        while position > 0:
            younger = sa.or_(CHANGE.c.position > position, CHANGE.c.position.is_(None))
            later = sa.select(CHANGE.c.request_id).where(younger, parted)
            earlier = sa.select(sa.func.min(CHANGE.c.position)).where(CHANGE.c.position <= position, parted)
            first = connection.rows(earlier.where(CHANGE.c.request_id.in_(later)))[0][0]
            if first is None:
                break
            position = first - 1
    return max(position, 0)


_PRUNED_UNTIL = sa.select(sa.func.max(SEAL.c.last)).where(SEAL.c.kept.is_not(None))


def pruned_until(session: Session) -> int:
    """The last position up to which changes have gone, or are just going; 0 if nothing was ever pruned."""
    return execute(session, _PRUNED_UNTIL).scalar_one() or 0


def pruned_until_on(connection: ReadConnection) -> int:
    """The same for one who reads."""
    return connection.rows(_PRUNED_UNTIL)[0][0] or 0


def prune(database: Database, log: Log, cut: int, origin: Origin) -> int:
    """Let the changes up to a position go; one transaction for each sealed batch, so that nobody waits for long.

    Of a request that goes on after that position, and of what was sealed together with it, everything stays.
    Interrupted, it can be run again. A row of the log says that it was done (verb ``prune``).

    :returns: how many rows are gone.
    """
    cut = whole_until(database, cut)
    if cut <= 0:
        return 0
    if _has_changes(database, cut):
        seal(database, until=cut)
        return _prune(database, log, _lasts(database, SEAL.c.last <= _sealed_until(database, cut)), origin)
    if pruned := _lasts(database, SEAL.c.kept.is_not(None)):
        _say(database, 0, pruned[0], origin)  # where it was interrupted before that
    return 0


def _has_changes(database: Database, cut: int) -> bool:
    """Tell whether there is anything up to a position but what pruning leaves."""
    left = CHANGE.c.verb.in_(("baseline", "erase", "prune"))
    with database.read() as connection:
        return bool(connection.rows(sa.select(CHANGE.c.id).where(CHANGE.c.position <= cut, ~left).limit(1)))


def _sealed_until(database: Database, cut: int) -> int:
    """The end of the last sealed batch up to a position at which no request is parted."""
    while lasts := _lasts(database, SEAL.c.last <= cut):
        cut = whole_until(database, lasts[0])
        if cut == lasts[0]:
            return cut
    return 0


def _prune(database: Database, log: Log, lasts: Sequence[int], origin: Origin) -> int:
    if not lasts:
        return 0
    cut, number = lasts[0], 0
    # From the last one back: what a state lacks is looked for in what is older, and must still be there.
    for last in lasts:
        number += _prune_batch(database, log, last, cut, origin)
    # That a record was deleted goes last, or what is older would be taken for its state.
    deleted = sa.exists().where(CHANGE.c.position.between(SEAL.c.first, SEAL.c.last), CHANGE.c.verb == "delete")
    for last in _lasts(database, SEAL.c.last <= cut, deleted):
        number += _prune_batch(database, log, last, cut, origin, deletions=True)
    _say(database, number, cut, origin)
    return number


def _lasts(database: Database, *where: sa.ColumnElement[bool]) -> list[int]:
    with database.read() as connection:
        return [last for (last,) in connection.rows(sa.select(SEAL.c.last).where(*where).order_by(SEAL.c.last.desc()))]


def _prune_batch(database: Database, log: Log, last: int, cut: int, origin: Origin, *, deletions: bool = False) -> int:
    later = CHANGE.alias()
    superseded = (
        sa.exists()
        .where(later.c.resource == CHANGE.c.resource, later.c.key == CHANGE.c.key)
        .where(later.c.position > CHANGE.c.position, later.c.position <= cut)
    )
    asked = (
        sa.select(CHANGE, LEAF.c.salt, LEAF.c.salts, LEAF.c.digest, superseded.label("superseded"))
        .join_from(CHANGE, LEAF, LEAF.c.position == CHANGE.c.position)
        .order_by(CHANGE.c.position)
    )
    gone: list[int] = []
    digests: list[str] = []
    with database.sessions.begin() as session:
        lock(session)
        batch = execute(session, sa.select(SEAL).where(SEAL.c.last == last)).one()
        for row in execute(session, asked.where(CHANGE.c.position.between(batch.first, batch.last))).all():
            if _goes(row) or (deletions and row.verb == "delete"):
                gone.append(row.position)
            elif row.key and row.verb not in ("baseline", "delete"):
                digests.append(_settle(session, log, row, origin))
            else:
                digests.append(row.digest)
        for part in (gone[start : start + 500] for start in range(0, len(gone), 500)):
            execute(session, sa.delete(CHANGE).where(CHANGE.c.position.in_(part)))
            execute(session, sa.delete(LEAF).where(LEAF.c.position.in_(part)))
        left = {"kept": len(digests), "kept_digest": batch_digest(digests)}
        execute(session, sa.update(SEAL).where(SEAL.c.last == last).values(**left))
    return len(gone)


def _goes(row: Any) -> bool:
    """Tell whether a row is of no more use: a later one of the same record is there, or it is a remark that is old.

    That something was erased is told for good, and what the last pruning has left until the next.
    """
    if row.key or row.verb == "prune":
        return bool(row.superseded)
    return bool(row.verb != "erase")


def _settle(session: Session, log: Log, row: Any, origin: Origin) -> str:
    """Make a baseline of the last change of a record; return its digest."""
    values = {**origin.values(), "verb": "baseline", "before": None, "after": _whole(session, log, row)}
    digest = row_digest({**row._mapping, **values}, row.salt, row.salts)
    execute(session, sa.update(CHANGE).where(CHANGE.c.id == row.id).values(**values))
    execute(session, sa.update(LEAF).where(LEAF.c.position == row.position).values(digest=digest))
    return digest


def _whole(session: Session, log: Log, row: Any) -> Mapping[str, Any]:
    """An image with the keys of relations: they stand only where they were changed, so older images have them."""
    image: dict[str, Any] = dict(row.after)
    resource = log.resources.get(row.resource)
    relations = resource.relations.values() if resource is not None else ()
    missing = {each.name for each in relations if each.by_keys and each.name not in image}
    if not missing:
        return image
    older = (
        sa.select(CHANGE.c.after)
        .where(CHANGE.c.resource == row.resource, CHANGE.c.key == row.key, CHANGE.c.position < row.position)
        .order_by(CHANGE.c.position.desc())
    )
    for (after,) in execute(session, older):
        if after is None:
            break
        found = {name: after[name] for name in missing if name in after}
        image |= found
        missing -= set(found)
        if not missing:
            break
    return image


def _say(database: Database, number: int, through: int, origin: Origin) -> None:
    """Leave a row about it, which binds what is left of the batches; none if that is what the last one says."""
    asked = sa.select(SEAL.c.last, SEAL.c.kept, SEAL.c.kept_digest).where(SEAL.c.kept.is_not(None))
    with database.sessions.begin() as session:
        lock(session)
        pruned: Sequence[Any] = execute(session, asked.order_by(SEAL.c.last)).all()
        digest = pruned_digest([(last, kept, left) for last, kept, left in pruned])
        if digest == newest_prune(execute(session, PRUNES).all()):
            return
        session.info[ORIGIN] = origin
        said = {"through": through, "hash": digest}
        recorder = recorder_of(session)
        assert recorder is not None
        told = {"resource": "changes", "key": "", "verb": "prune", "before": None, "after": said, "count": number}
        recorder.entries.write(session, [told])
