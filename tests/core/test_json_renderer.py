"""Views with renderer="json" answer as Pyramid's own renderer would have it."""

from collections.abc import Callable
from typing import Any

import pyramid.renderers
import pytest
from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.viewderivers import VIEW
from webtest import TestApp

from colonnade.core.json_renderer import JSON
from tests.core.small_app import small_app


class Money:
    def __init__(self, amount: str) -> None:
        self.amount = amount


class Person:
    def __json__(self, request: Request) -> dict[str, str]:
        return {"seen from": request.path}


def plain(request: Request) -> Any:
    return {"text": "Zoë & <b>", "list": [1, 2.5, None, True], "nested": {"a": []}}


def adapted(request: Request) -> Any:
    return {"person": Person()}


def with_status(request: Request) -> Any:
    request.response.status_int = 202
    request.response.headers["X-Own"] = "yes"
    return [1]


def with_type(request: Request) -> Any:
    request.response.content_type = "application/vnd.own+json"
    return [1]


def nothing(request: Request) -> Any:
    return None


VIEWS = (plain, adapted, with_status, with_type, nothing)


def app_with(configure: Callable[[Configurator], None] = lambda config: None) -> TestApp:
    def add(config: Configurator) -> None:
        configure(config)
        for view in VIEWS:
            for renderer in ("json", "by_pyramid"):
                name = f"{view.__name__}_{renderer}"
                config.add_route(name, f"/{renderer}/{view.__name__}")
                config.add_view(view, route_name=name, renderer=renderer)

    return small_app(add)


def by_pyramid(config: Configurator) -> None:
    config.add_renderer("by_pyramid", pyramid.renderers.JSON())


@pytest.mark.parametrize("view", VIEWS)
def test_the_answer_is_that_of_pyramids_renderer(view: Callable[..., Any]) -> None:
    app = app_with(by_pyramid)
    ours, theirs = (app.get(f"/{renderer}/{view.__name__}") for renderer in ("json", "by_pyramid"))
    assert ours.status == theirs.status
    assert ours.body.replace(b"/json/", b"/by_pyramid/") == theirs.body
    left_out = ("X-Request-Id", "Content-Length")
    assert {k: v for k, v in ours.headers.items() if k not in left_out} == {
        k: v for k, v in theirs.headers.items() if k not in left_out
    }
    assert ours.content_length == len(ours.body)


def test_an_adapter_and_a_factory_of_answers_are_heeded() -> None:
    def made(request: Request) -> Response:
        response = Response()
        response.headers["X-Factory"] = "own"
        return response

    def configure(config: Configurator) -> None:
        by_pyramid(config)
        renderer = pyramid.renderers.JSON(indent=2)
        renderer.add_adapter(Money, lambda money, request: money.amount)
        config.add_renderer("own", renderer)
        config.add_route("own", "/own")
        config.add_view(lambda request: Money("1.50"), route_name="own", renderer="own")
        config.set_response_factory(made)

    app = app_with(configure)
    assert app.get("/own").json == "1.50"
    assert app.get("/json/plain").headers["X-Factory"] == "own"


def test_what_cannot_be_json_is_an_error_of_the_view() -> None:
    def configure(config: Configurator) -> None:
        by_pyramid(config)
        config.add_route("money", "/money")
        config.add_view(lambda request: Money("1"), route_name="money", renderer="json")

    assert app_with(configure).get("/money", status=500).json["status"] == 500


def test_it_renders_outside_of_a_request_too() -> None:
    kept: list[Configurator] = []

    def configure(config: Configurator) -> None:
        by_pyramid(config)
        kept.append(config)

    app_with(configure)
    (config,) = kept
    config.begin()
    try:
        assert render("json", {"a": 1}) == '{"a": 1}'
    finally:
        config.end()


def test_who_renders_answers_or_listens_otherwise_is_heeded() -> None:
    class View:
        def __init__(self, request: Request) -> None:
            self.request = request

        def __call__(self) -> dict[str, str]:
            return {"a": "b"}

    def overriding(request: Request) -> dict[str, str]:
        request.override_renderer = "string"
        return {"a": "b"}

    class Upper(pyramid.renderers.JSON):
        def __call__(self, info: Any) -> Callable[[Any, Any], str]:
            return lambda value, system: "Upper"

    def listening(config: Configurator) -> None:
        config.add_subscriber(lambda event: event.rendering_val.update(a="heard"), BeforeRender)

    def answering(config: Configurator) -> None:
        config.add_response_adapter(lambda value: Response("adapted"), dict)

    cases: dict[str, tuple[Callable[[Configurator], object], Any, str]] = {
        "nobody": (lambda config: None, lambda request: {"a": "b"}, '{"a": "b"}'),
        "class": (lambda config: None, View, '{"a": "b"}'),
        "override": (lambda config: None, overriding, "{'a': 'b'}"),
        "renderer": (lambda config: config.add_renderer("json", Upper()), lambda request: {"a": "b"}, "Upper"),
        "listener": (listening, lambda request: {"a": "b"}, '{"a": "heard"}'),
        "adapter": (answering, lambda request: {"a": "b"}, "adapted"),
    }
    for name, (prepare, view, expected) in cases.items():

        def configure(config: Configurator, prepare: Any = prepare, view: Any = view) -> None:
            prepare(config)
            config.add_route("it", "/it")
            config.add_view(view, route_name="it", renderer="json")

        app = small_app(configure)
        for _ in range(2):
            assert (name, app.get("/it").text) == (name, expected)


def test_what_is_done_to_the_answer_after_the_view_is_done_to_it() -> None:
    def decorated(view: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(context: Any, request: Request) -> Any:
            response = view(context, request)
            request.response.set_cookie("a", "b")
            return response

        return wrapper

    def calling(request: Request) -> dict[str, int]:
        request.add_response_callback(lambda request, _: request.response.headers.update({"X-Own": "yes"}))
        return {"a": 1}

    def configure(config: Configurator) -> None:
        config.add_route("it", "/it")
        config.add_view(calling, route_name="it", renderer="json", decorator=decorated)

    answer = small_app(configure).get("/it")
    assert (answer.json, answer.headers["X-Own"]) == ({"a": 1}, "yes")
    assert answer.headers["Set-Cookie"].startswith("a=b")


@pytest.mark.parametrize("name", ["adding", "zzz"])
def test_who_stands_within_pyramids_renderer_sees_the_object(name: str) -> None:
    def adding(view: Callable[..., Any], info: Any) -> Callable[..., Any]:
        return lambda context, request: {**view(context, request), "more": 1}

    def configure(config: Configurator) -> None:
        config.add_view_deriver(adding, name=name, under="rendered_view", over=VIEW)
        config.add_route("it", "/it")
        config.add_view(lambda request: {"a": 1}, route_name="it", renderer="json")

    assert small_app(configure).get("/it").json == {"a": 1, "more": 1}


def test_a_renderer_that_is_made_from_ours_renders_by_itself() -> None:
    class Loud(JSON):
        def __call__(self, info: Any) -> Callable[[Any, Any], str]:
            return lambda value, system: "LOUD"

    def configure(config: Configurator) -> None:
        config.add_renderer("json", Loud())
        config.add_route("it", "/it")
        config.add_view(lambda request: {"a": 1}, route_name="it", renderer="json")

    assert small_app(configure).get("/it").text == "LOUD"
