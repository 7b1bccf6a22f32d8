"""Whence a change comes: which request, who, by which token, on which road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from colonnade.core.database.sessions import REQUEST
from colonnade.core.request_id import new_request_id

if TYPE_CHECKING:
    from colonnade.core.policy import Identity
    from colonnade.core.request import Request

#: Where a session keeps it.
ORIGIN: Final = "colonnade.changes.origin"


@dataclass(frozen=True)
class Origin:
    """What the log says of where a change comes from; see `ChangeColumns` for the members."""

    request_id: str
    actor_id: str | None = None
    actor: str = ""
    token: str | None = None
    channel: str = "code"

    @classmethod
    def of(cls, identity: Identity, request_id: str, channel: str) -> Origin:
        """One who writes on a road."""
        actor_id = None if identity.id is None else str(identity.id)
        return cls(request_id, actor_id, identity.name[:200], identity.token, channel)

    def values(self) -> Mapping[str, Any]:
        """As columns of the log."""
        return vars(self)


def come_by(session: Session, channel: str) -> None:
    """Let the changes of a session have come by another road than its request would say."""
    session.info[ORIGIN] = replace(origin_of(session), channel=channel)


def origin_of(session: Session) -> Origin:
    """Whence the changes of a session come: what it was told, or its request; otherwise a program's own code."""
    known: Origin | None = session.info.get(ORIGIN)
    if known is None:
        request: Request | None = session.info.get(REQUEST)
        known = Origin(new_request_id()) if request is None else Origin.of(request.identity, request.id, "rest")
        session.info[ORIGIN] = known
    return known
