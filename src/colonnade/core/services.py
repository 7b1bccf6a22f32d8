"""Cornice, as the layer of services on which plug-ins and the REST plug-in stand.

Its error pages stay off: problems are ours. Its directive is ours too, because Cornice loses the line of a service that
was found by ``config.scan``. That no two services stand on one path is seen by the closing check.
"""

from __future__ import annotations

import inspect
import os
from typing import Any, Self

import cornice
from cornice.pyramidhook import apply_filters, register_resource_views, register_service_views
from cornice.renderer import CorniceRenderer
from cornice.service import SERVICES
from cornice.util import ContentTypePredicate
from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.config.actions import ActionInfo
from pyramid.config.views import MultiView
from pyramid.events import NewResponse
from pyramid.exceptions import PredicateMismatch
from pyramid.interfaces import INewResponse
from pyramid.registry import Registry
from pyramid.request import Request

_CORNICE = os.path.dirname(cornice.__file__)
_WATCHED = "colonnade.filtered_answers"


def add_cornice_service(config: Configurator, service: cornice.Service) -> None:
    """Add a Cornice service; errors then speak of the line that wrote it."""
    if config.action_info.file.startswith(_CORNICE):
        place = _written(service)
        if place is not None:
            config.info = place  # Cornice calls from a scan with a configurator of its own for each service.
    register_service_views(config, service)
    # Cornice remembers each service that was ever made, in a list of the process. An application's go with it.
    SERVICES[:] = [each for each in SERVICES if each is not service]
    if service.cors_enabled or any(arguments.get("filters") for _, _, arguments in service.definitions):
        config.action(None, _watch_answers, (config.registry,))


def _written(service: cornice.Service) -> ActionInfo | None:
    """Where the first view of a service is written."""
    for _, view, arguments in service.definitions:
        function: Any = getattr(arguments.get("klass"), view, None) if isinstance(view, str) else view
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is not None:
            return ActionInfo(code.co_filename, code.co_firstlineno, service.name, repr(service))
    return None


def _watch_answers(registry: Registry) -> None:
    """Let Cornice's filters see every answer, and give it the headers that CORS needs."""
    if not registry.get(_WATCHED):
        registry[_WATCHED] = True
        registry.registerHandler(_filter_answer, (INewResponse,))


def _filter_answer(event: NewResponse) -> None:
    apply_filters(event.request, event.response)


class AskedViews(MultiView):
    """The views of one path. Each is asked whether it takes a request before it is called.

    Pyramid's own calls one after the other, and each that does not take the request raises an exception, which is an
    answer with headers: a tenth of what it costs to read a record.
    """

    @classmethod
    def like(cls, views: MultiView) -> Self:
        """The same views."""
        made = cls(views.name)
        made.__dict__.update(views.__dict__)
        return made

    def __call__(self, context: Any, request: Request) -> Any:
        for _, view, _ in self.get_views(request):
            takes = getattr(view, "__predicated__", None)
            if takes is None or takes(context, request):
                try:
                    return view(context, request)
                except PredicateMismatch:
                    continue
        raise PredicateMismatch(self.name)


def ask_views(config: Configurator) -> None:
    """Let the views of each path be asked, at the end of this commit, when they are all there."""

    def replace() -> None:
        for each in list(config.registry.registeredAdapters()):
            if type(each.factory) is MultiView:
                config.registry.registerAdapter(
                    AskedViews.like(each.factory), each.required, each.provided, each.name, event=False
                )

    config.action("colonnade asked views", replace, order=PHASE3_CONFIG + 1000)


def includeme(config: Configurator) -> None:
    """Bring what Cornice's own ``includeme`` brings, but do nothing for a request that none of its services asked for.

    Cornice prepares every request and looks at every answer, and its request method would make a class for each.
    What it prepares is a property of our Request; its filters run where a service has some.
    """
    config.action_state.processSpec("cornice:includeme")  # a plug-in may include it; then that is done
    config.registry.cornice_services = {}
    config.add_directive("add_cornice_service", add_cornice_service)
    config.add_directive("add_cornice_resource", register_resource_views)
    config.add_renderer("cornicejson", CorniceRenderer())
    config.add_view_predicate("content_type", ContentTypePredicate)
    if config.registry.settings.get("available_languages"):
        cornice.setup_localization(config)
