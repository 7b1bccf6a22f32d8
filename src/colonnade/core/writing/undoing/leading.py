"""Where the records that are brought back lead: each reference must lead to a row that the author may see.

As in any other writing, unseen and absent rows give the same answer. Rows that the undo itself brings back are looked
for when they are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from colonnade.core.problems import Conflict, Fault
from colonnade.core.resources import Resources
from colonnade.core.writing.author import Author
from colonnade.core.writing.bulk.rows import batches
from colonnade.core.writing.lookup import Key, rows_of_keys
from colonnade.core.writing.references import Reference, attribute_of, references_of, showing

from .admitting import BATCH, by_resource
from .changeset import Reversal


class Leading:
    """What the records of one undo refer to."""

    def __init__(self, author: Author, resources: Resources, reversals: Sequence[Reversal]) -> None:
        self._author = author
        self._wanted: dict[Reference, set[Key]] = {}
        self._coming: dict[Reference, set[Key]] = {}
        self._leaving: dict[str, set[Key]] = defaultdict(set)
        self._entering: dict[str, set[Key]] = defaultdict(set)
        self._resources = resources
        grouped = by_resource(each for each in reversals if each.kind != "delete")
        for resource, own in grouped.items():
            for reference in references_of(resource, resources):
                keys = {key for each in own if (key := _given(reference, each)) is not None}
                if keys:
                    self._wanted[reference] = keys
                    self._coming[reference] = keys & set(_coming(reference, grouped))
            for each in own:
                for name in each.written - resource.fields.keys():
                    # Who is taken off a list has to be seen, as who is put there.
                    was, to, target = set(each.was.get(name, ())), set(each.to[name]), each.relation(name).target.name
                    self._leaving[target] |= was - to
                    self._entering[target] |= to - was

    def require_known(self) -> None:
        """Before anything is written.

        :raises Conflict: for references to what the undo does not bring back itself, and for what leaves lists.
        """
        self._require_listed(self._leaving)
        self._require({reference: keys - self._coming[reference] for reference, keys in self._wanted.items()})

    def require_brought(self) -> None:
        """After everything is written.

        :raises Conflict: for references to what the undo has brought back, and for what enters lists.
        """
        self._require(self._coming)
        self._require_listed(self._entering)

    def _require_listed(self, listed: dict[str, set[Key]]) -> None:
        for name, keys in listed.items():
            target = self._resources[name]
            columns = [getattr(target.model, field.name) for field in target.key]
            for few in batches(keys, BATCH):
                seen = rows_of_keys(self._author, target, columns, few, conditions=showing(self._author, target))
                if set(few) - set(seen):
                    raise Conflict(f"A list of {name} leads to no record.", slug="reference-lost")

    def _require(self, wanted: dict[Reference, set[Key]]) -> None:
        lost = [reference for reference, keys in wanted.items() if self._lost(reference, keys)]
        if lost:
            raise Conflict(
                "What is to be brought back refers to records that are not there any more, so nothing was undone.",
                slug="reference-lost",
                faults=list(self._faults(lost)),
            )

    def _lost(self, reference: Reference, keys: set[Key]) -> bool:
        return any(set(few) - set(reference.found(self._author, few)) for few in batches(keys, BATCH))

    def _faults(self, lost: Sequence[Reference]) -> Iterator[Fault]:
        for reference in lost:
            access = self._author.access.of(reference.source)
            if all(access.field(name) is not False for name in reference.fields):
                said = f"{', '.join(reference.fields)} of {reference.source.name} {reference.leads_nowhere}"
                yield Fault(said, code="unknown_reference")


def _given(reference: Reference, each: Reversal) -> Key | None:
    """What a record is made to refer to; None where that stays as it is."""
    return reference.key(each.to) if each.written & set(reference.fields) else None


def _coming(reference: Reference, grouped: dict[Any, list[Reversal]]) -> Iterator[Key]:
    """What the undo brings back of what a reference may lead to."""
    for resource, own in grouped.items():
        names = [attribute_of(resource.mapper, column) for column in reference.columns]
        if None not in names:
            yield from (tuple(each.to.get(name) for name in names if name is not None) for each in own)
