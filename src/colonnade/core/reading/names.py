"""Names that a caller wrote, looked up among those that exist for the caller."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from colonnade.core.policy.access import Access, ResourceAccess
from colonnade.core.problems import BadRequest
from colonnade.core.resources import Field, Relation

from .grammar import CONTROLS, Path, refused, shortened
from .shape import Step, Way


class Names:
    """The fields and relations of each resource that exist for one identity.

    What exists for nobody and what exists for others only are the same here: unknown.
    """

    def __init__(self, access: Access) -> None:
        self.access = access

    def field(self, at: ResourceAccess, name: str) -> Field | None:
        """A field of this name, if the identity may see it on some row."""
        field = at.resource.fields.get(name)
        if field is None or at.field(name) is False or not at.may("view"):
            return None
        return field

    def relation(self, at: ResourceAccess, name: str) -> Relation | None:
        """A relation of this name, if it exists for the identity."""
        relation = at.resource.relations.get(name)
        return relation if relation is not None and self.access.relation(relation) else None

    def known(self, at: ResourceAccess) -> tuple[str, ...]:
        """All names that exist for the identity, in declared order."""
        fields = (name for name in at.resource.fields if self.field(at, name))
        relations = (name for name in at.resource.relations if self.relation(at, name))
        return (*fields, *relations)

    def require_field(self, at: ResourceAccess, name: str, parameter: str) -> Field:
        """The field of this name.

        :raises BadRequest: if there is none for the identity; the problem lists those that there are.
        """
        field = self.field(at, name)
        if field is None:
            raise self.unknown(at, name, parameter)
        return field

    def require_relation(self, at: ResourceAccess, name: str, parameter: str) -> Relation:
        """The relation of this name.

        :raises BadRequest: if there is none for the identity, or if it is a field.
        """
        relation = self.relation(at, name)
        if relation is None:
            if self.field(at, name):
                raise refused(
                    parameter, f"{name} is a field of {at.resource.name}, not a relation", code="not_a_relation"
                )
            raise self.unknown(at, name, parameter)
        return relation

    def step(self, relation: Relation) -> Step:
        """The way along one relation."""
        return Step(relation.name, self.access.of(relation.target))

    def along(
        self, at: ResourceAccess, path: Path, parameter: str
    ) -> tuple[Way, ResourceAccess, Relation | None, Path]:
        """Follow to-one relations as far as they go.

        :returns: the way, where it led, the to-many relation it stopped at (None: at the last name), and what is left
            of the path after it.
        """
        way: Way = ()
        for index, name in enumerate(path[:-1]):
            relation = self.require_relation(at, name, parameter)
            if relation.many:
                return way, at, relation, path[index + 1 :]
            step = self.step(relation)
            way, at = (*way, step), step.access
        return way, at, None, path[-1:]

    def unknown(self, at: ResourceAccess, name: str, parameter: str) -> BadRequest:
        """The problem for a name that does not exist for the identity.

        :param parameter: in which it stands; where that is all of it, it may have meant ``limit``.
        """
        known = self.known(at)
        guess = meant(name, (*CONTROLS, *known) if parameter == name else known)
        detail = f"{at.resource.name} has no field or relation {shortened(name)!r}{guess}"
        return refused(parameter, detail, code="unknown_field", allowed=known)


def meant(name: str, known: Sequence[str]) -> str:
    """The name that somebody may have meant, as the end of a sentence; nothing if none is near."""
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else ""
