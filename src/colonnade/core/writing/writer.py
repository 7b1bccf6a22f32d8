"""Changes to records, in the transaction of whoever asks for them.

Each verb goes the same way: what may not be done at all is refused; the stored record is loaded under the policy and
locked; the body is read; `BeforeWrite`; the change is flushed; the result is held against the policy; `AfterWrite`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from colonnade.core.database import flush
from colonnade.core.problems import Fault, Forbidden, NotFound
from colonnade.core.resources import Resource, Resources
from colonnade.core.tree import absent

from .author import Author
from .binding import unbindable
from .bodies import read_changes, read_new, require_object
from .edits import Document, Edit
from .events import AfterWrite, BeforeWrite, Listeners, Verb
from .fields import WritableFields, refuse
from .loading import Action, Stored, load
from .lookup import Key, rows_of_keys
from .outlines import Outline, Outlines
from .plain import OF_CHANGE, OF_CREATION, Events, is_in
from .records import assign, new_record
from .references import expect_references, reference_faults
from .referrers import leave_to_database, require_unreferred
from .relations import key_of, related, relation_faults
from .results import Results
from .telling import ToldTo

#: Raises a problem if the record, which is locked now, is not in the state that the caller expects.
Precondition = Callable[[], None]

_NOT_VALID: Final = "The record is not valid."


class Written(NamedTuple):
    """A record that was written.

    key: in the order of ``resource.key``; after a change it may be another one.
    text: what was to be shown of it, as JSON; None where it takes a reader to show it.
    """

    key: Key
    text: str | None = None


@dataclass(frozen=True, eq=False)
class Writer:
    """Writes for one author."""

    author: Author
    resources: Resources
    listeners: Listeners
    outlines: Outlines

    def create(self, resource: Resource, body: object, shown: tuple[str, ...] | None = None) -> Written:
        """Create one record.

        :param body: its members by field name, as JSON has them.
        :param shown: the fields to be shown of it, by the statement that writes it if it can: `Reader.row_fields`.
        :raises Unprocessable: for members that are unknown or wrong, and references that lead nowhere, all at once.
        :raises Forbidden: for what the author may not create; nothing has happened then.
        :raises Conflict: for a value that is taken.
        """
        outline = self.outlines.of(resource)
        fields = outline.fields(self.author)
        fields.require_action()
        outline.require_tables()
        values, faults = read_new(fields, require_object(fields, body))
        self._require_sound(outline, fields, values, faults)
        fields.require_possible(values)
        written = frozenset(values)
        plain = values.keys() <= resource.fields.keys() and self._is_plain(outline, "create", OF_CREATION)
        if plain and outline.creation is not None:
            with ToldTo(fields):
                key, text = outline.creation.create(self.author.session, values, shown)
            self._require_permitted_result(fields, key, written)
            return Written(key, text)
        self.author.reading.settle()  # others hear of it from here on
        self._relate(fields, values)
        self._before("create", resource, None, values)
        record = new_record(resource, values)
        self.author.session.add(record)
        return self._written("create", fields, record, None, written)

    def edit(
        self,
        resource: Resource,
        key: Key,
        edit: Edit,
        precondition: Precondition | None = None,
        shown: tuple[str, ...] | None = None,
    ) -> Written:
        """Change one record.

        :param edit: a `Replace`, `Merge` or `Patch`.
        :param precondition: is called once the record is locked.
        :param shown: the fields to be shown of it, as for `create`.
        :raises NotFound: if there is no such record, or none that the author may see.
        :raises Forbidden: for what the author may not change; nothing has happened then.
        :raises Unprocessable: for what is not valid.
        :raises Conflict: for a value that is taken, a test of a patch that fails.
        """
        outline = self.outlines.of(resource)
        stored = self._stored_for(outline, key, edit)
        if precondition is not None:
            precondition()
        fields = outline.fields(self.author, stored)
        document = Document(self.author, fields, stored.record)
        members = edit.members(fields, document)
        values, faults = read_changes(fields, members, stored.record, document.get)
        self._require_sound(outline, fields, values, [*faults, *edit.missing(fields, members)], stored.record)
        if stored.row is None:
            self._relate(fields, values, stored.record)
        if not values:
            return Written(key)
        written = frozenset(values)
        if stored.row is not None:
            with self._told(fields, written):
                text = stored.row.alter(self.author.session, values, shown)
            self._require_permitted_result(fields, key, written)
            return Written(key, text)
        before = self._snapshot(edit.verb, resource, stored.record)
        self._before(edit.verb, resource, before, values)
        assign(stored.record, values)
        return self._written(edit.verb, fields, stored.record, before, written)

    def delete(self, resource: Resource, key: Key, precondition: Precondition | None = None) -> None:
        """Delete one record.

        :raises NotFound: if there is no such record, or none that the author may see.
        :raises Forbidden: if it is not theirs to delete.
        :raises Conflict: if others still refer to it.
        """
        stored = self._stored(resource, "delete", key)
        if precondition is not None:
            precondition()
        require_unreferred(self.author, self.resources, resource, stored.record)
        before = self._snapshot("delete", resource, stored.record)
        self._before("delete", resource, before, {})
        leave_to_database(resource, stored.record)
        self.author.session.delete(stored.record)
        with ToldTo(WritableFields.of(self.author, resource, stored)):
            flush(self.author.session, resource.mapper)
        self._after("delete", resource, before, None)

    def delete_all(self, resource: Resource, keys: Sequence[Key]) -> None:
        """Delete several records; what the deletion of one takes with it is deleted, too.

        :raises Problem: as `delete`, for the first that may not be deleted; the transaction is of no more use then.
        """
        stored = load(self.author, self.author.access.of(resource), "delete", keys)
        for key in keys:
            _require_permitted(stored.get(key), resource, "delete")
        for key in keys:
            try:
                self.delete(resource, key)
            except NotFound:
                columns = [getattr(resource.model, field.name) for field in resource.key]
                if rows_of_keys(self.author, resource, columns, [key]):
                    raise

    def lock(self, resource: Resource, keys: Collection[Key]) -> None:
        """Let nobody else change these records until the transaction ends; in the order of their keys."""
        load(self.author, self.author.access.of(resource), "edit", keys)

    def _stored_for(self, outline: Outline, key: Key, edit: Edit) -> Stored:
        """The record that is edited; without an object where a statement makes the same of it."""
        resource, loading = outline.resource, outline.plain_loading
        if (
            loading is None
            or not outline.is_alone(edit.names(resource))
            or not self._is_plain(outline, edit.verb, OF_CHANGE)
            or is_in(self.author.session, resource, key)
        ):
            return self._stored(resource, "edit", key)
        return _require_permitted(loading.of(self.author, key), resource, "edit")

    def _stored(self, resource: Resource, action: Action, key: Key) -> Stored:
        stored = load(self.author, self.author.access.of(resource), action, [key]).get(key)
        return _require_permitted(stored, resource, action)

    def _require_sound(
        self,
        outline: Outline,
        fields: WritableFields,
        values: Mapping[str, Any],
        faults: list[Fault],
        record: Any | None = None,
    ) -> None:
        """Refuse what is wrong with the members: what is known of them already, and where they lead."""
        resource, author = outline.resource, self.author
        sound = {name: value for name, value in values.items() if name in resource.fields}
        if outline.opaque:
            faults += unbindable(resource, sound, author.dialect)
        if faults:
            wrong = {fault.pointer for fault in faults}
            sound = {name: value for name, value in sound.items() if f"/{name}" not in wrong}
        references = [each for each in outline.references if sound.keys() & set(each[0].fields)]
        # A key of several columns may be changed in one of them only.
        unchanged = (
            {} if record is None else {name: getattr(record, name) for each, _ in references for name in each.fields}
        )
        given = {**unchanged, **sound}
        if author.reading.waits and not faults and sound.keys() == values.keys():
            # Who writes is not known for certain yet: both are found out with the statement that writes.
            expect_references(author, references, given, fields.known, partial(refuse, _NOT_VALID))
            return
        faults += reference_faults(author, references, given, fields.known)
        for name, relation in fields.relations.items():
            if name in values:
                faults += relation_faults(author, relation, values[name])
        refuse(_NOT_VALID, faults)

    def _relate(self, fields: WritableFields, values: dict[str, Any], record: Any | None = None) -> None:
        """Put the related objects where their keys stand; a relation that stays as it is goes."""
        for name, relation in fields.relations.items():
            if name in values:
                objects = related(self.author, relation, values.pop(name), record)
                if objects is not None:
                    values[name] = objects

    def _written(
        self, verb: Verb, fields: WritableFields, record: Any, before: Mapping[str, Any] | None, written: frozenset[str]
    ) -> Written:
        """Flush what was written of a record, and hold the result against the policy."""
        resource = fields.resource
        with self._told(fields, written):
            flush(self.author.session, resource.mapper)
        key = key_of(resource, record)
        self._require_permitted_result(fields, key, written)
        self._after(verb, resource, before, record)
        return Written(key)

    def _told(self, fields: WritableFields, written: frozenset[str]) -> AbstractContextManager[None]:
        """Raise what the database refuses in the block as the author may hear it."""
        # What others may refer to by a foreign key.
        referred = any(each.key or each.unique for each in fields.resource.fields.values() if each.name in written)
        return ToldTo(fields, referred=referred and fields.action == "edit")

    def _require_permitted_result(self, fields: WritableFields, key: Key, written: frozenset[str]) -> None:
        if Results(self.author, fields.access, written, fields.action).refused([key]):
            raise Forbidden(f"You may not {fields.action} this record of {fields.resource.name} so.")

    def _is_plain(self, outline: Outline, verb: Verb, events: Events) -> bool:
        """Tell whether a statement makes the same record as the unit of work, and nobody listens."""
        return not self._is_heard(outline.resource, verb) and outline.plainness.holds(self.author.session, events)

    def _is_heard(self, resource: Resource, verb: Verb) -> bool:
        hear = self.listeners.hear
        return hear(BeforeWrite, resource, verb) or hear(AfterWrite, resource, verb)

    def _snapshot(self, verb: Verb, resource: Resource, record: Any) -> Mapping[str, Any] | None:
        """The fields of a record as they are now, if anybody wants to know."""
        return _fields(resource, record) if self._is_heard(resource, verb) else None

    def _before(self, verb: Verb, resource: Resource, before: Mapping[str, Any] | None, values: dict[str, Any]) -> None:
        if self.listeners.hear(BeforeWrite, resource, verb):
            self.listeners.notify(BeforeWrite(resource, verb, self.author, before, values))

    def _after(self, verb: Verb, resource: Resource, before: Mapping[str, Any] | None, record: Any | None) -> None:
        if self.listeners.hear(AfterWrite, resource, verb):
            after = None if record is None else _fields(resource, record)
            self.listeners.notify(AfterWrite(resource, verb, self.author, before, after))


def _require_permitted(stored: Stored | None, resource: Resource, action: Action) -> Stored:
    if stored is None:
        raise absent()
    if not stored.permitted:
        raise Forbidden(f"You may not {action} this record of {resource.name}.")
    return stored


def _fields(resource: Resource, record: Any) -> Mapping[str, Any]:
    return MappingProxyType({name: getattr(record, name) for name in resource.fields})
