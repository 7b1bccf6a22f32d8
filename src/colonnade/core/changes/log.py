"""The log of an application: its tables, and which resources it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from pyramid.registry import Registry
from sqlalchemy.orm import Mapper

from colonnade.core.resources import Resource, Resources

from .images import Images

_KEY = "colonnade.changes.log"


@dataclass(eq=False)
class Log:
    """The log of an application.

    change: the mapped class of `ChangeColumns`.
    counter: the mapped class of `CounterColumns`.
    resources: those of the application.
    """

    change: type[Any]
    counter: type[Any]
    resources: Resources
    _images: dict[str, Images] = field(default_factory=dict)
    _bases: dict[str, tuple[Resource, ...]] = field(default_factory=dict)
    _owners: dict[Mapper[Any], Resource | None] = field(default_factory=dict)

    @property
    def table(self) -> sa.Table:
        """The table of changes, in SQL's words."""
        table: sa.Table = self.change.__table__
        return table

    def images(self, resource: Resource) -> Images:
        """What makes the images of a resource's records."""
        known = self._images.get(resource.name)
        if known is None:
            known = self._images[resource.name] = Images(resource)
        return known

    def kept(self) -> Iterator[Resource]:
        """The resources whose changes are kept."""
        return (each for each in self.resources.values() if self.keeps(each))

    def keeps(self, resource: Resource) -> bool:
        """Tell whether the changes of a resource are kept; those of the log itself are not."""
        return resource.logged and resource.model is not self.change

    def resource_of(self, mapper: Mapper[Any]) -> Resource | None:
        """The resource whose records the objects of a class are: that of its nearest base whose changes are kept."""
        if mapper not in self._owners:
            self._owners[mapper] = next(self._resources_of(mapper), None)
        return self._owners[mapper]

    def bases(self, resource: Resource) -> tuple[Resource, ...]:
        """The kept resources of the classes that a resource's class inherits from: its records are records of these."""
        known = self._bases.get(resource.name)
        if known is None:
            known = self._bases[resource.name] = tuple(self._resources_of(resource.mapper.inherits))
        return known

    def owners(self, table: sa.FromClause) -> list[Resource]:
        """The kept resources whose records have a row in a table, those of inheriting classes first."""
        owners = [resource for resource in self.kept() if table in resource.mapper.tables]
        return sorted(owners, key=lambda resource: -len(list(resource.mapper.iterate_to_root())))

    def tables(self) -> Mapping[sa.FromClause, Resource]:
        """The tables of kept resources' records; of several resources, that from which the others inherit."""
        tables = {table for resource in self.kept() for table in resource.mapper.tables if isinstance(table, sa.Table)}
        return {table: self.owners(table)[-1] for table in tables}

    def _resources_of(self, mapper: Mapper[Any] | None) -> Iterator[Resource]:
        for each in () if mapper is None else mapper.iterate_to_root():
            resource = self.resources.of_model(each.class_)
            if resource is not None and self.keeps(resource):
                yield resource


def log_of(registry: Registry) -> Log | None:
    """The log of an application; None where none is kept."""
    log: Log | None = registry.get(_KEY)
    return log


def keep(registry: Registry, log: Log) -> None:
    """Make it the application's log."""
    registry[_KEY] = log
