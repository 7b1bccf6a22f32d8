"""The errors that code raises: one class for each status that we use, each with room for what exactly is at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

TYPE_PREFIX = "urn:colonnade:problem:"
RESERVED = frozenset({"type", "title", "status", "detail", "instance", "request_id", "errors"})

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request.

    detail: what is wrong and what would be right, for a person.
    pointer: where in the body, as a JSON Pointer (RFC 6901), such as ``/salary`` or ``/lines/3/amount``.
    parameter: the name of the query parameter at fault.
    code: a short stable word for programs, such as ``unknown_field``.
    allowed: what may stand there instead.
    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    code: str | None = None
    allowed: tuple[str, ...] = ()

    def members(self) -> dict[str, object]:
        """This fault as an object of the ``errors`` array: only what is known."""
        known = {"detail": self.detail, "pointer": self.pointer, "parameter": self.parameter, "code": self.code}
        named: dict[str, object] = {name: text for name, text in known.items() if text is not None}
        return {**named, "allowed": list(self.allowed)} if self.allowed else named


class Problem(Exception):
    """An answer of RFC 9457 (problem details), raised; the classes below are each for one status.

    detail: what went wrong this time, for a person; shown to the caller, so nothing secret.
    faults: the places at fault, all of them at once where possible.
    headers: further headers of the answer.
    slug: a more telling type than the status: ``stale-cursor`` becomes ``urn:colonnade:problem:stale-cursor``. Without
        one the type is ``about:blank``: nothing but the status (RFC 9457, section 4.2.1).
    title: what the type is called, the same each time; without it the slug in words, or the phrase of the status.
    extensions: further members of the problem, of types that JSON knows.
    """

    status: int = 500
    slug: str = ""
    title: str = ""

    def __init__(
        self,
        detail: str = "",
        *,
        faults: Iterable[Fault] = (),
        headers: Headers = (),
        slug: str | None = None,
        title: str | None = None,
        **extensions: object,
    ) -> None:
        if reserved := RESERVED & extensions.keys():
            raise TypeError(f"a problem says {', '.join(sorted(reserved))} by itself; choose another name")
        super().__init__(detail)
        self.detail = detail
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.headers: tuple[tuple[str, str], ...] = tuple(headers)
        self.slug = type(self).slug if slug is None else slug
        self.title = title or type(self).title or self._title_of_type()
        self.extensions: Mapping[str, object] = extensions

    def _title_of_type(self) -> str:
        return self.slug.replace("-", " ").capitalize() if self.slug else _phrase(self.status)

    @property
    def type(self) -> str:
        """The URI of the type (RFC 9457, section 3.1.1)."""
        return TYPE_PREFIX + self.slug if self.slug else "about:blank"

    def __str__(self) -> str:
        return self.detail or self.title

    @classmethod
    def of_status(
        cls, status: int, detail: str = "", *, faults: Iterable[Fault] = (), headers: Headers = ()
    ) -> Problem:
        """The problem for a status that is known only when it runs; of its own class where there is one."""
        if known := _BY_STATUS.get(status):
            return known(detail, faults=faults, headers=headers)
        problem = Problem(detail, faults=faults, headers=headers, title=_phrase(status))
        problem.status = status
        return problem


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


class BadRequest(Problem):
    """400: the request cannot be understood: an unknown parameter, bad JSON, bad UTF-8."""

    status = 400


class Unauthorized(Problem):
    """401: nobody is signed in, or the credentials are not good (RFC 9110, section 15.5.2).

    error: why the credentials were refused, a code of RFC 6750, section 3.1, such as ``invalid_token``; None where the
        request carried none.
    """

    status = 401
    REALM: ClassVar[str] = "colonnade"

    def __init__(
        self,
        detail: str = "Sign in, or send a token: Authorization: Bearer …",
        *,
        error: str | None = None,
        faults: Iterable[Fault] = (),
        headers: Headers = (),
        slug: str | None = None,
        title: str | None = None,
        **extensions: object,
    ) -> None:
        challenge = f'Bearer realm="{self.REALM}"' + (f', error="{error}"' if error else "")
        challenged = (("WWW-Authenticate", challenge), *headers)
        super().__init__(detail, faults=faults, headers=challenged, slug=slug, title=title, **extensions)
        self.error = error


class Forbidden(Problem):
    """403: the caller is known and may not do this."""

    status = 403


class NotFound(Problem):
    """404: there is nothing here, or nothing that the caller may see; the two look alike."""

    status = 404


class MethodNotAllowed(Problem):
    """405: the path exists, the method does not. ``allow`` are the methods that do (RFC 9110, section 15.5.6)."""

    status = 405

    def __init__(
        self,
        detail: str = "",
        *,
        allow: Iterable[str] = (),
        faults: Iterable[Fault] = (),
        headers: Headers = (),
        slug: str | None = None,
        title: str | None = None,
        **extensions: object,
    ) -> None:
        methods = ", ".join(sorted(allow))
        allowing = (("Allow", methods), *headers) if methods else headers
        said = detail or (f"Allowed here: {methods}." if methods else "")
        super().__init__(said, faults=faults, headers=allowing, slug=slug, title=title, **extensions)


class NotAcceptable(Problem):
    """406: the caller's ``Accept`` admits none of the forms that there are."""

    status = 406


class Conflict(Problem):
    """409: the request is right, the present state is in its way: a value is taken, a row is referred to."""

    status = 409


class Gone(Problem):
    """410: what is asked for was there, and is not kept any longer."""

    status = 410


class PreconditionFailed(Problem):
    """412: ``If-Match`` names another state than the present one."""

    status = 412


class ContentTooLarge(Problem):
    """413: the body is longer than the setting allows."""

    status = 413
    title = "Content Too Large"


class UnsupportedMediaType(Problem):
    """415: the body is of a kind that is not read here."""

    status = 415


class Unprocessable(Problem):
    """422: the request is understood, and its content is not valid."""

    status = 422
    title = "Unprocessable Content"


class PreconditionRequired(Problem):
    """428: this change has to be made conditional with ``If-Match`` (RFC 6585)."""

    status = 428


class InternalError(Problem):
    """500: our own fault. What happened is in the log, under the request id."""

    status = 500


class Unavailable(Problem):
    """503: something that we need is away, or busy; worth trying again.

    retry_after: seconds until then, for ``Retry-After`` (RFC 9110, section 10.2.3).
    """

    status = 503

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: int = 5,
        faults: Iterable[Fault] = (),
        headers: Headers = (),
        slug: str | None = None,
        title: str | None = None,
        **extensions: object,
    ) -> None:
        waiting = (("Retry-After", str(retry_after)), *headers)
        super().__init__(detail, faults=faults, headers=waiting, slug=slug, title=title, **extensions)
        self.retry_after = retry_after


_NAMED: tuple[type[Problem], ...] = (
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    Gone,
    PreconditionFailed,
    ContentTooLarge,
    UnsupportedMediaType,
    Unprocessable,
    PreconditionRequired,
    InternalError,
    Unavailable,
)
_BY_STATUS = {named.status: named for named in _NAMED}
