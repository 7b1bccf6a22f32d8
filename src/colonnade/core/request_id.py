"""The id of a request: made by us, sortable by time, on every answer, problem and log line; the caller's own beside it.

The id lives in the WSGI environ, so the attempts of one request (pyramid_retry makes a new Request for each) share it.
"""

from __future__ import annotations

import os
import re
import time
from typing import Any

REQUEST_ID_KEY = "colonnade.request_id"
CORRELATION_LENGTH = 128  # characters: enough for any tracing system, too few to flood a log
_STAMPED = frozenset({"X-Request-Id", "X-Correlation-Id"})
_CALLERS_OWN = ("HTTP_X_CORRELATION_ID", "HTTP_X_REQUEST_ID")
#: Two bits of chance in the place of four: a digit that begins with the bits 10.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_NOT_VISIBLE_ASCII = re.compile(r"[^\x21-\x7e]+")


def new_request_id() -> str:
    """A UUID of version 7 (RFC 9562, section 5.7), as 36 characters: milliseconds since 1970 first, then chance."""
    moment = (time.time_ns() // 1_000_000).to_bytes(6).hex()
    chance = os.urandom(10).hex()
    return f"{moment[:8]}-{moment[8:]}-7{chance[1:4]}-{_VARIANT[chance[0]]}{chance[4:7]}-{chance[7:19]}"


def request_id_of(environ: dict[str, Any]) -> str:
    """The id of the request with this environ; the first who asks makes it."""
    known: str | None = environ.get(REQUEST_ID_KEY)
    if known is None:
        known = environ[REQUEST_ID_KEY] = new_request_id()
    return known


def correlation_id_of(environ: dict[str, Any]) -> str | None:
    """The caller's own id: X-Correlation-Id, else X-Request-Id; what is not visible ASCII is dropped, 128 are kept."""
    for header in _CALLERS_OWN:
        if (sent := environ.get(header)) and (kept := _NOT_VISIBLE_ASCII.sub("", sent)[:CORRELATION_LENGTH]):
            return kept
    return None


def stamp(environ: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    """Write both ids into the headers of an answer. Doing it twice does no harm."""
    for name, _ in headers:
        if name in _STAMPED:
            headers[:] = [header for header in headers if header[0] not in _STAMPED]
            break
    headers.append(("X-Request-Id", request_id_of(environ)))
    if correlation_id := correlation_id_of(environ):
        headers.append(("X-Correlation-Id", correlation_id))
