"""What is stored of the records of a request, loaded and locked; and whether the author may bring them back.

Everything that the policy can decide before anything is written is decided here; `reverting` asks it about the results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import lazyload, selectinload
from sqlalchemy.orm.interfaces import MANYTOMANY

from colonnade.core.problems import Conflict, Fault, Forbidden
from colonnade.core.resources import Field, Resource
from colonnade.core.writing.author import Author
from colonnade.core.writing.bulk.rows import batches
from colonnade.core.writing.fields import READ_ONLY
from colonnade.core.writing.loading import load
from colonnade.core.writing.lookup import Key, among, rows_of_keys
from colonnade.core.writing.references import attribute_of
from colonnade.core.writing.relations import key_of

from .changeset import Reversal, equal

#: How many records are loaded, or written, at once.
BATCH = 1_000
#: How many faults a problem lists.
MOST_LISTED = 100

Address = Callable[[Resource, str], str]
"""Gives the URL of a record, for the resource and the text of its key."""


def by_resource(reversals: Iterable[Reversal]) -> dict[Resource, list[Reversal]]:
    """The reversals of each resource, in their order."""
    found: dict[Resource, list[Reversal]] = defaultdict(list)
    for each in reversals:
        found[each.resource].append(each)
    return dict(found)


def load_stored(author: Author, reversals: Sequence[Reversal]) -> None:
    """Load and lock the records that are there, as far as the author may see them."""
    for resource, own in sorted(by_resource(reversals).items(), key=lambda item: item[0].name):
        for action in ("edit", "delete"):
            wanted = [each for each in own if each.kind == ("update" if action == "edit" else "delete")]
            for few in batches(wanted, BATCH):
                stored = load(author, author.access.of(resource), action, [each.key for each in few])
                _load_relations(author, resource, list(stored))
                for each in few:
                    each.stored = stored.get(each.key)


def _load_relations(author: Author, resource: Resource, keys: Sequence[Key]) -> None:
    """Load what many-to-many relations lead to: a deleted record takes it along, and the log wants to know."""
    relations = [
        selectinload(getattr(resource.model, prop.key))
        for prop in resource.mapper.relationships
        if prop.direction is MANYTOMANY and not prop.viewonly and prop.lazy not in ("dynamic", "write_only")
    ]
    if relations and keys:
        wanted, parameters = among(author.dialect, _columns(resource), keys)
        author.rows(sa.select(resource.model).where(wanted).options(lazyload("*"), *relations), parameters)


def present(author: Author, resource: Resource, keys: Iterable[Key]) -> set[Key]:
    """Those of the keys under which there is a record, whoever may see it."""
    found: set[Key] = set()
    for few in batches(keys, BATCH):
        found |= set(rows_of_keys(author, resource, _columns(resource), few))
    return found


def _columns(resource: Resource) -> list[Any]:
    return [getattr(resource.model, each.name) for each in resource.key]


def is_as_left(reversal: Reversal) -> bool:
    """Tell whether a record that is stored is as the request left it."""
    stored = reversal.stored
    return stored is not None and has(reversal.resource, stored.record, reversal.was)


def has(resource: Resource, record: Any, values: Any) -> bool:
    """Tell whether a record has these values; of relations, these keys."""
    for name, value in values.items():
        known = resource.fields.get(name)
        if known is not None and known.generated and not known.key:
            continue  # the database and the mapping make it of others, or count it on
        now = getattr(record, name)
        if known is None:
            now = [key_of(resource.relations[name].target, each) for each in now]
        if not equal(known, value, now):
            return False
    return True


def require_permitted(author: Author, reversals: Sequence[Reversal], hidden: int, address: Address) -> None:
    """Refuse what the author may not write, as far as that is known before it is written.

    :param hidden: how many records there are that they may not see.
    :raises Forbidden: which names records and fields that they see, and counts the others.
    """
    faults: list[Fault] = []
    refused = hidden
    for each in reversals:
        found = list(_faults(author, each, address))
        refused += bool(found)
        faults += found
    if refused:
        number = "One of its records is" if refused == 1 else f"{refused:,} of its records are"
        raise Forbidden(
            f"You may not undo this request: {number} not yours to change back. Nothing was undone.",
            faults=faults[:MOST_LISTED],
        )


def _faults(author: Author, each: Reversal, address: Address) -> Iterator[Fault]:
    access = author.access.of(each.resource)
    seen = each.stored is not None or access.decides("view") is True
    named = f"{address(each.resource, each.key_text)} " if seen else ""
    verb = {"create": "create", "update": "edit", "delete": "delete"}[each.kind]
    permitted = access.may(verb) if each.stored is None else each.stored.permitted
    if not permitted:
        yield Fault(f"{named}is no record that you may {verb}", code="forbidden")
        return
    if each.kind != "create" and each.stored is None:
        return
    for name in sorted(each.written) if each.kind != "delete" else ():
        known = each.resource.fields.get(name)
        if known is not None and known.generated:
            continue
        if not _may_see(author, each, name):
            yield Fault(f"{named}has a field that you may not write", code="forbidden")
        elif not _may_write(author, each, name) and not _comes_by_itself(author, each, known):
            yield Fault(f"{named}{name} may be seen but not written by you", code=READ_ONLY)


def _may_see(author: Author, each: Reversal, name: str) -> bool:
    relation = each.resource.relations.get(name)
    if relation is not None and not author.access.relation(relation):
        return False
    if each.stored is not None:
        return name in each.stored.readable
    return author.access.of(each.resource).field(name) is not False


def _may_write(author: Author, each: Reversal, name: str) -> bool:
    if each.stored is not None:
        return name in each.stored.writable
    return author.access.of(each.resource).field(name, "create") is not False


def _comes_by_itself(author: Author, each: Reversal, known: Field | None) -> bool:
    """Whether a creation without the field gives it the very value, which the author sees on every record."""
    if known is None or each.kind != "create" or known.made or known.required:
        return False
    seen = author.access.of(each.resource).field(known.name) is True
    return seen and equal(known, each.to[known.name], known.default)


def require_whole(reversals: Sequence[Reversal]) -> None:
    """Refuse to create again what the log does not hold enough of.

    :raises Conflict: which names neither the record nor the field.
    """
    for each in reversals:
        if each.kind != "create":
            continue
        mapper = each.resource.mapper
        if mapper.polymorphic_on is not None:
            name = attribute_of(mapper, mapper.polymorphic_on) or ""
            if name in each.to and each.to[name] != mapper.polymorphic_identity:
                raise Conflict("A deleted record was of a class that the log does not hold whole.", slug="not-undoable")
        lacking = [known for known in each.resource.fields.values() if known.required and known.name not in each.to]
        if lacking:
            raise Conflict(
                "A deleted record needs a value that the log does not hold, so it cannot be created again.",
                slug="not-undoable",
            )
