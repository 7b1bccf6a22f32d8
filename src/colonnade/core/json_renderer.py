"""What a view with ``renderer="json"`` returns, as an answer: Pyramid's renderer, with an answer that is made at once.

Pyramid makes an empty answer of HTML and changes its type, its text and its length one by one, and tells of each value
that it renders, though nobody listens: that costs more than all else that is done for a small answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pyramid.renderers
from pyramid.interfaces import IRendererFactory, IResponse, IResponseFactory, IViewDerivers
from pyramid.response import Response

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.registry import Registry
    from pyramid.request import Request

_NAME: Final = "json_view"
#: What `json.dumps` would make anew for each value.
_PLAIN: Final = json.JSONEncoder().encode

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
            request.response = self.answer(value, request)
            return None

        return render

    def answer(self, value: Any, request: Request) -> Response:
        """The answer with a value, where the view has begun none."""
        try:
            text = _PLAIN(value) if self.serializer is json.dumps and not self.kw else None
        except TypeError:  # of something that an adapter or its own ``__json__`` may know to write
            text = None
        if text is None:
            text = self.serializer(value, default=self._make_default(request), **self.kw)
        body = text.encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        return Response(app_iter=[body], headerlist=headers)


class _JSONView:
    """A view deriver within Pyramid's own that renders: an object is answered here, where nobody could tell.

    That one asks for an adapter, tells of each value that is rendered, and makes a renderer for each. Which renderer it
    is, and whether there is an adapter, is asked at the first answer of each view.
    """

    options = ("renderer",)

    def __call__(self, view: Callable[[Any, Request], Any], info: Any) -> Callable[[Any, Request], Any]:
        registry = info.registry
        if getattr(info.options.get("renderer"), "name", None) != "json" or not _is_next(registry):
            return view
        renderer: JSON | None = None

        def rendered(context: Any, request: Request) -> Any:
            value, kept = view(context, request), request.__dict__
            if type(value) is not dict or registry.has_listeners:
                return value
            # The view has begun the answer, is to be rendered by another renderer, is a class.
            if "response" in kept or "override_renderer" in kept or "__view__" in kept:
                return value
            nonlocal renderer
            renderer = renderer or _renderer(registry)
            if renderer is None:
                return value
            request.response = response = renderer.answer(value, request)
            return response

        return rendered


def _is_next(registry: Registry) -> bool:
    """Whether nobody stands between this deriver and Pyramid's own, who would see the object itself."""
    names = [name for name, _ in registry.getUtility(IViewDerivers).sorted()]
    return abs(names.index("rendered_view") - names.index(_NAME)) == 1


def _renderer(registry: Registry) -> JSON | None:
    """Ours, if nobody has put another in its place, or makes answers of objects or of any kind by himself."""
    factory = registry.queryUtility(IRendererFactory, name="json")
    if type(factory) is JSON and registry.queryUtility(IResponseFactory) is None:
        return factory if registry.queryAdapterOrSelf({}, IResponse) is None else None
    return None


def includeme(config: Configurator) -> None:
    """Render with it wherever a view says ``json``."""
    config.add_renderer("json", JSON())
    config.add_view_deriver(_JSONView(), name=_NAME, under="rendered_view", over="mapped_view")
