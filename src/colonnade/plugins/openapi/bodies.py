"""JSON Schemas of bodies: what creates a record, what replaces it, and the patches that change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from colonnade.core.resources import Field, Resource
from colonnade.core.writing.patching.operations import MOST_OPERATIONS

from .examples import creation_example, field_example
from .schemas import PREFIX, TEXT, Schema, nullable, ref

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
#: The name of the schema of a JSON patch, which is the same for every resource.
PATCH = "JsonPatch"


def body_schemas(resource: Resource, name: str) -> Iterator[tuple[str, Schema]]:
    """The schemas of the bodies that write a resource, and those that they refer to; `name` is that of its schema."""
    create, definitions = _model_schema(resource, resource.create_schema)
    edit, _ = _model_schema(resource, resource.edit_schema)
    yield from definitions.items()
    example = creation_example(resource)
    yield name + "Create", {**create, **_examples(example)}
    edit["properties"] = {**_made(resource), **edit.get("properties", {})}
    key = {field.name for field in resource.key}
    required = [each for each in create.get("required", ()) if each not in key]
    yield (
        name + "Replace",
        {
            **edit,
            "description": "All of a record that its author may see and write. What is left out gets its default, or "
            "null; what the caller may not write stays as it is, and so do relations.",
            **({"required": required} if required else {}),
            **_examples(example),
        },
    )
    yield (
        name + "Edit",
        {
            **edit,
            "description": "What is to change (RFC 7396). What is left out stays as it is; a member that is null "
            "becomes null.",
            **_examples(changes_example(resource)),
        },
    )


def keyed(resource: Resource, schema: Schema) -> Schema:
    """A schema of an item that says by its key which record it is about."""
    return {"allOf": [schema], "required": [field.name for field in resource.key]}


def key_schema(resource: Resource) -> Schema:
    """An object that says which record is meant; what else it holds is passed over."""
    names = [field.name for field in resource.key]
    return {
        "type": "object",
        "properties": {field.name: field.value.request_schema() for field in resource.key},
        "required": names,
    }


def key_example(resource: Resource) -> Schema:
    """The key of a record that may be there."""
    return {field.name: value for field in resource.key for value in field_example(field)}


def media_type(schema: Schema, **examples: object) -> Schema:
    """A Media Type Object; an example that is None is not known."""
    found = {name: {"value": example} for name, example in examples.items() if example is not None}
    return {"schema": schema, **({"examples": found} if found else {})}


def several(resource: Resource, members: Mapping[str, Any] | None) -> list[Schema] | None:
    """An array of one item, which names its record by the key; None where its members are not known."""
    return None if members is None else [{**key_example(resource), **members}]


def changes_example(resource: Resource) -> dict[str, Any] | None:
    """One member that might change; None if no value of any is known."""
    example = creation_example(resource) or {}
    key = {field.name for field in resource.key}
    references = {name for relation in resource.relations.values() for name in relation.local}
    names = [name for name in example if name not in key and name not in references]
    plain = [name for name in names if not resource.fields[name].unique] or names
    return {plain[-1]: example[plain[-1]]} if plain else None


def patch_example(resource: Resource) -> list[Schema] | None:
    """A JSON patch that does the same."""
    changes = changes_example(resource)
    if changes is None:
        return None
    return [{"op": "replace", "path": f"/{name}", "value": value} for name, value in changes.items()]


def json_patch_schema() -> Schema:
    """A JSON patch (RFC 6902)."""
    pointer = {**TEXT, "pattern": "^(/([^/~]|~[01])*)*$", "description": "A JSON Pointer (RFC 6901)."}

    def operation(*ops: str, **members: Schema) -> Schema:
        needed = ["op", "path", *members]
        op = {"const": ops[0]} if len(ops) == 1 else {"enum": list(ops)}
        properties = {"op": {**TEXT, **op}, "path": pointer, **members}
        return {"type": "object", "properties": properties, "required": needed}

    return {
        "type": "array",
        "description": "Changes to the document that the caller sees, one after the other, all or none (RFC 6902).",
        "items": {
            "oneOf": [
                operation("add", "replace", "test", value={"description": "Any JSON."}),
                operation("remove"),
                operation("move", "copy", **{"from": pointer}),
            ]
        },
        "maxItems": MOST_OPERATIONS,
    }


def written_schema(name: str) -> Schema:
    """The answer to a write of several records."""
    return {
        "type": "object",
        "properties": {
            "data": {
                "type": "array",
                "description": "The records in the order of the request; null for one that the caller may not see.",
                "items": {"anyOf": [ref(name), {"type": "null"}]},
            }
        },
        "required": ["data"],
        "additionalProperties": False,
    }


def changes_schema() -> Schema:
    """The answer to a write of which its author would rather know what it changes."""
    change = {
        "position": {"type": ["integer", "null"], "description": "In the order of commits; null before there is one."},
        "at": {"type": "string", "format": "date-time"},
        "request_id": TEXT,
        "actor": {**TEXT, "description": "Who did it."},
        "resource": TEXT,
        "key": {**TEXT, "description": "The key of the record, as it stands in its address."},
        "verb": {**TEXT, "enum": ["create", "update", "delete", "unlogged"]},
    }
    record = {"type": "object", "description": "The record after the change, as far as the caller may see it."}
    item = {"type": "object", "properties": {**change, "record": record}, "required": list(change)}
    changes = {"type": "array", "items": item}
    return {
        "type": "object",
        "description": "What was changed, or would be (`Prefer: return=changes`).",
        "properties": {"changes": changes},
        "required": ["changes"],
        "additionalProperties": False,
    }


def _model_schema(resource: Resource, model: type[BaseModel] | None) -> tuple[Schema, dict[str, Schema]]:
    """A body as pydantic validates it, and the schemas that it refers to.

    pydantic shows a default for whatever may be left out; only that of the column is one, and only of a creation.
    """
    assert model is not None
    schema = model.model_json_schema(ref_template=PREFIX + "{model}")
    definitions = schema.pop("$defs", {})
    for name, member in schema.get("properties", {}).items():
        member.pop("title", None)
        field = resource.fields.get(name)
        if field is None or field.default is None or model is not resource.create_schema:
            member.pop("default", None)
    schema.pop("title", None)
    return schema, definitions


def _made(resource: Resource) -> dict[str, Schema]:
    """The members that the database makes: taken where they are as they are stored."""
    said = "Made by the database; may stand here unchanged."
    return {
        field.name: {**_stored_schema(field), "description": said}
        for field in resource.fields.values()
        if field.generated
    }


def _stored_schema(field: Field) -> Schema:
    schema = field.value.request_schema()
    return nullable(schema) if field.nullable and not field.key else schema


def _examples(example: object) -> Schema:
    return {} if example is None else {"examples": [example]}
