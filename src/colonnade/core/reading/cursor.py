"""Where a list goes on: a signed, opaque text that holds the sort values of the last row its reader saw.

It is signed, not encrypted: its reader could decode it, so nothing may be sealed that was not shown. What it is bound
to (user, resource, sort, filter) is signed and not carried, so a cursor is worth nothing anywhere else.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from colonnade.core.problems import BadRequest

from .grammar import refused

_VERSION = b"\x01"
_SIGNATURE = 16
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# One secret may serve several purposes; each takes a key of its own (the expand step of HKDF, RFC 5869 section 2.3).
_PURPOSE = b"colonnade cursor\x01"


class Cursors:
    """Seals and opens cursors with one secret; all processes that serve one API share it.

    `secret` is any number of random bytes, 16 or more. Raises ValueError if it is empty.
    """

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise ValueError("cursors need a secret to be signed with")
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def seal(self, values: tuple[object, ...], binding: bytes | str) -> str:
        """Make the cursor of these JSON-able values; it opens with the same `binding` only.

        Raises TypeError or ValueError for values that JSON has no form for.
        """
        payload = _VERSION + _JSON.encode(values).encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(self._sign(payload, binding) + payload).rstrip(b"=").decode("ascii")

    def open(self, text: str, binding: bytes | str) -> tuple[object, ...]:
        """The values of a cursor that `seal` made with the same binding; lists within them are lists.

        Raises BadRequest for anything else, without a word on what was wrong.
        """
        try:
            encoded = text.encode("ascii")
            data = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
        except ValueError:
            raise _foreign() from None
        signature, payload = data[:_SIGNATURE], data[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(payload, binding)):
            raise _foreign()
        # The decoder skips what it does not know and spare bits: a cursor has one spelling.
        if urlsafe_b64encode(data).rstrip(b"=") != encoded or not payload.startswith(_VERSION):
            raise _foreign()
        values: list[object] = json.loads(payload[len(_VERSION) :].decode("utf-8", "surrogatepass"))
        return tuple(values)

    def _sign(self, payload: bytes, binding: bytes | str) -> bytes:
        if isinstance(binding, str):
            binding = binding.encode("utf-8", "surrogatepass")
        message = len(binding).to_bytes(8, "big") + binding + payload
        return hmac.digest(self._key, message, "sha256")[:_SIGNATURE]


def _foreign() -> BadRequest:
    return refused("cursor", "is not a cursor of this list; start again without it", code="cursor")
