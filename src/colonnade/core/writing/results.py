"""The result of a write, held against the policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from colonnade.core.policy import ResourceAccess

from .author import Author
from .lookup import Key, rows_of_keys


class Results:
    """What the policy asks of new rows: the action's permission, and that of each field that was written.

    What it could decide from the input alone has been decided; here is what only the row itself tells.
    """

    def __init__(self, author: Author, access: ResourceAccess, written: Iterable[str]) -> None:
        self._author = author
        self._resource = access.resource
        asked = [access.decides("create"), *(access.field(name, "create") for name in written)]
        self._conditions: Sequence[ColumnElement[bool]] = [each for each in asked if not isinstance(each, bool)]

    @property
    def undecided(self) -> bool:
        """Whether anything depends on the row."""
        return bool(self._conditions)

    def refused(self, keys: Collection[Key]) -> set[Key]:
        """Those of the new rows that are not their author's to create.

        :param keys: of the new rows, as they were stored.
        """
        if not self._conditions:
            return set()
        columns: list[Any] = [getattr(self._resource.model, field.name) for field in self._resource.key]
        allowed = rows_of_keys(self._author, self._resource, columns, keys, conditions=self._conditions)
        return set(keys) - set(allowed)
