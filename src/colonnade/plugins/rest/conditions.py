"""What a caller makes a write depend on (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Callable

from pyramid.request import Request

from colonnade.core.problems import BadRequest, PreconditionFailed, PreconditionRequired
from colonnade.core.settings import settings_of
from colonnade.core.writing.writer import Precondition

from .settings import RestSettings

#: The conditions of one record, each by the name that a WSGI server has for it.
_OF_ONE_RECORD = {
    "HTTP_IF_MATCH": "If-Match",
    "HTTP_IF_NONE_MATCH": "If-None-Match",
    "HTTP_IF_UNMODIFIED_SINCE": "If-Unmodified-Since",
}


def precondition_of(request: Request, current_tag: Callable[[], str]) -> Precondition | None:
    """What has to hold of the stored record before it is changed; None where the request asks for nothing.

    :param current_tag: gives the ETag of what the request's URL would answer now; it is called with the record locked,
        so nobody changes it in between.
    :raises PreconditionRequired: where the operator makes ``If-Match`` compulsory, and there is none.
    :raises BadRequest: for ``If-Unmodified-Since``: no answer carries such a time.
    """
    environ = request.environ
    if "HTTP_IF_UNMODIFIED_SINCE" in environ:
        raise BadRequest("Records have no Last-Modified here; make the change depend on its ETag, by If-Match.")
    matches, differs = environ.get("HTTP_IF_MATCH", "").strip(), environ.get("HTTP_IF_NONE_MATCH", "").strip()
    for key, value in (("HTTP_IF_MATCH", matches), ("HTTP_IF_NONE_MATCH", differs)):
        # An empty one is the work of a variable that was not set: without it the change of others would be lost.
        if key in environ and value != "*" and '"' not in value:
            name = _OF_ONE_RECORD[key]
            said = f'{name} holds ETags in their quotes, as in {name}: "Cfub8q444opokiTRTYg2"; nothing was done.'
            raise BadRequest(said)
    if not matches and settings_of(request.registry, RestSettings).require_if_match:
        raise PreconditionRequired("Send If-Match with the ETag of the record, so that no change of others is lost.")
    if not matches and not differs:
        return None

    def require() -> None:
        tag = current_tag()
        if matches and tag not in request.if_match:
            said = "The record has changed since: its ETag is another one now. It is that of one URL, with its query."
            raise PreconditionFailed(said, headers=[("ETag", f'"{tag}"')])
        if differs and tag in request.if_none_match:
            raise PreconditionFailed("The record is as If-None-Match says that it must not be.")

    return require


def refuse_conditions(request: Request, what: str) -> None:
    """Refuse the conditions of one record on what is not one record: passing over them would do what they prevent.

    :param what: it is, with its article: ``A creation``.
    :raises BadRequest: naming the headers; nothing has happened then.
    """
    given = [name for key, name in _OF_ONE_RECORD.items() if key in request.environ]
    if given:
        raise BadRequest(f"{what} has no state that {', '.join(given)} could speak of, so nothing was done.")


def refuse_unconditional(request: Request) -> None:
    """Refuse to change several records at once where the operator makes ``If-Match`` compulsory.

    :raises PreconditionRequired: which says how else.
    """
    if settings_of(request.registry, RestSettings).require_if_match:
        raise PreconditionRequired(
            "Here every change depends on the ETag of its record: change one at a time with If-Match, or several by "
            "/api/v1/batch with if_match."
        )
