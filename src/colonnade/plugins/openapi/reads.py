"""The operations that read: the root, a list, one record, and a list of what is related to it."""

from __future__ import annotations

from colonnade.core.operation import Operation

from .headers import CACHED, headers, parameters
from .known import JSON, Known, resource_of, words
from .problems import responses
from .querying import list_parameters, record_parameters
from .schemas import TEXT, Schema, ref

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
_CONDITIONAL = ("IfNoneMatch", "IfMatch")
_NOT_MODIFIED: Schema = {"description": "The caller has this state already.", "headers": headers(*CACHED)}


def root(known: Known, operation: Operation) -> Schema:
    """The list of the resources."""
    return {
        "summary": "What this API can do, and its resources",
        "parameters": parameters(*_CONDITIONAL),
        "responses": {
            "200": {
                "description": "The capabilities that are switched on, and where the resources are.",
                "headers": headers(*CACHED),
                "content": {JSON: {"schema": _ROOT}},
            },
            "304": _NOT_MODIFIED,
            **responses(400, 401, 406, 412, 503),
        },
    }


def list_(known: Known, operation: Operation) -> Schema:
    """The list of a resource."""
    resource = resource_of(operation)
    page = known.page(resource)
    for media_type in known.formats:
        said = {"type": "string", "description": "The whole list in this format, not in pages."}
        page["content"][media_type] = {"schema": said}
    return {
        "summary": f"List {words(resource.name)}",
        "description": "A page of the records that the caller may see. A parameter that is not known is a 400.",
        "parameters": [
            *list_parameters(resource, known.name(resource), known.limits),
            *parameters(*_CONDITIONAL),
        ],
        "responses": {"200": page, "304": _NOT_MODIFIED, **responses(400, 401, 403, 406, 412, 503)},
    }


def related(known: Known, operation: Operation) -> Schema:
    """The list of what a to-many relation of a record leads to."""
    resource = resource_of(operation)
    assert operation.relation is not None
    relation, target = operation.relation, operation.relation.target
    return {
        "summary": f"List the {words(relation.name)} of one of the {words(resource.name)}",
        "description": relation.description or "A page of the related records that the caller may see.",
        "parameters": [
            *list_parameters(target, known.name(target), known.limits),
            *parameters(*_CONDITIONAL),
        ],
        "responses": {
            "200": known.page(target),
            "304": _NOT_MODIFIED,
            **responses(400, 401, 403, 404, 406, 412, 503),
        },
    }


def history(known: Known, operation: Operation) -> Schema:
    """The list of what became of a record."""
    resource, listed = resource_of(operation), operation.listed
    assert listed is not None
    return {
        "summary": f"List what became of one of the {words(resource.name)}",
        "description": "A page of the changes of the record that the caller may see, also when it is gone.",
        "parameters": [*list_parameters(listed, known.name(listed), known.limits), *parameters(*_CONDITIONAL)],
        "responses": {"200": known.page(listed), "304": _NOT_MODIFIED, **responses(400, 401, 403, 404, 406, 412, 503)},
    }


def one(known: Known, operation: Operation) -> Schema:
    """One record."""
    resource = resource_of(operation)
    name = known.name(resource)
    return {
        "summary": f"Get one of the {words(resource.name)}",
        "parameters": [*record_parameters(resource, name), *parameters(*_CONDITIONAL)],
        "responses": {
            "200": {
                "description": "The record, as far as the caller may see it.",
                "headers": headers(*CACHED),
                "content": {JSON: {"schema": ref(name)}},
            },
            "304": _NOT_MODIFIED,
            **responses(400, 401, 403, 404, 406, 412, 503),
        },
    }
