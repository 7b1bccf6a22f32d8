"""The query string of lists and records, described for one resource; its filters are in `filters`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from colonnade.core.reading import ReadingSettings
from colonnade.core.resources import Resource

from .filters import filter_parameters, filter_schemas, query_parameter
from .schemas import TEXT, Schema, ref


def list_parameters(resource: Resource, name: str, limits: ReadingSettings) -> list[Schema]:
    """The parameters of a list of this resource; `name` is that of its schemas."""
    return [
        *filter_parameters(resource, name),
        *record_parameters(resource, name),
        *_controls(resource, name, limits),
    ]


def record_parameters(resource: Resource, name: str) -> list[Schema]:
    """The parameters of one record."""
    return list(_selection(resource, name))


def schemas(resource: Resource, name: str, limits: ReadingSettings) -> Iterator[tuple[str, Schema]]:
    """The schemas that the parameters refer to."""
    yield from filter_schemas(resource, name)
    if sortable := list(_sortable(resource)):
        keys = [key for each in sortable for key in (each, f"-{each}")]
        yield name + "Sort", {"type": "string", "enum": keys}
    yield name + "Fields", {"type": "string", "enum": list(_selectable(resource))}
    if resource.relations:
        yield name + "Expand", _expand_schema(resource, limits)


def _selection(resource: Resource, name: str) -> Iterator[Schema]:
    yield query_parameter(
        "fields",
        {"type": "array", "items": ref(name + "Fields")},
        "The members to show; all fields without it. A path such as `a.b` expands the relation on its way.",
        style="form",
        explode=False,
    )
    if resource.relations:
        yield query_parameter(
            "expand",
            ref(name + "Expand"),
            "Relations to show with each record, separated by commas; what is nested is written with a dot. "
            + _options_text(resource),
        )


def _controls(resource: Resource, name: str, limits: ReadingSettings) -> Iterator[Schema]:
    if any(_sortable(resource)):
        yield query_parameter(
            "sort",
            {"type": "array", "items": ref(name + "Sort"), "maxItems": limits.max_sort, "uniqueItems": True},
            "The order, its first key first; `-` is descending. Null sorts as the greatest value, the key comes last.",
            style="form",
            explode=False,
        )
    for parameter in ("Limit", "Cursor", "Page", "Offset", "Count"):
        yield {"$ref": f"#/components/parameters/{parameter}"}


def shared_parameters(limits: ReadingSettings) -> dict[str, Schema]:
    """The parameters that every list has."""
    return {
        "Limit": query_parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": limits.max_limit, "default": limits.default_limit},
            "How many records a page holds.",
        ),
        "Cursor": query_parameter(
            "cursor",
            TEXT,
            "Where to go on: taken from `next`, never made. Good for this caller, sort and filter alone.",
        ),
        "Page": query_parameter(
            "page",
            {"type": "integer", "minimum": 1, "maximum": 10**12},
            "A page by its number, in place of a cursor; the further, the slower.",
        ),
        "Offset": query_parameter(
            "offset",
            {"type": "integer", "minimum": 0, "maximum": 10**12},
            "How many records to pass over, in place of a cursor; the more, the slower.",
        ),
        "Count": query_parameter(
            "count",
            {"type": "string", "enum": ["exact", "capped"]},
            f"Tell the `total`, too. `capped` stops counting at {limits.count_cap:,}.",
        ),
    }


def _options_text(resource: Resource) -> str:
    many = next((relation for relation in resource.relations.values() if relation.many), None)
    if many is None:
        return ""
    key = many.target.key[0].name
    return f"A relation to many takes options: `{many.name}(limit=5,sort=-{key})`."


def _expand_schema(resource: Resource, limits: ReadingSettings) -> Schema:
    """One relation or several, each perhaps with options; the exact grammar is the API's."""
    names = "|".join(re.escape(name) for name in resource.relations)
    item = rf"({names})(\.\w+)*(\([^()]*\))?"
    example = next(iter(resource.relations))
    return {
        "type": "string",
        "pattern": f"^({item}(,{item}){{0,{max(limits.max_expands - 1, 0)}}})?$",
        "examples": [example],
    }


def _sortable(resource: Resource) -> Iterator[str]:
    yield from (name for name, field in resource.fields.items() if field.value.ordered)
    for relation in resource.relations.values():
        if not relation.many:
            yield from (
                f"{relation.name}.{name}" for name, field in relation.target.fields.items() if field.value.ordered
            )


def _selectable(resource: Resource) -> Iterator[str]:
    yield from resource.fields
    for relation in resource.relations.values():
        yield relation.name
        yield from (f"{relation.name}.{name}" for name in relation.target.fields)
