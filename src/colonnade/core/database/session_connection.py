"""The connection of a session's transaction, without the thought that the session gives it each time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.orm import Session

#: In `Session.info`: the connection of its transaction.
_CONNECTION: Final = "colonnade.connection"


def connection_of(session: Session) -> Connection:
    """The connection of a session's transaction, which begins now if there is none.

    A savepoint is made when the session is first asked in it; and a connection that was lent has a transaction before
    the session's own.
    """
    known: Connection | None = session.info.get(_CONNECTION)
    if known is None or not session.is_active or session.in_nested_transaction() or not known.in_transaction():
        known = session.connection()
        if known is not session.bind:
            session.info[_CONNECTION] = known
    return known
