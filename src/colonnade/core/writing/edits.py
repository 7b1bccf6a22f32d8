"""The ways to change a stored record: by a whole new body, a merge patch, a JSON patch.

Each says which members the record is to have, given the document that its author sees of it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from colonnade.core.changes import Unreadable
from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Resource

from .author import Author
from .bodies import Members, require_object
from .events import Verb
from .fields import WritableFields
from .patching import Operation, Pointer, apply, merge
from .patching.values import equal
from .relations import keys_shown, seen_keys


class Edit(ABC):
    """One way to change a record."""

    verb: ClassVar[Verb] = "patch"

    def names(self, resource: Resource) -> Collection[str]:
        """Of which members it speaks: it changes no others. Some may not be there."""
        return resource.names

    @abstractmethod
    def members(self, fields: WritableFields, document: Document) -> Members:
        """What the record is to have: JSON values by name. What is not among them stays."""

    def missing(self, fields: WritableFields, members: Members) -> list[Fault]:
        """What is wrong with what was left out."""
        return []


@dataclass(frozen=True)
class Replace(Edit):
    """PUT: the body is all that the author may see and write of the record (RFC 9110, section 9.3.4).

    What it leaves out becomes what a creation would make of it: its constant default, or null. Three things stay as
    they are: what the author may not see or write, what the database or a function makes at creation, and relations,
    which an answer does not show.
    """

    body: object
    verb: ClassVar[Verb] = "replace"

    def members(self, fields: WritableFields, document: Document) -> Members:
        body = require_object(fields, self.body)
        left_out: dict[str, object] = {}
        for field in fields.known.values():
            if field.name in body or field.generated or field.key or not fields.may_write(field.name):
                continue
            if field.default is not None:
                left_out[field.name] = json.loads(field.value.to_json(field.default), parse_float=Decimal)
            elif field.nullable and not field.made:
                left_out[field.name] = None
        return {**body, **left_out}

    def missing(self, fields: WritableFields, members: Members) -> list[Fault]:
        return [
            Fault("is required", pointer=f"/{field.name}", code="missing")
            for field in fields.known.values()
            if field.required and not field.key and field.name not in members and fields.may_write(field.name)
        ]


@dataclass(frozen=True)
class Merge(Edit):
    """PATCH with a merge patch (RFC 7396). A member that is null becomes null: a record always has all its fields."""

    patch: object

    def names(self, resource: Resource) -> Collection[str]:
        return self.patch.keys() if isinstance(self.patch, (dict, Mapping)) else ()

    def members(self, fields: WritableFields, document: Document) -> Members:
        patch = require_object(fields, self.patch)
        return {
            name: merge(document.get(name), value) if isinstance(value, dict) else value
            for name, value in patch.items()
        }


@dataclass(frozen=True)
class Patch(Edit):
    """PATCH with a JSON patch (RFC 6902), over the document that the author sees.

    What is hidden from them does not exist in it. A many-to-many relation is in it, as a list of keys, where the patch
    speaks of it. A member that is removed becomes null.
    """

    operations: tuple[Operation, ...]

    def names(self, resource: Resource) -> Collection[str]:
        return self._first_names() if all(map(len, self._pointers())) else resource.names

    def members(self, fields: WritableFields, document: Document) -> Members:
        before = document.whole(self._first_names())
        after = apply(self.operations, before)
        if not isinstance(after, Mapping):
            raise Unprocessable(
                f"A record of {fields.resource.name} is a JSON object; the patch would make something else of it.",
                faults=[Fault("must leave a JSON object", pointer="", code="object")],
            )
        changed = {name: value for name, value in after.items() if name not in before or not equal(value, before[name])}
        return {**changed, **{name: None for name in before if name not in after}}

    def _first_names(self) -> frozenset[str]:
        return frozenset(str(pointer[0]) for pointer in self._pointers() if pointer)

    def _pointers(self) -> Iterator[Pointer]:
        pointers = (each for operation in self.operations for each in (operation.path, operation.from_))
        return (pointer for pointer in pointers if pointer is not None)


class Document:
    """A stored record as JSON, as its author sees it. Members are written when they are asked for."""

    def __init__(self, author: Author, fields: WritableFields, record: Any) -> None:
        self._author = author
        self._fields = fields
        self._record = record

    def get(self, name: str) -> object:
        """One member; None where there is none."""
        field = self._fields.known.get(name)
        if field is not None:
            value = getattr(self._record, name)
            if isinstance(value, Unreadable):
                return value.shown
            return None if value is None else json.loads(field.value.to_json(value), parse_float=Decimal)
        relation = self._fields.relations.get(name)
        return None if relation is None else keys_shown(relation, seen_keys(self._author, relation, self._record))

    def whole(self, also: frozenset[str]) -> dict[str, object]:
        """The record as a request without a query shows it; and those of the relations that are named."""
        return {name: self.get(name) for name in (*self._fields.known, *(also & self._fields.relations.keys()))}
