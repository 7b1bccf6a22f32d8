"""Changes to records, in the transaction of whoever asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import execute, flush
from colonnade.core.policy import Access, Condition, ResourceAccess
from colonnade.core.policy.terms import ME_PREFIX, me_names
from colonnade.core.problems import Forbidden, Unprocessable
from colonnade.core.resources import Resource, Resources

from .bodies import Bodies
from .references import references_of


class Writer:
    """Writes for one identity, in one session.

    :param me: what ``me`` says of the identity.
    """

    def __init__(self, session: Session, access: Access, me: Mapping[str, object], resources: Resources) -> None:
        self.session = session
        self.access = access
        self.me = me
        self.resources = resources

    def create(self, resource: Resource, body: object) -> tuple[Any, ...]:
        """Create one record.

        :param body: its members by field name, as JSON has them.
        :returns: its key, in the order of ``resource.key``.
        :raises Unprocessable: for members that are unknown or wrong, and references that lead nowhere, all at once.
        :raises Forbidden: for what the identity may not create; nothing has happened then.
        :raises Conflict: for a value that is taken.
        """
        access = self.access.of(resource)
        if not access.may("create"):
            raise _forbidden(resource)
        values = Bodies(access).values(body)
        self._check_references(resource, values)
        record = resource.mapper.class_manager.new_instance()
        for name, value in values.items():
            setattr(record, name, value)
        self.session.add(record)
        flush(self.session, resource.mapper)
        key = tuple(getattr(record, field.name) for field in resource.key)
        self.check_results(access, [key], values)
        return key

    def _check_references(self, resource: Resource, values: Mapping[str, Any]) -> None:
        faults = []
        for reference in references_of(resource, self.resources):
            key = reference.key(values)
            if key is None:
                continue
            statement = reference.found([key], self.access)
            if statement is None or execute(self.session, statement, self.parameters(statement)).first() is None:
                faults += reference.faults()
        if faults:
            raise Unprocessable("A reference leads to no record that you may see.", faults=faults)

    def check_results(self, access: ResourceAccess, keys: Iterable[tuple[Any, ...]], names: Iterable[str]) -> None:
        """Hold new rows against the policy: the action, and each field that was written.

        :raises Forbidden: if one of them is not its author's to create.
        """
        conditions: list[Condition] = [access.decides("create"), *(access.field(name, "create") for name in names)]
        undecided = [condition for condition in conditions if not isinstance(condition, bool)]
        if not undecided:
            return
        resource = access.resource
        columns = [getattr(resource.model, field.name) for field in resource.key]
        for key in keys:
            matching = (column == part for column, part in zip(columns, key, strict=True))
            allowed: sa.Select[Any] = (
                sa.select(sa.literal_column("1")).select_from(resource.model).where(*matching, *undecided)
            )
            if execute(self.session, allowed, self.parameters(allowed)).first() is None:
                raise _forbidden(resource)

    def parameters(self, statement: sa.ClauseElement) -> dict[str, object]:
        """The values of ``me`` that stand in a statement."""
        return {ME_PREFIX + name: self.me[name] for name in me_names(statement)}


def _forbidden(resource: Resource) -> Forbidden:
    return Forbidden(f"You may not create this record of {resource.name}.")
