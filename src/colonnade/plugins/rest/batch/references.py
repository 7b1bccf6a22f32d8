"""References to the keys of earlier operations: ``{"$ref": "name.field"}`` where a value stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Resource
from colonnade.core.tree import join_key
from colonnade.core.writing.bodies import pointer

_REF: Final = "$ref"


class Keys:
    """The keys of the records that operations with a name have written."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Resource, tuple[Any, ...]]] = {}

    def keep(self, name: str, resource: Resource, key: tuple[Any, ...]) -> None:
        """Remember what a name stands for from now on."""
        self._known[name] = (resource, key)

    def key_text(self, key: object) -> str:
        """The key of an operation as the text that stands in a URL.

        :raises Unprocessable: for a reference that leads nowhere.
        """
        if not isinstance(key, Mapping):
            return str(key)
        name = self._name(key, "/key")
        resource, parts = self._found(name, "/key")
        return join_key(field.value.to_text(part) for field, part in zip(resource.key, parts, strict=True))

    def filled(self, value: object, *path: object) -> object:
        """The value with what its references lead to in their places.

        :param path: where the value stands, for faults.
        :raises Unprocessable: for a reference that leads nowhere.
        """
        if isinstance(value, list):
            return [self.filled(each, *path, index) for index, each in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        if value.keys() == {_REF}:
            return self._value(value, pointer(*path))
        return {name: self.filled(each, *path, name) for name, each in value.items()}

    def _value(self, reference: Mapping[str, object], place: str) -> object:
        name, _, field_name = self._name(reference, place).partition(".")
        resource, parts = self._found(name, place)
        by_name = {field.name: (field, part) for field, part in zip(resource.key, parts, strict=True)}
        if field_name not in by_name:
            raise _nowhere(
                f"must be {name}.FIELD, a field of the key of {resource.name}",
                place,
                tuple(f"{name}.{each}" for each in by_name),
            )
        field, part = by_name[field_name]
        return json.loads(field.value.to_json(part), parse_float=Decimal)

    def _name(self, reference: Mapping[str, object], place: str) -> str:
        name = reference.get(_REF)
        if reference.keys() != {_REF} or not isinstance(name, str):
            raise _nowhere('must be a reference: {"$ref": "name"}', place)
        return name

    def _found(self, name: str, place: str) -> tuple[Resource, tuple[Any, ...]]:
        if name not in self._known:
            raise _nowhere(f"{name[:80]!r} is no earlier operation that was done", place, tuple(self._known)[:20])
        return self._known[name]


def _nowhere(detail: str, place: str, allowed: tuple[str, ...] = ()) -> Unprocessable:
    fault = Fault(detail, pointer=place, code="unknown_reference", allowed=allowed)
    return Unprocessable("A reference leads to no operation.", faults=[fault])
