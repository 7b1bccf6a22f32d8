"""A stored record, loaded under the policy and locked, with what its author may see and write of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, lazyload

from colonnade.core.changes import StoredRow
from colonnade.core.changes.states import note_locked
from colonnade.core.changes.stored import inner_tables
from colonnade.core.policy import Condition, ResourceAccess
from colonnade.core.problems import Forbidden

from .author import Author
from .lookup import Key, among

Action = Literal["edit", "delete"]
_Slot: TypeAlias = tuple[str, str]
"""A name, or nothing for the row itself; and what is asked of it: whether it is seen, or may be changed."""
_Verdict: TypeAlias = tuple[bool, frozenset[str], frozenset[str]]


@dataclass(frozen=True, eq=False)
class Stored:
    """One record as it is stored; nobody else changes it until the transaction ends.

    record: the mapped object, or what has the attributes of one.
    permitted: whether the author may do to it what they are about to do.
    readable: the names of the fields and relations that the author may see of it.
    writable: the names of those that they may write, as far as the record as it is decides.
    row: what a statement changes, where it was one that loaded the record.
    """

    record: Any
    permitted: bool
    readable: frozenset[str]
    writable: frozenset[str]
    row: StoredRow | None = None


class Questions:
    """What the policy has to say of a row: of the action, and of each name by itself.

    asked: what has to be asked of the row; the rest is known without.
    """

    def __init__(self, access: ResourceAccess, action: Action) -> None:
        self._all: dict[_Slot, Condition] = dict(_questions(access, action))
        conditions = {slot: each for slot, each in self._all.items() if not isinstance(each, bool)}
        self._slots = tuple(conditions)
        self.asked = tuple(each.label(None) for each in conditions.values())

    def verdict(self, answers: Iterable[Any]) -> _Verdict:
        """Whether the action is permitted, which names are readable, and which writable.

        :param answers: to what was asked of the row.
        """
        if not self._slots:
            return self._known
        return _verdict({**self._all, **dict(zip(self._slots, map(bool, answers), strict=True))})

    @cached_property
    def _known(self) -> _Verdict:
        return _verdict(self._all)


def load(author: Author, access: ResourceAccess, action: Action, keys: Collection[Key]) -> dict[Key, Stored]:
    """The records of these keys that the author may see, by key; others are not there, whether they exist or not."""
    resource = access.resource
    view = access.decides("view")
    if not keys or view is False:
        return {}
    columns = [getattr(resource.model, field.name) for field in resource.key]
    questions = Questions(access, action)
    wanted, parameters = among(author.dialect, columns, keys)
    statement = sa.select(resource.model, *questions.asked)
    statement = statement.where(wanted, *([] if view is True else [view])).order_by(*columns)
    # An edit leaves those alone who only refer to the record: PostgreSQL's FOR NO KEY UPDATE.
    statement = statement.with_for_update(of=lockable_tables(resource.mapper), key_share=action == "edit")
    statement = statement.options(lazyload("*")).execution_options(populate_existing=True)
    stored = {}
    for row in author.rows(statement, parameters):
        record = row[0]
        stored[tuple(getattr(record, field.name) for field in resource.key)] = Stored(
            record, *questions.verdict(row[1:])
        )
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


def _questions(access: ResourceAccess, action: Action) -> Iterator[tuple[_Slot, Condition]]:
    yield ("", action), access.decides(action)
    for name in sorted(access.resource.names):
        yield (name, "view"), access.field(name)
        if action == "edit":
            yield (name, action), access.field(name, action)


def _verdict(answers: Mapping[_Slot, Any]) -> _Verdict:
    readable = frozenset(name for (name, mode), yes in answers.items() if name and mode == "view" and yes)
    writable = frozenset(name for (name, mode), yes in answers.items() if name and mode == "edit" and yes)
    permitted = next(yes for (name, _), yes in answers.items() if not name)
    return bool(permitted), readable, writable & readable
