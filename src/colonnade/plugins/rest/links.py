"""Addresses in answers. They are what the caller used: scheme, host and prefix as the server was told by its proxy."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from pyramid.request import Request
from webob.request import BaseRequest

from colonnade.core.reading.grammar import continued
from colonnade.core.resources import Resource


def api_url(request: Request) -> str:
    """The address of the API's root."""
    environ = request.environ
    return _api_url(
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST"),
        environ["SERVER_NAME"],
        environ["SERVER_PORT"],
        environ.get("SCRIPT_NAME", ""),
    )


@lru_cache(maxsize=64)  # callers use one or two
def _api_url(scheme: str, host: str | None, name: str, port: str, prefix: str) -> str:
    environ = {"wsgi.url_scheme": scheme, "SERVER_NAME": name, "SERVER_PORT": port, "SCRIPT_NAME": prefix}
    if host is not None:
        environ["HTTP_HOST"] = host
    return f"{BaseRequest(environ).application_url}/api/v1"


def record_url(request: Request, resource: Resource, key: str) -> str:
    """The address of a record; the key is written by `join_key`."""
    return f"{api_url(request)}/{resource.name}/{quote(key, safe=',~')}"


def moved(request: Request, name: str, value: str) -> str:
    """The address of the request, at another place of its list."""
    return f"{request.path_url}?{continued(request.query_string, name, value)}"
