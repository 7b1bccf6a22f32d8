"""Whether records may be written by statements of Core: the unit of work, and who listens to it, would add nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

from colonnade.core.resources import Resource

from .lookup import Key
from .relations import identity_of

#: The events of a flush. Rooms of ours listen to them, who do the same for statements.
_OF_FLUSHES: Final = ("before_flush", "after_flush", "after_flush_postexec")


@dataclass(frozen=True)
class Events:
    """The events by which the ORM tells of one kind of write.

    Of some, how many of SQLAlchemy's own functions listen, or of ours that it hides in its own.

    rows: of the mapper.
    objects: of the class.
    session: of the session, beside its flushes.
    """

    rows: tuple[str, ...]
    objects: Mapping[str, int]
    session: Mapping[str, int]


OF_CREATION: Final = Events(
    rows=("before_insert", "after_insert"),
    objects={"init": 1, "refresh_flush": 0},
    session={"before_attach": 0, "after_attach": 1, "transient_to_pending": 0, "pending_to_persistent": 0},
)
#: The record is loaded for it.
OF_CHANGE: Final = Events(
    rows=("before_update", "after_update"),
    objects={"load": 0, "refresh_flush": 0, "expire": 0},
    session={"do_orm_execute": 0, "loaded_as_persistent": 0},
)


class Plainness:
    """Whether a statement of Core makes the same records of a class that the ORM would make.

    It would not where a record is more than one row of one table, where the ORM adds something (a polymorphic identity,
    the version of a row), or where somebody listens when an object is made, set or written. What the class itself
    decides is found out once; who listens may change, and is asked each time.
    """

    def __init__(self, mapper: Mapper[Any]) -> None:
        self._is_one_row = (
            isinstance(mapper.local_table, sa.Table)
            and mapper.inherits is None
            and mapper.polymorphic_on is None
            and mapper.version_id_col is None
        )
        self._rows = mapper.dispatch
        self._objects = mapper.class_manager.dispatch
        self._attributes = [mapper.class_manager[prop.key].dispatch for prop in mapper.column_attrs]

    def holds(self, session: Session, events: Events) -> bool:
        """Tell it of one kind of write, in a session."""
        return self._is_one_row and not self._is_class_heard(events) and not _is_session_heard(session, events)

    def _is_class_heard(self, events: Events) -> bool:
        """Tell whether somebody else listens to objects of the class."""
        # All attributes that nobody listens to have one and the same empty list of listeners: it is looked at once.
        setters = {each.set for each in self._attributes}
        return (
            any(setters)
            or _is_heard_by_others(self._rows, events.rows)
            or _is_heard_by_more(self._objects, events.objects)
        )


def is_in(session: Session, resource: Resource, key: Key) -> bool:
    """Tell whether a session has an object that stands for a record, or may have it as soon as it flushes."""
    if session.new:
        return True
    known = session.identity_map
    return bool(known) and resource.mapper.identity_key_from_primary_key(identity_of(resource, key)) in known


def _is_session_heard(session: Session, events: Events) -> bool:
    """Tell whether somebody else listens to what a session writes."""
    heard = session.dispatch
    return _is_heard_by_more(heard, events.session) or _is_heard_by_others(heard, _OF_FLUSHES)


def _is_heard_by_more(dispatch: Any, ours: Mapping[str, int]) -> bool:
    more = [name for name, number in ours.items() if len(getattr(dispatch, name)) > number]
    return bool(more)


def _is_heard_by_others(dispatch: Any, names: Iterable[str]) -> bool:
    for name in names:
        for each in getattr(dispatch, name):
            if not getattr(each, "__module__", "").startswith("colonnade.core."):
                return True
    return False
