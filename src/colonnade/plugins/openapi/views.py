"""The two addresses: the document, and the page that shows it."""

from __future__ import annotations

from functools import lru_cache, partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.negotiation import preferred_type
from colonnade.core.settings import settings_of

from .assets import static_path
from .document import build_document, encode
from .settings import OpenapiSettings

MEDIA_TYPES = ("application/json", "application/vnd.oai.openapi+json")
_KEY = "colonnade.openapi"
_MOUNTS = 16  # a prefix that changes with the request is not worth keeping


class Documents:
    """The documents of one application as bytes with their ETags: one for each path it is mounted at, made once."""

    def __init__(self, registry: Any) -> None:
        self.at = lru_cache(maxsize=_MOUNTS)(self._make)
        self._registry = registry

    def _make(self, root: str) -> tuple[bytes, str]:
        body = encode(build_document(self._registry, root))
        return body, sha256(body).hexdigest()[:32]


def keep_documents(registry: Any) -> None:
    """Make room for the documents of an application."""
    registry[_KEY] = Documents(registry)


def documents_of(registry: Any) -> Documents:
    """The documents of an application."""
    documents: Documents = registry[_KEY]
    return documents


def document(request: Request) -> Response:
    """This document: the API, in OpenAPI 3.1.

    It is the same for everybody: names are public, values are not.
    """
    media_type = preferred_type(request, MEDIA_TYPES)
    body, tag = documents_of(request.registry).at(request.script_name)
    response = Response(body, content_type=media_type, charset=None, conditional_response=True)
    response.etag = tag
    response.headers["Cache-Control"] = "public, no-cache"  # kept, and asked for again each time: a 304 is cheap
    response.headers["Vary"] = "Accept"
    return response


def page(request: Request) -> dict[str, Any]:
    """The page at /docs: Swagger UI, from our own files, under a policy that lets nothing else run."""
    settings = settings_of(request.registry, OpenapiSettings)
    request.response.headers.update(
        {
            "Content-Security-Policy": content_security_policy(settings.servers),
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
    )
    return {"title": settings.title, "static": partial(static_path, request)}


def content_security_policy(servers: tuple[str, ...]) -> str:
    """Nothing inline, nothing from elsewhere; requests go to the servers of the document, too.

    Swagger UI draws its arrows as ``data:`` images.
    """
    origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, servers) if parts.scheme and parts.netloc}
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            " ".join(("connect-src 'self'", *sorted(origins))),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def home(request: Request) -> HTTPSeeOther:
    """The way from the root of the server to the page."""
    return HTTPSeeOther(request.route_url("openapi page"), cache_control="no-store")
