"""What is kept of a request: hashes, by which a repeat is known."""

from __future__ import annotations

import json
from hashlib import sha256

from pyramid.request import Request

from colonnade.core.policy import Identity

#: Headers that say what is to be done, beside the body.
_TELLING = ("CONTENT_TYPE", "HTTP_PREFER", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


def name_of(identity: Identity, key: str) -> str:
    """By what an answer is found: one user's key is nothing to another user, nor to another token of theirs."""
    return _hash([identity.id, identity.token, key])


def fingerprint_of(request: Request, body: bytes) -> str:
    """By what a request is told from another one with the same key: method, path, query, conditions and body."""
    environ = request.environ
    address = [environ["REQUEST_METHOD"], environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")]
    query = environ.get("QUERY_STRING", "")
    return _hash([*address, query, *(environ.get(name, "") for name in _TELLING), sha256(body).hexdigest()])


def rights_of(identity: Identity) -> str:
    """By what changed permissions are told: the principals, and what the token leaves of their permissions."""
    narrowed = None if identity.narrowed is None else sorted(map(list, identity.narrowed))
    return _hash([sorted(identity.principals), narrowed, identity.operator])


def _hash(parts: list[object]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
