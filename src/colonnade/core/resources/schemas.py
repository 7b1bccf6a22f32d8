"""The schema of a body, derived once from the fields: pydantic validates, and OpenAPI shows the same."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict, create_model

from .resource import Field, Resource


class Body(BaseModel):
    """What the schemas of bodies have in common: a member that is no field is refused, never dropped."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def create_schema(resource: Resource) -> type[BaseModel]:
    """The schema of a creation: each field that a caller may give; what has a default may be left out.

    A member that was left out is not in ``model_fields_set``, and its column's own default holds.
    """
    members: dict[str, Any] = {
        f"field_{index}": _member(field) for index, field in enumerate(resource.fields.values()) if not field.generated
    }
    return create_model(
        f"{resource.model.__name__}Create",
        __base__=Body,
        __doc__=resource.summary or None,
        **members,
    )


def _member(field: Field) -> tuple[Any, Any]:
    """A member of the schema. It goes by an alias: a field may be called like a method of the schema's class."""
    annotation = field.value.annotation(field.constraints)
    if field.nullable:
        annotation = annotation | None
    default: Any = ... if field.required else field.default
    return annotation, pydantic.Field(default, alias=field.name, description=field.description or None)


def given(body: BaseModel) -> dict[str, Any]:
    """The members that a validated body holds, by field name; what was left out is not among them."""
    fields = type(body).model_fields
    return {str(fields[name].alias): getattr(body, name) for name in fields if name in body.model_fields_set}
