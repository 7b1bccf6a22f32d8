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
    reading: what is read in the session's transaction. Where they are only taken to be who they are, the look-up waits
        there: see `core.policy.assuming`.
    """

    session: Session
    access: Access
    me: Mapping[str, object]
    reading: ReadConnection

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
