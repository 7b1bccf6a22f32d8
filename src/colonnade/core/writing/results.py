"""The result of a write, held against the policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, Self

from sqlalchemy import ColumnElement

from colonnade.core.policy import Condition, ResourceAccess

from .author import Author
from .lookup import Key, rows_of_keys

_Action = Literal["create", "edit"]


class Results:
    """What the policy asks of rows as they were written: the action's permission, and that of each field written.

    What it could decide from the input alone has been decided; here is what only the row itself tells. Whether the
    author may see the row is not asked.
    """

    def __init__(
        self,
        author: Author,
        access: ResourceAccess,
        written: Iterable[str],
        action: _Action = "create",
    ) -> None:
        self._author = author
        self._resource = access.resource
        asked = _Asked.of(access, action)
        conditions = [asked.row, *[asked[name] for name in written]]
        self._conditions: Sequence[ColumnElement[bool]] = [each for each in conditions if not isinstance(each, bool)]

    @property
    def undecided(self) -> bool:
        """Whether anything depends on the row."""
        return bool(self._conditions)

    def refused(self, keys: Collection[Key]) -> set[Key]:
        """Those of the rows that are not their author's to write so.

        :param keys: of the rows, as they are stored now.
        """
        if not self._conditions:
            return set()
        columns: list[Any] = [getattr(self._resource.model, field.name) for field in self._resource.key]
        allowed = rows_of_keys(self._author, self._resource, columns, keys, conditions=self._conditions)
        return set(keys) - set(allowed)


class _Asked(dict[str, Condition]):
    """What the policy asks of a row for one action on each of its fields, by name: found out at first use, then kept.

    row: what it asks for the action itself.
    """

    def __init__(self, access: ResourceAccess, action: _Action) -> None:
        super().__init__()
        self.row = access.grants(action)
        self._access = access
        self._action: _Action = action

    def __missing__(self, name: str) -> Condition:
        condition = self[name] = self._access.field(name, self._action)
        return condition

    @classmethod
    def of(cls, access: ResourceAccess, action: _Action) -> Self:
        """What was found out before, if anything was."""
        known: Self | None = access.kept.get((cls, action))
        if known is None:
            known = access.kept[cls, action] = cls(access, action)
        return known
