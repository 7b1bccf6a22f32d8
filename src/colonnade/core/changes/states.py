"""What a session knows of a row: how it is stored, what was done to it, which records it is related to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Session, with_parent
from sqlalchemy.orm.base import LoaderCallableStatus

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .images import Image, Images
from .lists import relations_of
from .stored import Identity

_LOCKED: Final = "colonnade.changes.locked"

State = InstanceState[Any]


@dataclass(frozen=True)
class Before:
    """A row before a flush.

    values: by attribute, as they are stored.
    stale: the attributes of which the session thought otherwise: others have changed them since it read.
    """

    values: dict[str, Any]
    stale: frozenset[str] = field(default_factory=frozenset)


def note_locked(session: Session, records: Iterable[Any]) -> None:
    """Say of records that they were read and locked in the transaction: what the session knows of them is stored."""
    token = session.info.setdefault(_LOCKED, object())
    for record in records:
        sa.inspect(record).info[_LOCKED] = token


def is_locked(session: Session, state: State) -> bool:
    """Tell whether a record was locked in the transaction that is under way."""
    return _LOCKED in session.info and state.info.get(_LOCKED) is session.info[_LOCKED]


def forget_locked(session: Session) -> None:
    """A transaction, or a savepoint in which rows may have been locked, is at its end."""
    session.info.pop(_LOCKED, None)


def known(value: Any) -> bool:
    """Tell whether it is a value: not one that is not loaded, nor an expression that the database computes."""
    return not isinstance(value, (LoaderCallableStatus, sa.ClauseElement))


def stored_value(state: State, name: str) -> Any:
    """The value of an attribute as the session believes that it is stored, if it knows it."""
    if name in state.committed_state:
        return state.committed_state[name]
    return state.dict.get(name, LoaderCallableStatus.NO_VALUE)


def new_value(state: State, name: str) -> Any:
    """The value of an attribute as it is in the session, if it knows it."""
    return state.dict.get(name, LoaderCallableStatus.NO_VALUE)


def written_value(state: State, name: str, images: Images) -> Any:
    """The value of an attribute as a flush wrote it, if that is known: of a new record nothing means null."""
    value = new_value(state, name)
    if value is LoaderCallableStatus.NO_VALUE and state.key is None and name in images.null_if_left_out:
        return None
    return value


def is_changed(state: State, names: Iterable[str]) -> bool:
    """Tell whether a flush may have written any of these attributes."""
    return any(name in state.committed_state or name not in state.dict for name in names)


def identity_now(state: State) -> Identity:
    """The key of a row after a flush, in the order of the mapper's primary key."""
    mapper = state.mapper
    values = tuple(new_value(state, mapper.get_property_by_column(column).key) for column in mapper.primary_key)
    if all(map(known, values)) or state.key is None:
        return values
    return tuple(state.key[1])


def related(session: Session, state: State, resource: Resource, *, deleted: bool) -> tuple[Image, Image]:
    """The keys of many-to-many relations before and after, of those that change; of a deleted record, of all known."""
    before: Image = {}
    after: Image = {}
    for prop in relations_of(resource):
        if prop.lazy in ("write_only", "dynamic"):
            history = state.attrs[prop.key].history if prop.key in state.committed_state else None
        elif prop.key in state.dict:
            history = state.attrs[prop.key].load_history() if deleted else state.attrs[prop.key].history
        else:
            history = None
        if history is None or not (deleted or history.added or history.deleted):
            continue
        gone, come = _keys(history.deleted), _keys(history.added)
        stay = _keys(history.unchanged)
        if prop.lazy in ("write_only", "dynamic") and state.key is not None and not deleted:
            target = prop.mapper
            asked = sa.select(*target.primary_key).where(with_parent(state.obj(), getattr(state.class_, prop.key)))
            stay = [key for row in execute(session, asked) if (key := _key(row)) not in come]
        before[prop.key] = sorted([*stay, *gone], key=repr)
        after[prop.key] = sorted([*stay, *come], key=repr)
    return before, after


def _keys(records: Sequence[Any] | None) -> list[Any]:
    return [_key(sa.inspect(each).mapper.primary_key_from_instance(each)) for each in records or () if each is not None]


def _key(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else list(parts)
