"""What is found out about a declaration at start: what cannot be meant, and what will be slow."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import RelationshipProperty

from .mapping import own_tables
from .resource import Resource

_LOG = logging.getLogger("colonnade.resources")


def check_conditions(resource: Resource) -> None:
    """Hold the expressions of ``rows()`` to speak of the resource's own rows.

    :raises ConfigurationError: for one that names another table's column outside of ``has()``, ``any()`` or a subquery:
        it would be compared with every row of that table.
    """
    own = own_tables(resource.mapper)
    for entry in resource.acl:
        if entry.condition is None:
            continue
        froms = sa.select(sa.literal_column("1")).where(entry.condition).get_final_froms()
        strange = ", ".join(each.description or "a subquery" for each in froms if each not in own)
        if strange:
            name = resource.model.__qualname__
            raise ConfigurationError(
                f"{entry.where}: {entry}: rows() speaks of {strange}, where only a row of {name} is at hand; reach "
                f"other rows by a relation, as in {name}.department.has(Department.name == 'Sales'), or by a subquery"
            )


def warn_of_missing_indexes(resource: Resource) -> None:
    """Log each relation to many whose rows no index finds in order: the database would look through all of them."""
    for relation in resource.relations.values():
        if not relation.many:
            continue
        prop: RelationshipProperty[Any] = resource.mapper.relationships[relation.name]
        pairs = prop.local_remote_pairs if prop.secondary is None else prop.synchronize_pairs
        foreign_key = [pair[1] for pair in pairs or ()]
        table = foreign_key[0].table if foreign_key else None
        if not isinstance(table, sa.Table):
            continue
        key = () if prop.secondary is not None else _key_in(table, relation.target)
        wanted = [*foreign_key, *(column for column in key if column not in foreign_key)]
        if not any(_begins(each, foreign_key, wanted) for each in _indexes(table)):
            names = [column.name for column in wanted]
            _LOG.warning(
                "%s: %s.%s will be slow: no index of %s begins with %s. Add Index(%s) to that table.",
                resource.where,
                resource.model.__qualname__,
                relation.name,
                table.name,
                ", ".join(names),
                ", ".join(map(repr, ["_".join(["ix", table.name, *names]), *names])),
            )


def _key_in(table: sa.Table, resource: Resource) -> tuple[Any, ...]:
    """The columns of a resource's key, those that stand in this one of its tables."""
    columns = (column for field in resource.key for column in resource.mapper.attrs[field.name].columns)
    return tuple(column for column in columns if getattr(column, "table", None) is table)


def _indexes(table: sa.Table) -> Iterator[Sequence[sa.Column[Any]]]:
    """The columns of each index that a table has, those behind its constraints included."""
    yield tuple(table.primary_key.columns)
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield tuple(constraint.columns)
    for index in table.indexes:
        if not any(options.get("where") is not None for options in map(dict, index.dialect_options.values())):
            yield tuple(index.columns)


def _begins(index: Sequence[Any], foreign_key: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Whether an index begins with the foreign key's columns, in any order, and goes on with the others in theirs."""
    known = len(foreign_key)
    return set(index[:known]) == set(foreign_key) and list(index[known : len(wanted)]) == list(wanted[known:])
