"""The views of one path are asked whether they take a request; what they answer is what Pyramid's own would."""

from collections.abc import Callable
from typing import Any

import pytest
from pyramid.config import Configurator, not_
from pyramid.exceptions import PredicateMismatch
from pyramid.request import Request
from pyramid.response import Response
from webtest import TestApp

from colonnade.core.services import ask_views
from tests.core.small_app import small_app


def saying(text: str) -> Callable[[Request], Response]:
    return lambda request: Response(text)


def declines(request: Request) -> Response:
    raise PredicateMismatch("not me after all")


def app(ask: bool) -> TestApp:
    def configure(config: Configurator) -> None:
        config.add_route("place", "/place")
        config.add_view(saying("past"), route_name="place", request_method="GET", request_param="as_of")
        config.add_view(declines, route_name="place", request_method="GET", request_param="odd")
        config.add_view(saying("now"), route_name="place", request_method="GET")
        config.add_view(saying("text"), route_name="place", request_method="POST", accept="text/plain")
        config.add_view(saying("json"), route_name="place", request_method="POST", accept="application/json")
        config.add_view(saying("any"), route_name="place", request_param="any")
        config.add_view(saying("not"), route_name="place", request_method=not_(("GET", "POST")), request_param="not")
        if ask:
            ask_views(config)
            config.commit()
            config.add_view(saying("later"), route_name="place", request_method="PUT")

    return small_app(configure)


ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "first": ("GET", "/place?as_of=1", {}),
    "other": ("GET", "/place", {}),
    "declined": ("GET", "/place?odd=1", {}),
    "text": ("POST", "/place", {"Accept": "text/plain"}),
    "json": ("POST", "/place", {"Accept": "application/json"}),
    "any get": ("GET", "/place?any=1", {}),
    "any of a method that none names": ("TRACE", "/place?any=1", {}),
    "not": ("DELETE", "/place?not=1", {}),
    "head": ("HEAD", "/place", {}),
    "none": ("DELETE", "/place", {}),
}


@pytest.mark.parametrize("name", ASKED)
def test_they_answer_as_pyramids_do(name: str) -> None:
    method, path, headers = ASKED[name]
    ours, theirs = (
        each.request(path, method=method, headers=headers, expect_errors=True) for each in (app(True), app(False))
    )
    assert ours.status == theirs.status
    if ours.status_int < 400:
        assert ours.text == theirs.text
    assert (ours.status_int < 400) == (name != "none")


def test_a_view_that_does_not_take_a_request_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is an exception made for it."""
    made: list[Any] = []
    init = PredicateMismatch.__init__

    def counted(self: Any, *args: Any, **more: Any) -> None:
        made.append(self)
        init(self, *args, **more)

    asked, pyramids = app(True), app(False)
    monkeypatch.setattr(PredicateMismatch, "__init__", counted)
    assert asked.get("/place").text == "now"
    assert made == []
    assert pyramids.get("/place").text == "now"
    assert made
