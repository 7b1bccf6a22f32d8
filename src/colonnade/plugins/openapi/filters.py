"""The filters of a list, described for one resource.

Equality has a parameter for each field. The other operators are the properties of one exploded object, ``filter``
(OpenAPI 3.1, section 4.8.12: style form), so that each is there for a program and a person is not shown hundreds.
``where`` is JSON. What is listed goes one relation far; the description says that the API reads on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from colonnade.core.reading.grammar import CONTROLS, OPERATORS
from colonnade.core.resources import Field, Resource

from .examples import field_example
from .schemas import TEXT, Schema, nullable, ref, text_schema

_OF_TEXT = frozenset(OPERATORS[OPERATORS.index("contains") :])
_ORDER = ("gt", "gte", "lt", "lte")
_MEANING = {
    "exact": "is",
    "ne": "is not (null included)",
    "gt": "is greater than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "in": "is one of, separated by commas",
    "isnull": "is null (`true`), or not (`false`)",
    "contains": "contains",
    "icontains": "contains, in any case",
    "startswith": "starts with",
    "istartswith": "starts with, in any case",
    "endswith": "ends with",
    "iendswith": "ends with, in any case",
    "iexact": "is, in any case",
}


def filter_parameters(resource: Resource, name: str) -> list[Schema]:
    """The parameters that say which records are meant; `name` is that of the resource's schemas."""
    return [
        *_equalities(resource),
        query_parameter(
            _name_of_filter(resource),
            ref(name + "Filter"),
            _filter_text(resource),
            style="form",
            explode=True,
            example={},  # Swagger UI would fill in something of everything
        ),
        _where(resource, name),
    ]


def filter_schemas(resource: Resource, name: str) -> Iterator[tuple[str, Schema]]:
    """The schemas that these parameters refer to."""
    yield name + "Filter", _filter_schema(resource)
    yield name + "Where", _where_schema(resource, name)


def _equalities(resource: Resource) -> Iterator[Schema]:
    for field in _comparable(resource):
        if field.name not in CONTROLS:
            description = f"{field.description.rstrip('.')}. " if field.description else ""
            yield query_parameter(field.name, text_schema(field.value), f"{description}Only records where this is it.")


def _name_of_filter(resource: Resource) -> str:
    """What the exploded object is called. Nobody sends the name, but no field may have it, too."""
    return next(name for name in ("filter", "filters", "conditions", "further") if name not in resource.fields)


def _filter_schema(resource: Resource) -> Schema:
    properties: dict[str, Schema] = {}
    for field in resource.fields.values():
        for operator in _operators(field):
            if operator != "exact" or field.name in CONTROLS:
                properties[f"{field.name}__{operator}"] = _operand(field, operator)
    for relation in resource.relations.values():
        for field in _comparable(relation.target):
            properties[f"{relation.name}.{field.name}"] = text_schema(field.value)
        properties[f"{relation.name}__isnull"] = _BOOLEAN
    return {
        "type": "object",
        "description": "Conditions as `field__operator=value`, all of which must hold. "
        + ", ".join(f"`{operator}`: {_MEANING[operator]}" for operator in OPERATORS)
        + ".",
        "properties": properties,
        "additionalProperties": False,
    }


_BOOLEAN: Schema = {"type": "boolean"}


def _operand(field: Field, operator: str) -> Schema:
    if operator == "isnull":
        return _BOOLEAN
    return TEXT if operator == "in" or operator in _OF_TEXT else text_schema(field.value)


def _where_schema(resource: Resource, name: str) -> Schema:
    """The document of ``where``. Fields that are compared with the same values share a pattern."""
    conditions = {"type": "array", "items": ref(name + "Where")}
    names: dict[tuple[str, str], list[str]] = {}
    operands: dict[tuple[str, str], Schema] = {}
    for field in resource.fields.values():
        for operators, operand in _groups(field):
            group = (operators, json.dumps(operand, sort_keys=True))
            names.setdefault(group, []).append(re.escape(field.name))
            operands[group] = operand
    patterns = {f"^({'|'.join(names[group])}){group[0]}$": operand for group, operand in operands.items()}
    if relations := "|".join(map(re.escape, resource.relations)):
        patterns[f"^({relations})__isnull$"] = _BOOLEAN
        patterns[rf"^({relations})\."] = {"description": "A field of a related record; a dot follows each relation."}
    return {
        "type": "object",
        "description": "All members must hold; `or`, `and` and `not` combine further objects of this kind.",
        "properties": {"or": conditions, "and": conditions, "not": ref(name + "Where")},
        "patternProperties": patterns,
        "additionalProperties": False,
    }


def _groups(field: Field) -> Iterator[tuple[str, Schema]]:
    """What follows the name of a field, as a regular expression, and what it is compared with then."""
    value = field.value.request_schema()
    operators = field.value.operators
    if "exact" in operators:
        yield "(__exact|__ne)?", nullable(value)
    if order := [each for each in _ORDER if each in operators]:
        yield f"__({'|'.join(order)})", value
    if searches := [each for each in _operators(field) if each in _OF_TEXT]:
        yield f"__({'|'.join(searches)})", TEXT
    if "in" in operators:
        yield "__in", {"type": "array", "items": value}
    if "isnull" in operators:
        yield "__isnull", _BOOLEAN


def _where(resource: Resource, name: str) -> Schema:
    conditions = [condition for field in resource.fields.values() for condition in _example_condition(field)]
    text = "A filter as a JSON object, for what the query string cannot say: `or`, `and`, `not`."
    if conditions:
        example = {"or": conditions[:1] + [{"not": each} for each in conditions[1:2]]}
        text += f" Such as `{json.dumps(example, ensure_ascii=False)}`."
    return {
        "name": "where",
        "in": "query",
        "description": text,
        "content": {"application/json": {"schema": ref(name + "Where"), "example": {}}},
    }


def _example_condition(field: Field) -> Iterator[Schema]:
    operators = _operators(field)
    known = field_example(field)
    if known and not field.key and "gte" in operators and not field.value.textual:
        yield {f"{field.name}__gte": known[0]}
    elif known and "icontains" in operators:
        yield {f"{field.name}__icontains": str(known[0])[:3]}


def _comparable(resource: Resource) -> Iterator[Field]:
    return (field for field in resource.fields.values() if "exact" in field.value.operators)


def _operators(field: Field) -> list[str]:
    return [each for each in OPERATORS if each in field.value.operators]


def _filter_text(resource: Resource) -> str:
    related = next((relation for relation in resource.relations.values() if relation.target.fields), None)
    text = "More conditions, each a parameter of its own: `field__operator=value`."
    if related is not None:
        path = f"{related.name}.{next(iter(related.target.fields))}"
        text += f" Fields of related records are written `{path}`, further ones with further dots, with any operator."
    return text


def query_parameter(name: str, schema: Schema, description: str, **members: Any) -> Schema:
    """A parameter of the query string."""
    return {"name": name, "in": "query", "description": description, "schema": schema, **members}
