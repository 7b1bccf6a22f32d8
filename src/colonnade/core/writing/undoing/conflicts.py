"""Changes in the way: records that are no longer as the request left them.

A record that was changed since, and changed back, is as the request left it: so requests can be undone one after the
other, the last one first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes.images import Image
from colonnade.core.changes.log import Log
from colonnade.core.policy.compiling import Condition
from colonnade.core.problems import Conflict, Fault
from colonnade.core.values import UtcDateTime, listed
from colonnade.core.writing.author import Author
from colonnade.core.writing.bulk.rows import batches

from .admitting import BATCH, MOST_LISTED, Address, by_resource, is_as_left, present
from .changeset import ChangeSet, Reversal


def seen_rows(author: Author, log: Log) -> Condition:
    """Which rows of the log the author may see: what they may see of the records before and after."""
    if author.access.identity.operator:
        return True
    changes = log.resources.of_model(log.change)
    return False if changes is None else author.access.of(changes).decides("view")


def sees_any(author: Author, log: Log, changes: ChangeSet) -> bool:
    """Tell whether the author may see any change of a request."""
    seen = seen_rows(author, log)
    if isinstance(seen, bool):
        return seen and bool(changes.rows)
    table = log.table
    wanted = sa.select(table.c.id).where(table.c.request_id == changes.request_id, seen).limit(1)
    return bool(author.rows(wanted))


def changed_since(author: Author, reversals: Sequence[Reversal]) -> tuple[list[Reversal], int]:
    """The records that are not as the request left them; and how many others are there, unseen by the author."""
    found: list[Reversal] = []
    hidden = 0
    for resource, own in by_resource(reversals).items():
        going = {each.key for each in own if each.kind != "create" and each.key != each.next_key}
        going |= {each.key for each in own if each.kind == "delete"}
        created = {each.key for each in own if each.kind == "create"}
        unseen = {each.key for each in own if each.kind != "create" and each.stored is None}
        there = present(author, resource, created | unseen)
        for each in own:
            if each.kind == "create":
                if each.key in there - going:
                    found.append(each)
            elif each.stored is not None:
                if not is_as_left(each):
                    found.append(each)
            elif each.key in there:
                hidden += 1
            else:
                found.append(each)
    return found, hidden


def require_unchanged(
    author: Author, log: Log, changes: ChangeSet, changed: Sequence[Reversal], address: Address
) -> None:
    """Refuse an undo that others' changes are in the way of.

    :raises Conflict: which names the changes that the author may see, and counts the others.
    """
    if not changed:
        return
    later = _later(author, log, changes, changed)
    undone_by = _undone_by(changes, changed, later)
    if undone_by is not None:
        who = f", by {undone_by.actor} in the request {undone_by.request_id}" if undone_by.seen else ""
        raise Conflict(f"This request is undone already{who}.", slug="undone-already")
    named: list[dict[str, object]] = []
    faults: list[Fault] = []
    for each in changed:
        row = later.get(each)
        if row is None and each.stored is None:
            continue
        if row is not None and not row.seen:
            continue
        url = address(each.resource, each.key_text)
        if row is None:
            faults.append(Fault(f"{url} was changed by a statement that the log knows nothing of", code="unlogged"))
            named.append({"resource": each.resource.name, "url": url})
            continue
        at = UtcDateTime().value.to_text(row.at)
        said = f"{url} was changed by {row.actor or 'a program'} at {at}, in the request {row.request_id}"
        faults.append(Fault(said, code="changed-since"))
        named.append(
            {
                "resource": each.resource.name,
                "url": url,
                "request_id": row.request_id,
                "at": at,
                "actor": row.actor,
            }
        )
    number = "One record was" if len(changed) == 1 else f"{len(changed):,} records were"
    raise Conflict(
        f"{number} changed since this request, so nothing was undone.",
        slug="changed-since",
        faults=faults[:MOST_LISTED],
        changes=named[:MOST_LISTED],
        unseen=len(changed) - len(named),
    )


def _later(author: Author, log: Log, changes: ChangeSet, changed: Iterable[Reversal]) -> dict[Reversal, Any]:
    """The last change of each record since the request; whether the author may see it is its ``seen``."""
    table, seen = log.table, seen_rows(author, log)
    known: Any = sa.literal(seen) if isinstance(seen, bool) else seen
    columns = [table.c[name] for name in ("id", "key", "request_id", "at", "actor", "after")]
    found: dict[Reversal, Any] = {}
    for resource, own in by_resource(changed).items():
        for few in batches(own, BATCH):
            keys = {text for each in few for text in (each.key_text, each.next_key_text)}
            statement = sa.select(*columns, known.label("seen")).where(
                table.c.resource == resource.name,
                listed(table.c.key, "wanted"),
                table.c.id > min(each.last for each in few),
                table.c.request_id != changes.request_id,
                table.c.verb != "baseline",
            )
            last: dict[str, Any] = {}
            for row in author.rows(statement.order_by(table.c.id), {"wanted": sorted(keys)}):
                last[row.key] = row
            for each in few:
                rows = [last[text] for text in (each.key_text, each.next_key_text) if text in last]
                newest = max(rows, key=lambda row: row.id, default=None)
                if newest is not None and newest.id > each.last:
                    found[each] = newest
    return found


def _undone_by(changes: ChangeSet, changed: Sequence[Reversal], later: Mapping[Reversal, Any]) -> Any | None:
    """The change of the request that has brought everything back already; None if no single one has."""
    if len(changed) < len(changes.reversals) or len(later) < len(changed):
        return None
    if len({row.request_id for row in later.values()}) != 1:
        return None
    if not all(_alike(each, row.after) for each, row in later.items()):
        return None
    return next(iter(later.values()))


def _alike(reversal: Reversal, image: Image | None) -> bool:
    if image is None or reversal.before is None:
        return image is reversal.before
    fields = reversal.resource.fields
    names = [name for name in reversal.before.keys() & image.keys() if name not in fields or reversal.writes(name)]
    return all(reversal.before[name] == image[name] for name in names)
