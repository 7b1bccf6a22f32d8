"""Cornice's services answer with problems: what their validators found becomes one, and Accept is read as we read it.

Cornice asks the renderer of a service to render its errors, so a renderer of its name is where that is decided.
"""

from __future__ import annotations

from typing import Any, NoReturn

from cornice.renderer import CorniceRenderer
from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.interfaces import IRendererFactory
from pyramid.request import Request

from .exceptions import Fault, Problem

RENDERER = "cornicejson"


class ServiceRenderer(CorniceRenderer):
    """Cornice's own renderer, which raises the errors it is given, and makes no text/plain of JSON."""

    acceptable = ("application/json",)

    def render_errors(self, request: Request) -> NoReturn:
        """Raise what `request.errors` has gathered; raised, not returned, so that the transaction is rolled back."""
        raise problem_of_errors(request.errors)


def problem_of_errors(errors: Any) -> Problem:
    """The problem for Cornice's errors: a list of location, name and description, with a status."""
    faults = tuple(_fault(error) for error in errors)
    return Problem.of_status(errors.status, " ".join(fault.detail for fault in faults), faults=faults)


def _fault(error: dict[str, Any]) -> Fault:
    location, name = error["location"], error["name"]
    description = error["description"] or "not valid"
    detail = description.decode() if isinstance(description, bytes) else str(description)
    if location == "body":
        path = str(name or "").replace("~", "~0").replace("/", "~1").replace(".", "/")
        return Fault(detail, pointer=f"/{path}" if path else "")
    if location == "querystring":
        return Fault(detail, parameter=name)
    return Fault(f"{location} {name}: {detail}" if name else detail)


def includeme(config: Configurator) -> None:
    """Put this renderer in the place of Cornice's own, whichever of the two rooms is included first."""

    def replace() -> None:
        config.registry.registerUtility(ServiceRenderer(), IRendererFactory, name=RENDERER)

    config.action("colonnade service renderer", replace, order=PHASE3_CONFIG)  # Cornice's is registered in phase 1
