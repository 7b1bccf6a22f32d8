"""What the running application answers to: the views of its API, read off what Pyramid remembers of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyramid.interfaces import IDefaultPermission
from pyramid.registry import Registry
from pyramid.security import NO_PERMISSION_REQUIRED

from colonnade.core.operation import Operation

_PLACEHOLDER = re.compile(r"\{(?P<name>[^{}:]+)(?::(?P<pattern>(?:[^{}]|\{[^{}]*\})*))?\}|\*(?P<rest>\w+)$")
_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "TRACE")  # HEAD is GET's, OPTIONS that of CORS


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One method on one path.

    path: as OpenAPI writes it, ``/api/v1/employees/{key}``.
    placeholders: for each name in the path the regular expression that it has to match; "" for any text without ``/``.
    method: in lower case, as OpenAPI writes it.
    operation, openapi: what the view says of itself, see `colonnade.core.operation`.
    permission: what the caller needs; None where anybody may call.
    doc: the docstring of the view, or else what is said of the service.
    route: the name of the route.
    module: where the view is written.
    further: what other views say that answer the same method on the same path, for some query strings.
    """

    path: str
    placeholders: Mapping[str, str]
    method: str
    operation: Operation | None
    openapi: Mapping[str, Any]
    permission: str | None
    doc: str
    route: str
    module: str
    further: tuple[Mapping[str, Any], ...] = ()


def endpoints_of(registry: Registry) -> tuple[Endpoint, ...]:
    """The endpoints of an application, in the order of registration.

    They are the views of its Cornice services, and any other view of a route that has the option ``openapi`` (or
    ``operation``). ``openapi=False`` keeps a view out.
    """
    routes = {each["name"]: each for each in _introspectables(registry, "routes")}
    services = {service.name: service for service in getattr(registry, "cornice_services", {}).values()}
    found: dict[tuple[str, str], Endpoint] = {}
    for view in _introspectables(registry, "views"):
        route = routes.get(view["route_name"])
        said = view.get("openapi")
        described = view.get("operation") is not None or said is not None
        if route is None or said is False or not (described or view["route_name"] in services):
            continue
        path, placeholders = path_of(route["pattern"])
        for method in _methods(view, described):
            endpoint = Endpoint(
                path=path,
                placeholders=placeholders,
                method=method,
                operation=view.get("operation"),
                openapi=said or {},
                permission=_permission(registry, view),
                doc=_doc(view["callable"]) or _description(services.get(view["route_name"])),
                route=view["route_name"],
                module=inspect.unwrap(view["callable"]).__module__ if callable(view["callable"]) else "",
            )
            first = found.setdefault((path, method), endpoint)
            if first is not endpoint and first.route == endpoint.route and said:
                found[path, method] = replace(first, further=(*first.further, said))
    return tuple(found.values())


def path_of(pattern: str) -> tuple[str, dict[str, str]]:
    """The path of a route's pattern as OpenAPI writes it, and what its placeholders have to match."""
    placeholders: dict[str, str] = {}

    def write(match: re.Match[str]) -> str:
        name = match["rest"] or match["name"].strip()
        placeholders[name] = ".*" if match["rest"] else match["pattern"] or ""
        return f"{{{name}}}"

    path = _PLACEHOLDER.sub(write, pattern)
    return path if path.startswith("/") else f"/{path}", placeholders


def _methods(view: Any, described: bool) -> Iterable[str]:
    declared = view["request_methods"]
    if declared is None:
        return ("get",) if described else ()  # a view for every method; Cornice's for what it refuses is one
    methods = (declared,) if isinstance(declared, str) else declared
    return tuple(method.lower() for method in _METHODS if method in methods)


def _permission(registry: Registry, view: Any) -> str | None:
    values = [each["value"] for each in registry.introspector.related(view) if each.category_name == "permissions"]
    permission = values[0] if values else registry.queryUtility(IDefaultPermission)
    return None if permission in (None, NO_PERMISSION_REQUIRED) else str(permission)


def _doc(view: Any) -> str:
    """The docstring of a function, method or class; that of a partial or another object speaks of its class."""
    function = inspect.unwrap(view) if callable(view) else None
    return (inspect.getdoc(function) or "") if inspect.isroutine(function) or inspect.isclass(function) else ""


def _description(service: Any) -> str:
    return str(getattr(service, "description", None) or "")


def _introspectables(registry: Registry, category: str) -> Iterator[Any]:
    for each in registry.introspector.get_category(category, ()):
        yield each["introspectable"]
