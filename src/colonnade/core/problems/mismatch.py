"""There are views for the path, and none takes the request: is it the method, what it accepts, or something else?

Pyramid says 404 in each case (`PredicateMismatch`). Cornice's services know by themselves; this is for plain views.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyramid.request import Request
from zope.interface import providedBy
from zope.interface.interface import InterfaceClass

from .exceptions import MethodNotAllowed, NotAcceptable, Problem


def problem_of_mismatch(request: Request) -> Problem | None:
    """405 with the methods that there are, or 406 with the types that there are; None for any other reason."""
    candidates = list(_candidates(request))
    methods = set().union(*(_methods(view) for view in candidates))
    if candidates and all(_methods(view) for view in candidates) and request.method not in methods:
        return MethodNotAllowed(allow=methods)
    offers = [offer for view in candidates if _takes(view, request.method) for offer in _as_tuple(view["accept"])]
    if offers and not request.accept.acceptable_offers(offers):
        return NotAcceptable(f"Accept admits none of what there is: {', '.join(offers)}.")
    return None


def _candidates(request: Request) -> Iterator[Any]:
    """The declarations of the views that stand at this request's route, context and view name."""
    route = request.matched_route.name if request.matched_route else None
    for each in request.registry.introspector.get_category("views") or ():
        view = each["introspectable"]
        if (
            view["route_name"] == route
            and (view["name"] or "") == request.view_name
            and _stands_at(view["context"], request.context)
        ):
            yield view


def _stands_at(declared: Any, context: object) -> bool:
    if declared is None:
        return True
    return declared in providedBy(context) if isinstance(declared, InterfaceClass) else isinstance(context, declared)


def _methods(view: Any) -> set[str]:
    """The methods that a view is declared for; none declared means every method."""
    methods = set(_as_tuple(view["request_methods"]))
    return methods | {"HEAD"} if "GET" in methods else methods


def _takes(view: Any, method: str) -> bool:
    methods = _methods(view)
    return not methods or method in methods


def _as_tuple(declared: Any) -> tuple[str, ...]:
    if declared is None:
        return ()
    return (declared,) if isinstance(declared, str) else tuple(declared)
