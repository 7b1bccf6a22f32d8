"""What a request carries and nobody reads is refused: who sent it meant something, and would take it for heard."""

from __future__ import annotations

from pyramid.request import Request

from colonnade.core.body import bounded_body
from colonnade.core.problems import BadRequest, Fault
from colonnade.core.settings import settings_of

from .settings import RestSettings
from .writing import body_of


def refuse_query(request: Request, what: str, instead: str) -> None:
    """Refuse parameters.

    :param what: takes none, with its article: ``A batch``.
    :param instead: what would be right, a sentence.
    :raises BadRequest: naming them; nothing has happened then.
    """
    if request.GET:
        name = f"is no parameter of {what[:1].lower()}{what[1:]}"
        faults = [Fault(name, parameter=each, code="unknown") for each in dict.fromkeys(request.GET)]
        raise BadRequest(f"{what} takes no query. {instead}", faults=faults)


def refuse_body(request: Request, what: str) -> None:
    """Refuse a body, but for an empty object, which says nothing.

    :param what: takes none, with its article: ``An undo``.
    :raises BadRequest: nothing has happened then.
    """
    most = settings_of(request.registry, RestSettings).max_body_bytes
    if request.is_body_readable and bounded_body(request, most).strip() and body_of(request) != {}:
        raise BadRequest(f"{what} takes no body, so nothing was done; send none.")
