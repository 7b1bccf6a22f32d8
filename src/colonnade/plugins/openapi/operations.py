"""Operation Objects: what the operations on resources do, and what can be told of any other view."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.registry import Registry

from colonnade.core.operation import Operation
from colonnade.core.plugins import Plugin, plugins_of
from colonnade.core.reading import ReadingSettings
from colonnade.core.resources import Resource

from .endpoints import Endpoint
from .naming import operation_id
from .problems import any_problem, responses
from .querying import list_parameters, record_parameters
from .schemas import TEXT, Schema, ref, text_schema
from .security import security

JSON = "application/json"


def headers(*names: str) -> dict[str, Schema]:
    """References to headers that the document describes."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_headers() -> dict[str, Schema]:
    """The headers that answers have in common."""
    return {
        "X-Request-Id": {
            "description": "The id of this request; it leads to what happened.",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        },
        "ETag": {
            "description": "The tag of this answer, for If-None-Match and If-Match (RFC 9110, section 8.8.3).",
            "schema": {"type": "string"},
            "example": '"k3vWm1RzQ0y7mJ5c1dQd"',
        },
        "Link": {
            "description": 'The addresses of the next and the previous page: `<…>; rel="next"` (RFC 8288).',
            "schema": {"type": "string"},
        },
        "Location": {
            "description": "The address of the new record.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "Cache-Control": {"description": "Who may keep the answer.", "schema": {"type": "string"}},
        "Vary": {"description": "What the answer depends on.", "schema": {"type": "string"}},
    }


def shared_parameters() -> dict[str, Schema]:
    """The parameters of conditional requests."""
    tags = {"in": "header", "schema": TEXT}
    return {
        "IfNoneMatch": {
            "name": "If-None-Match",
            "description": "Answer 304 where the ETag is one of these: the caller has this state already.",
            **tags,
        },
        "IfMatch": {
            "name": "If-Match",
            "description": "Answer 412 unless the ETag is one of these.",
            **tags,
        },
    }


_TEXT_OF_ROOT = {"name": TEXT, "summary": TEXT}
_ROOT: Schema = {
    "type": "object",
    "properties": {
        "capabilities": {
            "type": "array",
            "items": {"type": "object", "properties": _TEXT_OF_ROOT, "required": ["name"]},
        },
        "resources": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {**_TEXT_OF_ROOT, "href": {"type": "string", "format": "uri"}},
                "required": ["name", "href"],
            },
        },
    },
    "required": ["capabilities", "resources"],
}
_CONDITIONAL: tuple[Schema, ...] = (
    {"$ref": "#/components/parameters/IfNoneMatch"},
    {"$ref": "#/components/parameters/IfMatch"},
)
_CACHED = ("X-Request-Id", "ETag", "Cache-Control", "Vary")
_NOT_MODIFIED: Schema = {"description": "The caller has this state already.", "headers": headers(*_CACHED)}


@dataclass(frozen=True)
class Describing:
    """Describes the operations of one application; `names` are those of the schemas of its resources."""

    registry: Registry
    names: Mapping[str, str]
    limits: ReadingSettings

    def operation(self, endpoint: Endpoint) -> Schema:
        """The Operation Object of an endpoint: what is known of it, then what its view says of itself."""
        known = self._of_resource(endpoint.operation) if endpoint.operation else self._of_view(endpoint)
        plugin = self.plugin(endpoint)
        if plugin is not None:
            known.setdefault("tags", [plugin.name])
        said = dict(endpoint.openapi)
        described = {**known, **said, "responses": _merged(known["responses"], said.get("responses", {}))}
        if "parameters" in said:
            described["parameters"] = [*said["parameters"], *known.get("parameters", ())]
        return {**described, "security": said.get("security", security(self.registry, endpoint))}

    def path_parameters(self, endpoint: Endpoint) -> list[Schema]:
        """The parameters in the path of an endpoint."""
        operation = endpoint.operation
        if operation is not None and operation.resource is not None:
            return [_key_parameter(operation.resource)] if endpoint.placeholders else []
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", **({"pattern": f"^(?:{pattern})$"} if pattern else {"minLength": 1})},
            }
            for name, pattern in endpoint.placeholders.items()
        ]

    # -- Operations on resources

    def _of_resource(self, operation: Operation) -> Schema:
        describe: Callable[[Operation], Schema] = getattr(self, f"_{operation.kind}")
        described = describe(operation)
        if operation.summary:
            described["summary"] = operation.summary
        if operation.resource is not None:
            described["tags"] = [operation.resource.name]
        return described

    def _root(self, operation: Operation) -> Schema:
        return {
            "operationId": "get_api_root",
            "summary": "What this API can do, and its resources",
            "parameters": [*_CONDITIONAL],
            "responses": {
                "200": {
                    "description": "The capabilities that are switched on, and where the resources are.",
                    "headers": headers(*_CACHED),
                    "content": {JSON: {"schema": _ROOT}},
                },
                "304": _NOT_MODIFIED,
                **responses(400, 401, 406, 412, 503),
            },
        }

    def _list(self, operation: Operation) -> Schema:
        resource = _resource(operation)
        return {
            "operationId": f"list_{operation_id(resource.name)}",
            "summary": f"List {_words(resource.name)}",
            "description": "A page of the records that the caller may see. A parameter that is not known is a 400.",
            "parameters": [*list_parameters(resource, self.names[resource.name], self.limits), *_CONDITIONAL],
            "responses": {
                "200": self._page(resource),
                "304": _NOT_MODIFIED,
                **responses(400, 401, 403, 406, 412, 503),
            },
        }

    def _related(self, operation: Operation) -> Schema:
        resource = _resource(operation)
        assert operation.relation is not None
        relation, target = operation.relation, operation.relation.target
        model = operation_id(resource.model.__name__)
        return {
            "operationId": f"list_{model}_{operation_id(relation.name)}",
            "summary": f"List the {_words(relation.name)} of one of the {_words(resource.name)}",
            "description": relation.description or "A page of the related records that the caller may see.",
            "parameters": [*list_parameters(target, self.names[target.name], self.limits), *_CONDITIONAL],
            "responses": {
                "200": self._page(target),
                "304": _NOT_MODIFIED,
                **responses(400, 401, 403, 404, 406, 412, 503),
            },
        }

    def _one(self, operation: Operation) -> Schema:
        resource = _resource(operation)
        name = self.names[resource.name]
        return {
            "operationId": f"get_{operation_id(resource.model.__name__)}",
            "summary": f"Get one of the {_words(resource.name)}",
            "parameters": [*record_parameters(resource, name), *_CONDITIONAL],
            "responses": {
                "200": {
                    "description": "The record, as far as the caller may see it.",
                    "headers": headers(*_CACHED),
                    "content": {JSON: {"schema": ref(name)}},
                },
                "304": _NOT_MODIFIED,
                **responses(400, 401, 403, 404, 406, 412, 503),
            },
        }

    def _create(self, operation: Operation) -> Schema:
        resource = _resource(operation)
        name = self.names[resource.name]
        return {
            "operationId": f"create_{operation_id(resource.model.__name__)}",
            "summary": f"Create one of the {_words(resource.name)}",
            "description": "Members that may be left out get their defaults.",
            "parameters": record_parameters(resource, name),
            "requestBody": {"required": True, "content": {JSON: {"schema": ref(name + "Create")}}},
            "responses": {
                "201": {
                    "description": "The record as its author may see it; no body where they may not see it.",
                    "headers": headers("X-Request-Id", "Location", "Cache-Control", "Vary"),
                    "content": {JSON: {"schema": ref(name)}},
                },
                **responses(400, 401, 403, 406, 409, 413, 415, 422, 503),
            },
        }

    def _page(self, resource: Resource) -> Schema:
        name = self.names[resource.name]
        return {
            "description": "A page.",
            "headers": headers(*_CACHED, "Link"),
            "content": {JSON: {"schema": ref(name + "List")}},
        }

    # -- Any other view

    def _of_view(self, endpoint: Endpoint) -> Schema:
        summary, _, description = inspect.cleandoc(endpoint.doc).partition("\n")
        described: Schema = {
            "operationId": operation_id(f"{endpoint.method} {endpoint.route}"),
            "summary": summary.rstrip("."),
            "responses": any_problem(),
        }
        if description.strip():
            described["description"] = description.strip()
        if not any(str(status).startswith(("1", "2", "3", "d")) for status in endpoint.openapi.get("responses", ())):
            described["responses"] = {
                "2XX": {"description": "Done.", "headers": headers("X-Request-Id")},
                "3XX": {"description": "Elsewhere, or as before.", "headers": headers("X-Request-Id")},
                **any_problem(),
            }
        return described

    def plugin(self, endpoint: Endpoint) -> Plugin | None:
        """The plug-in that a view belongs to: that with the longest package name around the view's module."""
        around = [each for each in plugins_of(self.registry) if f"{endpoint.module}.".startswith(f"{each.module}.")]
        return max(around, key=lambda each: len(each.module), default=None)


def _merged(known: Schema, said: Mapping[Any, Schema]) -> Schema:
    """Responses by status, what is said before what is known, successes first."""
    both = {str(status): {**known.get(str(status), {}), **response} for status, response in said.items()}
    return dict(sorted({**known, **both}.items()))


def _resource(operation: Operation) -> Resource:
    assert operation.resource is not None
    return operation.resource


def _words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def _key_parameter(resource: Resource) -> Schema:
    names = ", ".join(f"`{field.name}`" for field in resource.key)
    if len(resource.key) == 1 and not resource.key[0].value.textual:
        schema = text_schema(resource.key[0].value)
        description = f"The {names} of the record."
    else:
        schema = {"type": "string", "minLength": 1}
        parts = f"{names}, joined by `,`" if len(resource.key) > 1 else names
        description = f"The key of the record: {parts}; within a part `,` is written `~2C`, `/` `~2F` and `~` `~7E`."
    return {"name": "key", "in": "path", "required": True, "description": description, "schema": schema}
