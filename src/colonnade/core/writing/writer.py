"""Changes to records, in the transaction of whoever asks for them."""

from __future__ import annotations

from typing import Any

from colonnade.core.database import flush
from colonnade.core.problems import Forbidden
from colonnade.core.resources import Resource, Resources

from .author import Author
from .binding import unbindable
from .bodies import read_body
from .fields import WritableFields, refuse
from .records import new_record
from .references import reference_faults, references_of
from .results import Results
from .telling import told_to


class Writer:
    """Writes for one author."""

    def __init__(self, author: Author, resources: Resources) -> None:
        self.author = author
        self.resources = resources

    def create(self, resource: Resource, body: object) -> tuple[Any, ...]:
        """Create one record.

        :param body: its members by field name, as JSON has them.
        :returns: its key, in the order of ``resource.key``.
        :raises Unprocessable: for members that are unknown or wrong, and references that lead nowhere, all at once.
        :raises Forbidden: for what the author may not create; nothing has happened then.
        :raises Conflict: for a value that is taken.
        """
        access = self.author.access.of(resource)
        fields = WritableFields(access)
        fields.require_action()
        values, faults = read_body(fields, body)
        faults += unbindable(resource, values, self.author.dialect)
        wrong = {fault.pointer for fault in faults}
        sound = {name: value for name, value in values.items() if f"/{name}" not in wrong}
        faults += reference_faults(self.author, list(references_of(resource, self.resources)), sound)
        refuse("The record is not valid.", faults)
        fields.require_possible(values)
        record = new_record(resource, values)
        self.author.session.add(record)
        with told_to(fields):
            flush(self.author.session, resource.mapper)
        key = tuple(getattr(record, field.name) for field in resource.key)
        if Results(self.author, access, values).refused([key]):
            raise Forbidden(f"You may not create this record of {resource.name}.")
        return key
