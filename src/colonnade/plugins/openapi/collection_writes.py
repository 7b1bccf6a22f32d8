"""The operations that write a collection: a new record, an array of records, all records that a filter means."""

from __future__ import annotations

from colonnade.core.operation import Operation

from .bodies import JSON_PATCH, MERGE_PATCH, changes_example, key_example, key_schema, keyed, media_type, several
from .examples import creation_example
from .filters import filter_parameters
from .headers import WRITTEN, headers, parameters
from .known import JSON, Known, resource_of, words
from .links import creation_links
from .problems import write_responses
from .querying import record_parameters
from .schemas import Schema, ref
from .writes import ALWAYS, json_patch

_MANY = "All of them are written, or none; each one that stood in the way is told of, with its index."
_ONE_BY_ONE = "Here every change has to name the state that it is based on, so this is always refused (428)."


_AFFECTED: Schema = {
    "type": "object",
    "properties": {"affected": {"type": "integer", "minimum": 0, "description": "How many were deleted."}},
    "required": ["affected"],
    "additionalProperties": False,
}


def create(known: Known, operation: Operation) -> Schema:
    """POST of a record, or of several."""
    resource = resource_of(operation)
    name = known.name(resource)
    item, example = ref(name + "Create"), creation_example(resource)
    array = None if example is None else [example]
    body = media_type({"anyOf": [item, _array(operation, item)]}, one=example, several=array)
    return {
        "summary": f"Create one of the {words(resource.name)}, or several",
        "description": f"Members that may be left out get their defaults. An array creates several. {_MANY}",
        "parameters": [*record_parameters(resource, name), *parameters(*ALWAYS)],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": {
            "201": {
                "description": "The record as its author may see it, or all of them; no body where they may not see "
                "it, or would rather not.",
                "headers": headers(*WRITTEN, "Location", "ETag"),
                "content": known.written(ref(name), ref(name + "Written")),
                **creation_links(known, resource),
            },
            **write_responses(400, 401, 403, 406, 409, 413, 415, 422, 503),
        },
    }


def replace(known: Known, operation: Operation) -> Schema:
    """PUT of an array."""
    resource = resource_of(operation)
    name = known.name(resource)
    items = _array(operation, keyed(resource, ref(name + "Replace")))
    body = media_type(items, several=several(resource, creation_example(resource)))
    return {
        "summary": f"Replace several of the {words(resource.name)}",
        "description": f"Each by what stands in the array under its key. {_said(operation)}",
        "parameters": [*record_parameters(resource, name), *parameters(*ALWAYS)],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": _responses(known, operation),
    }


def patch(known: Known, operation: Operation) -> Schema:
    """PATCH of an array, or of what a filter means."""
    resource = resource_of(operation)
    name = known.name(resource)
    edit, changes = ref(name + "Edit"), changes_example(resource)
    merge = media_type(
        {"anyOf": [edit, _array(operation, keyed(resource, edit))]},
        filtered=changes,
        several=several(resource, changes),
    )
    return {
        "summary": f"Change several of the {words(resource.name)}",
        "description": "An array changes those whose keys it names. One patch changes all records that the filter "
        f"means, and needs `Prefer: max-affected`: if they are more, none is changed. {_said(operation)}",
        "parameters": _parameters(known, operation),
        "requestBody": {
            "required": True,
            "content": {MERGE_PATCH: merge, JSON_PATCH: json_patch(operation), JSON: merge},
        },
        "responses": _responses(known, operation),
    }


def delete(known: Known, operation: Operation) -> Schema:
    """DELETE of an array of keys, or of what a filter means."""
    resource = resource_of(operation)
    body = media_type(_array(operation, key_schema(resource)), several=[key_example(resource)])
    return {
        "summary": f"Delete several of the {words(resource.name)}",
        "description": "An array deletes those whose keys it names. Without a body all records go that the filter "
        f"means; that needs `Prefer: max-affected`: if they are more, none is deleted. {_said(operation)}",
        "parameters": _parameters(known, operation),
        "requestBody": {"content": {JSON: body}},
        "responses": {
            "200": {
                "description": "They are gone.",
                "headers": headers(*WRITTEN),
                "content": known.written(_AFFECTED),
            },
            **_refusals(operation),
        },
    }


def _array(operation: Operation, item: Schema) -> Schema:
    return {"type": "array", "items": item, **({"maxItems": operation.most} if operation.most else {})}


def _said(operation: Operation) -> str:
    return _ONE_BY_ONE if operation.if_match_required else _MANY


def _parameters(known: Known, operation: Operation) -> list[Schema]:
    resource = resource_of(operation)
    name = known.name(resource)
    return [
        *filter_parameters(resource, name),
        *record_parameters(resource, name),
        *parameters(*ALWAYS),
    ]


def _responses(known: Known, operation: Operation) -> dict[str, Schema]:
    name = known.name(resource_of(operation))
    return {
        "200": {
            "description": "The records as their author may see them now.",
            "headers": headers(*WRITTEN),
            "content": known.written(ref(name + "Written")),
        },
        "204": {"description": "Done; the caller would rather not see them.", "headers": headers(*WRITTEN)},
        **_refusals(operation),
    }


def _refusals(operation: Operation) -> dict[str, Schema]:
    required = (428,) if operation.if_match_required else ()
    return write_responses(400, 401, 403, 404, 406, 409, 413, 415, 422, *required, 503)
