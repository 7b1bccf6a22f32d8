"""Operation Objects: what the operations on resources do, and what can be told of any other view."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyramid.registry import Registry

from colonnade.core.operation import Operation
from colonnade.core.plugins import Plugin, plugins_of
from colonnade.core.resources import Resource

from . import batch, collection_writes, reads, writes
from .endpoints import Endpoint
from .headers import headers
from .known import Known
from .naming import operation_id
from .problems import any_problem
from .schemas import Schema, text_schema
from .security import security

_DESCRIBE: Final[Mapping[str, Callable[[Known, Operation], Schema]]] = {
    "root": reads.root,
    "batch": batch.batch,
    "list": reads.list_,
    "related": reads.related,
    "history": reads.history,
    "one": reads.one,
    "create": collection_writes.create,
    "replace_many": collection_writes.replace,
    "patch_many": collection_writes.patch,
    "delete_many": collection_writes.delete,
    "replace": writes.replace,
    "patch": writes.patch,
    "delete": writes.delete,
}


@dataclass(frozen=True)
class Describing:
    """Describes the operations of one application."""

    registry: Registry
    known: Known

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
        for further in endpoint.further:
            described = _with_further(described, further)
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

    def plugin(self, endpoint: Endpoint) -> Plugin | None:
        """The plug-in that a view belongs to: that with the longest package name around the view's module."""
        around = [each for each in plugins_of(self.registry) if f"{endpoint.module}.".startswith(f"{each.module}.")]
        return max(around, key=lambda each: len(each.module), default=None)

    def _of_resource(self, operation: Operation) -> Schema:
        described = _DESCRIBE[operation.kind](self.known, operation)
        if operation.summary:
            described["summary"] = operation.summary
        if operation.resource is not None:
            described["tags"] = [operation.resource.name]
        return described

    def _of_view(self, endpoint: Endpoint) -> Schema:
        summary, _, description = inspect.cleandoc(endpoint.doc).partition("\n")
        described: Schema = {"summary": summary.rstrip("."), "responses": any_problem()}
        if description.strip():
            described["description"] = description.strip()
        if not any(str(status).startswith(("1", "2", "3", "d")) for status in endpoint.openapi.get("responses", ())):
            described["responses"] = {
                "2XX": {"description": "Done.", "headers": headers("X-Request-Id")},
                "3XX": {"description": "Elsewhere, or as before.", "headers": headers("X-Request-Id")},
                **any_problem(),
            }
        return described


def _with_further(described: Schema, further: Mapping[str, Any]) -> Schema:
    """An operation with what another view of it says: parameters, and answers that it may be instead."""
    responses = dict(described["responses"])
    for status, response in further.get("responses", {}).items():
        known = responses.get(status, {})
        content = dict(known.get("content", {}))
        for media_type, said in response.get("content", {}).items():
            both = [each["schema"] for each in (content.get(media_type), said) if each is not None]
            examples = {**content.get(media_type, {}).get("examples", {}), **said.get("examples", {})}
            schema = both[0] if len(both) == 1 else {"anyOf": both}
            content[media_type] = {"schema": schema, **({"examples": examples} if examples else {})}
        responses[status] = {**response, **known, "content": content}
    return {
        **described,
        "description": " ".join(filter(None, (described.get("description"), further.get("description")))),
        "parameters": [*described.get("parameters", ()), *further.get("parameters", ())],
        "responses": responses,
    }


def wanted_id(endpoint: Endpoint) -> str:
    """What an operation would be called if nobody else were called so."""
    if "operationId" in endpoint.openapi:
        return str(endpoint.openapi["operationId"])
    if endpoint.operation is None:
        return operation_id(f"{endpoint.method} {endpoint.route}")
    return _id_on_resource(endpoint.operation)


def _id_on_resource(operation: Operation) -> str:
    if operation.resource is None:
        return {"root": "get_api_root"}.get(operation.kind, operation.kind)
    one, many = operation_id(operation.resource.model.__name__), operation_id(operation.resource.name)
    if operation.relation is not None:
        return f"list_{one}_{operation_id(operation.relation.name)}"
    verb, _, several = operation.kind.partition("_")
    if operation.kind == "list" or several:
        return f"{verb}_{many}"
    return f"{'get' if verb == 'one' else verb}_{one}"


def _merged(known: Schema, said: Mapping[Any, Schema]) -> Schema:
    """Responses by status, what is said before what is known, successes first."""
    both = {str(status): {**known.get(str(status), {}), **response} for status, response in said.items()}
    return dict(sorted({**known, **both}.items()))


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
