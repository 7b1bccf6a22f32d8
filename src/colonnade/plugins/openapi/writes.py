"""The operations that write one record."""

from __future__ import annotations

from colonnade.core.operation import Operation

from .bodies import JSON_PATCH, MERGE_PATCH, PATCH, changes_example, media_type, patch_example
from .examples import creation_example
from .headers import WRITTEN, headers, parameters
from .known import JSON, Known, resource_of, words
from .problems import write_responses
from .querying import record_parameters
from .schemas import Schema, ref

#: The headers that every write heeds.
ALWAYS = ("Prefer", "IdempotencyKey")
#: What may always be in the way of one.
_ANY_WRITE = (400, 401, 403, 406, 409, 413, 422, 503)


def replace(known: Known, operation: Operation) -> Schema:
    """PUT of a record."""
    resource = resource_of(operation)
    body = media_type(ref(known.name(resource) + "Replace"), whole=creation_example(resource))
    return {
        "summary": f"Replace one of the {words(resource.name)}",
        "description": "The body is all that the caller may see and write of the record. Never creates one.",
        "parameters": _parameters(known, operation),
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": _responses(known, operation, 415),
    }


def patch(known: Known, operation: Operation) -> Schema:
    """PATCH of a record."""
    resource = resource_of(operation)
    merge = media_type(ref(known.name(resource) + "Edit"), member=changes_example(resource))
    return {
        "summary": f"Change one of the {words(resource.name)}",
        "description": "By a merge patch (RFC 7396), which may also be sent as plain JSON, or a JSON patch (RFC 6902).",
        "parameters": _parameters(known, operation),
        "requestBody": {
            "required": True,
            "content": {MERGE_PATCH: merge, JSON_PATCH: json_patch(operation), JSON: merge},
        },
        "responses": _responses(known, operation, 415),
    }


def delete(known: Known, operation: Operation) -> Schema:
    """DELETE of a record."""
    resource = resource_of(operation)
    return {
        "summary": f"Delete one of the {words(resource.name)}",
        "parameters": _parameters(known, operation),
        "responses": {
            **({"200": _gone(known)} if known.logged else {}),
            "204": {"description": "It is gone.", "headers": headers(*WRITTEN)},
            **write_responses(404, 412, *_required(operation), *_ANY_WRITE),
        },
    }


def json_patch(operation: Operation) -> Schema:
    """The media type of a JSON patch, with an example for the resource."""
    return media_type(ref(PATCH), replace=patch_example(resource_of(operation)))


def _parameters(known: Known, operation: Operation) -> list[Schema]:
    resource = resource_of(operation)
    match = "IfMatchRequired" if operation.if_match_required else "IfMatchToWrite"
    return [
        *record_parameters(resource, known.name(resource)),
        *parameters(match, "IfNoneMatchToWrite", *ALWAYS),
    ]


def _gone(known: Known) -> Schema:
    return {
        "description": "It is gone; this is what the caller asked to be told of it (`return=changes`).",
        "headers": headers(*WRITTEN),
        "content": known.written(),
    }


def _required(operation: Operation) -> tuple[int, ...]:
    return (428,) if operation.if_match_required else ()


def _responses(known: Known, operation: Operation, *further: int) -> dict[str, Schema]:
    return {
        "200": {
            "description": "The record as its author may see it now.",
            "headers": headers(*WRITTEN, "ETag", "Content-Location"),
            "content": known.written(ref(known.name(resource_of(operation)))),
        },
        "204": {
            "description": "Done; the caller may not see the record as it is now, or would rather not.",
            "headers": headers(*WRITTEN, "Content-Location"),
        },
        **write_responses(404, 412, *_required(operation), *_ANY_WRITE, *further),
    }
