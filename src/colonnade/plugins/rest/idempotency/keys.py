"""The key of a request."""

from __future__ import annotations

import re

from pyramid.request import Request

from colonnade.core.problems import BadRequest, Fault

_VISIBLE = re.compile(r"[!-~]{1,255}")
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # a String of RFC 9651, section 3.3.3


def key_of(request: Request) -> str | None:
    """The key of a request; None where it has none.

    :raises BadRequest: unless it is 1 to 255 visible ASCII characters, as they are or quoted as the draft has it.
    """
    header: str | None = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        return None
    key = header.strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if not _VISIBLE.fullmatch(key):
        detail = (
            'an Idempotency-Key is 1 to 255 visible ASCII characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"'
        )
        raise BadRequest(
            "The Idempotency-Key cannot be read, so nothing was done.", faults=[Fault(detail, code="idempotency_key")]
        )
    return key
