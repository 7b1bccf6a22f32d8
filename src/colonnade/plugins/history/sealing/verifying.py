"""Whether the log is what was sealed: which rows were altered, removed or put in, as precisely as can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes.images import ERASED
from colonnade.core.database import Database, ReadConnection, Snapshot

from .digests import batch_digest, digest_of, row_digest
from .seals import CHANGE, LEAF, SEAL, seal_hash

#: What comes of values that no program of ours has written: no JSON, no time, another type.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError, sa.exc.StatementError)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed.

    first, last: the positions of the batch; what: altered, removed, inserted, broken or unexpected.
    position: of the row, where that can be told.
    """

    first: int
    last: int
    what: str
    text: str
    position: int | None = None


@dataclass
class Report:
    """What a verification has found.

    hash: of the last seal. sealed, unsealed: how many rows. erased: how many rows lack erased values.
    pruned: how many rows are gone by pruning.
    """

    hash: str = ""
    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    pruned: int = 0
    findings: list[Finding] = field(default_factory=list)


def verify(database: Database, *, expect: str | None = None) -> Report:
    """Compare the log with its seals, as of one moment; nothing is written.

    :param expect: the hash of a seal that was kept elsewhere: it has to be one of the chain.
    """
    snapshot = Snapshot(database.open_read())
    try:
        return _verify(snapshot, expect)
    finally:
        snapshot.close()


def _verify(connection: ReadConnection, expect: str | None) -> Report:
    report = Report()
    previous, last = "", 0
    hashes = set()
    notices = _notices(connection)
    pruned = []
    for number, found in enumerate(connection.rows(sa.select(SEAL).order_by(SEAL.c.last)), start=1):
        seal = found._mapping
        report.findings += _chained(seal, number, previous, last)
        report.findings += _batch(connection, seal, number, report, notices)
        if seal["kept"] is not None:
            pruned.append((seal["last"], seal["kept"], seal["kept_digest"]))
            report.pruned += seal["count"] - seal["kept"]
        previous, last = seal["hash"], seal["last"]
        hashes.add(seal["hash"])
    report.hash = previous
    unsealed = sa.select(sa.func.count()).select_from(CHANGE).where(CHANGE.c.position > last)
    report.unsealed = connection.rows(unsealed)[0][0]
    if pruned and pruned_digest(pruned) != _newest_prune(connection):
        text = "what pruning has left is not what its last row in the log says; if it was interrupted, prune again"
        report.findings.append(Finding(1, pruned[-1][0], "broken", text))
    if expect is not None and expect.strip().lower() not in hashes:
        text = f"no seal has the hash {expect.strip()}: what it stood for was replaced or cut off"
        report.findings.append(Finding(1, last, "unexpected", text))
    return report


def _chained(seal: Any, number: int, previous: str, last: int) -> Iterator[Finding]:
    if seal["previous"] != previous or seal["first"] != last + 1:
        yield _finding(
            seal, "broken", f"batch {number} does not follow the one before it: a seal was removed or put in"
        )
    if not _is_own_hash(seal):
        yield _finding(seal, "broken", f"the seal of batch {number} was altered")


def _is_own_hash(seal: Any) -> bool:
    try:
        return bool(seal_hash(seal) == seal["hash"])
    except UNREADABLE:
        return False


def _batch(
    connection: ReadConnection, seal: Any, number: int, report: Report, notices: Mapping[Any, float]
) -> Iterator[Finding]:
    rows, broken = _readable(connection, CHANGE, seal)
    found, broken_leaves = _readable(connection, LEAF, seal)
    leaves = {leaf.position: leaf for leaf in found}
    report.sealed += len(rows)
    count, digest = seal["count"], seal["digest"]
    if seal["kept"] is not None:
        count, digest = seal["kept"], seal["kept_digest"]
    whole = len(leaves) == count and _is_digest_of(digest, leaves.values())
    precise = False
    for position in sorted({*broken, *broken_leaves}):
        precise = True
        yield _finding(seal, "altered", f"position {position} of batch {number} cannot be read any more", position)
    for finding in _rows(rows, leaves, seal, number, report, notices):
        if finding.position not in broken and finding.position not in broken_leaves:
            precise = True
            yield finding
    if not whole and not precise:
        yield _finding(seal, "altered", f"batch {number} was altered, and what would tell which of its rows, too")


def _readable(connection: ReadConnection, table: sa.Table, seal: Any) -> tuple[Sequence[Any], Sequence[int]]:
    """The rows of a batch in order, and the positions of those that hold what no program has written."""
    asked = sa.select(table).where(table.c.position.between(seal["first"], seal["last"])).order_by(table.c.position)
    try:
        return connection.rows(asked), ()
    except UNREADABLE:
        rows: list[Any] = []
        broken: list[int] = []
    for (position,) in connection.rows(asked.with_only_columns(table.c.position)):
        try:
            rows += connection.rows(sa.select(table).where(table.c.position == position))
        except UNREADABLE:
            broken.append(position)
    return rows, broken


def _is_digest_of(digest: str, leaves: Iterable[Any]) -> bool:
    try:
        return batch_digest(leaf.digest for leaf in leaves) == digest
    except UNREADABLE:
        return False


def _is_as_sealed(row: Any, leaf: Any) -> bool:
    try:
        return bool(row_digest(row._mapping, leaf.salt, leaf.salts) == leaf.digest)
    except UNREADABLE:
        return False


def _rows(
    rows: Sequence[Any],
    leaves: Mapping[int, Any],
    seal: Any,
    number: int,
    report: Report,
    notices: Mapping[Any, float],
) -> Iterator[Finding]:
    for row in rows:
        leaf = leaves.get(row.position)
        if leaf is None:
            text = f"position {row.position} was put into batch {number}, or lost its digest"
            yield _finding(seal, "inserted", text, row.position)
        elif not _is_as_sealed(row, leaf):
            text = f"position {row.position} of batch {number} was altered: {row.verb} {row.resource} {row.key}"
            yield _finding(seal, "altered", text, row.position)
        if any(isinstance(side, dict) and ERASED in side for side in (row.before, row.after)):
            report.erased += 1
            if notices.get((row.resource, row.key), 0) < row.position:
                text = f"position {row.position} of batch {number} was erased, and no row of the log says so"
                yield _finding(seal, "altered", text, row.position)
    there = {row.position for row in rows}
    for position in leaves:
        if position not in there:
            yield _finding(seal, "removed", f"position {position} of batch {number} was removed", position)


def _finding(seal: Any, what: str, text: str, position: int | None = None) -> Finding:
    return Finding(seal["first"], seal["last"], what, text, position)


def _notices(connection: ReadConnection) -> dict[tuple[str, str], float]:
    """The records of which something was erased, each with the last position at which that was said."""
    noticed = sa.select(CHANGE.c.id, CHANGE.c.position).where(CHANGE.c.verb == "erase")
    found: dict[tuple[str, str], float] = {}
    for row in connection.rows(noticed.order_by(CHANGE.c.position.nulls_last())):
        try:
            after = connection.rows(sa.select(CHANGE.c.after).where(CHANGE.c.id == row.id))[0][0]
            said = inf if row.position is None else row.position  # it will be the last one
            found |= {(str(resource), str(after["key"])): said for resource in after["resources"]}
        except UNREADABLE:
            continue  # what says nothing excuses nothing
    return found


_NEWEST_FIRST = (CHANGE.c.position.desc().nulls_first(), CHANGE.c.id.desc())
PRUNES = sa.select(CHANGE.c.after).where(CHANGE.c.verb == "prune").order_by(*_NEWEST_FIRST).limit(1)


def newest_prune(rows: Sequence[Any]) -> str | None:
    """What the last row about pruning says of what was left."""
    return rows[0].after["hash"] if rows else None


def _newest_prune(connection: ReadConnection) -> str | None:
    try:
        return newest_prune(connection.rows(PRUNES))
    except UNREADABLE:
        return None


def pruned_digest(pruned: Sequence[tuple[int, int, str]]) -> str:
    """The digest of what pruning has left: last position, number and digest of each batch."""
    return digest_of(*(list(each) for each in pruned))
