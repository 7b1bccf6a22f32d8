"""JSON Schemas of one resource in answers: its records, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.values import Value

from .examples import record_example

Schema = dict[str, Any]

PREFIX = "#/components/schemas/"


def ref(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": PREFIX + name}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if not schema:
        return schema
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def text_schema(value: Value) -> Schema:
    """How a value is written in a URL: where JSON knows it as text, number or boolean, just as there."""
    schema = value.request_schema()
    kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") == "string" or "enum" in each]
    chosen: Schema = kinds[0] if kinds else schema
    return chosen if "enum" in chosen or chosen.get("type") in ("string", "integer", "number", "boolean") else TEXT


TEXT: Schema = {"type": "string"}


def answer_schema(resource: Resource, names: Mapping[str, str]) -> Schema:
    """A record in an answer. Nothing is required: the policy, and ``fields``, may leave out any member."""
    properties: Schema = {name: _field_schema(field) for name, field in resource.fields.items()}
    for name, relation in resource.relations.items():
        properties[name] = _relation_schema(relation, names[relation.target.name])
    schema: Schema = {
        "type": "object",
        "description": _sentences(
            resource.summary,
            "A member is left out where the caller may not see it, or did not ask for it; null is a value",
            "Relations appear when they are expanded" if resource.relations else "",
        ),
        "properties": properties,
        "additionalProperties": False,
    }
    example = record_example(resource)
    return {**schema, "examples": [example]} if example else schema


def list_schema(resource: Resource, names: Mapping[str, str], count_cap: int) -> Schema:
    """A page of records, also that of an expanded to-many relation."""
    return {
        "type": "object",
        "description": f"A page of {resource.name}.",
        "properties": {
            "data": {"type": "array", "items": ref(names[resource.name])},
            "next": {
                "type": ["string", "null"],
                "format": "uri",
                "description": "The address of the next page; null on the last one.",
            },
            "total": {
                "type": "integer",
                "minimum": 0,
                "description": f"How many there are, if `count` asked; `capped` stops at {count_cap + 1:,}.",
            },
        },
        "required": ["data", "next"],
        "additionalProperties": False,
        "examples": [{"data": [record_example(resource)], "next": None}],
    }


def _field_schema(field: Field) -> Schema:
    schema = field.value.schema()
    if field.nullable:
        schema = nullable(schema)
    description = _sentences(
        schema.get("description", ""), field.description, "Unique" if field.unique and not field.key else ""
    )
    if description:
        schema = {**schema, "description": description}
    return {**schema, "readOnly": True} if field.generated else schema


def _relation_schema(relation: Relation, target: str) -> Schema:
    description = _sentences(relation.description, f"Shown if asked for: `expand={relation.name}`")
    if relation.many:
        return {**ref(target + "List"), "description": description}
    return {"anyOf": [ref(target), {"type": "null"}], "description": description}


def _sentences(*parts: str) -> str:
    return " ".join(f"{part.strip().removesuffix('.')}." for part in parts if part.strip())
