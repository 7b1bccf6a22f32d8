"""Undoing a request: from its id to records that are as they were before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from colonnade.core.changes.log import Log
from colonnade.core.problems import Conflict, NotFound
from colonnade.core.resources import Resource
from colonnade.core.writing.author import Author
from colonnade.core.writing.bulk.rows import batches
from colonnade.core.writing.lookup import rows_of_keys
from colonnade.core.writing.relations import key_of
from colonnade.core.writing.writer import Writer

from .admitting import BATCH, Address, by_resource, load_stored, require_permitted, require_whole
from .changeset import Reversal, read_changeset, require_undoable
from .conflicts import changed_since, require_unchanged, sees_any
from .leading import Leading
from .ordering import steps
from .reverting import Reverting

#: What can be the id of a request: as long as the log has room for.
_ID = re.compile(r"[!-~]{1,36}")


@dataclass(frozen=True)
class Reverted:
    """One record that was brought back.

    key: the text of the key that it has now; or that it had, where it was deleted.
    verb: what was done to it: ``create``, ``update`` or ``delete``.
    """

    resource: Resource
    key: str
    verb: Literal["create", "update", "delete"]


@dataclass(frozen=True)
class Undone:
    """What came of an undo.

    changes: how many records were written.
    records: those of them that the author may see.
    """

    request_id: str
    changes: int
    records: Sequence[Reverted]


def undo(
    writer: Writer,
    log: Log,
    request_id: str,
    address: Address,
    most: int | None = None,
    gone_until: Callable[[Session], int] = lambda _: 0,
) -> Undone:
    """Bring back what a request changed, in the author's transaction: all of it, or nothing has happened.

    :param request_id: as the log has it.
    :param address: gives the URL of a record, for what is told of conflicts.
    :param most: how many records may be written at most.
    :param gone_until: tells up to which position changes have left the log.
    :raises NotFound: if there is no such request, or none of which the author may see anything.
    :raises Forbidden: for what the author may not write back.
    :raises Conflict: for what has changed since, and for what cannot be brought back.
    """
    author = writer.author
    if not _ID.fullmatch(request_id):
        raise _unknown()
    with author.session.begin_nested():
        changes = read_changeset(author.session, log, request_id, gone_until)
        if not sees_any(author, log, changes):
            raise _unknown()
        require_undoable(changes)
        reversals = changes.reversals
        load_stored(author, reversals)
        changed, hidden = changed_since(author, reversals)
        require_permitted(author, reversals, hidden, address)
        require_unchanged(author, log, changes, changed, address)
        require_whole(reversals)
        if most is not None and len(reversals) > most:
            raise Conflict(f"This undoes more than {most:,} changes, so none was undone.", slug="max-affected")
        _revert(writer, reversals)
        return Undone(request_id, len(reversals), _visible(author, reversals))


def _unknown() -> NotFound:
    return NotFound("There is no such request here.")


def _revert(writer: Writer, reversals: Sequence[Reversal]) -> None:
    leading = Leading(writer.author, writer.resources, reversals)
    leading.require_known()
    reverting = Reverting(writer)
    for step in steps(reversals, writer.resources):
        reverting.perform(step)
    reverting.require_results(reversals)
    leading.require_brought()
    reverting.tell(reversals)


def _visible(author: Author, reversals: Sequence[Reversal]) -> list[Reverted]:
    """The records that the author sees; of what is deleted now, all: they have seen it before."""
    seen: set[int] = {id(each) for each in reversals if each.kind == "delete"}
    for resource, own in by_resource(each for each in reversals if each.kind != "delete").items():
        view = author.access.of(resource).decides("view")
        columns = [getattr(resource.model, field.name) for field in resource.key]
        for few in batches(own, BATCH):
            keys = {key_of(resource, each.record): each for each in few}
            shown = keys if view is True else rows_of_keys(author, resource, columns, keys, conditions=[view])
            seen |= {id(keys[key]) for key in shown}
    return [Reverted(each.resource, each.next_key_text, each.kind) for each in reversals if id(each) in seen]
