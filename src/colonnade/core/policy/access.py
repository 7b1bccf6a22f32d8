"""What one identity may do: for each resource, the compiled decision for each permission and field."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from .acl import Entry
from .compiling import Condition, both, first_match
from .identity import Identity

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from colonnade.core.resources import Field, Relation, Resource


#: How many compiled lists an application keeps. So many different sets of roles are rare, but they come with users and
#: tokens, not by declaration: nothing else bounds them.
MOST = 1000


class ResourceAccess:
    """What the matching entries of one resource's list (then Root's) decide, compiled once and kept.

    Identities for whom the same entries match share one object, so it is the policy's part of a statement's shape.
    Its expressions speak of the model's own columns and hold no values: ``me`` stands in them as parameters.

    kept: what other rooms have made of it, each by a key of its own; it goes with it.
    """

    def __init__(
        self, resource: Resource, entries: tuple[Entry, ...], narrowed: frozenset[str] | None, everything: bool = False
    ) -> None:
        self.resource = resource
        self.entries = entries
        self.narrowed = narrowed
        self.everything = everything
        self.kept: dict[object, Any] = {}
        self._decisions: dict[str, Condition] = {}
        self._fields: dict[tuple[str, str], Condition] = {}

    def decides(self, permission: str) -> Condition:
        """Which rows the identity may touch with this permission.

        :returns: True for all, False for none, or an expression over the model's columns. Every permission but
            ``create`` requires ``view``, which is part of the answer.
        """
        if permission not in self._decisions:
            own = self._own(permission)
            needs_view = permission not in ("view", "create")
            self._decisions[permission] = both(self.decides("view"), own) if needs_view else own
        return self._decisions[permission]

    def grants(self, permission: str) -> Condition:
        """The same for the permission by itself, without the ``view`` that it requires.

        The result of a write is held against this: who writes a record out of their own sight has still written it.
        """
        return self._own(permission)

    def may(self, permission: str) -> bool:
        """Tell whether the identity may try: the decision is something other than nothing."""
        return self.decides(permission) is not False

    def _own(self, permission: str) -> Condition:
        if self.everything:
            return True
        if self.narrowed is not None and permission not in self.narrowed:
            return False
        return first_match(self._speaking_of(permission))

    def _speaking_of(self, permission: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.speaks_of(permission))

    def field(self, name: str, permission: str = "view") -> Condition:
        """On which of the rows that ``permission`` allows the identity may also view (or write) the field.

        :param permission: ``view``, or the row's action when writing: ``create`` or ``edit``.
        :returns: True for all of them, False for none, or an expression. It is relative: the row's own decision is
            not repeated in it.
        """
        slot = (name, permission)
        if slot not in self._fields:
            self._fields[slot] = self._field(name, permission)
        return self._fields[slot]

    def _field(self, name: str, permission: str) -> Condition:
        if self.everything:
            return True
        deciding = tuple(entry for entry in self.entries if entry.speaks_of_field(name, permission))
        # The list of the field is the list of the row: whoever passes the one passes the other.
        if deciding == self._speaking_of(permission):
            return True
        return first_match(deciding)

    def expression(self, name: str) -> ColumnElement[Any] | None:
        """What a field shows in the place of its column, over the model's own columns; None for the column itself."""
        return None

    @cached_property
    def visible_fields(self) -> tuple[Field, ...]:
        """The fields that exist for the identity: those it may see on some row, in declared order."""
        return tuple(
            field
            for field in self.resource.fields.values()
            if self.decides("view") is not False and self.field(field.name) is not False
        )


class Policy:
    """The lists of an application, ready to be asked for an identity's access."""

    def __init__(self, root: tuple[Entry, ...]) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._lists: dict[str, _List] = {}
        self._known: dict[tuple[str, frozenset[str], frozenset[str] | None], ResourceAccess] = {}
        self._operator: dict[str, ResourceAccess] = {}

    def of(self, identity: Identity) -> Access:
        """The access of one identity, for one request."""
        return Access(self, identity)

    def entries(self, resource: Resource) -> tuple[Entry, ...]:
        """The list of a resource as it is decided: its own entries, then Root's."""
        return resource.acl + self.root

    def resource_access(self, resource: Resource, identity: Identity) -> ResourceAccess:
        """The compiled access of an identity to one resource; shared by all for whom the same entries match."""
        if identity.operator:
            if resource.name not in self._operator:
                self._operator[resource.name] = ResourceAccess(resource, (), None, everything=True)
            return self._operator[resource.name]
        entries = self._lists.get(resource.name)
        if entries is None:
            entries = self._lists[resource.name] = _List.of(self.entries(resource))
        principals = entries.principals & identity.principals
        slot = (resource.name, principals, narrowing(identity.narrowed, resource.name, entries.permissions))
        known = self._known.get(slot)
        return self._keep(resource, entries, slot) if known is None else known

    def _keep(
        self, resource: Resource, entries: _List, slot: tuple[str, frozenset[str], frozenset[str] | None]
    ) -> ResourceAccess:
        _, principals, narrowed = slot
        matching = tuple(entry for entry in entries.entries if entry.principal in principals)
        with self._lock:
            known = self._known.setdefault(slot, ResourceAccess(resource, matching, narrowed))
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]  # the oldest: whoever still needs it compiles it again
        return known

    def __len__(self) -> int:
        """How many compiled lists are kept, the operator's aside."""
        with self._lock:
            return len(self._known)


@dataclass(frozen=True)
class _List:
    """The list of a resource as it is decided, with all principals and permissions that it names."""

    entries: tuple[Entry, ...]
    principals: frozenset[str]
    permissions: frozenset[str]

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> Self:
        permissions = frozenset({"view", "create", "edit", "delete"}.union(*(entry.names for entry in entries)))
        return cls(entries, frozenset(entry.principal for entry in entries), permissions)


def narrowing(
    pairs: frozenset[tuple[str, str]] | None, resource: str, permissions: frozenset[str]
) -> frozenset[str] | None:
    """The permissions that a token leaves on one resource; None if the token narrows nothing."""
    if pairs is None:
        return None
    return frozenset(permission for name, permission in pairs if name == resource and permission in permissions)


class Access:
    """What one identity may do, asked resource by resource."""

    def __init__(self, policy: Policy, identity: Identity) -> None:
        self.policy = policy
        self.identity = identity
        self._resources: dict[str, ResourceAccess] = {}

    def of(self, resource: Resource) -> ResourceAccess:
        """The identity's access to one resource."""
        known = self._resources.get(resource.name)
        if known is None:
            derive = resource.derived_access
            known = self.policy.resource_access(resource, self.identity) if derive is None else derive(self)
            self._resources[resource.name] = known
        return known

    @property
    def met(self) -> tuple[ResourceAccess, ...]:
        """The access to each resource that has been asked for so far."""
        return tuple(self._resources.values())

    def relation(self, relation: Relation) -> bool:
        """Tell whether a relation exists for the identity.

        It does if the related rows may be seen at all, if nobody hid the relation by name, and if the foreign keys
        that make it may be seen: an expanded department would tell the hidden ``department_id``.
        """
        source, target = self.of(relation.source), self.of(relation.target)
        return (
            target.may("view")
            and source.field(relation.name) is not False
            and all(source.field(name) is not False for name in relation.local)
            and all(target.field(name) is not False for name in relation.remote)
        )
