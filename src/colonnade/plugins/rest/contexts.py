"""A context of URL dispatch beside those of the tree: the rows that a relation of one record leads to."""

from __future__ import annotations

from dataclasses import dataclass

from colonnade.core.policy import Access
from colonnade.core.problems import Problem
from colonnade.core.resources import Relation
from colonnade.core.tree import Record, absent


@dataclass(frozen=True, eq=False)
class RelatedCollection:
    """A to-many relation of a record."""

    record: Record
    relation: Relation

    @property
    def __name__(self) -> str:
        return self.relation.name

    @property
    def __parent__(self) -> Record:
        return self.record

    def permits(self, access: Access, permission: str) -> bool:
        """Whether the record may be seen on some row, and the relation exists for who asks."""
        return access.of(self.record.resource).may(permission) and access.relation(self.relation)

    def refusal(self, access: Access) -> Problem:
        """Who is known gets the answer of a record that does not exist."""
        return absent()
