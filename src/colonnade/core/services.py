"""Cornice, as the layer of services on which plug-ins and the REST plug-in stand.

Its error pages stay off: problems are ours. Its directive is ours too, because Cornice loses the line of a service that
was found by ``config.scan``. That no two services stand on one path is seen by the closing check.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Self, TypeAlias

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
from pyramid.predicates import RequestMethodPredicate
from pyramid.registry import Registry
from pyramid.request import Request

#: A view, and what has to be true for it to be called.
_Asked: TypeAlias = tuple[Callable[[Any, Request], Any], Sequence[Callable[[Any, Request], bool]]]
#: No method is called so.
_ANY_OTHER: Final = ""
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
    answer with headers: a tenth of what it costs to read a record. Here those of another method are not even asked.
    """

    _by_method: Mapping[str, Sequence[_Asked]] | None = None

    @classmethod
    def like(cls, views: MultiView) -> Self:
        """The same views."""
        made = cls(views.name)
        made.__dict__.update(views.__dict__)
        return made

    def add(self, *args: Any, **options: Any) -> None:
        """Add a view; see `pyramid.config.views.MultiView`."""
        self._by_method = None
        super().add(*args, **options)

    def __call__(self, context: Any, request: Request) -> Any:
        for view, questions in self._asked(request):
            for question in questions:
                if not question(context, request):
                    break
            else:
                try:
                    return view(context, request)
                except PredicateMismatch:
                    continue
        raise PredicateMismatch(self.name)

    def _asked(self, request: Request) -> Iterable[_Asked]:
        """The views that may take a request with its method, each with all other questions that it has."""
        method = request.method
        if self.accepts:
            return _for_method(method, [view for _, view, _ in self.get_views(request)])
        if self._by_method is None:
            views = [view for _, view, _ in self.views]
            methods = {each for view in views for each in _methods(view) or ()}
            self._by_method = {each: _for_method(each, views) for each in (*methods, _ANY_OTHER)}
        return self._by_method.get(method) or self._by_method[_ANY_OTHER]


def _for_method(method: str, views: Iterable[Any]) -> list[_Asked]:
    """Those that take a method, each with what it asks beside: it sees to the method itself when it is called."""
    return [
        (view, [each for each in _questions(view) if type(each) is not RequestMethodPredicate])
        for view in views
        if method in (_methods(view) or (method,))
    ]


def _methods(view: Any) -> Sequence[str] | None:
    """The methods that a view takes; None for any."""
    for question in _questions(view):
        if type(question) is RequestMethodPredicate:
            methods: Sequence[str] = question.val
            return methods
    return None


def _questions(view: Any) -> Sequence[Any]:
    """What has to be true for a view to be called: its predicates."""
    found: Sequence[Any] = getattr(view, "__predicates__", ())
    return found


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
