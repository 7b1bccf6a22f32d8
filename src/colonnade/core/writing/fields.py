"""Which fields of a resource an author may write, and how they are told of the others.

A field that does not exist for the author is as unknown as one that exists for nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from colonnade.core.policy import ResourceAccess
from colonnade.core.problems import Fault, Forbidden, Unprocessable
from colonnade.core.resources import Field, Relation, Resource

if TYPE_CHECKING:
    from .author import Author
    from .loading import Stored

#: The code of a fault that is the policy's: the field may be seen, and not written.
READ_ONLY = "read_only"


@dataclass(frozen=True)
class WritableFields:
    """The fields of one resource, as they are to one author.

    relations: those that are written by keys and exist for the author, by name.
    readable, writable: the names that the author may see and write of a stored record, which may be fewer than of
        others; None of a new one.
    """

    access: ResourceAccess
    action: Literal["create", "edit"] = "create"
    relations: Mapping[str, Relation] = field(default_factory=dict)
    readable: frozenset[str] | None = None
    writable: frozenset[str] | None = None

    @classmethod
    def of(cls, author: Author, resource: Resource, stored: Stored | None = None) -> Self:
        """The fields and relations of a new record, or of a stored one."""
        access = author.access.of(resource)
        relations = {
            each.name: each
            for each in resource.relations.values()
            if each.by_keys and author.access.relation(each) and (stored is None or each.name in stored.readable)
        }
        if stored is None:
            return cls(access, "create", relations)
        return cls(access, "edit", relations, stored.readable, stored.writable)

    @cached_property
    def resource(self) -> Resource:
        """Whose fields they are."""
        return self.access.resource

    @cached_property
    def known(self) -> dict[str, Field]:
        """The fields that exist for the author, by name, in declared order.

        Who may see no row at all may still create some; of the fields, they are told of those that nobody hid.
        """
        fields = self.resource.fields.values()
        if self.readable is not None:
            return {field.name: field for field in fields if field.name in self.readable}
        return {field.name: field for field in fields if self.access.field(field.name) is not False}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The names of those that do not exist for the author."""
        return frozenset(self.resource.fields) - frozenset(self.known)

    @cached_property
    def free(self) -> frozenset[str]:
        """The names of the fields and relations that may be given: `fault` has nothing to say of them."""
        return frozenset(name for name in (*self.known, *self.relations) if self.fault(name) is None)

    def require_action(self) -> None:
        """:raises Forbidden: if the author may do it to no record at all, or nobody may."""
        if self._may_act:
            return
        if not self.resource.writable:
            raise Forbidden(f"{self.resource.name} can only be read.")
        raise Forbidden(f"You may not {self.action} records of {self.resource.name}.")

    def may_write(self, name: str) -> bool:
        """Tell whether the author may write a field or relation, on the stored record or on some row at least."""
        if self.writable is not None:
            return name in self.writable
        return self.access.field(name, self.action) is not False

    def fault(self, name: str) -> Fault | None:
        """Why a field or relation may not be given at all; None if it may."""
        field = self.known.get(name)
        if field is None and name not in self.relations:
            return self._unknown(name)
        if field is not None and field.generated:
            return Fault("is made by the database; leave it out", code="generated")
        if not self.may_write(name):
            return Fault("may be seen but not written by you", code=READ_ONLY)
        return None

    def missing(self, given: Collection[str]) -> list[Field]:
        """The fields that a creation needs, and that the author could have given."""
        return [field for field in self._needed if field.name not in given]

    def require_possible(self, given: Collection[str]) -> None:
        """Refuse a creation that needs a field which the author may not write.

        :raises Forbidden: which does not name it.
        """
        if self._withheld.difference(given):
            raise Forbidden(
                f"You may not create a record of {self.resource.name}: it needs a field that you may not write."
            )

    @cached_property
    def _may_act(self) -> bool:
        return self.resource.writable and self.access.may(self.action)

    @cached_property
    def _needed(self) -> tuple[Field, ...]:
        """The fields that a creation needs, and that the author may write."""
        required = (field for field in self.resource.fields.values() if field.required)
        return tuple(field for field in required if field.name in self.known and self.may_write(field.name))

    @cached_property
    def _withheld(self) -> frozenset[str]:
        """The names of those that it needs, and that the author may not write."""
        required = frozenset(field.name for field in self.resource.fields.values() if field.required)
        return required.difference(field.name for field in self._needed)

    def _unknown(self, name: str) -> Fault:
        known = (*(each.name for each in self.known.values() if not each.generated), *self.relations)
        near = get_close_matches(name, known, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        return Fault(f"{self.resource.name} has no field {name[:80]!r}{guess}", code="unknown_field", allowed=known)


def refuse(detail: str, faults: Iterable[Fault]) -> None:
    """Raise what these faults are, if there are any, all of them at once.

    :param detail: what is said where something is not valid.
    :raises Unprocessable: where something is not valid.
    :raises Forbidden: where all is valid, and some of it is not the author's to write.
    """
    if faults := list(faults):
        raise refusal(detail, faults)


def refusal(detail: str, faults: Sequence[Fault]) -> Unprocessable | Forbidden:
    """What `refuse` raises for these faults."""
    if any(fault.code != READ_ONLY for fault in faults):
        return Unprocessable(detail, faults=faults)
    return Forbidden("Some fields are not yours to write.", faults=faults)
