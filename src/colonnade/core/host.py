"""The Host of a request, from which the links in answers are made: what is no host is a 400 (RFC 9112, section 3.2).

Which hosts are ours is the proxy's business; here only what could not be one at all is refused, so that nobody can
write into a link by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyramid.tweens import EXCVIEW

from colonnade.core.problems import BadRequest

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.registry import Registry
    from pyramid.request import Request
    from pyramid.response import Response

#: RFC 3986, section 3.2.2: a registered name or IPv4 address, or an IP literal in brackets; then perhaps a port.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=%-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def refuse_bad_hosts(handler: Callable[[Request], Response], registry: Registry) -> Callable[[Request], Response]:
    """A tween that lets nothing by whose Host header is none; a request of HTTP/1.0 may have no Host."""

    def tween(request: Request) -> Response:
        host = request.environ.get("HTTP_HOST")
        if host is not None and not _HOST.fullmatch(host):
            raise BadRequest("The Host header is not a host, such as api.example.com or api.example.com:8080.")
        return handler(request)

    return tween


def includeme(config: Configurator) -> None:
    """Look at the Host of every request; the refusal is a problem like any other."""
    config.add_tween("colonnade.core.host.refuse_bad_hosts", under=EXCVIEW)
