"""A replica may be some moments late: a client that has just written reads where it wrote."""

from __future__ import annotations

import time
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Final

from pyramid.request import Request
from pyramid.response import Response

_COOKIE: Final = "colonnade_wrote"
_MOST: Final = 100_000


class RecentWriters:
    """The clients that have written in the last seconds.

    A client is told by its credentials, without any by its address. It also gets a cookie that lives as long: its next
    request may reach another process.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def note(self, request: Request, response: Response) -> None:
        """Remember who sent a request whose changes are committed; a response callback."""
        if response.status_int >= 400:
            return
        now = time.monotonic()
        with self._lock:
            self._until[_client(request)] = now + self._seconds
            self._until.move_to_end(_client(request))
            while self._until and (len(self._until) > _MOST or next(iter(self._until.values())) < now):
                self._until.popitem(last=False)
        response.set_cookie(_COOKIE, "1", max_age=self._seconds, httponly=True, samesite="Lax")

    def includes(self, request: Request) -> bool:
        """Tell whether the sender of a request has written lately."""
        if _COOKIE in request.cookies:
            return True
        return self._until.get(_client(request), 0) > time.monotonic()


def _client(request: Request) -> bytes:
    """A digest, so that nothing here holds a token."""
    said = request.environ.get("HTTP_AUTHORIZATION") or request.environ.get("REMOTE_ADDR") or ""
    return blake2b(said.encode("latin-1", "replace"), digest_size=16).digest()
