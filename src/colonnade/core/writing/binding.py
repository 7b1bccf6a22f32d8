"""Values that a column's own type may refuse: types of somebody else's, of which only binding tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Dialect

from colonnade.core.problems import Fault
from colonnade.core.resources import Field, Resource
from colonnade.core.values.opaque import OpaqueValue


def require_bindable(field: Field, value: object, dialect: Dialect) -> None:
    """Raise what the type of a field's column raises when a value is bound: ValueError, by its author's words."""
    if value is None or not isinstance(field.value, OpaqueValue):
        return
    bind = field.column.type.dialect_impl(dialect).bind_processor(dialect)
    try:
        if bind is not None:
            bind(value)
    except TypeError as error:
        raise ValueError(str(error)) from None


def unbindable(resource: Resource, values: Mapping[str, Any], dialect: Dialect) -> Iterator[Fault]:
    """A fault for each value of a record that its column's type does not take."""
    for name, value in values.items():
        try:
            require_bindable(resource.fields[name], value, dialect)
        except ValueError as error:
            yield Fault(str(error), pointer=f"/{name}", code="value")
