"""A stored record, loaded under the policy and locked, with what its author may see and write of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, lazyload

from colonnade.core.changes.states import note_locked
from colonnade.core.changes.stored import inner_tables
from colonnade.core.policy import Condition, ResourceAccess
from colonnade.core.problems import Forbidden

from .author import Author
from .lookup import Key, among

Action = Literal["edit", "delete"]


@dataclass(frozen=True, eq=False)
class Stored:
    """One record as it is stored; nobody else changes it until the transaction ends.

    record: the mapped object.
    permitted: whether the author may do to it what they are about to do.
    readable: the names of the fields and relations that the author may see of it.
    writable: the names of those that they may write, as far as the record as it is decides.
    """

    record: Any
    permitted: bool
    readable: frozenset[str]
    writable: frozenset[str]


def load(author: Author, access: ResourceAccess, action: Action, keys: Collection[Key]) -> dict[Key, Stored]:
    """The records of these keys that the author may see, by key; others are not there, whether they exist or not."""
    resource = access.resource
    view = access.decides("view")
    if not keys or view is False:
        return {}
    columns = [getattr(resource.model, field.name) for field in resource.key]
    questions = dict(_questions(access, action))
    asked = {slot: condition for slot, condition in questions.items() if not isinstance(condition, bool)}
    wanted, parameters = among(author.dialect, columns, keys)
    statement = sa.select(resource.model, *(condition.label(None) for condition in asked.values()))
    statement = statement.where(wanted, *([] if view is True else [view])).order_by(*columns)
    # An edit leaves those alone who only refer to the record: PostgreSQL's FOR NO KEY UPDATE.
    statement = statement.with_for_update(of=lockable_tables(resource.mapper), key_share=action == "edit")
    statement = statement.options(lazyload("*")).execution_options(populate_existing=True)
    stored = {}
    for row in author.rows(statement, parameters):
        record = row[0]
        answers = {**questions, **dict(zip(asked, map(bool, row[1:]), strict=True))}
        stored[tuple(getattr(record, field.name) for field in resource.key)] = _stored(record, answers)
    note_locked(author.session, (each.record for each in stored.values()))
    return stored


def lockable_tables(mapper: Mapper[Any]) -> list[sa.Table]:
    """The tables whose rows make a record, but for those of which an outer join may find none.

    :raises Forbidden: for a class that is mapped to a query: there is nothing that could be written.
    """
    found = inner_tables(mapper)
    if not found:
        raise Forbidden("These records are made of others; change those.")
    return found


def _questions(access: ResourceAccess, action: Action) -> Iterator[tuple[tuple[str, str], Condition]]:
    """What the policy has to say of a row: of the action, and of each name by itself."""
    yield ("", action), access.decides(action)
    for name in sorted(access.resource.names):
        yield (name, "view"), access.field(name)
        if action == "edit":
            yield (name, action), access.field(name, action)


def _stored(record: Any, answers: dict[tuple[str, str], Any]) -> Stored:
    readable = frozenset(name for (name, mode), yes in answers.items() if name and mode == "view" and yes)
    writable = frozenset(name for (name, mode), yes in answers.items() if name and mode == "edit" and yes)
    permitted = next(yes for (name, _), yes in answers.items() if not name)
    return Stored(record, bool(permitted), readable, writable & readable)
