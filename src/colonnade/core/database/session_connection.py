"""The connection of a session's transaction, without the thought that the session gives it each time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

#: In `Session.info`: the connection of its transaction, as long as there is nothing to think of.
_CONNECTION: Final = "colonnade.connection"


def connection_of(session: Session) -> Connection:
    """The connection of a session's transaction, which begins now if there is none."""
    known: Connection | None = session.info.get(_CONNECTION)
    return session.connection() if known is None else known


def remember_connections(sessions: sessionmaker[Session]) -> None:
    """Let the connections of these sessions be known.

    Not of one in a savepoint, which is made when the session is first asked in it; of one whose connection somebody has
    lent, with a transaction before the session's own; of one whose transaction has failed.
    """

    @event.listens_for(sessions, "after_begin")
    def began(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
        if not transaction.nested and session.bind is not connection:
            session.info[_CONNECTION] = connection

    @event.listens_for(sessions, "after_transaction_create")
    @event.listens_for(sessions, "after_transaction_end")
    @event.listens_for(sessions, "after_soft_rollback")
    def changed(session: Session, _transaction: SessionTransaction) -> None:
        session.info.pop(_CONNECTION, None)
