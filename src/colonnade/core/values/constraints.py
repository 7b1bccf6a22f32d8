"""A column's own constraints (annotated-types, pydantic) beside what its type holds: one check, one description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import annotated_types as at
from pydantic import BeforeValidator, WithJsonSchema
from pydantic.fields import FieldInfo

#: Keyword of JSON Schema for numbers, and its words for types whose JSON is text.
_BOUNDS: Final = {
    "ge": ("minimum", "at least"),
    "gt": ("exclusiveMinimum", "more than"),
    "le": ("maximum", "at most"),
    "lt": ("exclusiveMaximum", "less than"),
    "multiple_of": ("multipleOf", "a multiple of"),
}
_LENGTHS: Final = {
    "string": {"min_length": "minLength", "max_length": "maxLength"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}


def annotated(
    python_type: type[Any],
    parse: Callable[[Any], Any],
    answer: dict[str, Any],
    request: dict[str, Any],
    constraints: Sequence[object],
) -> Any:
    """Give ``Annotated[…]``: `parse` first, then pydantic's own check of the class and of the constraints."""
    inner: Any = Any if python_type is object else python_type
    flat = tuple(flattened(constraints))
    parts = (
        *flat,
        BeforeValidator(parse),
        WithJsonSchema(constrained(request, flat), mode="validation"),
        WithJsonSchema(constrained(answer, flat), mode="serialization"),
    )
    return Annotated[(inner, *parts)]


def flattened(constraints: Iterable[object]) -> Iterator[object]:
    """Take ``Field(ge=1, le=5)``, ``Interval(…)`` and their like apart into single constraints."""
    for each in constraints:
        if isinstance(each, FieldInfo):
            yield from flattened(each.metadata)
        elif isinstance(each, at.GroupedMetadata):
            yield from flattened(each)
        else:
            yield each


def constrained(schema: dict[str, Any], constraints: Iterable[object]) -> dict[str, Any]:
    """Add to a JSON Schema what it can say of the constraints; the narrower of two bounds stays."""
    facts = {name: value for each in flattened(constraints) for name, value in _facts(each)}
    if not facts:
        return schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [constrained(branch, constraints) for branch in schema["anyOf"]]}
    result = dict(schema)
    kind = schema.get("type")
    words: list[str] = []
    for name, value in facts.items():
        if name in _BOUNDS:
            keyword, phrase = _BOUNDS[name]
            if kind in ("integer", "number"):
                _narrow(result, keyword, value)
            else:
                words.append(f"{phrase} {value}")
        elif name == "pattern":
            result["pattern"] = value if isinstance(value, str) else value.pattern
        elif keyword := _LENGTHS.get(kind or "", {}).get(name, ""):
            _narrow(result, keyword, value)
    if words:
        result["description"] = ". ".join(filter(None, (schema.get("description"), ", ".join(words).capitalize())))
    return result


def sentence(error: Mapping[str, Any]) -> str:
    """Tell one error of pydantic (an item of ``ValidationError.errors()``) as a predicate: ``must be at least 16``."""
    told = error.get("ctx", {}).get("error")
    if isinstance(told, (ValueError, AssertionError)) and str(told):
        return str(told)
    if error["type"] == "missing":
        return "is required"
    if error["type"] == "extra_forbidden":
        return "is not known"
    text = re.sub(r"^[A-Z][a-z]+ should ", "must ", error["msg"])
    return text.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")


def _facts(constraint: object) -> Iterator[tuple[str, Any]]:
    for name in (*_BOUNDS, "min_length", "max_length", "pattern"):
        value = getattr(constraint, name, None)
        if value is not None:
            yield name, value


def _narrow(schema: dict[str, Any], keyword: str, value: Any) -> None:
    there = schema.get(keyword)
    if there is None or keyword == "multipleOf":
        schema[keyword] = value
    elif keyword.startswith(("min", "exclusiveMin")):
        schema[keyword] = max(there, value)
    else:
        schema[keyword] = min(there, value)
