"""Whether records may be written by statements of Core: the unit of work, and who listens to it, would add nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

#: The events by which a session tells of the objects that it writes. To the first ones rooms of ours listen, who do the
#: same for statements; of the others this is how many of our own functions listen, which SQLAlchemy hides in its own.
_OF_FLUSHES: Final = ("before_flush", "after_flush", "after_flush_postexec")
_OF_OBJECTS: Final = {"before_attach": 0, "after_attach": 1, "transient_to_pending": 0, "pending_to_persistent": 0}


def is_plain(session: Session, mapper: Mapper[object], listened: Sequence[str]) -> bool:
    """Tell whether a statement of Core makes the same record that the ORM would make.

    It would not where a record is more than one row of one table, where the ORM adds something (a polymorphic identity,
    the version of a row), or where somebody listens when an object is made, set or written.

    :param listened: the events of the mapper that tell of it.
    """
    return (
        isinstance(mapper.local_table, sa.Table)
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not _is_class_heard(mapper, listened)
        and not _is_heard(session)
    )


def _is_class_heard(mapper: Mapper[object], listened: Sequence[str]) -> bool:
    """Tell whether somebody listens to objects of a class."""
    manager = mapper.class_manager
    for name in listened:
        if getattr(mapper.dispatch, name):
            return True
    for prop in mapper.column_attrs:
        if manager[prop.key].dispatch.set:
            return True
    return bool(manager.dispatch.refresh_flush) or len(manager.dispatch.init) > 1  # one is SQLAlchemy's own


def _is_heard(session: Session) -> bool:
    """Tell whether somebody else listens to what a session writes."""
    heard = session.dispatch
    for name, ours in _OF_OBJECTS.items():
        if len(getattr(heard, name)) > ours:
            return True
    for name in _OF_FLUSHES:
        for listener in getattr(heard, name):
            if not getattr(listener, "__module__", "").startswith("colonnade.core."):
                return True
    return False
