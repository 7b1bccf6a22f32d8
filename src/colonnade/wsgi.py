"""The application for servers that import one, such as granian; `pserve` reads the INI file by itself.

::

    COLONNADE_INI=production.ini granian --interface wsgi --factory colonnade.wsgi:behind_proxy

Both functions make the application of the INI file that ``$COLONNADE_INI`` names, ``production.ini`` by default.
"""

from __future__ import annotations

import gc
import ipaddress
import os
from typing import TYPE_CHECKING, Any, Final

from pyramid.exceptions import ConfigurationError

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

#: What names the addresses (or networks) of proxies, separated by commas.
TRUSTED_PROXIES: Final = "COLONNADE_TRUSTED_PROXIES"


def application() -> WSGIApplication:
    """The application of the INI file, for a server that nobody stands before.

    What it is made of stays until the process ends, so the garbage collector need not look through it again.

    :raises SystemExit: with everything that keeps it from starting.
    """
    from colonnade.cli.loading import application_of

    try:
        made = application_of(os.environ.get("COLONNADE_INI", "production.ini"))
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    gc.collect()
    gc.freeze()
    return made


def behind_proxy() -> WSGIApplication:
    """The same behind a proxy, whose X-Forwarded-For and -Proto are believed: one of ``$COLONNADE_TRUSTED_PROXIES``.

    Without that variable a proxy on 127.0.0.1 is; it has to hand on the Host header as it came.

    :raises SystemExit: with everything that keeps it from starting.
    """
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers

    trusted = os.environ.get(TRUSTED_PROXIES, "127.0.0.1")
    _require_addresses(trusted)
    wrapped: Any = wrap_wsgi_with_proxy_headers(application(), trusted)
    behind: WSGIApplication = wrapped
    return behind


def _require_addresses(trusted: str) -> None:
    """Refuse what is neither an address nor a network: nobody would be believed, and all would seem to be the proxy."""
    for each in () if trusted.strip() == "*" else trusted.split(","):
        try:
            ipaddress.ip_network(each.strip())
        except ValueError:
            raise SystemExit(
                f"{TRUSTED_PROXIES}: {each.strip()!r} is no address and no network; write 127.0.0.1, or 10.0.0.0/8 "
                "(with zeros where its addresses differ), several with commas between them, or * for everybody"
            ) from None
