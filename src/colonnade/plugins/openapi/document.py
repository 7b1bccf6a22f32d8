"""The OpenAPI 3.1 document of a running application: its resources, its services, nothing of what is switched off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyramid.registry import Registry

from colonnade.core.changes.log import log_of
from colonnade.core.reading import ReadingSettings
from colonnade.core.resources import Resource, resources_of
from colonnade.core.settings import settings_of

from . import querying, schemas
from .batch import batch_schemas
from .bodies import PATCH, body_schemas, changes_schema, json_patch_schema, written_schema
from .components import model_schemas, models_in, needed, resolved
from .endpoints import Endpoint, endpoints_of
from .headers import headers, shared_headers, shared_parameters
from .known import CHANGES, Known
from .naming import schema_names
from .operations import Describing, wanted_id
from .problems import problem_schemas, shared_responses
from .schemas import Schema
from .security import schemes
from .settings import OpenapiSettings

OPENAPI = "3.1.0"

_COMMON = """\
Errors are problems (RFC 9457): `application/problem+json`, with a `request_id` that is also in `X-Request-Id`.
What a caller may not see looks as if it were not there. A field that is hidden on a record is left out of it.

Reading answers with an `ETag`; send it back as `If-None-Match`, and the answer is a 304 as long as nothing changed.
Lists come in pages: follow `next` until it is null.

Writing is all or nothing, and everything that is wrong is told at once. Send the `ETag` back as `If-Match`, and nobody
else's change is lost. With an `Idempotency-Key` a request may be sent again, and happens once. `Prefer: tx=rollback`
answers what would be answered, and changes nothing."""


def build_document(registry: Registry, root: str = "") -> dict[str, Any]:
    """Describe an application whose configuration is committed.

    :param root: the path below which the application is mounted (WSGI's SCRIPT_NAME), "" where it is at the top; the
        server of the document, unless the settings name others.
    :returns: a JSON document that OpenAPI 3.1.0 and JSON Schema 2020-12 call valid; the same for the same application.
    """
    settings = settings_of(registry, OpenapiSettings)
    endpoints = endpoints_of(registry)
    resources = _resources(registry, endpoints)
    ids = _ids(endpoints)
    known = Known(
        resources=resources,
        names=schema_names(resources),
        limits=settings_of(registry, ReadingSettings),
        ids=_ids_on_resources(ids),
        formats=tuple(each["introspectable"].title for each in _formats(registry)),
        logged=log_of(registry) is not None,
    )
    describing = Describing(registry, known)
    paths, tagged = _paths(describing, ids)
    components = _components(registry, endpoints, known)
    references, further = model_schemas(models_in(paths), set(components["schemas"]))
    components["schemas"] |= further
    paths = resolved(paths, references)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": settings.title,
            "version": settings.version,
            "description": "\n\n".join(filter(None, (settings.description, _COMMON))),
        },
        "servers": [{"url": url} for url in settings.servers or (root or "/",)],
        "tags": _tags(describing, endpoints, resources, tagged),
        "paths": paths,
        "components": needed(components, paths),
    }


def encode(document: Mapping[str, Any]) -> bytes:
    """The document as bytes, on one line."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def _resources(registry: Registry, endpoints: Iterable[Endpoint]) -> tuple[Resource, ...]:
    """The resources that an endpoint shows, with those that they may expand, in the order of declaration."""
    shown: dict[str, Resource] = {}
    waiting = [each.operation.resource for each in endpoints if each.operation and each.operation.resource]
    while waiting:
        resource = waiting.pop()
        if resource.name not in shown:
            shown[resource.name] = resource
            waiting += [relation.target for relation in resource.relations.values()]
    return tuple(resource for name, resource in resources_of(registry).items() if name in shown)


def _ids(endpoints: Iterable[Endpoint]) -> dict[Endpoint, str]:
    """The name of each operation, which no other one has."""
    ids: dict[Endpoint, str] = {}
    for endpoint in endpoints:
        name, taken = wanted_id(endpoint), set(ids.values())
        numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
        ids[endpoint] = next(each for each in (name, *numbered) if each not in taken)
    return ids


def _ids_on_resources(ids: Mapping[Endpoint, str]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for endpoint, name in ids.items():
        if endpoint.operation is not None and endpoint.operation.resource is not None:
            found.setdefault((endpoint.operation.kind, endpoint.operation.resource.name), name)
    return found


def _formats(registry: Registry) -> Iterable[Any]:
    return registry.introspector.get_category("colonnade list formats") or ()


def _paths(describing: Describing, ids: Mapping[Endpoint, str]) -> tuple[dict[str, Schema], set[str]]:
    paths: dict[str, Schema] = {}
    tagged: set[str] = set()
    for endpoint, name in ids.items():
        item = paths.setdefault(endpoint.path, {})
        if parameters := describing.path_parameters(endpoint):
            item["parameters"] = parameters
        operation = {**describing.operation(endpoint), "operationId": name}
        tagged.update(operation.get("tags", ()))
        item[endpoint.method] = operation
    return paths, tagged


def _tags(
    describing: Describing, endpoints: Iterable[Endpoint], resources: Iterable[Resource], tagged: set[str]
) -> list[Schema]:
    said = {resource.name: resource.summary for resource in resources}
    for endpoint in endpoints:
        plugin = describing.plugin(endpoint)
        if plugin is not None:
            said.setdefault(plugin.name, plugin.summary)
    said |= dict.fromkeys(sorted(tagged - said.keys()), "")
    return [{"name": name, **({"description": text} if text else {})} for name, text in said.items() if name in tagged]


def _components(registry: Registry, endpoints: Iterable[Endpoint], known: Known) -> dict[str, Schema]:
    """All that operations may refer to; what none does refer to is left out later."""
    described: dict[str, Schema] = {PATCH: json_patch_schema(), CHANGES: changes_schema(), **problem_schemas()}
    for resource in known.resources:
        name = known.name(resource)
        described |= {
            name: schemas.answer_schema(resource, known.names),
            f"{name}List": schemas.list_schema(resource, known.names, known.limits.count_cap),
            f"{name}Written": written_schema(name),
            **dict(querying.schemas(resource, name, known.limits)),
            **dict(body_schemas(resource, name)),
        }
    for endpoint in endpoints:
        if endpoint.operation is not None and endpoint.operation.kind == "batch":
            described |= batch_schemas(known, endpoint.operation)
    components: dict[str, Schema] = {
        "schemas": described,
        "parameters": {**querying.shared_parameters(known.limits), **shared_parameters()},
        "responses": shared_responses(headers("X-Request-Id")),
        "headers": shared_headers(),
    }
    if security := schemes(registry):
        components["securitySchemes"] = security
    return components
