"""What every answer carries, whoever made it: its ids, and the word that nobody shall guess its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.events import NewResponse

from colonnade.core.request_id import stamp

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.response import Response


def finish(event: NewResponse) -> None:
    """Subscriber: runs after all tweens and callbacks, so no order of tweens can leave an answer without them."""
    response: Response = event.response
    stamp(event.request.environ, response)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


def includeme(config: Configurator) -> None:
    """Finish every answer."""
    config.add_subscriber(finish, NewResponse)
