"""What a flush writes, as rows of the log: read off the unit of work, with nothing but what it knows already.

The image of a record before is what is stored: what the session loaded under a lock, or else the row, which is then
locked and read, for others may have changed it since. The image after is what was written; where the database made
something of it, the row is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session, UOWTransaction

from colonnade.core.resources import Resource

from .cascades import Cascades, Values
from .departing import Departing
from .entering import Entries
from .lists import lists_of
from .rows import Row, told
from .states import (
    Before,
    State,
    identity_now,
    is_changed,
    is_locked,
    known,
    new_value,
    note_locked,
    related,
    stored_value,
    written_value,
)
from .stored import Identity, read_rows

_READ: Final = "colonnade.changes.read"
_STALE: Final = "colonnade.changes.stale"


class Recorder:
    """Writes what the flushes of an application's sessions change into its log."""

    def __init__(self, entries: Entries) -> None:
        self.log = log = entries.log
        self.entries = entries
        self.cascades = Cascades(log)
        self.departing = Departing(log)

    def begin(self, session: Session) -> None:
        """Before a flush: read what of its records is not known. (Of some updates SQLAlchemy says nothing later.)"""
        self.forget(session)
        self._read(session, map(sa.inspect, (*session.dirty, *session.deleted)))
        self.departing.read_states(session, map(sa.inspect, session.deleted))

    def forget(self, session: Session) -> None:
        """What was read for a flush that failed is of no use."""
        session.info.pop(_READ, None)
        session.info.pop(_STALE, None)
        self.cascades.forget(session)
        self.departing.forget(session)

    def read_updated(self, mapper: Mapper[Any], state: State) -> None:
        """Before a row is changed: keep how it was; and the rows that the database will change with its key."""
        if state.session is None or state.key is None:
            return
        self._read(state.session, [state])
        if self.cascades.concern(mapper):
            names = set(self.cascades.changed_columns(mapper)) & state.committed_state.keys()
            if any(new_value(state, name) != stored_value(state, name) for name in names):
                before = self._stored(state)
                after = {name: new_value(state, name) for name in before}
                self.cascades.read(state.session, mapper, before, after)

    def read_deleted(self, mapper: Mapper[Any], state: State) -> None:
        """Before a row is deleted: read also the rows that the database will change or delete with it."""
        if state.session is None or state.key is None:
            return
        self._read(state.session, [state])
        self.departing.read_states(state.session, [state])
        if self.cascades.concern(mapper):
            self.cascades.read(state.session, mapper, self._stored(state), None)
            self.departing.read_touched(state.session, self.cascades)

    def record(self, session: Session, flush: UOWTransaction) -> None:
        """After a flush, before it is forgotten: write its rows of the log."""
        read: dict[State, Before] = session.info.pop(_READ, {})
        written: list[tuple[State, Resource, bool]] = []
        replaced: dict[Any, Before] = {}
        for state, (deleted, listed_only) in list(flush.states.items()):
            resource = self.log.resource_of(state.mapper)
            if resource is None:
                continue
            if not listed_only:
                written.append((state, resource, deleted))
            elif deleted and state in read:  # another object took its place, and its row was changed instead
                replaced[state.key[:2]] = read[state]
        now = self._read_again(session, written, read)
        rows: list[Row] = []
        moved: list[Row] = []
        for state, resource, deleted in written:
            before = read.get(state)
            if state.key is None:
                before = replaced.get(state.mapper._identity_key_from_state(state)[:2])
            told = self._rows(session, resource, state, before, now.get(state), deleted=deleted)
            if len(told) == 2:  # its key has changed, and another record may have it now
                moved.append(told.pop(0))
            rows += told
        rows = self.departing.join(session, self._with_touched(session, [*moved, *rows]))
        self._note(session, written, read)
        self.entries.write(session, rows)

    def refresh(self, session: Session) -> None:
        """When a flush is over: let the session forget what others, and the database by itself, have changed."""
        for record, names in session.info.pop(_STALE, ()):
            if record in session:
                session.expire(record, names)

    def read_beside(self, session: Session, table: sa.Table, rows: Sequence[tuple[Values, Values | None]]) -> None:
        """Read the records that the database will change when rows of a table that nobody keeps go or change."""
        self.cascades.read_beside(session, table, rows)
        self.departing.read_touched(session, self.cascades)

    def write_touched(self, session: Session) -> None:
        """Write what the database has done by itself since that was read; see `read_beside`."""
        self.entries.write(session, self.departing.join(session, self._with_touched(session, [])))
        self.refresh(session)

    def _read(self, session: Session, states: Iterable[State]) -> None:
        """Keep how rows are stored; lock and read those of which that is not certain."""
        read: dict[State, Before] = session.info.setdefault(_READ, {})
        wanted: dict[Resource, list[State]] = {}
        for state in states:
            resource = self.log.resource_of(state.mapper)
            if resource is None or state.key is None or state in read:
                continue
            values = {name: stored_value(state, name) for name in self.log.images(resource).names}
            read[state] = Before(values)
            if not is_locked(session, state) or not all(map(known, values.values())):
                wanted.setdefault(resource, []).append(state)
        for resource, several in wanted.items():
            names = self.log.images(resource).names
            keys = [tuple(state.identity or ()) for state in several]
            rows = read_rows(session, resource.mapper, names, keys, lock=True)
            for state, key in zip(several, keys, strict=True):
                row = rows.get(key)
                if row is not None:  # else it is gone, which the flush will say
                    thought = read[state].values
                    stale = frozenset(name for name in names if known(thought[name]) and thought[name] != row[name])
                    read[state] = Before(row, stale)

    def _stored(self, state: State) -> Mapping[str, Any]:
        """A row as it is stored, as far as others refer to it; that of a class whose records nobody keeps, too."""
        assert state.session is not None
        assert state.key is not None
        read: dict[State, Before] = state.session.info[_READ]
        mapper = state.mapper
        names = list(dict.fromkeys(self.cascades.names(mapper)))
        values = read[state].values if state in read else {}
        if all(name in values for name in names):
            return values
        rows = read_rows(state.session, mapper, names, [tuple(state.key[1])], lock=True)
        return rows.get(tuple(state.key[1])) or {name: stored_value(state, name) for name in names}

    def _read_again(
        self, session: Session, written: Sequence[tuple[State, Resource, bool]], read: Mapping[State, Before]
    ) -> dict[State, Mapping[str, Any]]:
        """The rows of which the session does not know all that was written."""
        wanted: dict[Resource, dict[State, Identity]] = {}
        for state, resource, deleted in written:
            images = self.log.images(resource)
            if deleted or (state.key is not None and not is_changed(state, images.names)):
                continue
            stale = state in read and read[state].stale
            made = any(
                new_value(state, name) is not None and (name in state.committed_state or state.key is None)
                for name in images.made_of
            )
            if stale or made or not all(known(written_value(state, name, images)) for name in images.names):
                wanted.setdefault(resource, {})[state] = identity_now(state)
        found: dict[State, Mapping[str, Any]] = {}
        for resource, several in wanted.items():
            names = self.log.images(resource).names
            rows = read_rows(session, resource.mapper, names, list(several.values()))
            found |= {state: rows[key] for state, key in several.items() if key in rows}
        return found

    def _rows(
        self,
        session: Session,
        resource: Resource,
        state: State,
        before: Before | None,
        again: Mapping[str, Any] | None,
        *,
        deleted: bool,
    ) -> list[Row]:
        """What became of a record: one row, or none, or two where its key has changed."""
        images = self.log.images(resource)
        related_before, related_after = related(session, state, resource, deleted=deleted)
        after: Mapping[str, Any] | None = None
        if not deleted:
            if state.key is not None and not related_before and not is_changed(state, images.names):
                return []
            after = again or {name: written_value(state, name, images) for name in images.names}
        if state.key is None and before is None:
            return told(images, None, {**images.of(after or {}), **related_after})
        values = before.values if before is not None else {name: stored_value(state, name) for name in images.names}
        if after is not None:  # of what the session never knew and did not write, nothing has changed
            values = {name: value if known(value) else after[name] for name, value in values.items()}
        was = images.of(values)
        if after is None:
            lists = self.departing.lists(session, resource, tuple(state.identity or ()))
            return told(images, {**was, **lists, **related_before}, None)
        now = images.of(after)
        if images.moved(was, now):
            lists = lists_of(session, resource, identity_now(state))
            related_before, related_after = {**lists, **related_before}, {**lists, **related_after}
        return told(images, {**was, **related_before}, {**now, **related_after})

    def _with_touched(self, session: Session, rows: list[Row]) -> list[Row]:
        """The rows of a flush, with what the database did by itself."""
        last: dict[tuple[str, str], Row] = {(row["resource"], row["key"]): row for row in rows}
        unchanged: list[Row] = []
        for touched, values in self.cascades.outcomes(session):
            images = self.log.images(touched.resource)
            before = images.of(touched.values)
            after = None if values is None else images.of(values)
            if after is None:
                before |= self.departing.lists(session, touched.resource, touched.was)
            elif images.moved(before, after):
                lists = lists_of(session, touched.resource, touched.identity)
                before, after = {**before, **lists}, {**after, **lists}
            row = last.get((touched.resource.name, images.key(touched.values)))
            if row is None:
                rows += told(images, before, after)
            elif row["after"] is not None:
                if after is None:
                    row.update(verb="delete", after=None)
                else:
                    row["after"] = {**row["after"], **after}
                if row["before"] == row["after"]:
                    unchanged.append(row)
            key = touched.resource.mapper.identity_key_from_primary_key(touched.was)
            if (record := session.identity_map.get(key)) is not None:
                session.info.setdefault(_STALE, []).append((record, touched.names))
        return [row for row in rows if not any(row is each for each in unchanged)]

    def _note(
        self, session: Session, written: Iterable[tuple[State, Resource, bool]], read: Mapping[State, Before]
    ) -> None:
        """What was written is locked by that; what was stale shall be read again."""
        there = [
            (state, record) for state, _, deleted in written if not deleted and (record := state.obj()) is not None
        ]
        note_locked(session, (record for _, record in there))
        stale = [(record, read[state].stale) for state, record in there if state in read and read[state].stale]
        if stale:
            session.info.setdefault(_STALE, []).extend(stale)
