"""What a caller may make a write depend on, and what is not known of that yet."""

from __future__ import annotations

import re

from pyramid.request import Request

from colonnade.core.problems import BadRequest

#: Headers that a caller relies on: a write that passed over one would do what was to be prevented.
_UNKNOWN = ("If-Match", "If-None-Match", "If-Unmodified-Since", "Idempotency-Key")
_ROLLBACK = re.compile(r"(^|[,;\s])tx\s*=\s*\"?rollback", re.IGNORECASE)


def refuse_conditions(request: Request) -> None:
    """Refuse a creation that is to happen only if, only once, or not really.

    :raises BadRequest: naming the headers; nothing has happened then.
    """
    given = [name for name in _UNKNOWN if name in request.headers]
    if _ROLLBACK.search(request.headers.get("Prefer", "")):
        given.append("Prefer: tx=rollback")
    if given:
        raise BadRequest(f"A creation knows no {', '.join(given)} yet, so nothing was created; leave it out.")
