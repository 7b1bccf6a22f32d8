"""The schemas of bodies, derived once from the fields: pydantic validates, and OpenAPI shows the same."""

from __future__ import annotations

from types import GenericAlias
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict, create_model

from .resource import Field, Relation, Resource


class Body(BaseModel):
    """What the schemas of bodies have in common: a member that is no field is refused, never dropped."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def create_schema(resource: Resource) -> type[BaseModel]:
    """The schema of a creation: each field that a caller may give; what has a default may be left out.

    A member that was left out is not in ``model_fields_set``, and its column's own default holds. A many-to-many
    relation is a list of keys.
    """
    return _schema(resource, "Create", edits=False)


def edit_schema(resource: Resource) -> type[BaseModel]:
    """The schema of a change: the same members, each of which may be left out; what is left out stays as it is."""
    return _schema(resource, "Edit", edits=True)


def _schema(resource: Resource, suffix: str, *, edits: bool) -> type[BaseModel]:
    fields = [field for field in resource.fields.values() if not field.generated]
    relations = [relation for relation in resource.relations.values() if relation.by_keys]
    # A member goes by an alias: a field may be called like a method of the schema's class.
    members: dict[str, Any] = {f"field_{index}": _member(field, edits=edits) for index, field in enumerate(fields)}
    members |= {f"relation_{index}": _keys(relation) for index, relation in enumerate(relations)}
    name = f"{resource.model.__name__}{suffix}"
    return create_model(name, __base__=Body, __doc__=resource.summary or None, **members)


def _member(field: Field, *, edits: bool) -> tuple[Any, Any]:
    annotation = field.value.annotation(field.constraints)
    if field.nullable:
        annotation = annotation | None
    default: Any = None if edits else ... if field.required else field.default
    return annotation, pydantic.Field(default, alias=field.name, description=field.description or None)


def _keys(relation: Relation) -> tuple[Any, Any]:
    parts = tuple(field.value.annotation() for field in relation.target.key)
    key: Any = parts[0] if len(parts) == 1 else GenericAlias(tuple, parts)
    said = relation.description or f"The keys of the {relation.target.name}, in any order."
    return list[key], pydantic.Field(default_factory=list, alias=relation.name, description=said)


def given(body: BaseModel) -> dict[str, Any]:
    """The members that a validated body holds, by field name; what was left out is not among them."""
    fields, sent = type(body).model_fields, body.model_fields_set
    return {str(fields[name].alias): getattr(body, name) for name in fields if name in sent}
