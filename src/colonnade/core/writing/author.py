"""Who writes, and in which transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import ReadConnection, execute
from colonnade.core.policy import Access
from colonnade.core.policy.terms import ME_PREFIX, me_names


@dataclass(frozen=True, eq=False)
class Author:
    """One who writes.

    session: in whose transaction everything happens.
    me: what ``me`` says of the identity, by name.
    reading: of their request, where it may wait to be said that they are who they are taken to be: see
        `core.policy.assuming`. None for one who is known.
    """

    session: Session
    access: Access
    me: Mapping[str, object]
    reading: ReadConnection | None = None

    @property
    def waits(self) -> bool:
        """Whether something about them, or what they write, waits to be found good with the next statement."""
        return self.reading is not None and self.reading.waits

    def settle(self) -> None:
        """Make sure of it now, before anybody else hears of them."""
        if self.reading is not None:
            self.reading.settle()

    @property
    def dialect(self) -> sa.Dialect:
        """The database's."""
        return self.session.get_bind().dialect

    def rows(
        self, statement: sa.Select[Any], parameters: Mapping[str, object] | None = None
    ) -> Sequence[sa.Row[tuple[Any, ...]]]:
        """The rows of a statement that the policy may be part of.

        :param parameters: the statement's own; those of ``me`` are added.
        """
        mine = {ME_PREFIX + name: self.me[name] for name in me_names(statement)}
        return execute(self.session, statement, {**mine, **(parameters or {})}).all()
