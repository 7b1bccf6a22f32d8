"""What ``main()`` needs beside Pyramid: a commit that remembers, and the closing check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyramid.config import Configurator
from pyramid.interfaces import IDefaultPermission
from pyramid.registry import Registry
from pyramid.static import static_view

from colonnade.core.settings import ConfigurationErrors, Mistake, Origin

_PLACEHOLDER = re.compile(r"\{([^{}:]+)(:(?:[^{}]|\{[^{}]*\})*)?\}")


def commit(config: Configurator) -> tuple[Any, ...]:
    """Commit what the core configured, so that plug-ins find it done.

    Pyramid forgets at a commit what has been included; a plug-in that includes Cornice once more would empty its list
    of services. So the memory is carried over.

    :returns: the views of the core, which the closing check leaves out.
    """
    included = set(config.action_state._seen_files)
    config.commit()
    for spec in included:
        config.action_state.processSpec(spec)
    return tuple(_introspectables(config.registry, "views"))


def check_composition(config: Configurator, core_views: Iterable[object]) -> None:
    """Refuse to start with a view that nobody guards, or with two routes for the same requests.

    An explicit ``NO_PERMISSION_REQUIRED`` counts; preflight, static and exception views are exempt.

    :param core_views: what :func:`commit` returned.
    :raises ConfigurationErrors: that names them all, with file and line.
    """
    mistakes = [*_unguarded(config.registry, {id(view) for view in core_views}), *_contested(config.registry)]
    if mistakes:
        raise ConfigurationErrors(mistakes)


def _unguarded(registry: Registry, core: set[int]) -> Iterator[Mistake]:
    if registry.queryUtility(IDefaultPermission) is not None:
        return  # Pyramid gives it to every view that names none.
    found: dict[tuple[Origin, str], list[str]] = {}  # A GET of Cornice is a HEAD too, from one line.
    for view in _introspectables(registry, "views"):
        related = {each.category_name for each in registry.introspector.related(view)}
        if id(view) not in core and "permissions" not in related and not _exempt(view):
            found.setdefault((_origin(view), view["route_name"] or ""), []).append(view.title)
    for (origin, route), titles in found.items():
        what = f"{', '.join(titles)}{f' of the route {route}' if route else ''}"
        hint = "give it permission=..., which may be NO_PERMISSION_REQUIRED if anybody may call it"
        yield Mistake(origin, f"a view has no permission: {what}; {hint}")


def _exempt(view: Any) -> bool:
    methods = view["request_methods"]
    preflight = methods == "OPTIONS" or (isinstance(methods, tuple | list) and set(methods) == {"OPTIONS"})
    context = view["context"]
    exception = view["exception_only"] or (isinstance(context, type) and issubclass(context, Exception))
    return bool(preflight or exception or isinstance(view["callable"], static_view))


def _contested(registry: Registry) -> Iterator[Mistake]:
    """Tell of routes (a Cornice service is one) of which the second can never be reached."""
    first: dict[object, Any] = {}
    for route in _introspectables(registry, "routes"):
        if route["static"]:
            continue  # Only for making URLs: never matched.
        taken = first.setdefault(_requests(route), route)
        if taken is not route:
            yield Mistake(
                _origin(route),
                f"{route['name']} stands on the path {route['pattern']}, and so does {taken['name']}"
                f" ({_origin(taken)}); give one of them another path",
            )


def _requests(route: Any) -> tuple[object, ...]:
    """What a route matches: its pattern without the names of the placeholders, and its predicates."""
    pattern = _PLACEHOLDER.sub(lambda match: "{%s}" % (match[2] or ""), route["pattern"].lstrip("/"))
    if re.search(r"\*\w+$", pattern):
        pattern = pattern[: pattern.rindex("*") + 1]
    predicates = sorted(str(each.phash()) for each in route["object"].predicates)
    return (pattern, *filter(None, predicates))


def _introspectables(registry: Registry, category: str) -> Iterator[Any]:
    for each in registry.introspector.get_category(category, ()):
        yield each["introspectable"]


def _origin(introspectable: Any) -> Origin:
    return Origin("line", introspectable.action_info.file, introspectable.action_info.line)
