"""References in what is written: each must lead to a row that its author may see.

Unseen and absent rows give the same answer, so that nobody can feel for what is hidden from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from colonnade.core.policy import Access
from colonnade.core.problems import Fault
from colonnade.core.resources import Resource, Resources


@dataclass(frozen=True)
class Reference:
    """A foreign key of a resource: its fields, the resource that it leads to, and the columns that it names there."""

    fields: tuple[str, ...]
    target: Resource
    columns: tuple[sa.ColumnElement[Any], ...]

    def key(self, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What the values refer to; None where they refer to nothing."""
        key = tuple(values.get(name) for name in self.fields)
        return None if any(part is None for part in key) else key

    def found(self, keys: Sequence[tuple[Any, ...]], access: Access) -> sa.Select[Any] | None:
        """The statement that finds which of these keys lead to a row that may be seen; None if no row may be."""
        view = access.of(self.target).decides("view")
        if view is False:
            return None
        if len(self.columns) == 1:
            wanted: sa.ColumnElement[bool] = self.columns[0].in_([key[0] for key in keys])
        else:
            wanted = sa.or_(*(sa.and_(*(c == part for c, part in zip(self.columns, key, strict=True))) for key in keys))
        statement = sa.select(*self.columns).where(wanted)
        return statement if view is True else statement.where(view)

    def faults(self, prefix: str = "") -> list[Fault]:
        """What is said of a reference that leads to nothing."""
        detail = f"leads to no record of {self.target.name}"
        return [Fault(detail, pointer=f"{prefix}/{name}", code="unknown_reference") for name in self.fields]


def references_of(resource: Resource, resources: Resources) -> Iterator[Reference]:
    """The foreign keys of a resource that lead to resources; others are the database's business alone."""
    table = resource.mapper.local_table
    if not isinstance(table, sa.Table):
        return
    for constraint in table.foreign_key_constraints:
        target = next(
            (each for each in resources.values() if each.mapper.local_table is constraint.referred_table), None
        )
        if target is None:
            continue
        names = tuple(_name(resource.mapper, element.parent) for element in constraint.elements)
        remote = tuple(_name(target.mapper, element.column) for element in constraint.elements)
        if all(name in resource.fields for name in names):
            columns = tuple(getattr(target.model, name) for name in remote)
            yield Reference(names, target, columns)


def _name(mapper: Mapper[Any], column: sa.Column[Any]) -> str:
    return mapper.get_property_by_column(column).key
