"""REST: every resource as Cornice services under ``/api/v1``.

For a resource there is a collection (GET, POST, PUT, PATCH, DELETE), a record (GET, PUT, PATCH, DELETE) and a list for
each to-many relation (GET). The services are made from the registry when the configuration is complete, for each
application anew. Reading is ``core.reading``'s, writing ``core.writing``'s; here is what HTTP adds: envelopes, links,
conditions, preferences, validators of caches, CORS.
"""

from __future__ import annotations

from pyramid.config import Configurator

from colonnade.core.resources import RESOURCES_READY

from .idempotency import once
from .services import add_services
from .settings import RestSettings

__all__ = ["RestSettings", "includeme", "once"]


def includeme(config: Configurator) -> None:
    """Generate the services."""
    config.add_plugin("rest", summary="A REST API for every resource, under /api/v1", settings=RestSettings)
    config.include(".predicates")
    config.include(".formats")
    config.add_road("rest list", kind="read", summary="GET of a collection")
    config.add_road("rest one", kind="read", summary="GET of a record")
    config.add_road("rest related", kind="read", summary="GET of a to-many relation of a record")
    config.add_road("rest create", kind="write", summary="POST to a collection: a record, or an array")
    config.add_road("rest replace", kind="write", summary="PUT of a record, or of an array")
    config.add_road("rest patch", kind="write", summary="PATCH of a record, an array, or what a filter means")
    config.add_road("rest delete", kind="write", summary="DELETE of a record, an array, or what a filter means")
    config.add_road("rest batch", kind="write", summary="POST of several operations to /api/v1/batch")
    config.action("colonnade rest services", lambda: add_services(config), order=RESOURCES_READY + 10)
