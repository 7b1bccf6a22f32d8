"""Making seals: rows are read as anybody reads them and hashed, and then only the seal is written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Model, execute
from colonnade.plugins.history.models import Change, ChangeLeaf, ChangeSeal

from .digests import batch_digest, digest_of, row_digest

#: Rows of a batch.
BATCH: Final = 2000
CHANGE, SEAL, LEAF = (Model.metadata.tables[each.__tablename__] for each in (Change, ChangeSeal, ChangeLeaf))
_LOCK: Final = 0x636F6C6F6E6E6164  # "colonnad": what seals, prunes or erases waits for one another, and for nobody else


@dataclass(frozen=True)
class Sealed:
    """The state of the seals.

    hash: of the last seal; empty if there is none.
    last: its last position; 0 if there is none.
    rows: how many were sealed just now.
    """

    hash: str
    last: int
    rows: int = 0


def seal(database: Database, *, until: int | None = None, batch: int = BATCH) -> Sealed:
    """Seal what is committed and was not sealed yet, batch by batch, each in a transaction of its own.

    No writer is held up: neither the log nor its counter is locked. Several may run at once. A batch ends where a
    request does, unless it is all one request: pruning lets go of whole batches and whole requests.

    :param until: leave what comes after this position.
    :param batch: how many rows a batch has at most.
    """
    number = 0
    while True:
        with database.read() as connection:
            newest = connection.rows(sa.select(sa.func.max(CHANGE.c.position)))[0][0] or 0
            tip = tip_of(connection.rows(_TIP))
            where = [CHANGE.c.position > tip.last, CHANGE.c.position <= (newest if until is None else until)]
            found = connection.rows(sa.select(CHANGE).where(*where).order_by(CHANGE.c.position).limit(batch + 1))
        rows = _whole(found, batch)
        if not rows:
            return Sealed(tip.hash, tip.last, number)
        leaves = [_leaf(row._mapping) for row in rows]
        made = seal_values(tip, leaves)
        with database.sessions.begin() as session:
            lock(session)
            if tip_of(execute(session, _TIP).all()) == tip and not _erased_since(session, newest):
                execute(session, sa.insert(LEAF), leaves)
                execute(session, sa.insert(SEAL), [made])
                number += len(rows)


def _whole(rows: Sequence[Any], batch: int) -> Sequence[Any]:
    """So many rows at most, without those of a last request that goes on, if there are others."""
    if len(rows) <= batch:
        return rows
    number = batch
    while number and rows[number - 1].request_id == rows[batch].request_id:
        number -= 1
    return rows[: number or batch]


def seal_values(tip: Sealed, leaves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The seal of some rows, after the one before."""
    values: dict[str, Any] = {
        "first": tip.last + 1,
        "last": leaves[-1]["position"],
        "count": len(leaves),
        "digest": batch_digest(leaf["digest"] for leaf in leaves),
        "previous": tip.hash,
    }
    return {**values, "hash": seal_hash(values), "at": datetime.now(UTC), "kept": None, "kept_digest": None}


def seal_hash(values: Mapping[str, Any]) -> str:
    """What binds a seal to what it seals, and to the one before."""
    return digest_of(*(values[name] for name in ("first", "last", "count", "digest", "previous")))


def lock(session: Session) -> None:
    """Wait until nobody else seals, prunes or erases; on SQLite a transaction is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        execute(session, sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def tip_of(rows: Sequence[Any]) -> Sealed:
    """The last seal."""
    return Sealed(rows[0].hash, rows[0].last) if rows else Sealed("", 0)


_TIP: Final = sa.select(SEAL.c.hash, SEAL.c.last).order_by(SEAL.c.last.desc()).limit(1)


def _leaf(row: Any) -> dict[str, Any]:
    salt = secrets.token_hex(32)
    return {"position": row["position"], "salt": salt, "salts": None, "digest": row_digest(row, salt, None)}


def _erased_since(session: Session, position: int) -> bool:
    """Tell whether something was erased after what was read had been read; that always leaves a row."""
    later = sa.or_(CHANGE.c.position > position, CHANGE.c.position.is_(None))
    asked = sa.select(CHANGE.c.id).where(later, CHANGE.c.verb == "erase").limit(1)
    return execute(session, asked).first() is not None
