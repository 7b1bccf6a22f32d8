"""Who sent a request: ``Authorization: Bearer clnd_…`` (RFC 6750), looked up by one prepared statement."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from pyramid.request import Request
from pyramid_retry import mark_error_retryable
from sqlalchemy import String, and_, bindparam, or_, select

from colonnade.core.database import Prepared, database_of
from colonnade.core.database.sending import Rows
from colonnade.core.database.sessions import CONNECTION, SESSION, looking_up
from colonnade.core.policy import Identity
from colonnade.core.policy.assuming import assume, may_assume
from colonnade.core.problems import Unauthorized

from .last_use import LastUse
from .models import Token, User, UserRole, now
from .narrowing import read_pairs
from .secret import Secret

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Select

#: Of how many tokens a process remembers what was said of them.
MOST: Final = 10_000


class BearerTokens:
    """What an application knows of its tokens: :meth:`identify` is its authenticator."""

    def __init__(self, last_use: LastUse | None) -> None:
        """:param last_use: is told of each token that is taken; None if nobody wants to know."""
        self._last_use = last_use
        self._prepared: Prepared | None = None
        self._known: dict[bytes, _Known] = {}

    def identify(self, request: Request) -> Identity | None:
        """Who sent it; None where it carries no credentials.

        :raises Unauthorized: for any credentials that are not good; it does not say why, for whoever sent them may not
            be who they say.
        """
        header: str | None = request.environ.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        mark = hashlib.sha256(header.encode(errors="surrogatepass")).digest()
        known = self._known.get(mark)
        if known is not None and may_assume(request) and not _is_injected(request):
            assume(request, known.statement, known.parameters(), partial(self._confirm, known))
            return known.identity
        secret = _secret_in(header)
        statement = self._statement(database_of(request.registry).dialect)
        with looking_up(request) as connection:
            rows = connection.fetch(statement, {"prefix": secret.prefix, "now": now()})
        if known is None or rows != known.rows:
            known = _Known.of(mark, secret, statement, rows)
        if not _is_injected(request):
            self._note(known)
            if header == f"Bearer {secret.text}":  # one token, written in many ways, would drive out all others
                self._remember(known)
        return known.identity

    def _confirm(self, known: _Known, rows: Rows) -> None:
        """Take down that a token was used, if the database still says the same of it.

        :raises Unauthorized: if it does not; pyramid_retry then tries the request again, which has the token looked up.
        """
        if rows != known.rows:
            self._known.pop(known.mark, None)
            changed = refused()
            mark_error_retryable(changed)
            raise changed
        self._note(known)

    def _note(self, known: _Known) -> None:
        if self._last_use is not None:
            self._last_use.note(known.token_id)

    def _remember(self, known: _Known) -> None:
        if len(self._known) >= MOST:
            self._known.clear()  # as rare as it is cheap: each is looked up once more
        self._known[known.mark] = known

    def _statement(self, dialect: Dialect) -> Prepared:
        if self._prepared is None:
            self._prepared = Prepared.compile(statement(), dialect)
        return self._prepared


def _secret_in(header: str) -> Secret:
    """The token that a header carries.

    :raises Unauthorized: if it carries something else.
    """
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        # RFC 6750, section 3.1: no error code where another scheme was tried.
        raise Unauthorized("Only tokens are taken here: Authorization: Bearer …")
    secret = Secret.read(credentials.strip())
    if secret is None:
        raise refused()
    return secret


@dataclass(frozen=True)
class _Known:
    """What the database said of a good token, and what follows from it.

    mark: of the header that carries it: its hash, for the secret is kept nowhere.
    statement: by which it is looked up.
    """

    mark: bytes
    prefix: str
    token_id: int
    identity: Identity
    statement: Prepared
    rows: Rows

    @classmethod
    def of(cls, mark: bytes, secret: Secret, statement: Prepared, rows: Rows) -> Self:
        """What the rows of the statement say of a token.

        :raises Unauthorized: if it is not good.
        """
        if not rows:
            raise refused()
        user_id, name, _, token_id, stored, narrowed, good = rows[0]
        if not secret.matches(stored) or not good:
            raise refused()
        identity = Identity.signed_in(
            user_id,
            name,
            roles=[role for _, _, role, *_ in rows if role is not None],
            token=secret.prefix,
            narrowed=None if narrowed is None else read_pairs(narrowed),
        )
        return cls(mark, secret.prefix, token_id, identity, statement, rows)

    def parameters(self) -> dict[str, object]:
        """Of the statement, now."""
        return {"prefix": self.prefix, "now": now()}


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
