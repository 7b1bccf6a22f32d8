"""References in what is written: each must lead to a row that its author may see.

Unseen and absent rows give the same answer, so that nobody can feel for what is hidden from them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import UnmappedColumnError

from colonnade.core.policy import Condition
from colonnade.core.problems import Fault
from colonnade.core.resources import Resource, Resources

from .author import Author
from .lookup import Existence, Key, rows_of_keys


@dataclass(frozen=True)
class Reference:
    """A foreign key of a resource: its fields, the resource that it leads to, and the columns that it names there."""

    source: Resource
    fields: tuple[str, ...]
    target: Resource
    columns: tuple[sa.Column[Any], ...]

    def key(self, values: Mapping[str, Any]) -> Key | None:
        """What the values refer to; None where they refer to nothing."""
        key = tuple(map(values.get, self.fields))
        return None if None in key else key

    def found(self, author: Author, keys: Collection[Key]) -> Collection[Key]:
        """Those of the keys that lead to a row which the author may see, by what they may see of it."""
        return rows_of_keys(author, self.target, self.columns, keys, conditions=self.showing(author))

    def showing(self, author: Author) -> list[Condition]:
        """Which rows they are."""
        names = [name for column in self.columns if (name := attribute_of(self.target.mapper, column)) is not None]
        return showing(author, self.target, *names)

    @property
    def leads_nowhere(self) -> str:
        """What is said of a reference that leads to no such row."""
        return f"leads to no record of {self.target.name}"


def showing(author: Author, resource: Resource, *names: str) -> list[Condition]:
    """On which rows of a resource the author may see these fields, and so may find a row by them."""
    access = author.access.of(resource)
    return [access.decides("view"), *(access.field(name) for name in names if name in resource.fields)]


def references_of(resource: Resource, resources: Resources) -> Iterator[Reference]:
    """The foreign keys of a resource that lead to resources; others are the database's business alone."""
    for table in resource.mapper.tables:
        constraints = table.foreign_key_constraints if isinstance(table, sa.Table) else ()
        for constraint in sorted(constraints, key=lambda each: each.column_keys):  # they are a set
            names = [attribute_of(resource.mapper, element.parent) for element in constraint.elements]
            fields = tuple(name for name in names if name is not None and name in resource.fields)
            target = _target(resource, constraint, fields, resources)
            if target is not None and len(fields) == len(names) and not _inherits(resource.mapper, constraint):
                yield Reference(resource, fields, target, tuple(element.column for element in constraint.elements))


def _target(
    resource: Resource, constraint: sa.ForeignKeyConstraint, fields: tuple[str, ...], resources: Resources
) -> Resource | None:
    """Whose policy says whether a row may be referred to: that of the relation by this key, or of the table's owner."""
    for relation in resource.relations.values():
        if relation.local and set(relation.local) == set(fields):
            return relation.target
    owners = [each for each in resources.values() if constraint.referred_table in each.mapper.tables]
    return min(owners, key=lambda each: len(list(each.mapper.iterate_to_root())), default=None)


def _inherits(mapper: Mapper[Any], constraint: sa.ForeignKeyConstraint) -> bool:
    """Tell whether the key joins the tables of one row: joined inheritance, in which both columns are one attribute."""
    return all(
        element.column.table is not element.parent.table
        and attribute_of(mapper, element.column) == attribute_of(mapper, element.parent)
        for element in constraint.elements
    )


def attribute_of(mapper: Mapper[Any], column: sa.ColumnElement[Any]) -> str | None:
    """The attribute of a class that holds a column; None if none does."""
    try:
        return mapper.get_property_by_column(column).key
    except UnmappedColumnError:
        return None


def reference_faults(
    author: Author,
    references: Iterable[tuple[Reference, Existence]],
    values: Mapping[str, Any],
    known: Collection[str],
) -> Iterator[Fault]:
    """What is wrong with the references of one record, a fault for each field that exists for the author."""
    for reference, existence in references:
        key = reference.key(values)
        if key is not None and not existence.of(author, key):
            yield from _faults(reference, known)


def expect_references(
    author: Author,
    references: Iterable[tuple[Reference, Existence]],
    values: Mapping[str, Any],
    known: Collection[str],
    refuse: Callable[[list[Fault]], object],
) -> None:
    """Have the same found out with the next statement, of which nobody hears if it is refused.

    :param refuse: is given the faults of all references, if there are any.
    """
    given = [(reference, existence, key) for reference, existence in references if (key := reference.key(values))]
    closed = [reference for reference, existence, _ in given if not existence.is_open(author)]
    asked = [each for each in given if each[0] not in closed]
    faults = [fault for reference in closed for fault in _faults(reference, known)]

    def check(found: bool, place: int) -> None:
        if not found:
            faults.extend(_faults(asked[place][0], known))
        if faults and place == len(asked) - 1:
            refuse(faults)

    for place, (_, existence, key) in enumerate(asked):
        existence.expect(author, key, partial(check, place=place))
    if faults and not asked:
        refuse(faults)


def _faults(reference: Reference, known: Collection[str]) -> Iterator[Fault]:
    for name in (each for each in reference.fields if each in known):
        yield Fault(reference.leads_nowhere, pointer=f"/{name}", code="unknown_reference")
