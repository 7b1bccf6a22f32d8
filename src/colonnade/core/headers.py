"""What every answer carries, whoever made it: its ids, and the word that nobody shall guess its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyramid.events import NewResponse

from colonnade.core.request_id import stamp

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.response import Response

_NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")


def finish(event: NewResponse) -> None:
    """Subscriber: runs after all tweens and callbacks, so no order of tweens can leave an answer without them."""
    response: Response = event.response
    stamp(event.request.environ, response)
    if _NOSNIFF not in response.headerlist:
        response.headerlist.append(_NOSNIFF)


def includeme(config: Configurator) -> None:
    """Finish every answer."""
    config.add_subscriber(finish, NewResponse)
