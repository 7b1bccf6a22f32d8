"""What is the same for every write of a resource, found out once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import sqlalchemy as sa
from pyramid.registry import Registry

from colonnade.core.changes import Alteration, Creation, log_of
from colonnade.core.changes.log import Log
from colonnade.core.database import Database, database_of
from colonnade.core.resources import Resource, Resources, resources_of
from colonnade.core.values.opaque import OpaqueValue

from .author import Author
from .fields import WritableFields
from .loading import Stored, lockable_tables
from .lookup import Existence
from .plain import Plainness
from .plain_loading import PlainLoading
from .references import Reference, references_of
from .referrers import held_fields

_KEY = "colonnade.writing.outlines"
#: Different rights to records of one resource that are kept for those to whom the same entries apply; there are few.
_MOST: Final = 50

_Rights: TypeAlias = tuple[frozenset[str], frozenset[str]] | None
"""The names that may be seen and written of a stored record; None of a new one."""


@dataclass(eq=False)
class Outline:
    """One resource, as it is written."""

    resource: Resource
    resources: Resources
    database: Database
    log: Log | None
    _tables: Sequence[sa.Table] = ()

    def require_tables(self) -> None:
        """:raises Forbidden: where records are made of others, so that none can be written."""
        if not self._tables:
            self._tables = lockable_tables(self.resource.mapper)

    def fields(self, author: Author, stored: Stored | None = None) -> WritableFields:
        """Those of a new record, or of a stored one, as they are to its author.

        They are the same for all to whom the same entries apply, and of all records of which these may see and write
        the same.
        """
        if self._relates:
            return WritableFields.of(author, self.resource, stored)
        kept: dict[_Rights, WritableFields] = author.access.of(self.resource).kept.setdefault(self, {})
        rights = None if stored is None else (stored.readable, stored.writable)
        known = kept.get(rights)
        if known is None:
            if len(kept) >= _MOST:
                kept.clear()
            known = kept[rights] = WritableFields.of(author, self.resource, stored)
        return known

    @cached_property
    def _relates(self) -> bool:
        """Whether other resources have a say in what is written: in lists of their keys."""
        return any(each.by_keys for each in self.resource.relations.values())

    @cached_property
    def opaque(self) -> frozenset[str]:
        """The fields of which only binding tells whether a value is good."""
        fields = self.resource.fields.values()
        return frozenset(field.name for field in fields if isinstance(field.value, OpaqueValue))

    @cached_property
    def references(self) -> tuple[tuple[Reference, Existence], ...]:
        """Its foreign keys, each with what tells whether one leads somewhere."""
        found = references_of(self.resource, self.resources)
        return tuple((each, Existence(self.database, each.target, each.columns, each.showing)) for each in found)

    @cached_property
    def plainness(self) -> Plainness:
        """Whether statements write its records as the unit of work would."""
        return Plainness(self.resource.mapper)

    @cached_property
    def creation(self) -> Creation | None:
        """How a record of a plain class is created by one statement; None where that takes Python."""
        return Creation.of(self.database, self.log, self.resource)

    @cached_property
    def plain_loading(self) -> PlainLoading | None:
        """How a record of a plain class is loaded, to be changed by one statement; None where that takes Python."""
        alteration = Alteration.of(self.database, self.log, self.resource)
        return None if alteration is None else PlainLoading(self.database, self.resource, alteration)

    def is_alone(self, names: Collection[str]) -> bool:
        """Tell whether a change of these members touches no other row: no list of keys, nothing that others hold."""
        return self._shared.isdisjoint(names)

    @cached_property
    def _shared(self) -> frozenset[str]:
        made = {name for name, field in self.resource.fields.items() if field.generated}  # nobody changes them
        return frozenset(self.resource.relations) | (held_fields(self.resource, self.resources) - made)


class Outlines:
    """Those of an application's resources."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[str, Outline] = {}

    def of(self, resource: Resource) -> Outline:
        """That of a resource."""
        known = self._known.get(resource.name)
        if known is None:
            registry = self._registry
            known = Outline(resource, resources_of(registry), database_of(registry), log_of(registry))
            self._known[resource.name] = known
        return known


def outlines_of(registry: Registry) -> Outlines:
    """The application's."""
    known: Outlines | None = registry.get(_KEY)
    if known is None:
        known = registry[_KEY] = Outlines(registry)
    return known
