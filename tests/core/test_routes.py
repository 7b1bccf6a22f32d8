"""Routes are found by how their patterns begin, and are the same that Pyramid would find by trying them all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import ITraverser
from pyramid.request import Request
from pyramid.traversal import ResourceTreeTraverser
from pyramid.urldispatch import RoutesMapper

from colonnade.core.routes import IndexedRoutes, RouteTraverser

SEGMENTS = st.sampled_from(["a", "b", "ab", "ä", "a b", "7", ""])
PLACES = st.sampled_from(["{x}", "{y:\\d+}", "a{z}", "{p}.json", "{q}-{r}", ":s", "a*b", "{v:.+}", "{w:a(?:/b){1,2}}"])
BEGINNINGS = st.lists(SEGMENTS, max_size=3)
PATTERNS = st.builds(
    lambda slash, beginning, rest, star: "/" * slash + "/".join([*beginning, *rest]) + star,
    st.booleans(),
    BEGINNINGS,
    st.lists(SEGMENTS | PLACES, max_size=3, unique=True),  # a placeholder has a name of its own
    st.sampled_from(["", "", "/", "*rest", "/*rest"]),
)
PATHS = st.builds(
    lambda segments, end: "/" + "/".join(segments) + end, st.lists(SEGMENTS, max_size=5), st.sampled_from(["", "/"])
)


def found(mapper: RoutesMapper, path: str) -> tuple[str | None, Any]:
    info = mapper(Request.blank("/", environ={"PATH_INFO": path.encode().decode("latin-1")}))
    return (None if info["route"] is None else info["route"].name), info["match"]


def connected(mapper: RoutesMapper, patterns: list[str]) -> RoutesMapper:
    for number, pattern in enumerate(patterns):
        mapper.connect(f"{number}", pattern, predicates=(lambda info, _: info["match"].get("x") != "b",))
    return mapper


@given(st.lists(PATTERNS, max_size=12), st.lists(PATHS, min_size=1, max_size=12))
def test_the_same_route_is_found_as_by_trying_them_all(patterns: list[str], paths: list[str]) -> None:
    theirs, ours = connected(RoutesMapper(), patterns), connected(IndexedRoutes(), patterns)
    for path in paths:
        assert found(ours, path) == found(theirs, path), path


def test_a_route_that_takes_the_name_of_another_takes_its_place() -> None:
    mapper = connected(IndexedRoutes(), ["/old", "/{x}/more"])
    assert found(mapper, "/old") == ("0", {})
    mapper.connect("0", "/new")
    assert found(mapper, "/old") == (None, None)
    assert found(mapper, "/new") == ("0", {})
    assert found(mapper, "/any/more") == ("1", {"x": "any"})


def test_a_path_with_thousands_of_slashes_is_looked_up_as_deep_as_there_are_routes() -> None:
    mapper = connected(IndexedRoutes(), ["/a/b/{x}", "/a/*rest"])
    assert len(list(mapper._candidates("/a/b" + "/c" * 10_000))) == 2
    assert found(mapper, "/a/b" + "/c" * 10_000)[0] == "1"


def test_a_path_that_is_no_utf8_is_refused_as_pyramid_does() -> None:
    with pytest.raises(URLDecodeError):
        IndexedRoutes()(Request.blank("/", environ={"PATH_INFO": "/\xff"}))


@pytest.mark.parametrize("environ", [{}, {"HTTP_X_VHM_ROOT": "/a"}], ids=["plain", "virtual root"])
@pytest.mark.parametrize(
    "found",
    [{}, {"key": "7"}, {"traverse": ("a", "b")}, {"traverse": "a/b"}, {"subpath": ("c",)}, {"subpath": "c/d"}, None],
    ids=str,
)
def test_the_context_is_the_one_that_pyramid_finds(found: dict[str, Any] | None, environ: dict[str, str]) -> None:
    root = {"a": {"b": {}}}
    request = Request.blank("/a/b/c", environ=environ)
    request.matchdict = found
    assert RouteTraverser(root)(request) == ResourceTreeTraverser(root)(request)


@pytest.mark.parametrize("first", [True, False])
def test_a_traverser_of_somebody_s_own_is_left(first: bool) -> None:
    class Own(ResourceTreeTraverser):
        pass

    config = Configurator()
    if first:
        config.add_traverser(Own)
        config.commit()
    config.include("colonnade.core.routes")
    config.commit()
    if not first:
        config.add_traverser(Own)
        config.commit()
    assert isinstance(config.registry.getAdapter(object(), ITraverser), Own)
