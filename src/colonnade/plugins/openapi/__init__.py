"""OpenAPI: the document of the running application at ``/openapi.json``; Swagger UI at ``/docs``, where ``/`` leads.

The document is generated from the registry of resources and from what the views of services say of themselves
(`colonnade.core.operation`), so it holds what the running INI switches on and nothing else. The room knows no other
plug-in: whoever's views have the option ``operation`` or ``openapi`` is described. It has no views but the document's
own, and an API works without it.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.static import QueryStringConstantCacheBuster

from colonnade.core.tree import Root

from . import views
from .assets import STATIC, digest
from .headers import headers
from .settings import OpenapiSettings

_YEAR = 365 * 24 * 3600  # seconds; the address of a file changes with what is in it

_DOCUMENT = {
    "operationId": "get_openapi_document",
    "responses": {
        "200": {
            "description": "The document.",
            "headers": headers("X-Request-Id", "ETag", "Cache-Control", "Vary"),
            "content": {media_type: {"schema": {"type": "object"}} for media_type in views.MEDIA_TYPES},
        },
        "304": {"description": "The caller has it already.", "headers": headers("X-Request-Id", "ETag")},
    },
    "parameters": [{"$ref": "#/components/parameters/IfNoneMatch"}],
}


def includeme(config: Configurator) -> None:
    """Serve the document and the page."""
    config.add_plugin(
        "openapi",
        summary="The API's own description at /openapi.json, and Swagger UI at /docs",
        settings=OpenapiSettings,
    )
    config.include("pyramid_jinja2")
    views.keep_documents(config.registry)
    config.add_route("openapi document", "/openapi.json")
    config.add_view(
        views.document,
        route_name="openapi document",
        request_method="GET",
        permission=NO_PERMISSION_REQUIRED,
        openapi=_DOCUMENT,
    )
    config.add_route("openapi page", "/docs")
    config.add_view(
        views.page,
        route_name="openapi page",
        request_method="GET",
        permission=NO_PERMISSION_REQUIRED,
        renderer="colonnade.plugins.openapi:templates/docs.jinja2",
    )
    # Whoever opens the server's own address is led somewhere; a plug-in with pages of its own has a home instead.
    config.add_view(views.home, context=Root, request_method="GET", permission=NO_PERMISSION_REQUIRED)
    config.add_static_view("docs/static", str(STATIC), cache_max_age=_YEAR)
    config.add_cache_buster(str(STATIC), QueryStringConstantCacheBuster(digest(STATIC)))
    config.add_command("openapi", ".commands:openapi")
