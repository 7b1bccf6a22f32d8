"""The operation that writes several records of any resources at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from colonnade.core.operation import Operation
from colonnade.core.resources import Resource

from .bodies import PATCH, media_type
from .examples import creation_example
from .headers import WRITTEN, headers, parameters
from .known import JSON, Known
from .problems import write_responses
from .schemas import PREFIX, TEXT, Schema, ref
from .writes import ALWAYS

_DESCRIPTION = (
    "The operations are done in order and in one transaction: all of them, or none; each one that stood in the way is "
    "told of, with its index. Each answers in `results` what it would answer by itself.\n\n"
    'An operation may have a name, `as`. Later ones refer to the key of its record: `{"$ref": "name.field"}` may stand '
    'for any value in a body, `{"$ref": "name"}` for a key.'
)

_REFERENCE = "BatchReference"
_OP = "Batch{}"


def batch(known: Known, operation: Operation) -> Schema:
    """POST of several operations."""
    required = (428,) if operation.if_match_required else ()
    return {
        "summary": "Write several records of any resources at once",
        "description": _DESCRIPTION,
        "parameters": parameters(*ALWAYS),
        "requestBody": {"required": True, "content": {JSON: media_type(ref("Batch"), two=_example(known))}},
        "responses": {
            "200": {
                "description": "All of them are done.",
                "headers": headers(*WRITTEN),
                "content": known.written(ref("BatchResults")),
            },
            "204": {
                "description": "All of them are done; the caller would rather not see what.",
                "headers": headers(*WRITTEN),
            },
            **write_responses(400, 401, 403, 404, 406, 409, 412, 413, 415, 422, *required, 503),
        },
    }


def batch_schemas(known: Known, operation: Operation) -> dict[str, Schema]:
    """The schemas of a batch and of its answer."""
    record: Schema = {
        "type": "object",
        "description": "What the resource by itself takes; references may stand in the place of values.",
    }
    name: Schema = {
        **TEXT,
        "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$",
        "description": "By which later operations refer to the key of this record.",
    }
    stored = {
        "key": {
            "description": "Which record: its key as it stands in its URL, or a reference.",
            "anyOf": [TEXT, {"type": "integer"}, ref(_REFERENCE)],
        },
        "if_match": {**TEXT, "description": "The ETag that the record must have, as in the header If-Match."},
    }
    needed = ("key", "if_match") if operation.if_match_required else ("key",)
    schemas = {
        "create": _operation(known, "create", {"body": record, "as": name}, ("body",)),
        "replace": _operation(known, "replace", {**stored, "body": record, "as": name}, (*needed, "body")),
        "merge": _operation(known, "merge", {**stored, "body": record, "as": name}, (*needed, "body")),
        "patch": _operation(known, "patch", {**stored, "body": ref(PATCH), "as": name}, (*needed, "body")),
        "delete": _operation(known, "delete", {**stored, "as": name}, needed),
    }
    names = {op: _OP.format(op.capitalize()) for op in schemas}
    return {
        "Batch": _batch_schema(operation, names),
        **{names[op]: schema for op, schema in schemas.items()},
        _REFERENCE: _REFERENCE_SCHEMA,
        "BatchResults": _RESULTS,
    }


def _example(known: Known) -> Schema | None:
    """A record and one that refers to it; or one alone; None where no example of any is known."""
    alone = None
    for resource in known.resources:
        body = creation_example(resource)
        if body is None:
            continue
        create = {"op": "create", "resource": resource.name, "body": body}
        alone = alone or {"operations": [create]}
        for relation in resource.relations.values():
            first = None if relation.target is resource else creation_example(relation.target)
            if first is not None and len(relation.local) == len(relation.target.key) == 1:
                unreferred = {name: value for name, value in first.items() if not _refers(relation.target, name)}
                referring = {**body, relation.local[0]: {"$ref": f"first.{relation.target.key[0].name}"}}
                return {
                    "operations": [
                        {"op": "create", "resource": relation.target.name, "body": unreferred, "as": "first"},
                        {**create, "body": referring},
                    ]
                }
    return alone


def _refers(resource: Resource, name: str) -> bool:
    return resource.fields[name].nullable and any(name in each.local for each in resource.relations.values())


def _batch_schema(operation: Operation, names: Mapping[str, str]) -> Schema:
    one_of = {
        "oneOf": [ref(name) for name in names.values()],
        "discriminator": {"propertyName": "op", "mapping": {op: PREFIX + name for op, name in names.items()}},
    }
    operations: Schema = {"type": "array", "items": one_of, **({"maxItems": operation.most} if operation.most else {})}
    return {
        "type": "object",
        "properties": {"operations": operations},
        "required": ["operations"],
        "additionalProperties": False,
    }


def _operation(known: Known, op: str, members: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    resource: Schema = {**TEXT, "enum": list(known.names), "description": "The resource of the record."}
    return {
        "type": "object",
        "properties": {"op": {**TEXT, "const": op}, "resource": resource, **members},
        "required": ["op", "resource", *required],
        "additionalProperties": False,
    }


_REFERENCE_SCHEMA: Schema = {
    "type": "object",
    "description": "The key of a record that an earlier operation wrote.",
    "properties": {"$ref": {**TEXT, "description": "The name of that operation; or `name.field`, for a value."}},
    "required": ["$ref"],
    "additionalProperties": False,
}
_RESULTS: Schema = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "description": "What each operation answers, in order.",
            "items": {
                "type": "object",
                "properties": {
                    "status": {"type": "integer", "enum": [200, 201, 204]},
                    "location": {"type": "string", "format": "uri-reference", "description": "The record's address."},
                    "etag": {**TEXT, "description": "The ETag that a GET of the record has now."},
                    "body": {
                        "type": "object",
                        "description": "The record, left out where the caller may not see it.",
                    },
                },
                "required": ["status"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["results"],
    "additionalProperties": False,
}
