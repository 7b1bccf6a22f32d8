"""REST: every resource as Cornice services under ``/api/v1``.

For a resource there is a list (GET, POST), a record (GET) and a list for each to-many relation (GET). The services are
made from the registry when the configuration is complete, for each application anew. Reading is ``core.reading``'s,
writing ``core.writing``'s; here is what HTTP adds: envelopes, links, validators of caches, CORS.
"""

from __future__ import annotations

from pyramid.config import Configurator

from colonnade.core.resources import RESOURCES_READY

from .services import add_services
from .settings import RestSettings


def includeme(config: Configurator) -> None:
    """Generate the services."""
    config.add_plugin("rest", summary="A REST API for every resource, under /api/v1", settings=RestSettings)
    config.include(".formats")
    config.add_road("rest list", kind="read", summary="GET of a collection")
    config.add_road("rest one", kind="read", summary="GET of a record")
    config.add_road("rest related", kind="read", summary="GET of a to-many relation of a record")
    config.add_road("rest create", kind="write", summary="POST to a collection")
    config.action("colonnade rest services", lambda: add_services(config), order=RESOURCES_READY + 10)
