"""Which of the forms that there are a caller gets (RFC 9110, section 12)."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.request import Request

from colonnade.core.problems import NotAcceptable


def preferred_type(request: Request, offers: Sequence[str]) -> str:
    """The media type that the caller likes best; among equals, and without ``Accept``, the first one.

    An ``Accept`` that is malformed is read as if it were not there.

    :param offers: what there is, best first, such as ``["application/json", "text/csv"]``.
    :raises NotAcceptable: if ``Accept`` admits none of them; it names them.
    """
    if request.environ.get("HTTP_ACCEPT", "*/*") == "*/*":  # what most programs send costs nothing
        return offers[0]
    acceptable = request.accept.acceptable_offers(offers)
    if not acceptable:
        raise NotAcceptable(f"Accept admits none of what there is: {', '.join(offers)}.", available=list(offers))
    best: str = acceptable[0][0]
    return best
