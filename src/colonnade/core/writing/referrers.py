"""What refers to a record that is about to be deleted.

The foreign key says what becomes of the rows that hold it: the database refuses, deletes them, or sets them to null.
A relationship of the ORM that says nothing would set them to null of its own accord, past the policy of those rows. So
where the database would refuse, or knows nothing of the reference, such rows are looked for first, and are in the way;
and where it has its own way with them, the ORM is kept from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import ONETOMANY

from colonnade.core.problems import Conflict
from colonnade.core.resources import Resource, Resources

from .author import Author
from .references import attribute_of


def require_unreferred(author: Author, resources: Resources, resource: Resource, record: Any) -> None:
    """:raises Conflict: if rows that the deletion would leave without their reference refer to the record."""
    for prop in _left_behind(resource.mapper):
        values = {column.key: getattr(record, _name(resource, column)) for column in prop.local_columns}
        conditions = [
            remote == sa.bindparam(None, values[local.key], type_=local.type)
            for local, remote in prop.local_remote_pairs or ()
        ]
        if author.rows(sa.select(sa.literal(1)).select_from(prop.mapper).where(*conditions).limit(1)):
            target = resources.of_model(prop.mapper.class_)
            named = target is not None and author.access.of(target).may("view")
            who = f"Records of {target.name}" if named and target is not None else "Other records"
            raise Conflict(f"{who} still refer to this one.", slug="still-referred-to")


def leave_to_database(resource: Resource, record: Any) -> None:
    """Let the ORM find no rows that refer to the record, but for those that it shall delete with it."""
    for prop in _undeclared(resource.mapper):
        set_committed_value(record, prop.key, [] if prop.uselist else None)


def held_fields(resource: Resource, resources: Resources) -> frozenset[str]:
    """The fields that others hold: those of the key, those by which they refer to it, those that the ORM hands on."""
    mapper = resource.mapper
    metadata = {t.metadata for each in resources.values() for t in each.mapper.tables if isinstance(t, sa.Table)}
    tables = (table for each in metadata for table in each.tables.values())
    registries = {each.mapper.registry for each in resources.values()}
    relations = [prop for each in registries for other in each.mappers for prop in other.relationships]
    handed_on = (pair for prop in relations for pair in prop.synchronize_pairs)
    to_tables_between = (pair for prop in relations for pair in prop.secondary_synchronize_pairs or ())
    held = {
        *mapper.primary_key,
        *(key.column for table in tables for key in table.foreign_keys),
        *(source for source, _ in (*handed_on, *to_tables_between)),
    }
    return frozenset(name for column in held if (name := attribute_of(mapper, column)) is not None)


def _left_behind(mapper: Mapper[Any]) -> Iterator[RelationshipProperty[Any]]:
    """The relationships whose rows the ORM would set to null while the database would refuse, or knows nothing."""
    for prop in _undeclared(mapper):
        keys = {each for column in prop.remote_side if isinstance(column, sa.Column) for each in column.foreign_keys}
        if not keys or any((key.ondelete or "NO ACTION").upper() in ("NO ACTION", "RESTRICT") for key in keys):
            yield prop


def _undeclared(mapper: Mapper[Any]) -> Iterator[RelationshipProperty[Any]]:
    """The relationships whose author did not say that the ORM deletes what they lead to."""
    for prop in mapper.relationships:
        if prop.direction is ONETOMANY and not prop.viewonly and not prop.cascade.delete:
            yield prop


def _name(resource: Resource, column: Any) -> str:
    return resource.mapper.get_property_by_column(column).key
