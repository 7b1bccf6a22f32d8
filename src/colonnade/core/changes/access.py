"""What an identity may see of the log: what it may see of the records, as they were before and after each change.

The lists of the resources are compiled over the stored images instead of the rows; other tables that they speak of are
read as they are now. A change is visible if its image before or its image after is, each by itself; and of an image
those fields are shown that the identity would see of such a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from colonnade.core.policy.access import Access, ResourceAccess
from colonnade.core.policy.adapting import said_of
from colonnade.core.policy.compiling import Condition
from colonnade.core.resources import Resource
from colonnade.core.values.from_json import member, without

from .log import Log
from .model import OF_RECORDS

SIDES = ("before", "after")


class ChangeAccess(ResourceAccess):
    """The access to the log that follows from the access to each resource that it keeps."""

    def __init__(
        self, resource: Resource, parts: tuple[ResourceAccess, ...], dialect_name: str, access: Access
    ) -> None:
        super().__init__(resource, (), None)
        self._parts = {part.resource.name: part for part in parts if part.may("view")}
        self._dialect_name = dialect_name
        #: The many-to-many relations that are shown whole: their keys are in the images, their records are not.
        self._relations = {
            (part.resource.name, relation.name)
            for part in self._parts.values()
            for relation in part.resource.relations.values()
            if access.relation(relation) and access.of(relation.target).decides("view") is True
        }
        self._shown = {side: self._side(side) for side in SIDES}

    def _own(self, permission: str) -> Condition:
        if permission != "view" or not self._parts:
            return False
        model: Any = self.resource.model
        ways = [sa.and_(model.resource == name, self._either(part)) for name, part in self._parts.items()]
        # One that has no position has not committed, or a moment ago, and others may still come before it.
        return sa.and_(model.position.is_not(None), sa.or_(*ways))

    def _field(self, name: str, permission: str) -> Condition:
        if permission != "view":
            return False
        return self._shown[name][0] if name in SIDES else True

    def expression(self, name: str) -> ColumnElement[Any] | None:
        return self._shown[name][1] if name in SIDES else None

    def shown(self, side: str) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
        """On which changes an image may be seen, and what of it; over the columns of the log."""
        return self._seen_rows(getattr(self.resource.model, side)), self._shown[side][1]

    def _seen_rows(self, image: Any) -> ColumnElement[bool]:
        model: Any = self.resource.model
        ways = (sa.and_(model.resource == name, self._seen(part, image)) for name, part in self._parts.items())
        return sa.or_(sa.false(), *ways)

    def _either(self, part: ResourceAccess) -> ColumnElement[bool]:
        """A change of which one image may be seen; one that is no record's, where every record may be.

        A change of nothing but what is hidden is hidden too; not one by which a record comes into sight or leaves it.
        """
        model: Any = self.resource.model
        viewed = part.decides("view")
        before, after = (self._masked(part, side) for side in SIDES)
        differs = sa.true() if before is None else before.is_distinct_from(after)
        if viewed is True:
            return differs
        seen_before, seen_after = (
            sa.func.coalesce(self._seen(part, getattr(model, side)), sa.false()) for side in SIDES
        )
        return sa.or_(seen_before != seen_after, sa.and_(seen_before, differs))

    def _masked(self, part: ResourceAccess, side: str) -> ColumnElement[Any] | None:
        """What is shown of the images of a resource; None where all is."""
        image = getattr(self.resource.model, side)
        hidden = list(self._hidden(part, image))
        return without(image, hidden, self._dialect_name) if hidden else None

    def _seen(self, part: ResourceAccess, image: Any) -> ColumnElement[bool]:
        viewed = self.imaged(part, part.decides("view"), image)
        there: ColumnElement[bool] = image.is_not(None)
        if viewed is True:
            return there
        model: Any = self.resource.model
        return sa.and_(model.verb.in_(OF_RECORDS), there, sa.false() if viewed is False else viewed)

    def imaged(self, part: ResourceAccess, condition: Condition, image: Any) -> Condition:
        """A condition over a resource's rows, said of an image of one."""
        if isinstance(condition, bool):
            return condition
        mapper = part.resource.mapper

        def column(of: Any) -> ColumnElement[Any]:
            name = mapper.get_property_by_column(of).key
            field = part.resource.fields.get(name)
            kept = field is not None and not field.secret
            return member(image, name, of.type, self._dialect_name) if kept else sa.type_coerce(sa.null(), of.type)

        return said_of(condition, mapper, self.resource.model.__table__, column)

    def _side(self, side: str) -> tuple[Condition, ColumnElement[Any]]:
        """On which changes one image is shown, and what of it."""
        model: Any = self.resource.model
        image = getattr(model, side)
        always = all(part.decides("view") is True for part in self._parts.values())
        seen: Condition = always or self._seen_rows(image)
        masked = [
            (model.resource == name, shown)
            for name, part in self._parts.items()
            if (shown := self._masked(part, side)) is not None
        ]
        return seen, sa.case(*masked, else_=image) if masked else image

    def _hidden(self, part: ResourceAccess, image: Any) -> Iterator[ColumnElement[str]]:
        """The names of what is not shown of an image; one that depends on it is NULL where it is shown."""
        for name in part.resource.fields:
            seen = self.imaged(part, part.field(name), image)
            if seen is False:
                yield sa.literal_column(_text(name), sa.Text())
            elif seen is not True:
                yield sa.case((seen.is_not(sa.true()), sa.literal_column(_text(name), sa.Text())))
        for name in part.resource.relations:
            if (part.resource.name, name) not in self._relations:
                yield sa.literal_column(_text(name), sa.Text())


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


class ChangeAccesses:
    """The accesses to one log, one for all identities that have the same access to every resource."""

    #: How many are kept; they come with roles and tokens, not by declaration.
    MOST = 200

    def __init__(self, log: Log, resource: Resource, dialect_name: str) -> None:
        self._log = log
        self._resource = resource
        self._dialect_name = dialect_name
        self._known: dict[tuple[ResourceAccess, ...], ChangeAccess] = {}

    def of(self, access: Access) -> ChangeAccess:
        """What one identity may see of the log."""
        parts = tuple(access.of(resource) for resource in self._log.kept())
        known = self._known.get(parts)
        if known is None:
            known = ChangeAccess(self._resource, parts, self._dialect_name, access)
            known = self._known.setdefault(parts, known)
            if len(self._known) > self.MOST:
                del self._known[next(iter(self._known))]
        return known
