"""A request with a key: done, or answered again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.orm import Session

from colonnade.core.body import bounded_body
from colonnade.core.database import execute
from colonnade.core.problems import Conflict, Unauthorized, Unprocessable
from colonnade.core.settings import settings_of
from colonnade.plugins.rest.preferences import preferences_of
from colonnade.plugins.rest.settings import RestSettings

from .hashes import fingerprint_of, name_of, rights_of
from .keys import key_of
from .models import KeptAnswer

#: Headers of an answer that belong to what was done; others are made for each answer anew.
_KEPT = frozenset(
    "cache-control content-language content-length content-location content-type etag last-modified link location "
    "preference-applied vary".split()
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: How many answers that have expired one request removes at most.
_REMOVED = 100


def once(request: Request, perform: Callable[[], Response], *, max_bytes: int | None = None) -> Response:
    """What ``perform`` answers; where the request is a repeat, what it was answered the first time.

    Without an Idempotency-Key, for a safe method, and for a preview (``Prefer: tx=rollback``) it is just performed.
    What is raised, or answered with 4xx or 5xx, rolls the transaction back and is not kept: a repeat tries again.

    :param perform: does the work in the request's transaction.
    :param max_bytes: the longest body that is read; by default that of the setting.
    :returns: a repeat's answer says ``Idempotency-Replayed: true``.
    :raises BadRequest: for a key that is none.
    :raises Unprocessable: for a key that another request had, of the type ``idempotency-key-reused``.
    :raises Conflict: while the first request is still running (``idempotency-key-in-use``); and where it was done, but
        who asks has other permissions now (``answer-withheld``).
    """
    key = None if request.method in _SAFE else key_of(request)
    if key is None or preferences_of(request).tx == "rollback":
        return perform()
    if request.identity.anonymous:
        raise Unauthorized("Sign in: what is done with an Idempotency-Key is kept for who sent it.")
    settings = settings_of(request.registry, RestSettings)
    body = bounded_body(request, settings.max_body_bytes if max_bytes is None else max_bytes)
    answers = _Answers(request.dbsession, settings.idempotency_hours)
    name, rights = name_of(request.identity, key), rights_of(request.identity)
    fingerprint = fingerprint_of(request, body)
    answers.claim(name)
    if (found := answers.find(name)) is not None:
        return _again(found, fingerprint, rights)
    answers.remove_expired(name)
    response = perform()
    if response.status_int < 400:
        answers.keep(name, fingerprint, rights, response)
    return response


class _Answers:
    """The answers that are kept, in one transaction."""

    def __init__(self, session: Session, hours: int) -> None:
        self._session = session
        self._now = datetime.now(UTC)
        self._oldest = self._now - timedelta(hours=hours)

    def claim(self, name: str) -> None:
        """Let nobody else do it until this transaction has ended. On SQLite nobody else could write anyway.

        :raises Conflict: if somebody does it already.
        """
        if self._session.get_bind().dialect.name != "postgresql":
            return
        number = int.from_bytes(bytes.fromhex(name)[:8], signed=True)
        if not execute(self._session, sa.select(sa.func.pg_try_advisory_xact_lock(number))).scalar_one():
            raise Conflict(
                "The first request with this Idempotency-Key is still running; ask again for its answer.",
                slug="idempotency-key-in-use",
                headers=[("Retry-After", "1")],
            )

    def find(self, name: str) -> sa.Row[Any] | None:
        """The answer of this name, unless it has expired; a statement after the claim, to see what was committed."""
        kept = sa.select(KeptAnswer.__table__).where(KeptAnswer.name == name, KeptAnswer.created > self._oldest)
        return execute(self._session, kept).one_or_none()

    def remove_expired(self, name: str) -> None:
        """Remove some that have expired, this one among them; those that others are removing are left to them."""
        expired = (
            sa.select(KeptAnswer.name)
            .where(KeptAnswer.created <= self._oldest)
            .order_by(KeptAnswer.created)
            .limit(_REMOVED)
            .with_for_update(skip_locked=True)
        )
        which = sa.or_(_TABLE.c.name == name, _TABLE.c.name.in_(expired))
        execute(self._session, sa.delete(_TABLE).where(which))

    def keep(self, name: str, fingerprint: str, rights: str, response: Response) -> None:
        """Keep an answer."""
        kept = {
            "name": name,
            "fingerprint": fingerprint,
            "rights": rights,
            "status": response.status_int,
            "headers": [list(pair) for pair in response.headerlist if pair[0].lower() in _KEPT],
            "body": response.body,
            "created": self._now,
        }
        execute(self._session, sa.insert(_TABLE).values(kept))


_TABLE = KeptAnswer.metadata.tables[KeptAnswer.__tablename__]  # in SQL's words: the ORM has no part in this


def _again(kept: sa.Row[Any], fingerprint: str, rights: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise Unprocessable(
            "This Idempotency-Key was sent with another request; nothing was done. Make a new key for each request.",
            slug="idempotency-key-reused",
        )
    if kept.rights != rights:
        raise Conflict(
            "This has been done already, by the first request with this Idempotency-Key. Its answer is not repeated, "
            "because your permissions have changed since.",
            slug="answer-withheld",
        )
    response = Response(body=kept.body, status=kept.status)
    response.headerlist = [(header, value) for header, value in kept.headers]
    response.headers["Idempotency-Replayed"] = "true"
    return response
