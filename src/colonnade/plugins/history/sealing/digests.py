"""What is hashed of a row of the log: the same bytes on every database.

A row's digest is that of a JSON list of its columns in which each value of an image stands as a digest of its own,
made with a salt of this row, side and field. So a value can be erased, with its salt, and its digest be left in its
place: the row's digest stays the same, and nobody can find the value out by trying.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from colonnade.core.changes.images import ERASED

_SIDES: Final = ("before", "after")
_COLUMNS: Final = (
    "request_id",
    "actor_id",
    "actor",
    "token",
    "channel",
    "resource",
    "key",
    "verb",
    "count",
)
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode


def canonical(value: Any) -> str:
    """One text for one JSON value: members sorted, no white space, a number without a fraction as an integer."""
    return _encode(_same(value))


def digest_of(*parts: Any) -> str:
    """The digest of values as a list of canonical JSON."""
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def row_digest(row: Mapping[str, Any], salt: str | None, salts: Mapping[str, str] | None) -> str:
    """The digest of a row of the log.

    :param salt: of the row; None once something of it was erased.
    :param salts: then, of each value that is left; see `salts_of`.
    """
    at = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    images = [_image_digests(row[side], side, salt, salts or {}) for side in _SIDES]
    return digest_of(1, row["position"], at, *(row[name] for name in _COLUMNS), *images)


def batch_digest(digests: Iterable[str]) -> str:
    """The digest of the rows of a batch, in the order of their positions."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def salt_of(side: str, name: str, salt: str | None, salts: Mapping[str, str]) -> str:
    """What a value is salted with."""
    if salt is None:
        return salts.get(f"{side}.{name}", "")
    return hashlib.sha256(f"{salt}.{side}.{name}".encode()).hexdigest()


def salts_of(row: Mapping[str, Any], salt: str | None, salts: Mapping[str, str]) -> dict[str, str]:
    """The salts of all values that a row has: what is kept in the place of its own salt, which would give them all."""
    return {
        f"{side}.{name}": salt_of(side, name, salt, salts)
        for side in _SIDES
        for name in row[side] or ()
        if name != ERASED
    }


def value_digest(value: Any, salt: str) -> str:
    """The digest of one value of an image."""
    return hashlib.sha256(f"{salt}{canonical(value)}".encode()).hexdigest()


def _image_digests(
    image: Mapping[str, Any] | None, side: str, salt: str | None, salts: Mapping[str, str]
) -> dict[str, str] | None:
    if image is None:
        return None
    found = {
        name: value_digest(value, salt_of(side, name, salt, salts)) for name, value in image.items() if name != ERASED
    }
    for name, digest in (image.get(ERASED) or {}).items():
        # What is erased and there again was put there.
        found[name] = "twice" if name in found else digest or "erased before it was sealed"
    return found


def _same(value: Any) -> Any:
    """JSONB keeps numbers as decimals, and so writes 1e22 as digits."""
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {name: _same(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_same(each) for each in value]
    return value
