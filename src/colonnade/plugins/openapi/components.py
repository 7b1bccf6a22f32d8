"""The components of the document: those that something refers to, and pydantic models in the place of schemas.

What a plug-in says of its own views may name a model where OpenAPI has a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .schemas import PREFIX, Schema


def models_in(described: Any) -> set[type[BaseModel]]:
    """The pydantic models that stand anywhere in a structure of dictionaries and lists."""
    if isinstance(described, type) and issubclass(described, BaseModel):
        return {described}
    if isinstance(described, dict):
        return set().union(*map(models_in, described.values()))
    if isinstance(described, list | tuple):
        return set().union(*map(models_in, described))
    return set()


def model_schemas(
    models: set[type[BaseModel]], taken: set[str]
) -> tuple[dict[type[BaseModel], Schema], dict[str, Schema]]:
    """A reference for each model, and the schemas that they lead to, none of them under a name that is taken."""
    ordered = sorted(models, key=lambda model: (model.__module__, model.__qualname__))
    if not ordered:
        return {}, {}
    by_model, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=PREFIX + "{model}"
    )
    schemas: dict[str, Schema] = definitions.get("$defs", {})
    renamed = {name: f"{name}_" for name in schemas if name in taken}
    pointers = {PREFIX + name: PREFIX + free for name, free in renamed.items()}
    references = {model: _pointing(by_model[model, "validation"], pointers) for model in ordered}
    return references, {renamed.get(name, name): _pointing(schema, pointers) for name, schema in schemas.items()}


def resolved(described: Any, references: dict[type[BaseModel], Schema]) -> Any:
    """The structure with a reference in the place of each model."""
    if isinstance(described, type) and described in references:
        return references[described]
    if isinstance(described, dict):
        return {str(name): resolved(member, references) for name, member in described.items()}
    if isinstance(described, list | tuple):
        return [resolved(member, references) for member in described]
    return described


def _pointing(schema: Any, pointers: dict[str, str]) -> Any:
    """The schema, its references pointing elsewhere where `pointers` say so."""
    if isinstance(schema, dict):
        moved = {name: _pointing(member, pointers) for name, member in schema.items()}
        target = moved.get("$ref")
        return {**moved, "$ref": pointers.get(target, target)} if isinstance(target, str) else moved
    return [_pointing(member, pointers) for member in schema] if isinstance(schema, list) else schema


def needed(components: Mapping[str, Schema], paths: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components to which the paths lead, by themselves or by other components; who may call is said by all."""
    wanted: set[str] = set()
    waiting = list(_targets(paths))
    while waiting:
        target = waiting.pop()
        if target not in wanted:
            wanted.add(target)
            kind, _, name = target.removeprefix("#/components/").partition("/")
            waiting += _targets(components.get(kind, {}).get(name))
    return {
        kind: named if kind == "securitySchemes" else _among(named, wanted, f"#/components/{kind}/")
        for kind, named in components.items()
    }


def _among(named: Mapping[str, Any], wanted: set[str], prefix: str) -> dict[str, Any]:
    return {name: each for name, each in named.items() if prefix + name in wanted}


def _targets(described: Any) -> Iterator[str]:
    """Where the references in a structure lead."""
    if isinstance(described, dict):
        if isinstance(target := described.get("$ref"), str):
            yield target
        for member in described.values():
            yield from _targets(member)
    elif isinstance(described, list | tuple):
        for member in described:
            yield from _targets(member)
