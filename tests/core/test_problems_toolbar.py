"""In development the debug toolbar shows its own pages; it never stands between a program and its problem."""

import pytest
from pyramid.config import Configurator
from pyramid.request import Request
from webtest import TestApp

from tests.core.small_app import FRONT

pytest.importorskip("pyramid_debugtoolbar")

BROWSER = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture(scope="module")
def app() -> TestApp:
    def view(request: Request) -> None:
        raise RuntimeError("what the developer wants to see")

    # As `pyramid.includes` has it: before the core.
    config = Configurator(settings={"pyramid.includes": "pyramid_debugtoolbar"})
    for room in FRONT:
        config.include(room)
    config.add_route("raise", "/raise")
    config.add_view(view, route_name="raise")
    return TestApp(config.make_wsgi_app(), extra_environ={"REMOTE_ADDR": "127.0.0.1"})


def test_a_browser_gets_the_debugger(app: TestApp) -> None:
    response = app.get("/raise", headers=BROWSER, status=500)

    assert "what the developer wants to see" in response.text
    assert "view()" in response.text or "def view" in response.text or "raise RuntimeError" in response.text


def test_a_program_gets_the_problem(app: TestApp) -> None:
    response = app.get("/raise", status=500)

    assert response.content_type == "application/problem+json"
    assert "developer" not in response.text


@pytest.mark.parametrize("headers", [BROWSER, {}])
def test_what_the_toolbar_itself_cannot_read_is_a_400(app: TestApp, headers: dict[str, str]) -> None:
    app.get("/%ff", headers=headers, status=400)


def test_a_problem_in_a_browser_keeps_its_page(app: TestApp) -> None:
    assert app.get("/nowhere", headers=BROWSER, status=404).html.h1.text == "Not Found"


def test_the_pages_of_what_was_included_before_the_core_are_found() -> None:
    config = Configurator(settings={"pyramid.includes": "pyramid_debugtoolbar"})
    for room in (*FRONT, "colonnade.core.routes"):
        config.include(room)
    app = TestApp(config.make_wsgi_app(), extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    assert app.get("/_debug_toolbar/", status=[200, 302, 404]).status_int != 404
