"""Who sent a request: ``Authorization: Bearer clnd_…`` (RFC 6750), looked up by one prepared statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.request import Request
from sqlalchemy import String, and_, bindparam, or_, select

from colonnade.core.database import Prepared, database_of
from colonnade.core.database.sessions import CONNECTION, SESSION
from colonnade.core.policy import Identity
from colonnade.core.problems import Unauthorized

from .last_use import LastUse
from .models import Token, User, UserRole, now
from .narrowing import read_pairs
from .secret import Secret

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Select


class BearerTokens:
    """What an application knows of its tokens: :meth:`identify` is its authenticator."""

    def __init__(self, last_use: LastUse | None) -> None:
        """:param last_use: is told of each token that is taken; None if nobody wants to know."""
        self._last_use = last_use
        self._prepared: Prepared | None = None

    def identify(self, request: Request) -> Identity | None:
        """Who sent it; None where it carries no credentials.

        :raises Unauthorized: for any credentials that are not good; it does not say why, for whoever sent them may not
            be who they say.
        """
        header: str | None = request.environ.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, credentials = header.strip().partition(" ")
        if scheme.lower() != "bearer":
            # RFC 6750, section 3.1: no error code where another scheme was tried.
            raise Unauthorized("Only tokens are taken here: Authorization: Bearer …")
        secret = Secret.read(credentials.strip())
        if secret is None:
            raise refused()
        found = request.read_connection.fetch(
            self._statement(database_of(request.registry).dialect), {"prefix": secret.prefix, "now": now()}
        )
        if not found:
            raise refused()
        user_id, name, _, token_id, stored, narrowed, good = found[0]
        if not secret.matches(stored) or not good:
            raise refused()
        if self._last_use is not None and not _is_injected(request):
            self._last_use.note(token_id)
        return Identity.signed_in(
            user_id,
            name,
            roles=[role for _, _, role, *_ in found if role is not None],
            token=secret.prefix,
            narrowed=None if narrowed is None else read_pairs(narrowed),
        )

    def _statement(self, dialect: Dialect) -> Prepared:
        if self._prepared is None:
            self._prepared = Prepared.compile(statement(), dialect)
        return self._prepared


def _is_injected(request: Request) -> bool:
    """Whether a test lends its transaction: nobody has seen that token, perhaps, and nobody ever will."""
    return SESSION in request.environ or CONNECTION in request.environ


def refused() -> Unauthorized:
    """The one answer to all that is wrong with a token."""
    return Unauthorized("The token is not good: unknown, expired or revoked.", error="invalid_token")


def statement() -> Select[int, str, str, int, str, str | None, bool]:
    """All that an identity needs, for the token of a ``prefix``: a row for each role, one with a null if there is none.

    Whether the token is good at the time ``now`` is told by the database, so that no moment has to be read back.
    """
    moment = bindparam("now", type_=Token.expires.type)
    good = and_(User.active, Token.revoked.is_(None), or_(Token.expires.is_(None), Token.expires > moment))
    return (
        select(User.id, User.name, UserRole.role, Token.id, Token.hash, Token.narrowed, good)
        .select_from(Token)
        .join(User, User.id == Token.user_id)
        .join(UserRole, UserRole.user_id == User.id, isouter=True)
        .where(Token.prefix == bindparam("prefix", type_=String()))  # `Secret` has looked at it already
    )
