"""Cornice, as the layer of services on which plug-ins and the REST plug-in stand.

Its error pages stay off: problems are ours. Its directive is ours too, because Cornice loses the line of a service that
was found by ``config.scan``. That no two services stand on one path is seen by the closing check.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

import cornice
from cornice.pyramidhook import register_service_views
from pyramid.config import Configurator
from pyramid.config.actions import ActionInfo

_CORNICE = os.path.dirname(cornice.__file__)


def add_cornice_service(config: Configurator, service: cornice.Service) -> None:
    """Add a Cornice service; errors then speak of the line that wrote it."""
    if config.action_info.file.startswith(_CORNICE):
        place = _written(service)
        if place is not None:
            config.info = place  # Cornice calls from a scan with a configurator of its own for each service.
    register_service_views(config, service)


def _written(service: cornice.Service) -> ActionInfo | None:
    """Where the first view of a service is written."""
    for _, view, arguments in service.definitions:
        function: Any = getattr(arguments.get("klass"), view, None) if isinstance(view, str) else view
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is not None:
            return ActionInfo(code.co_filename, code.co_firstlineno, service.name, repr(service))
    return None


def includeme(config: Configurator) -> None:
    """Include Cornice, with our directive in the place of its own."""
    config.add_settings(handle_exceptions=False)
    config.include("cornice")
    # Cornice's request method would make a class for every request, which costs more than all else that Pyramid does;
    # `Request.current_service` takes its place, as an outer configuration takes that of what it includes.
    config.action(("request extensions", "current_service"), None)
    config.add_directive("add_cornice_service", add_cornice_service)
