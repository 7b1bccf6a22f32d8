"""Functions that read one value: by the field's type, its constraints, and its column's own type.

Each raises ValueError, whose text is a predicate that says what would be right. None of them is given null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Dialect

from colonnade.core.resources import Field
from colonnade.core.values.constraints import annotated, sentence
from colonnade.core.values.opaque import OpaqueValue
from colonnade.core.writing.binding import require_bindable


def parser_of_texts(field: Field, dialect: Dialect) -> Callable[[str], Any]:
    """Of texts that are not empty, as they stand in a cell."""
    if _is_simple(field):
        return field.value.parse_text
    python_type, read = field.value.python_type, field.value.parse_text
    return _checked(field, annotated(python_type, read, {}, {}, field.constraints), dialect)


def parser_of_json(field: Field, dialect: Dialect) -> Callable[[object], Any]:
    """Of JSON values."""
    if _is_simple(field):
        return field.value.parse
    return _checked(field, field.value.annotation(field.constraints), dialect)


def _is_simple(field: Field) -> bool:
    return not field.constraints and not isinstance(field.value, OpaqueValue)


def _checked(field: Field, annotation: Any, dialect: Dialect) -> Callable[[object], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def parse(raw: object) -> Any:
        try:
            value = adapter.validate_python(raw)
        except ValidationError as error:
            raise ValueError(sentence(error.errors()[0])) from None
        require_bindable(field, value, dialect)
        return value

    return parse
