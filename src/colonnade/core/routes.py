"""Routes, found by how their patterns begin: Pyramid tries one after the other, and a resource brings several.

And the context of a route that leads no further: Pyramid looks for a way in what the pattern has found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper, ITraverser
from pyramid.traversal import ResourceTreeTraverser
from pyramid.urldispatch import Route, RoutesMapper
from zope.interface import Interface

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

#: What stands in a pattern as it stands in a path; a beginning with anything else is not looked up, but tried.
_LITERAL: Final = re.compile(r"/[\w/.~-]*", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"[{*:]")
#: A route, and how many slashes a path has that it matches; None where they may be any number.
_Indexed: TypeAlias = tuple[int | None, Route]


class IndexedRoutes(RoutesMapper):
    """Pyramid's own mapper: the same routes match, in the same order, but only those are tried that may.

    That is, whose beginning fits, and the number of segments.
    """

    def __init__(self) -> None:
        super().__init__()
        self._index: dict[str, Sequence[_Indexed]] | None = None
        self._depth = 0

    def connect(self, *args: Any, **options: Any) -> Route:
        """Add a route; see `pyramid.urldispatch.RoutesMapper`."""
        self._index = None
        return super().connect(*args, **options)

    def __call__(self, request: Request) -> dict[str, Any]:
        """The first route that matches a request, and what its pattern found in the path; None for both if none does.

        :raises URLDecodeError: for a path that is no UTF-8.
        """
        try:
            path = request.environ.get("PATH_INFO", "").encode("latin-1").decode() or "/"
        except UnicodeDecodeError as error:
            raise URLDecodeError(error.encoding, error.object, error.start, error.end, error.reason) from None
        slashes = path.count("/")
        for length, route in self._candidates(path):
            if length not in (slashes, None):
                continue
            match = route.match(path)
            if match is not None:
                info = {"match": match, "route": route}
                if not route.predicates or all(predicate(info, request) for predicate in route.predicates):
                    return info
        return {"route": None, "match": None}

    def _candidates(self, path: str) -> Sequence[_Indexed]:
        """The routes whose beginning is the path, or ends where one of its segments does."""
        index = self._indexed() if self._index is None else self._index
        if path in index:
            return index[path]
        at = "/".join(path.split("/", self._depth)[: self._depth])  # no beginning is longer
        while at not in index:
            at = at.rpartition("/")[0]
        return index[at]

    def _indexed(self) -> dict[str, Sequence[_Indexed]]:
        """For each beginning its routes and those of the shorter beginnings within it, in the order of all routes."""
        own: dict[str, list[int]] = defaultdict(list, {"": []})
        for number, route in enumerate(self.routelist):
            own[_beginning(route.pattern)].append(number)
        self._depth = 1 + max(beginning.count("/") for beginning in own)
        self._index = {
            beginning: [
                (_slashes(self.routelist[number].pattern), self.routelist[number])
                for number in sorted(chain(*(own.get(each, ()) for each in _within(beginning))))
            ]
            for beginning in own
        }
        return self._index


class RouteTraverser(ResourceTreeTraverser):
    """Pyramid's own: what the route's factory has made is the context, where its pattern names no way from there."""

    def __call__(self, request: Request) -> dict[str, Any]:
        found = request.matchdict
        if found is None or "traverse" in found or "subpath" in found or self.VH_ROOT_KEY in request.environ:
            way: dict[str, Any] = super().__call__(request)
            return way
        root = self.root
        return {
            "context": root,
            "view_name": "",
            "subpath": (),
            "traversed": (),
            "virtual_root": root,
            "virtual_root_path": (),
            "root": root,
        }


def _within(beginning: str) -> Iterator[str]:
    """A beginning, and those that end where one of its segments does."""
    yield beginning
    while beginning:
        beginning = beginning.rpartition("/")[0]
        yield beginning


def _slashes(pattern: str) -> int | None:
    """How many slashes a path has that a pattern matches. A placeholder matches none, but for one with a rule."""
    return None if set("*:") & set(pattern) else f"/{pattern.removeprefix('/')}".count("/")


def _beginning(pattern: str) -> str:
    """What a path has to begin with: the whole pattern, or the segments before the first that has a placeholder."""
    pattern = pattern if pattern.startswith("/") else f"/{pattern}"
    placeholder = _PLACEHOLDER.search(pattern)
    beginning = pattern if placeholder is None else pattern[: placeholder.start()].rpartition("/")[0]
    return beginning if _LITERAL.fullmatch(beginning) else ""


def includeme(config: Configurator) -> None:
    """Take the place of Pyramid's mapper, with the routes of what `pyramid.includes` has included already.

    And of its traverser, but of none that somebody has added, or will add, for some kind of root.
    """
    mapper = IndexedRoutes()
    earlier = config.registry.queryUtility(IRoutesMapper)
    if earlier is not None:
        mapper.routelist.extend(earlier.routelist)
        mapper.static_routes.extend(earlier.static_routes)
        mapper.routes.update(earlier.routes)
        earlier.connect = mapper.connect  # for those whose actions are still to come
    config.registry.registerUtility(mapper, IRoutesMapper)
    if config.registry.adapters.lookup((Interface,), ITraverser) is None:
        config.registry.registerAdapter(RouteTraverser, (Interface,), ITraverser, event=False)
