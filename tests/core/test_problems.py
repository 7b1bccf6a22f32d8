"""Whatever goes wrong in a request is answered with a problem (RFC 9457)."""

import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest
import webob.exc
from cornice import Service
from pyramid import httpexceptions
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.tweens import EXCVIEW
from pyramid_retry import mark_error_retryable
from transaction.interfaces import IDataManager
from webob.request import DisconnectionError
from webtest import TestApp, TestResponse
from zope.interface import implementer

from colonnade.core.problems import Conflict, Fault, NotFound, Unavailable, Unprocessable
from tests.core.small_app import FRONT, small_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = "application/problem+json"


def raising(error: Callable[[], BaseException]) -> TestApp:
    """An application whose /raise raises that."""

    def view(request: Request) -> NoReturn:
        raise error()

    def configure(config: Configurator) -> None:
        config.add_route("raise", "/raise")
        config.add_view(view, route_name="raise", permission=NO_PERMISSION_REQUIRED)

    return small_app(configure)


def adding(view: Callable[..., Any], **options: Any) -> TestApp:
    """An application with one view at /here."""

    def configure(config: Configurator) -> None:
        config.add_route("here", "/here")
        config.add_view(view, route_name="here", permission=NO_PERMISSION_REQUIRED, **options)

    return small_app(configure)


def a_problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The answer's problem, once it is seen to be one."""
    assert response.status_int == status
    assert response.content_type == JSON
    problem: dict[str, Any] = response.json
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert {"type", "title", "instance"} <= problem.keys()
    assert "Traceback" not in response.text
    return problem


def test_a_problem_says_what_and_where() -> None:
    faults = [Fault("It is negative.", pointer="/salary", code="greater_than_equal"), Fault("?", parameter="sort")]
    app = raising(lambda: Unprocessable("Two fields are wrong.", faults=faults, slug="invalid", hint="look"))

    response = app.get("/raise?sort=x", status=422)

    assert a_problem(response, 422) == {
        "type": "urn:colonnade:problem:invalid",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "Two fields are wrong.",
        "instance": "/raise",
        "request_id": response.headers["X-Request-Id"],
        "errors": [
            {"detail": "It is negative.", "pointer": "/salary", "code": "greater_than_equal"},
            {"detail": "?", "parameter": "sort"},
        ],
        "hint": "look",
    }
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_what_json_or_utf_8_has_no_form_for_is_written_all_the_same() -> None:
    app = raising(lambda: Unprocessable("\ud800 is half a character, é a whole one.", amount=Decimal("1.50")))

    response = app.get("/raise", status=422)

    assert r"\ud800 is half a character, é a whole one." in response.text
    assert response.json["amount"] == "1.50"
    app.get("/raise", headers=BROWSER, status=422)


def test_a_browser_gets_a_page_that_says_the_same() -> None:
    detail = "<script>alert(1)</script> is no name."
    app = raising(lambda: Unprocessable(detail, faults=[Fault("Too long.", pointer="/name", allowed=("a", "b"))]))

    response = app.get("/raise", headers=BROWSER, status=422)

    assert response.content_type == "text/html"
    assert response.html.h1.text == "Unprocessable Content"
    assert response.html.main.p.text == detail
    assert response.html.li.text == "/name: Too long. Allowed: a, b."
    assert response.headers["X-Request-Id"] in response.html.footer.text


def test_a_page_needs_nothing_that_a_content_security_policy_forbids() -> None:
    html = raising(NotFound).get("/raise", headers=BROWSER, status=404).html

    assert not html.find_all(["script", "style"])
    assert not [
        tag for tag in html.find_all(True) if "style" in tag.attrs or any(a.startswith("on") for a in tag.attrs)
    ]


@pytest.mark.parametrize(
    "accept",
    ["application/json", "*/*", "text/csv", "application/json, text/html", "text/html;q=0.1, */*", "¡nonsense"],
)
def test_who_does_not_prefer_a_page_gets_json(accept: str) -> None:
    headers = {"Accept": accept.encode().decode("latin-1")}
    a_problem(raising(NotFound).get("/raise", headers=headers, status=404), 404)


def test_head_gets_the_headers_alone() -> None:
    app = raising(NotFound)
    length = app.get("/raise", status=404).headers["Content-Length"]

    response = app.head("/raise", status=404)

    assert response.body == b""
    assert response.headers["Content-Length"] == length


def test_a_path_that_leads_nowhere_is_a_404() -> None:
    problem = a_problem(raising(NotFound).get("/no/such?x=1", status=404), 404)

    assert problem["detail"] == "There is nothing at this address."
    assert problem["instance"] == "/no/such"


def test_a_slash_too_many_is_not_corrected() -> None:
    a_problem(raising(NotFound).get("/raise/", status=404), 404)


def test_the_instance_is_a_uri_whatever_the_path() -> None:
    problem = a_problem(raising(NotFound).get("/caf%C3%A9 %22%3C", status=404), 404)

    assert problem["instance"] == "/caf%C3%A9%20%22%3C"


@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_a_path_that_is_no_utf_8_is_a_400(headers: dict[str, str]) -> None:
    response = raising(NotFound).get("/%ff%fe", headers=headers, status=400)

    assert "UTF-8" in response.text
    assert "/%FF%FE" in response.text


def test_a_query_string_that_is_no_utf_8_is_a_400() -> None:
    app = adding(lambda request: Response(request.GET["x"]))

    assert "query string" in a_problem(app.get("/here?x=%ff", status=400), 400)["detail"]


def test_a_form_that_cannot_be_read_is_a_400() -> None:
    app = adding(lambda request: Response(request.POST["x"]))

    response = app.post("/here", b"x=1", content_type="application/x-www-form-urlencoded; charset=utf-16", status=400)

    assert "form" in a_problem(response, 400)["detail"]


def test_bytes_that_we_decode_wrongly_are_our_own_fault(caplog: pytest.LogCaptureFixture) -> None:
    app = adding(lambda request: b"\xff".decode())

    a_problem(app.get("/here", status=500), 500)
    assert "UnicodeDecodeError" in caplog.text


def test_an_unexpected_error_is_logged_with_the_request_and_tells_the_caller_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = raising(lambda: RuntimeError("password=hunter2"))

    response = app.get("/raise", status=500)

    a_problem(response, 500)
    assert "hunter2" not in response.text
    assert "RuntimeError" not in response.text
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert response.headers["X-Request-Id"] in record.getMessage()
    assert "GET /raise" in record.getMessage()
    assert "raise error()" in caplog.text


def test_an_unexpected_error_shows_a_browser_no_more() -> None:
    response = raising(lambda: RuntimeError("password=hunter2")).get("/raise", headers=BROWSER, status=500)

    assert response.content_type == "text/html"
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text


def test_a_problem_of_the_caller_is_no_business_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    raising(Conflict).get("/raise", status=409)

    assert not caplog.records


def test_what_is_away_says_when_to_come_back(caplog: pytest.LogCaptureFixture) -> None:
    response = raising(lambda: Unavailable("The database does not answer.", retry_after=9)).get("/raise", status=503)

    a_problem(response, 503)
    assert response.headers["Retry-After"] == "9"
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("error", [ConnectionRefusedError, BrokenPipeError, ConnectionResetError])
def test_a_service_that_cannot_be_reached_is_a_503(
    error: type[ConnectionError], caplog: pytest.LogCaptureFixture
) -> None:
    response = raising(lambda: error("10.0.0.7:6379")).get("/raise", status=503)

    assert "10.0.0.7" not in response.text
    assert int(response.headers["Retry-After"]) > 0
    assert "10.0.0.7:6379" in caplog.text


def test_a_caller_who_went_away_leaves_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    a_problem(raising(DisconnectionError).get("/raise", status=400), 400)

    assert not caplog.records


@pytest.mark.parametrize("module", [httpexceptions, webob.exc])
@pytest.mark.parametrize(
    "name, status",
    [
        ("HTTPBadRequest", 400),
        ("HTTPPaymentRequired", 402),
        ("HTTPNotAcceptable", 406),
        ("HTTPConflict", 409),
        ("HTTPGone", 410),
        ("HTTPRequestEntityTooLarge", 413),
        ("HTTPUnsupportedMediaType", 415),
        ("HTTPUnprocessableEntity", 422),
        ("HTTPTooManyRequests", 429),
        ("HTTPNotImplemented", 501),
    ],
)
def test_an_http_exception_is_a_problem(module: Any, name: str, status: int) -> None:
    error = getattr(module, name)
    response = raising(lambda: error("As I said.", headers=[("X-Own", "kept")])).get("/raise", status=status)

    assert a_problem(response, status)["detail"] == "As I said."
    assert response.headers["X-Own"] == "kept"


def test_an_error_that_is_returned_is_a_problem_as_well() -> None:
    app = adding(lambda request: httpexceptions.HTTPConflict("Taken.", headers=[("Set-Cookie", "a=b; Path=/")]))

    response = app.get("/here", status=409)

    assert a_problem(response, 409)["detail"] == "Taken."
    assert response.headers.getall("Set-Cookie") == ["a=b; Path=/"]
    assert len(response.headers.getall("X-Request-Id")) == 1


def test_an_http_exception_with_a_body_of_its_own_is_left_alone() -> None:
    response = raising(lambda: httpexceptions.HTTPBadRequest(json_body={"mine": True})).get("/raise", status=400)

    assert response.json == {"mine": True}


def test_a_redirect_is_none_of_our_business() -> None:
    response = raising(lambda: httpexceptions.HTTPSeeOther("/there")).get("/raise", status=303)

    assert response.location == "http://localhost/there"
    assert response.content_type == "text/plain"  # Pyramid's own
    assert response.headers["X-Request-Id"]


def test_an_authors_own_challenges_take_the_place_of_ours() -> None:
    challenges = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Digest")]
    response = raising(lambda: httpexceptions.HTTPUnauthorized(headers=challenges)).get("/raise", status=401)

    assert response.headers.getall("WWW-Authenticate") == ["Basic", "Digest"]


def test_what_a_static_folder_does_not_have_is_a_404_like_any_other(tmp_path: Path) -> None:
    def configure(config: Configurator) -> None:
        config.add_static_view("static", str(tmp_path))

    problem = a_problem(small_app(configure).get("/static/no.css", status=404), 404)

    assert problem["detail"] == "There is nothing at this address."


def test_a_retry_after_of_the_author_wins() -> None:
    error = httpexceptions.HTTPServiceUnavailable(headers=[("Retry-After", "600")])

    assert raising(lambda: error).get("/raise", status=503).headers.getall("Retry-After") == ["600"]


def test_a_method_that_no_view_takes_is_a_405_that_names_those_that_do() -> None:
    def configure(config: Configurator) -> None:
        config.add_route("here", "/here")
        for method in ("GET", ("PUT", "PATCH")):
            config.add_view(lambda request: Response("ok"), route_name="here", request_method=method)

    app = small_app(configure)
    response = app.delete("/here", status=405)

    a_problem(response, 405)
    assert response.headers["Allow"] == "GET, HEAD, PATCH, PUT"


def test_where_there_is_get_there_is_head() -> None:
    response = raising(lambda: httpexceptions.HTTPMethodNotAllowed(headers=[("Allow", "GET")])).get(
        "/raise", status=405
    )

    assert response.headers.getall("Allow") == ["GET, HEAD"]


def test_a_405_of_a_named_view_speaks_of_that_name_only() -> None:
    class Book:
        def __init__(self, request: Request) -> None:
            pass

    def configure(config: Configurator) -> None:
        config.set_root_factory(Book)
        config.add_view(lambda request: Response("ok"), context=Book, name="edit", request_method="PUT")
        config.add_view(lambda request: Response("ok"), context=Book, request_method="GET")

    assert small_app(configure).post("/edit", status=405).headers["Allow"] == "PUT"


def test_a_405_of_a_context_speaks_of_its_own_views_only() -> None:
    class Book:
        pass

    class Author:
        pass

    def configure(config: Configurator) -> None:
        config.add_route("here", "/here", factory=lambda request: Book())
        config.add_view(lambda request: Response("ok"), route_name="here", context=Book, request_method="GET")
        config.add_view(lambda request: Response("ok"), route_name="here", context=Author, request_method="POST")

    assert small_app(configure).post("/here", status=405).headers["Allow"] == "GET, HEAD"


def test_a_type_that_no_view_offers_is_a_406() -> None:
    app = adding(lambda request: Response("ok"), accept="text/csv", request_method="GET")

    app.get("/here", headers={"Accept": "text/*"}, status=200)
    problem = a_problem(app.get("/here", headers={"Accept": "image/png"}, status=406), 406)
    assert "text/csv" in problem["detail"]


def test_a_406_speaks_of_views_of_the_method_only() -> None:
    def configure(config: Configurator) -> None:
        config.add_route("here", "/here")
        for method, accept in (("GET", "text/csv"), ("PUT", "image/png")):
            config.add_view(lambda request: Response("ok"), route_name="here", request_method=method, accept=accept)

    problem = a_problem(small_app(configure).get("/here", headers={"Accept": "image/png"}, status=406), 406)
    assert "image/png" not in problem["detail"]


def test_another_predicate_that_fails_is_a_404_that_names_no_view() -> None:
    app = adding(lambda request: Response("ok"), request_param="token")

    assert a_problem(app.get("/here", status=404), 404)["detail"] == "There is nothing at this address."


# -- Outside the views


def tween(handler: Callable[[Request], Response], registry: object) -> Callable[[Request], Response]:
    """Raises over and under what a request does."""

    def run(request: Request) -> Response:
        if request.path_info == "/before":
            raise RuntimeError("before all views")
        response = handler(request)
        if request.path == "/after":
            raise Conflict("Only now.")
        return response

    return run


@pytest.mark.parametrize("path, status", [("/before", 500), ("/after", 409), ("/callback", 500)])
def test_what_is_raised_outside_the_views_is_a_problem_too(
    path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_late(request: Request, response: Response) -> NoReturn:
        raise RuntimeError("in a response callback")

    def view(request: Request) -> Response:
        if request.path == "/callback":
            request.add_response_callback(fail_late)
        return Response("ok")

    def configure(config: Configurator) -> None:
        config.add_tween("tests.core.test_problems.tween", over=EXCVIEW)
        config.add_route("any", "/*path")
        config.add_view(view, route_name="any")

    app = small_app(configure)
    app.get("/else", status=200)

    a_problem(app.get("/%ff", status=400), 400)
    a_problem(app.get(path, status=status), status)
    assert len(caplog.records) == (status == 500)


def test_an_exception_view_that_fails_is_no_reason_to_say_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def failing(error: object, request: Request) -> NoReturn:
        raise ValueError("password=hunter2")

    def view(request: Request) -> NoReturn:
        raise ValueError

    def configure(config: Configurator) -> None:
        config.add_exception_view(failing, context=ValueError)
        config.add_route("here", "/here")
        config.add_view(view, route_name="here")

    response = small_app(configure).get("/here", headers=BROWSER, status=500)

    a_problem(response, 500)
    assert "hunter2" not in response.text
    assert "hunter2" in caplog.text


def test_what_an_exception_view_opened_is_closed_when_it_answers_lastly() -> None:
    closed = []

    def opening(error: KeyError, request: Request) -> Response:
        request.add_finished_callback(closed.append)
        return Response("answered", status=418)

    def fail_late(request: Request, response: Response) -> NoReturn:
        raise KeyError

    def view(request: Request) -> Response:
        request.add_response_callback(fail_late)
        return Response("ok")

    def configure(config: Configurator) -> None:
        config.add_exception_view(opening, context=KeyError)
        config.add_route("here", "/here")
        config.add_view(view, route_name="here")

    small_app(configure).get("/here", status=418)

    assert len(closed) == 1


class Contended(Exception):
    """What a database raises that lost against another transaction."""


@implementer(IDataManager)
class Contention:
    """A resource that says, as zope.sqlalchemy does, which errors are worth another try."""

    def abort(self, transaction: object) -> None:
        pass

    def sortKey(self) -> str:  # noqa: N802
        return "contention"

    def should_retry(self, error: BaseException) -> bool:
        return isinstance(error, Contended)


def contending(failures: int, error: Callable[[], Exception]) -> tuple[TestApp, list[str]]:
    """An application whose view loses so many times before it wins; and the ids of the attempts."""
    attempts: list[str] = []

    def view(request: Request) -> Response:
        request.tm.get().join(Contention())
        attempts.append(request.id)
        if len(attempts) <= failures:
            raise error()
        request.tm.get().abort()
        return Response("ok")

    def configure(config: Configurator) -> None:
        config.add_route("here", "/here")
        config.add_view(view, route_name="here")

    config = Configurator(settings={"tm.annotate_user": "false", "tm.commit_veto": "pyramid_tm.default_commit_veto"})
    for room in (*FRONT, "pyramid_tm", "pyramid_retry"):
        config.include(room)
    config.commit()
    config.include(configure)
    return TestApp(config.make_wsgi_app()), attempts


def marked(error: Exception) -> Exception:
    """As core.database marks what is worth another try."""
    mark_error_retryable(error)
    return error


LOSSES = [Contended, lambda: marked(RuntimeError()), lambda: marked(Unavailable("Others held the same data."))]


@pytest.mark.parametrize("error", LOSSES)
def test_a_retried_request_keeps_its_id_and_the_log_its_peace(
    error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    app, attempts = contending(2, error)

    response = app.get("/here", status=200)

    assert attempts == [response.headers["X-Request-Id"]] * 3
    assert not caplog.records


@pytest.mark.parametrize("error", LOSSES)
def test_who_loses_every_time_is_told_to_try_again(
    error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    app, attempts = contending(99, error)

    response = app.get("/here", status=503)

    a_problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0
    assert len(attempts) == 3
    assert len(caplog.records) == 1


# -- Cornice


@pytest.fixture
def service_app() -> TestApp:
    def validator(request: Request, **kw: object) -> None:
        for location, name in (("body", "lines.3"), ("querystring", "sort"), ("header", "X-Y"), ("url", None)):
            request.errors.add(location, name, f"bad {location}")

    def configure(config: Configurator) -> None:
        service = Service("thing", "/thing")
        service.add_view("GET", lambda request: {"ok": True}, accept="application/json")
        service.add_view("POST", lambda request: {"ok": True}, validators=(validator,))
        service.add_view("PUT", lambda request: {"ok": True}, content_type="application/json")
        config.add_cornice_service(service)

    return small_app(configure)


def test_what_a_validator_of_a_service_finds_is_a_problem(service_app: TestApp) -> None:
    problem = a_problem(service_app.post("/thing", status=400), 400)

    assert problem["errors"] == [
        {"detail": "bad body", "pointer": "/lines/3"},
        {"detail": "bad querystring", "parameter": "sort"},
        {"detail": "header X-Y: bad header"},
        {"detail": "bad url"},
    ]


def test_a_service_says_which_methods_it_has(service_app: TestApp) -> None:
    response = service_app.delete("/thing", status=405)

    a_problem(response, 405)
    assert response.headers["Allow"] == "GET, HEAD, POST, PUT"


def test_a_service_says_which_types_it_gives_and_takes(service_app: TestApp) -> None:
    a_problem(service_app.get("/thing", headers={"Accept": "text/csv"}, status=406), 406)
    a_problem(service_app.put("/thing", b"x", content_type="text/csv", status=415), 415)


def test_no_header_is_said_twice() -> None:
    def configure(config: Configurator) -> None:
        service = Service("thing", "/thing")
        service.add_view("GET", lambda request: httpexceptions.HTTPConflict(headers=[("Cache-Control", "private")]))
        config.add_cornice_service(service)

    response = small_app(configure).get("/thing", status=409)

    assert response.headers.getall("X-Content-Type-Options") == ["nosniff"]
    assert response.headers.getall("Cache-Control") == ["private"]


def test_a_service_makes_no_text_of_json() -> None:
    def configure(config: Configurator) -> None:
        service = Service("thing", "/thing")
        service.add_view("GET", lambda request: {"ok": True})
        config.add_cornice_service(service)

    response = small_app(configure).get("/thing", headers={"Accept": "text/plain"})

    assert response.content_type == "application/json"
    assert response.json == {"ok": True}
