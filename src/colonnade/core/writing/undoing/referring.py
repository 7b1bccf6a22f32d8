"""Records that refer to what an undo deletes, and that nothing but a look would save.

Where a foreign key has no ON DELETE, the database refuses. Where it has one, or the ORM alone knows of the reference,
rows that came later would go along, or lose it, unasked: an undo brings back what its request did, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import MANYTOMANY, ONETOMANY

from colonnade.core.problems import Conflict
from colonnade.core.resources import Resource
from colonnade.core.writing.author import Author
from colonnade.core.writing.lookup import among
from colonnade.core.writing.references import attribute_of

from .changeset import Reversal


@dataclass(frozen=True)
class Referrer:
    """Columns of a table that refer to columns of a resource.

    names: the fields of the resource that they refer to.
    own: the same columns of the resource, where it is the same table; rows that go together do not hold each other.
    """

    columns: tuple[Any, ...]
    names: tuple[str, ...]
    own: tuple[Any, ...] = ()


def referrers_of(mapper: Mapper[Any]) -> tuple[Referrer, ...]:
    """Who refers to the records of a class without the database refusing to delete them."""
    return tuple(dict.fromkeys((*_by_foreign_keys(mapper), *_by_relationships(mapper))))


def require_unreferred(
    author: Author, resource: Resource, referrers: Sequence[Referrer], reversals: Sequence[Reversal]
) -> None:
    """:raises Conflict: if any row refers to one of these records, which are about to be deleted."""
    for each in referrers:
        keys = {tuple(reversal.was[name] for name in each.names) for reversal in reversals}
        keys = {key for key in keys if None not in key}
        if not keys:
            continue
        wanted, parameters = among(author.dialect, each.columns, keys)
        statement = sa.select(sa.literal(1)).select_from(each.columns[0].table).where(wanted).limit(1)
        if each.own:
            statement = statement.where(sa.not_(among(author.dialect, each.own, keys)[0]))
        if author.rows(statement, parameters):
            raise Conflict(
                f"Other records refer to some of its records of {resource.name}, so nothing was undone.",
                slug="still-referred-to",
            )


def leave_alone(record: Any) -> None:
    """Keep the ORM from the rows that refer to a record: those of the request have their turn, others may not go."""
    for prop in sa.inspect(record).mapper.relationships:
        if prop.direction is ONETOMANY and not prop.viewonly:
            set_committed_value(record, prop.key, [] if prop.uselist else None)


def _by_foreign_keys(mapper: Mapper[Any]) -> Iterator[Referrer]:
    tables = [table for table in mapper.tables if isinstance(table, sa.Table)]
    lists = {prop.secondary for prop in mapper.relationships if prop.direction is MANYTOMANY and not prop.viewonly}
    for table in {each for known in tables for each in known.metadata.tables.values()}:
        for constraint in table.foreign_key_constraints:
            referred = constraint.referred_table
            inherits = table in tables and table is not referred
            if referred not in tables or table in lists or inherits or _is_refused(constraint.ondelete):
                continue
            columns = tuple(element.parent for element in constraint.elements)
            yield _referrer(mapper, columns, tuple(element.column for element in constraint.elements))


def _by_relationships(mapper: Mapper[Any]) -> Iterator[Referrer]:
    """By what only the ORM knows."""
    for prop in mapper.relationships:
        pairs = prop.local_remote_pairs or []
        if prop.direction is ONETOMANY and not prop.viewonly and not any(remote.foreign_keys for _, remote in pairs):
            local, remote = zip(*pairs, strict=True)
            yield _referrer(mapper, remote, local)


def _referrer(mapper: Mapper[Any], columns: tuple[Any, ...], referred: tuple[Any, ...]) -> Referrer:
    names = tuple(attribute_of(mapper, column) or "" for column in referred)
    return Referrer(columns, names, referred if columns[0].table is referred[0].table else ())


def _is_refused(ondelete: str | None) -> bool:
    return (ondelete or "NO ACTION").upper() in ("NO ACTION", "RESTRICT")
