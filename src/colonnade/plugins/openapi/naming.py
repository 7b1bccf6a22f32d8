"""The names of what the document holds: schemas after models, operations after what they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from colonnade.core.resources import Resource

#: What else is called after a model.
KINDS = ("", "Create", "Replace", "Edit", "List", "Written", "Filter", "Where", "Sort", "Fields", "Expand")
_RESERVED = (
    "Problem",
    "Fault",
    "JsonPatch",
    "ChangesMade",
    "Batch",
    "BatchCreate",
    "BatchReplace",
    "BatchMerge",
    "BatchPatch",
    "BatchDelete",
    "BatchReference",
    "BatchResults",
)


def schema_names(resources: Iterable[Resource]) -> Mapping[str, str]:
    """The name of each resource's schema, by the resource's name: its model's, or, where that is taken, its own."""
    taken = set(_RESERVED)
    names: dict[str, str] = {}
    for resource in resources:
        own = "".join(word.capitalize() for word in resource.name.split("-"))
        wanted = [_letters(resource.model.__name__), own, *(f"{own}{number}" for number in range(2, len(names) + 9))]
        name = next(each for each in wanted if each and taken.isdisjoint(each + kind for kind in KINDS))
        taken.update(name + kind for kind in KINDS)
        names[resource.name] = name
    return names


def operation_id(text: str) -> str:
    """A text as the name of a function: lower-case words joined by underscores."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _letters(name: str) -> str:
    return name if re.fullmatch(r"[a-zA-Z0-9._-]+", name) else ""
