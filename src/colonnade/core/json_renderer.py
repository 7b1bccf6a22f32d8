"""What a view with ``renderer="json"`` returns, as an answer: Pyramid's renderer, with an answer that is made at once.

Pyramid makes an empty answer of HTML and changes its type, its text and its length one by one, which costs more than
all else that is done for a small answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pyramid.renderers
from pyramid.interfaces import IResponseFactory
from pyramid.response import Response

if TYPE_CHECKING:
    from pyramid.config import Configurator

Render = Callable[[Any, Mapping[str, Any]], str | None]


class JSON(pyramid.renderers.JSON):
    """The text and the headers of Pyramid's; adapters, ``__json__`` and ``request.response`` mean the same.

    One for each application.
    """

    _render: Render | None = None

    def __call__(self, info: Any) -> Render:
        """Pyramid calls this for each answer, and it is the same for each."""
        if self._render is None:
            self._render = self._made(info)
        return self._render

    def _made(self, info: Any) -> Render:
        by_pyramid: Render = super().__call__(info)
        if info.registry.queryUtility(IResponseFactory) is not None:
            return by_pyramid

        def render(value: Any, system: Mapping[str, Any]) -> str | None:
            request = system.get("request")
            if request is None or "response" in request.__dict__:  # the view has begun its answer
                return by_pyramid(value, system)
            body = self.serializer(value, default=self._make_default(request), **self.kw).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            request.response = Response(app_iter=[body], headerlist=headers)
            return None

        return render


def includeme(config: Configurator) -> None:
    """Render with it wherever a view says ``json``."""
    config.add_renderer("json", JSON())
