"""Whether the log is what was sealed: which rows were altered, removed or put in, as precisely as can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes.images import ERASED
from colonnade.core.database import Database, ReadConnection, Snapshot

from .digests import batch_digest, digest_of, row_digest
from .seals import CHANGE, LEAF, SEAL, seal_hash


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
    if pruned and pruned_digest(pruned) != newest_prune(connection.rows(PRUNES)):
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
    if seal_hash(seal) != seal["hash"]:
        yield _finding(seal, "broken", f"the seal of batch {number} was altered")


def _batch(
    connection: ReadConnection, seal: Any, number: int, report: Report, notices: Mapping[Any, float]
) -> Iterator[Finding]:
    within = seal["first"], seal["last"]
    rows = connection.rows(sa.select(CHANGE).where(CHANGE.c.position.between(*within)).order_by(CHANGE.c.position))
    leaves = {
        leaf.position: leaf
        for leaf in connection.rows(sa.select(LEAF).where(LEAF.c.position.between(*within)).order_by(LEAF.c.position))
    }
    report.sealed += len(rows)
    count, digest = seal["count"], seal["digest"]
    if seal["kept"] is not None:
        count, digest = seal["kept"], seal["kept_digest"]
    whole = len(leaves) == count and batch_digest(leaf.digest for leaf in leaves.values()) == digest
    precise = False
    for finding in _rows(rows, leaves, seal, number, report, notices):
        precise = True
        yield finding
    if not whole and not precise:
        yield _finding(seal, "altered", f"batch {number} was altered, and what would tell which of its rows, too")


def _rows(
    rows: Sequence[Any],
    leaves: Mapping[int, Any],
    seal: Any,
    number: int,
    report: Report,
    notices: Mapping[Any, float],
) -> Iterator[Finding]:
    for row in rows:
        leaf, values = leaves.get(row.position), row._mapping
        if leaf is None:
            text = f"position {row.position} was put into batch {number}, or lost its digest"
            yield _finding(seal, "inserted", text, row.position)
        elif row_digest(values, leaf.salt, leaf.salts) != leaf.digest:
            text = f"position {row.position} of batch {number} was altered: {row.verb} {row.resource} {row.key}"
            yield _finding(seal, "altered", text, row.position)
        if any(side and ERASED in side for side in (row.before, row.after)):
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
    asked = sa.select(CHANGE).where(CHANGE.c.verb == "erase").order_by(CHANGE.c.position.nulls_last())
    return {
        (resource, row.after["key"]): inf if row.position is None else row.position  # it will be the last one
        for row in connection.rows(asked)
        for resource in row.after["resources"]
    }


_NEWEST_FIRST = (CHANGE.c.position.desc().nulls_first(), CHANGE.c.id.desc())
PRUNES = sa.select(CHANGE.c.after).where(CHANGE.c.verb == "prune").order_by(*_NEWEST_FIRST).limit(1)


def newest_prune(rows: Sequence[Any]) -> str | None:
    """What the last row about pruning says of what was left."""
    return rows[0].after["hash"] if rows else None


def pruned_digest(pruned: Sequence[tuple[int, int, str]]) -> str:
    """The digest of what pruning has left: last position, number and digest of each batch."""
    return digest_of(*(list(each) for each in pruned))
