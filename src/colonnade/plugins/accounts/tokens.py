"""Tokens: making, finding, revoking them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from colonnade.core.database import execute, flush
from colonnade.core.problems import NotFound, Unprocessable

from .models import Token, User, now
from .narrowing import write_pairs
from .secret import Secret, prefix_in


def create_token(
    session: Session,
    user: User,
    *,
    label: str = "",
    expires: datetime | None = None,
    narrowed: Iterable[tuple[str, str]] | None = None,
) -> tuple[Token, str]:
    """Make a token for a user.

    :param label: what it is for, so that its owner knows it again.
    :param expires: from when on it is refused, with a zone; None for never.
    :param narrowed: the pairs (resource, permission) that it leaves of its owner's permissions; None for all of them.
        They are taken as they are: `narrowing.check_pairs` holds them against the application.
    :returns: the row, and the text of the token, which nobody can find out ever after.
    :raises Unprocessable: if it would have expired already.
    """
    if expires is not None and expires <= now():
        raise Unprocessable(f"The token would have expired already, at {expires:%Y-%m-%d %H:%M %Z}.")
    secret = _unused(session)
    token = Token(
        user=user,
        prefix=secret.prefix,
        hash=secret.hash,
        label=label,
        expires=expires,
        narrowed=None if narrowed is None else write_pairs(narrowed),
    )
    session.add(token)
    flush(session)
    return token, secret.text


def tokens_of(session: Session, user: User) -> list[Token]:
    """The tokens of a user, the newest first."""
    statement = select(Token).where(Token.user_id == user.id).order_by(Token.created.desc(), Token.id.desc())
    return list(execute(session, statement).scalars())


def revoke_token(session: Session, text: str) -> Token:
    """Revoke a token, at once and for good; one that is revoked stays as it is.

    :param text: its prefix, with or without ``clnd_``, or the whole token.
    :raises NotFound: if there is none.
    """
    statement = select(Token).where(Token.prefix == (prefix_in(text) or ""))
    token: Token | None = execute(session, statement).scalar_one_or_none()
    if token is None:
        raise NotFound("There is no such token; `colonnade token list USER` shows the prefixes.")
    token.revoked = token.revoked or now()
    flush(session)
    return token


def _unused(session: Session) -> Secret:
    """A secret with a prefix that no token has: there are 31⁸ of them, so the first does nearly always."""
    while True:
        secret = Secret.make()
        if not execute(session, select(exists().where(Token.prefix == secret.prefix))).scalar_one():
            return secret
