"""Many-to-many relations, written as lists of keys.

The list is all that its author sees of the relation: related records that they may not see stay related.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from colonnade.core.changes import each as each_of
from colonnade.core.problems import Fault
from colonnade.core.resources import Relation, Resource

from .author import Author
from .lookup import Key, rows_of_keys
from .references import showing


def keys_given(relation: Relation, given: Sequence[Any]) -> list[Key]:
    """The keys of a validated member: a key of one part stands by itself, a longer one is an array."""
    alone = len(relation.target.key) == 1
    return [(each,) if alone else tuple(each) for each in given]


def keys_shown(relation: Relation, keys: Sequence[Key]) -> list[Any]:
    """The same keys as JSON has them."""
    return [key[0] if len(key) == 1 else list(key) for key in keys]


def key_of(resource: Resource, record: Any) -> Key:
    """The key of a record, in the order of ``resource.key``."""
    return tuple(getattr(record, field.name) for field in resource.key)


def identity_of(resource: Resource, key: Key) -> Key:
    """The same key, in the order of the mapper's primary key."""
    return tuple(key[_place(resource, column)] for column in resource.mapper.primary_key)


def seen_keys(author: Author, relation: Relation, record: Any) -> list[Key]:
    """The keys of the related records that the author may see, sorted."""
    keys = [key_of(relation.target, each) for each in getattr(record, relation.name)]
    seen = _seen(author, relation, keys)
    try:
        return sorted(seen)
    except TypeError:  # somebody else's type may know no order
        return sorted(seen, key=repr)


def relation_faults(author: Author, relation: Relation, keys: Sequence[Key]) -> Iterator[Fault]:
    """What is wrong with a list of keys: each must lead to a record that its author may see, and stand once."""
    seen = _seen(author, relation, keys)
    stood: set[Key] = set()
    for index, key in enumerate(keys):
        before = len(stood)
        stood.add(key)
        if len(stood) == before:
            yield Fault("stands twice in the list", pointer=f"/{relation.name}/{index}", code="duplicate")
        elif key not in seen:
            said = f"leads to no record of {relation.target.name}"
            yield Fault(said, pointer=f"/{relation.name}/{index}", code="unknown_reference")


def related(author: Author, relation: Relation, keys: Sequence[Key], record: Any | None = None) -> list[Any] | None:
    """The objects of these keys, and those related to the record already that the author may not see.

    :returns: None where that is what the record has.
    """
    with author.session.no_autoflush:  # new records that were related already shall not be written without each other
        present = [] if record is None else list(getattr(record, relation.name))
        known = {key_of(relation.target, each): each for each in present}
        unseen = [each for key, each in known.items() if key not in _seen(author, relation, list(known))]
        if record is not None and set(keys) == set(known) - {key_of(relation.target, each) for each in unseen}:
            return None
        if relation.repeats and record is not None:
            _forget(author, relation, record, [each for each in known.values() if each not in unseen])
        return [*unseen, *(known.get(key) or _object(author, relation.target, key) for key in keys)]


def _forget(author: Author, relation: Relation, record: Any, leaving: Sequence[Any]) -> None:
    """Delete pairs that the table between may hold twice, which the ORM would take for somebody else's doing."""
    prop = relation.source.mapper.relationships[relation.name]
    for other in leaving:
        sides = ((record, prop.parent, prop.synchronize_pairs), (other, prop.mapper, prop.secondary_synchronize_pairs))
        conditions = [
            column == getattr(each, mapper.get_property_by_column(its).key)
            for each, mapper, pairs in sides
            for its, column in pairs or ()
        ]
        assert isinstance(prop.secondary, sa.Table)
        each_of(author.session, sa.delete(prop.secondary).where(*conditions))
    author.session.expire(record, [relation.name])


def _object(author: Author, target: Resource, key: Key) -> Any:
    return author.session.get_one(target.model, identity_of(target, key))


def _place(target: Resource, column: sa.ColumnElement[Any]) -> int:
    name = target.mapper.get_property_by_column(column).key
    return next(index for index, field in enumerate(target.key) if field.name == name)


def _seen(author: Author, relation: Relation, keys: Sequence[Key]) -> set[Key]:
    target = relation.target
    columns = [getattr(target.model, field.name) for field in target.key]
    return set(rows_of_keys(author, target, columns, set(keys), conditions=showing(author, target)))
