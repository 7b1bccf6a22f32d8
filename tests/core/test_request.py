"""What every request knows of itself, and every answer says."""

import logging
import re
import time
import uuid
from collections.abc import Iterator
from io import StringIO
from logging.config import fileConfig
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.request import Request as PyramidRequest
from pyramid.response import Response
from webtest import TestApp

from colonnade.core.request import Request
from colonnade.core.request_id import correlation_id_of, new_request_id
from colonnade.core.request_log import RequestIdFilter
from tests.core.small_app import small_app

UUID_7 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def app() -> TestApp:
    def show(request: Request) -> dict[str, Any]:
        logging.getLogger("tests.request").warning("seen")
        return {"id": request.id, "again": request.id, "correlation_id": request.correlation_id}

    def configure(config: Configurator) -> None:
        config.add_route("show", "/show")
        config.add_view(show, route_name="show", renderer="json")

    return small_app(configure)


def test_every_answer_carries_our_id_of_its_request(app: TestApp) -> None:
    response = app.get("/show")

    assert UUID_7.fullmatch(response.headers["X-Request-Id"])
    assert response.json["id"] == response.json["again"] == response.headers["X-Request-Id"]
    assert app.get("/show").json["id"] != response.json["id"]
    assert UUID_7.fullmatch(app.get("/nowhere", status=404).headers["X-Request-Id"])


def test_ids_are_uuids_of_version_7_made_now() -> None:
    before = time.time_ns() // 1_000_000
    ids = [uuid.UUID(new_request_id()) for _ in range(500)]

    assert {(each.version, each.variant) for each in ids} == {(7, uuid.RFC_4122)}
    assert all(before <= each.int >> 80 <= time.time_ns() // 1_000_000 for each in ids)
    # Each of the 74 bits of chance is used.
    assert all(len({each.int >> bit & 1 for each in ids}) == 2 for bit in (*range(62), *range(64, 76)))


def test_ids_sort_by_time() -> None:
    by_millisecond = {}
    while len(by_millisecond) < 5:
        made = new_request_id()
        by_millisecond.setdefault(made[:13], made)

    assert list(by_millisecond.values()) == sorted(by_millisecond.values())


def test_a_request_without_an_id_of_the_caller_has_no_correlation_id(app: TestApp) -> None:
    response = app.get("/show")

    assert response.json["correlation_id"] is None
    assert "X-Correlation-Id" not in response.headers


@pytest.mark.parametrize("header", ["X-Request-Id", "X-Correlation-Id"])
def test_the_callers_own_id_is_kept_beside_ours(app: TestApp, header: str) -> None:
    response = app.get("/show", headers={header: "trace-42"})

    assert response.json["correlation_id"] == response.headers["X-Correlation-Id"] == "trace-42"
    assert response.headers["X-Request-Id"] != "trace-42"
    assert app.get("/nowhere", headers={header: "trace-42"}, status=404).headers["X-Correlation-Id"] == "trace-42"


def test_a_correlation_id_precedes_a_request_id(app: TestApp) -> None:
    headers = {"X-Request-Id": "one", "X-Correlation-Id": "two"}

    assert app.get("/show", headers=headers).json["correlation_id"] == "two"


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_nothing_but_visible_ascii_comes_through(sent: str) -> None:
    kept = correlation_id_of({"HTTP_X_CORRELATION_ID": sent})

    visible = "".join(character for character in sent if "!" <= character <= "~")
    assert (kept or "") == visible[:128]


def test_of_an_endless_id_only_the_beginning_is_kept() -> None:
    assert correlation_id_of({"HTTP_X_REQUEST_ID": "x" * 5_000}) == "x" * 128


def test_a_caller_cannot_choose_our_id(app: TestApp) -> None:
    response = app.get("/show", headers={"colonnade.request_id": "mine", "Colonnade-Request-Id": "mine"})

    assert "mine" not in response.headers["X-Request-Id"]


def test_a_request_is_computed_once_for_all_its_readers() -> None:
    request = Request.blank("/")

    assert request.id is request.id
    assert Request(request.environ).id == request.id


def test_a_plain_request_of_pyramid_is_answered_with_an_id_as_well() -> None:
    config = Configurator()
    config.include("colonnade.core.headers")
    config.add_route("plain", "/")
    config.add_view(lambda request: Response(type(request).__name__), route_name="plain")
    config.set_request_factory(PyramidRequest)

    assert UUID_7.fullmatch(TestApp(config.make_wsgi_app()).get("/").headers["X-Request-Id"])


# -- Log lines


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("restored_logging")
def test_a_log_line_names_its_request(app: TestApp, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    ini = f"""
[loggers]
keys = root
[handlers]
keys = file
[formatters]
keys = generic
[logger_root]
level = INFO
handlers = file
[handler_file]
class = FileHandler
args = ({str(log)!r},)
formatter = generic
[formatter_generic]
class = colonnade.core.request_log.RequestIdFormatter
format = %(request_id)s %(message)s
"""
    fileConfig(StringIO(ini), disable_existing_loggers=False)
    response = app.get("/show")
    logging.getLogger("tests.request").warning("outside")
    for handler in logging.getLogger().handlers:
        handler.close()

    assert log.read_text().splitlines() == [f"{response.headers['X-Request-Id']} seen", "- outside"]


def test_a_filter_gives_the_id_to_other_formatters(app: TestApp) -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter("{request_id}|{message}", style="{"))
    logger = logging.getLogger("tests.request")
    logger.addHandler(handler)
    try:
        response = app.get("/show")
    finally:
        logger.removeHandler(handler)

    assert stream.getvalue() == f"{response.headers['X-Request-Id']}|seen\n"


@given(st.text())
def test_the_path_is_what_webob_has(path: str) -> None:
    ours, theirs = Request({}), PyramidRequest({})
    for request in (ours, theirs):
        request.path_info = path
    assert ours.environ == theirs.environ
    assert ours.path_info == theirs.path_info == path


def test_a_path_that_is_no_utf8_or_not_there_is_told_as_webob_does() -> None:
    for kind in (Request, PyramidRequest):
        with pytest.raises(UnicodeDecodeError):
            _ = kind({"PATH_INFO": "/\xff"}).path_info
        with pytest.raises(KeyError):
            _ = kind({}).path_info
