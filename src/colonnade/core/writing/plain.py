"""Whether records may be written by statements of Core: the unit of work, and who listens to it, would add nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

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


def is_plain(session: Session, mapper: Mapper[object], events: Events) -> bool:
    """Tell whether a statement of Core makes the same record that the ORM would make.

    It would not where a record is more than one row of one table, where the ORM adds something (a polymorphic identity,
    the version of a row), or where somebody listens when an object is made, set or written.
    """
    return (
        isinstance(mapper.local_table, sa.Table)
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not _is_class_heard(mapper, events)
        and not _is_session_heard(session, events)
    )


def is_in(session: Session, mapper: Mapper[object], identity: tuple[Any, ...]) -> bool:
    """Tell whether a session has an object that stands for a row, or may have it as soon as it flushes.

    :param identity: the row's key, in the order of the mapper's primary key.
    """
    known = session.identity_map
    return bool(session.new) or (bool(known) and mapper.identity_key_from_primary_key(identity) in known)


def _is_class_heard(mapper: Mapper[object], events: Events) -> bool:
    """Tell whether somebody else listens to objects of a class."""
    manager = mapper.class_manager
    for name in events.rows:
        if _is_heard_by_others(getattr(mapper.dispatch, name)):
            return True
    for prop in mapper.column_attrs:
        if manager[prop.key].dispatch.set:
            return True
    return _is_heard_by_more(manager.dispatch, events.objects)


def _is_session_heard(session: Session, events: Events) -> bool:
    """Tell whether somebody else listens to what a session writes."""
    heard = session.dispatch
    return _is_heard_by_more(heard, events.session) or any(
        _is_heard_by_others(getattr(heard, name)) for name in _OF_FLUSHES
    )


def _is_heard_by_more(dispatch: Any, ours: Mapping[str, int]) -> bool:
    return any(len(getattr(dispatch, name)) > number for name, number in ours.items())


def _is_heard_by_others(listeners: Iterable[Any]) -> bool:
    return any(not getattr(each, "__module__", "").startswith("colonnade.core.") for each in listeners)
