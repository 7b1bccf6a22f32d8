"""Addresses in answers. They are what the caller used: scheme, host and prefix as the server was told by its proxy."""

from __future__ import annotations

from urllib.parse import quote

from pyramid.request import Request

from colonnade.core.reading.grammar import continued
from colonnade.core.resources import Resource


def api_url(request: Request) -> str:
    """The address of the API's root."""
    return f"{request.application_url}/api/v1"


def record_url(request: Request, resource: Resource, key: str) -> str:
    """The address of a record; the key is written by `join_key`."""
    return f"{api_url(request)}/{resource.name}/{quote(key, safe=',~')}"


def moved(request: Request, name: str, value: str) -> str:
    """The address of the request, at another place of its list."""
    return f"{request.path_url}?{continued(request.query_string, name, value)}"
