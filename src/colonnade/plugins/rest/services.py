"""The services of an application: one for each path, generated from the registry of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cornice import Service
from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from colonnade.core.operation import Operation
from colonnade.core.problems import NotFound, Unauthorized
from colonnade.core.resources import Relation, Resource, resources_of
from colonnade.core.services import ask_views
from colonnade.core.settings import settings_of
from colonnade.core.tree import Collection, Record

from . import collection_writes, record_writes, views
from .batch import batch
from .contexts import RelatedCollection
from .settings import RestSettings

PREFIX = "/api/v1"


def add_services(config: Configurator) -> None:
    """Register the services of every resource, and the root that lists them."""
    cors = cors_of(config.registry)
    for service in _services(config, cors):
        config.add_cornice_service(service)
    ask_views(config)


def _services(config: Configurator, cors: dict[str, Any]) -> Iterator[Service]:
    settings = settings_of(config.registry, RestSettings)
    write = partial(Operation, most=settings.max_items, if_match_required=settings.require_if_match)
    root = Service("rest", PREFIX, **cors)
    _add(root, "GET", views.root, Operation("root"), NO_PERMISSION_REQUIRED)
    yield root
    several = Service("rest batch", f"{PREFIX}/batch", **cors)
    _add(several, "POST", batch, write("batch"), NO_PERMISSION_REQUIRED)
    yield several
    for resource in resources_of(config.registry).values():
        collection = Service(
            f"rest {resource.name}", f"{PREFIX}/{resource.name}", factory=_collection(resource), **cors
        )
        _add(collection, "GET", views.list_, Operation("list", resource), "view")
        if resource.writable:
            _add(collection, "POST", collection_writes.create, write("create", resource), "create")
            _add(collection, "PUT", collection_writes.replace, write("replace_many", resource), "edit")
            _add(collection, "PATCH", collection_writes.patch, write("patch_many", resource), "edit")
            _add(collection, "DELETE", collection_writes.delete, write("delete_many", resource), "delete")
        yield collection
        path = f"{PREFIX}/{resource.name}/{{key}}"
        record = Service(f"rest {resource.name} one", path, factory=record_factory(resource), **cors)
        _add(record, "GET", views.one, Operation("one", resource), "view")
        if resource.writable:
            _add(record, "PUT", record_writes.replace, write("replace", resource), "edit")
            _add(record, "PATCH", record_writes.patch, write("patch", resource), "edit")
            _add(record, "DELETE", record_writes.delete, write("delete", resource), "delete")
        yield record
        for relation in resource.relations.values():
            if relation.many:
                name = f"rest {resource.name} {relation.name}"
                related = Service(name, f"{path}/{relation.name}", factory=_related(resource, relation), **cors)
                _add(related, "GET", views.related, Operation("related", resource, relation), "view")
                yield related


def _add(service: Service, method: str, view: Callable[..., Any], operation: Operation, permission: str) -> None:
    service.add_view(method, view, permission=permission, operation=operation, assumes_identity=True)


def _collection(resource: Resource) -> Callable[[Request], Collection]:
    def factory(request: Request) -> Collection:
        return Collection(resource, request)

    return factory


def record_factory(resource: Resource) -> Callable[[Request], Record]:
    """What makes the context of a route with ``{key}``."""

    def factory(request: Request) -> Record:
        try:
            return Collection(resource, request).record(request.matchdict["key"])
        except NotFound:
            # Who would be asked to sign in for any record is asked for this one too.
            if request.identity.anonymous and not request.access.of(resource).may("view"):
                raise Unauthorized from None
            raise

    return factory


def _related(resource: Resource, relation: Relation) -> Callable[[Request], RelatedCollection]:
    record = record_factory(resource)

    def factory(request: Request) -> RelatedCollection:
        return RelatedCollection(record(request), relation)

    return factory


def cors_of(registry: Registry) -> dict[str, Any]:
    """The arguments of a service that say who may call it from a browser."""
    settings = settings_of(registry, RestSettings)
    if not settings.cors_origins:
        return {}
    policy = {
        "origins": settings.cors_origins,
        "headers": (
            "ETag",
            "Link",
            "Location",
            "Content-Location",
            "Preference-Applied",
            "Idempotency-Replayed",
            "X-Request-Id",
            "Retry-After",
        ),
        "max_age": settings.cors_max_age,
        "credentials": False,
    }
    return {"cors_policy": policy}
