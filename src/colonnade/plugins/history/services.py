"""The services of the log: a history for each resource, a past for each record, and the feed."""

from __future__ import annotations

from cornice import Service
from pyramid.config import Configurator

from colonnade.core.operation import Operation
from colonnade.core.resources import Resource, resources_of
from colonnade.core.settings import settings_of
from colonnade.plugins.rest.services import PREFIX, cors_of, record_factory

from . import feed, past
from .access import CHANGES, kept_log
from .describing import AS_OF, feed_description
from .settings import HistorySettings


def add_services(config: Configurator) -> None:
    """Register them; the routes of records are those of the REST plug-in."""
    cors = cors_of(config.registry)
    for resource in kept_log(config.registry).kept():
        config.add_cornice_service(_history(resource, resources_of(config.registry)[CHANGES], cors))
        config.add_view(
            past.as_of,
            route_name=f"rest {resource.name} one",
            request_method="GET",
            query_parameter="as_of",
            permission="view",
            openapi=AS_OF,
        )
    config.add_view(
        feed.feed,
        route_name=f"rest {CHANGES}",
        request_method="GET",
        query_parameter="after",
        permission="view",
        openapi=feed_description(settings_of(config.registry, HistorySettings).max_wait),
    )


def _history(resource: Resource, changes: Resource, cors: dict[str, object]) -> Service:
    path = f"{PREFIX}/{resource.name}/{{key}}/history"
    service = Service(f"history of {resource.name}", path, factory=record_factory(resource), **cors)
    operation = Operation("history", resource, listed=changes)
    service.add_view("GET", past.history, permission="view", operation=operation)
    return service
