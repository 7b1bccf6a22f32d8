"""What a flush writes, as rows of the log: read off the unit of work, with nothing but what it knows already.

The image of a record before is what was loaded; where something of it was not, the row is read before it is changed.
The image after is what was written; where the database made something of it, the row is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Mapper, Session, UOWTransaction
from sqlalchemy.orm.base import LoaderCallableStatus
from sqlalchemy.orm.interfaces import MANYTOMANY

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .cascades import Cascades
from .images import Image, Images
from .log import Log
from .origin import origin_of

_READ: Final = "colonnade.changes.read"
LOGGED: Final = "colonnade.changes.logged"


class Recorder:
    """Writes what the flushes of an application's sessions change into its log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.cascades = Cascades(log)

    def read_before(self, mapper: Mapper[Any], target: Any) -> None:
        """Before a row is changed or deleted: keep how it was; read it where the session does not know all of it.

        What the session knows now it may have forgotten after the flush, where the database makes the new value.
        """
        resource = self.log.resource_of(mapper)
        state: InstanceState[Any] = sa.inspect(target)
        if resource is None or state.session is None or state.key is None or state in _read_in(state.session):
            return
        names = self.log.images(resource).names
        known = {name: _before(state, name) for name in names}
        if not all(map(_is_known, known.values())):
            row = execute(state.session, _select(mapper, names, state.key[1])).one_or_none()
            known = known if row is None else dict(zip(names, row, strict=True))
        _read_in(state.session)[state] = known

    def begin(self, session: Session) -> None:
        """Before a flush: read what of its records is not known. (Of some updates SQLAlchemy says nothing later.)"""
        for target in (*session.dirty, *session.deleted):
            self.read_before(sa.inspect(target).mapper, target)

    def read_deleted(self, mapper: Mapper[Any], target: Any) -> None:
        """Before a row is deleted: read also the rows that the database will change or delete with it."""
        self.read_before(mapper, target)
        session = sa.inspect(target).session
        if session is not None and self.cascades.concern(mapper):
            self.cascades.read(session, mapper, target)

    def record(self, session: Session, flush: UOWTransaction) -> None:
        """After a flush, before it is forgotten: write its rows of the log."""
        read = _read_in(session)
        del session.info[_READ]
        rows: list[dict[str, Any]] = []
        done: set[tuple[str, str]] = set()
        for state, (deleted, listed_only) in list(flush.states.items()):
            resource = self.log.resource_of(state.mapper)
            if resource is None or listed_only:
                continue
            row = self._row(session, resource, state, read.get(state), deleted=deleted)
            if row is not None:
                rows.append(row)
            if state.key is not None or deleted:
                done.add((resource.name, _key(self.log.images(resource), state)))
        rows += self.cascades.rows(session, done)
        self.write(session, rows)

    def write(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of the log: verb, resource, key, before and after of each; whence they come is the session's."""
        if not rows:
            return
        common = {**origin_of(session).values(), "at": datetime.now(UTC), "position": None, "count": None}
        execute(session, sa.insert(self.log.table), [{**common, **row} for row in rows])
        session.info[LOGGED] = session.info.get(LOGGED, 0) + len(rows)

    def write_selected(
        self, session: Session, selected: sa.Select[Any], parameters: Mapping[str, Any], number: int
    ) -> None:
        """Write rows of the log that a statement selects: ``resource``, ``key``, ``verb`` and an image.

        :param number: how many these are.
        """
        if not number:
            return
        common = {**origin_of(session).values(), "at": datetime.now(UTC)}
        table, rows = self.log.table, selected.subquery("rows")
        constants = [sa.literal(value, table.c[name].type) for name, value in common.items()]
        statement = sa.insert(table).from_select(
            [*(column.name for column in rows.c), *common], sa.select(*rows.c, *constants)
        )
        execute(session, statement, parameters)
        session.info[LOGGED] = session.info.get(LOGGED, 0) + number

    def _row(
        self,
        session: Session,
        resource: Resource,
        state: InstanceState[Any],
        read: Mapping[str, Any] | None,
        *,
        deleted: bool,
    ) -> dict[str, Any] | None:
        images = self.log.images(resource)
        if state.key is None:
            values = _after(session, state, images.names)
            after = {**images.of(values), **_relations(state, "added")}
            return {**_named(images, values, "create"), "before": None, "after": after}
        before = read or {name: _before(state, name) for name in images.names}
        if deleted:
            was = {**images.of(before), **_relations(state, "deleted", whole=True)}
            return {**_named(images, before, "delete"), "before": was, "after": None}
        related_before, related_after = _relations(state, "deleted"), _relations(state, "added")
        if not related_before and not related_after and not _changed(state, images.names):
            return None
        values = _after(session, state, images.names)
        was, now = {**images.of(before), **related_before}, {**images.of(values), **related_after}
        return None if was == now else {**_named(images, values, "update"), "before": was, "after": now}


def _read_in(session: Session) -> dict[InstanceState[Any], dict[str, Any]]:
    """The rows that were read before the flush that is under way."""
    read: dict[InstanceState[Any], dict[str, Any]] = session.info.setdefault(_READ, {})
    return read


def _named(images: Images, values: Mapping[str, Any], verb: str) -> dict[str, Any]:
    return {"resource": images.resource.name, "key": images.key(values), "verb": verb}


def _key(images: Images, state: InstanceState[Any]) -> str:
    values = {field.name: _before(state, field.name) for field in images.resource.key}
    return images.key(values) if all(map(_is_known, values.values())) else ""


def _is_known(value: Any) -> bool:
    """Tell whether it is a value: not one that is not loaded, nor an expression that the database computes."""
    return not isinstance(value, (LoaderCallableStatus, sa.ClauseElement))


def _before(state: InstanceState[Any], name: str) -> Any:
    """The value of an attribute as it is stored, if the session knows it."""
    if name in state.committed_state:
        return state.committed_state[name]
    return state.dict.get(name, LoaderCallableStatus.NO_VALUE)


def _changed(state: InstanceState[Any], names: Iterable[str]) -> bool:
    return any(name in state.committed_state or name not in state.dict for name in names)


def _after(session: Session, state: InstanceState[Any], names: Sequence[str]) -> dict[str, Any]:
    """The values of a row as it was written; read again where the database made some of them."""
    known = {name: state.dict.get(name, LoaderCallableStatus.NO_VALUE) for name in names}
    if all(map(_is_known, known.values())):
        return known
    identity = state.key[1] if state.key is not None else state.mapper.primary_key_from_instance(state.obj())
    row = execute(session, _select(state.mapper, names, identity)).one()
    return dict(zip(names, row, strict=True))


def _select(mapper: Mapper[Any], names: Iterable[str], identity: Sequence[Any]) -> sa.Select[Any]:
    columns = [mapper.attrs[name].columns[0] for name in names]
    where = [column == value for column, value in zip(mapper.primary_key, identity, strict=True)]
    return sa.select(*columns).select_from(mapper.persist_selectable).where(*where)


def _relations(state: InstanceState[Any], side: str, *, whole: bool = False) -> Image:
    """The keys of many-to-many relations before or after, of those that change; of a deleted record, of all known."""
    found: Image = {}
    for prop in state.mapper.relationships:
        if prop.direction is not MANYTOMANY or prop.viewonly or prop.key not in state.dict:
            continue
        history = state.attrs[prop.key].load_history() if whole else state.attrs[prop.key].history
        if not whole and not history.added and not history.deleted:
            continue
        changed = history.deleted if side == "deleted" else history.added
        objects = [*(history.unchanged or ()), *(changed or ())]
        found[prop.key] = sorted((_identity(each) for each in objects), key=repr)
    return found


def _identity(record: Any) -> Any:
    key = sa.inspect(record).mapper.primary_key_from_instance(record)
    return key[0] if len(key) == 1 else list(key)
