"""What a request changed, read off the log: of each record how it was before, and how the request left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.changes.images import ERASED, Image, Images
from colonnade.core.changes.log import Log
from colonnade.core.database import execute
from colonnade.core.problems import Conflict
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.values import read_json
from colonnade.core.writing.bodies import same
from colonnade.core.writing.loading import Stored
from colonnade.core.writing.lookup import Key
from colonnade.core.writing.patching.values import equal as json_equal

Kind = Literal["create", "update", "delete"]

#: What the log has of a request that no undo can bring back, and why.
_NOT_UNDONE = {
    "unlogged": "It holds a statement that went past the log: what that did is not known.",
    "baseline": "It is what was there when the log began: there is nothing before it.",
    "erase": "It erased something from the log itself.",
    "prune": "It let old changes leave the log itself.",
}


@dataclass(eq=False)
class Reversal:
    """One record that a request changed, and what undoing it writes.

    before: the image to which it is brought back; None where the request created it.
    after: the image as the request left it; None where the request deleted it.
    last: the id of its last row in the log.
    stored: the record, once it is loaded; None where there is none, or none that the author may see.
    record: the object that was written, in the end.
    loosened: names that are emptied before anything else, because records that go refer to each other.
    deferred: names that get their values after everything else, because records that come refer to each other.
    """

    images: Images
    before: Image | None
    after: Image | None
    last: int
    stored: Stored | None = None
    record: Any = None
    loosened: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)

    @property
    def resource(self) -> Resource:
        """Of which it is a record."""
        return self.images.resource

    @property
    def kind(self) -> Kind:
        """What is written: the opposite of what the request did."""
        return "create" if self.after is None else "delete" if self.before is None else "update"

    @cached_property
    def to(self) -> Mapping[str, Any]:
        """What the record is to have: Python values by field name, lists of keys by relation."""
        return {} if self.before is None else _values(self.images, self.before)

    @cached_property
    def was(self) -> Mapping[str, Any]:
        """What the request left."""
        return {} if self.after is None else _values(self.images, self.after)

    @cached_property
    def changes(self) -> Mapping[str, Any]:
        """What is written of a record that is there: the values of `to` that the request had changed."""
        return {name: value for name, value in self.to.items() if self.writes(name) and not self._kept(name)}

    @property
    def idle(self) -> bool:
        """Whether the request left the record as it was.

        :raises ValueError: for values that the fields of today do not take.
        """
        return (self.to, self.was) == ({}, {}) or (self.kind == "update" and not self.changes)

    @cached_property
    def key(self) -> Key:
        """The key by which it is stored now; that under which it comes back, where it is created."""
        values = self.was or self.to
        return tuple(values[each.name] for each in self.resource.key)

    @cached_property
    def next_key(self) -> Key:
        """The key under which it will be stored; that which it had, where it is deleted."""
        values = self.to or self.was
        return tuple(values[each.name] for each in self.resource.key)

    @property
    def key_text(self) -> str:
        """The key as in a URL."""
        return self.images.key(self.was or self.to)

    @property
    def next_key_text(self) -> str:
        """The next key as in a URL."""
        return self.images.key(self.to or self.was)

    @property
    def values(self) -> dict[str, Any]:
        """What is written when its turn comes: what was loosened, too; what is deferred, later."""
        names = (*self.changes, *(name for name in self.loosened if name in self.to and name not in self.changes))
        names = names if self.kind == "update" else tuple(filter(self.writes, self.to))
        return {name: self.to[name] for name in names if name not in self.deferred}

    @cached_property
    def written(self) -> frozenset[str]:
        """The names of what is written, as the policy is asked about it."""
        return frozenset(self.changes) if self.kind == "update" else frozenset(filter(self.writes, self.to))

    def writes(self, name: str) -> bool:
        """Whether a field or relation is written: not what the database or the mapping makes of others."""
        known = self.resource.fields.get(name)
        return known is None or not known.generated or (known.key and self.kind == "create")

    def relation(self, name: str) -> Relation:
        """A many-to-many relation that is in the images."""
        return self.resource.relations[name]

    def _kept(self, name: str) -> bool:
        if name not in self.was:
            return True
        return equal(self.resource.fields.get(name), self.to[name], self.was[name])


def equal(known: Field | None, one: Any, other: Any) -> bool:
    """Tell whether two values of a field are the same; or of a relation, without one."""
    if known is None:
        return set(one) == set(other)
    # Most are of the same simple class, which is quick to tell.
    if type(one) is type(other) and not isinstance(one, (list, dict, float)):
        return bool(one == other)
    if one is None or other is None:
        return one is other
    if isinstance(one, (list, dict)) and isinstance(other, (list, dict)):
        # A database may write a number of a document in another way: 1e+23 as a 1 with 23 zeros.
        return json_equal(*(read_json(known.value.to_json(each)) for each in (one, other)))
    return same(known, one, other)


def _values(images: Images, image: Image) -> dict[str, Any]:
    """The values of an image, and the keys of its relations; of names that there are no more, nothing."""
    values = images.values(image)
    for name, keys in image.items():
        relation = images.resource.relations.get(name)
        if relation is not None and relation.by_keys:
            target = relation.target.key
            parts = (each if isinstance(each, list) else [each] for each in keys)
            values[name] = [
                tuple(known.value.parse(part) for known, part in zip(target, key, strict=True)) for key in parts
            ]
    return values


@dataclass(frozen=True)
class ChangeSet:
    """All that one request changed.

    rows: the ids of its rows in the log.
    reversals: of the records that are others than they were before it.
    obstacle: why it cannot be undone at all; "" if nothing speaks against it.
    """

    request_id: str
    rows: Sequence[int]
    reversals: Sequence[Reversal]
    obstacle: str = ""


def read_changeset(
    session: Session, log: Log, request_id: str, gone_until: Callable[[Session], int] = lambda _: 0
) -> ChangeSet:
    """Read what a request changed.

    :param gone_until: tells up to which position changes have left the log; it is asked after these were read.
    """
    table = log.table
    # Who writes a record holds its lock, so ids are in the order in which one record was written.
    columns = (table.c[name] for name in ("id", "position", "resource", "key", "verb", "before", "after"))
    rows = execute(session, sa.select(*columns).where(table.c.request_id == request_id).order_by(table.c.id)).all()
    obstacle = next((_NOT_UNDONE[row.verb] for row in rows if row.verb in _NOT_UNDONE), "")
    unknown = {row.resource for row in rows} - set(log.resources)
    if unknown and not obstacle:
        obstacle = "It changed records of a resource that is not there any more."
    if not obstacle and any(row.before is not None and ERASED in row.before for row in rows):
        obstacle = "Something of what was there before it was erased from the log."
    placed = [row.position for row in rows if row.position is not None]
    if not obstacle and placed and min(placed) <= gone_until(session):
        obstacle = "Old changes have left the log, and some of its own may be among them."
    try:
        reversals = [] if obstacle else list(_reversals(log, rows))
    except ValueError:
        reversals, obstacle = [], "What it changed does not fit the fields of today."
    return ChangeSet(request_id, [row.id for row in rows], reversals, obstacle)


def _reversals(log: Log, rows: Sequence[Any]) -> Iterator[Reversal]:
    """One for each record that is another than it was, by following it from row to row, whatever its key became."""
    found: list[Reversal] = []
    at: dict[tuple[str, str], Reversal] = {}
    for row in rows:
        images = log.images(log.resources[row.resource])
        place = (row.resource, row.key)
        earlier = row.key if row.before is None or row.after is None else _key(images, row.before, row.key, row.after)
        known = at.pop((row.resource, earlier), None)
        if known is None:
            known = Reversal(images, _copy(row.before), _copy(row.after), row.id)
            found.append(known)
        else:
            _follow(known, row.before, row.after, row.id)
        at[place] = known
    # A record of an inheriting class is told of its base's resource, too: it is brought back once, as what it is.
    left = [each for each in found if not each.idle]
    covered = {(base.name, each.key_text) for each in left for base in log.bases(each.resource)}
    yield from (each for each in left if (each.resource.name, each.key_text) not in covered)


def _follow(known: Reversal, before: Image | None, after: Image | None, last: int) -> None:
    """Take in a later row of the same record. Relations are in those rows only that change them."""
    if known.before is not None:
        for name, value in (before or {}).items():
            known.before.setdefault(name, value)
    known.after = None if after is None else {**(known.after or {}), **after}
    known.last = last


def _key(images: Images, before: Image, key: str, after: Image) -> str:
    """The key that a record had before it was changed."""
    fields = images.resource.key
    if all(before.get(each.name) == after.get(each.name) for each in fields):
        return key
    return images.key({each.name: each.value.parse(before[each.name]) for each in fields})


def _copy(image: Image | None) -> Image | None:
    return None if image is None else dict(image)


def require_undoable(changes: ChangeSet) -> None:
    """:raises Conflict: for a request that cannot be undone, whoever asks."""
    if changes.obstacle:
        raise Conflict(f"This request cannot be undone. {changes.obstacle}", slug="not-undoable")
