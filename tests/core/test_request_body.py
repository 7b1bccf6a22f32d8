"""A body is read as strict JSON, within bounds, or is answered with what is wrong with it."""

import gzip
import io
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from colonnade.core.body import MAX_DEPTH, MAX_DIGITS, json_body, parse_json
from colonnade.core.negotiation import preferred_type
from colonnade.core.problems import BadRequest, ContentTooLarge
from colonnade.core.request import Request
from tests.core.small_app import small_app

LIMIT = 1000  # bytes


@pytest.fixture(scope="module")
def app() -> TestApp:
    def echo(request: Request) -> Response:
        document = json_body(request, LIMIT)
        again = request.body  # it stays readable, for a signature say
        return Response(json_body={"said": repr(document), "bytes": len(again)})

    def configure(config: Configurator) -> None:
        config.add_route("echo", "/echo")
        config.add_view(echo, route_name="echo", request_method=("POST", "PATCH"))

    return small_app(configure)


def refused(app: TestApp, body: bytes, status: int, content_type: str = "application/json", **headers: str) -> Any:
    return app.post("/echo", body, content_type=content_type, headers=headers, status=status).json


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", 'application/json; charset="UTF8"', "application/x+json"],
)
def test_json_is_read_under_each_of_its_names(app: TestApp, content_type: str) -> None:
    response = app.post("/echo", '{"a": "é"}'.encode(), content_type=content_type)

    assert response.json == {"said": "{'a': 'é'}", "bytes": 11}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_another_type_is_a_415_that_says_what_would_be_right(app: TestApp, content_type: str) -> None:
    response = app.post("/echo", b"{}", content_type=content_type, status=415)

    assert response.json["status"] == 415
    assert response.headers["Accept"] == "application/json"


def test_another_encoding_is_a_415(app: TestApp) -> None:
    refused(app, "{}".encode("utf-16"), 415, "application/json; charset=utf-16")
    refused(app, gzip.compress(b"{}"), 415, **{"Content-Encoding": "gzip"})


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_a_413(app: TestApp) -> None:
    fits = json.dumps("x" * (LIMIT - 2)).encode()

    assert app.post("/echo", fits, content_type="application/json").json["bytes"] == LIMIT
    assert refused(app, fits + b" ", 413)["max_bytes"] == LIMIT


@pytest.mark.parametrize("length", [LIMIT, LIMIT + 1])
def test_a_body_of_unsaid_length_is_bounded_as_well(length: int) -> None:
    stream = io.BytesIO(json.dumps("x" * (length - 2)).encode() + b" " * 10_000 * (length > LIMIT))
    request = Request.blank("/", method="POST", content_type="application/json")
    request.environ |= {"wsgi.input": stream, "wsgi.input_terminated": True}
    request.environ.pop("CONTENT_LENGTH", None)

    if length > LIMIT:
        with pytest.raises(ContentTooLarge):
            json_body(request, LIMIT)
        assert stream.tell() <= LIMIT + 10_000  # webob reads in blocks
    else:
        assert json_body(request, LIMIT) == "x" * (LIMIT - 2)


def test_a_connection_that_ends_early_is_a_400() -> None:
    request = Request.blank("/", method="POST", content_type="application/json")
    request.environ |= {"wsgi.input": io.BytesIO(b'{"a"'), "CONTENT_LENGTH": "100"}

    with pytest.raises(BadRequest, match="connection ended"):
        json_body(request, LIMIT)


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_body_is_a_400(app: TestApp, body: bytes) -> None:
    assert "empty" in refused(app, body, 400)["detail"]


def test_what_is_no_json_is_a_400_with_its_place(app: TestApp) -> None:
    problem = refused(app, b'{"a": 1,\n "b": }', 400)

    assert (problem["line"], problem["column"]) == (2, 7)
    assert "line 2, column 7" in problem["detail"]
    assert problem["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(
    "body, code",
    [
        (b'{"a": "\xff"}', "encoding"),
        (b'{"a": NaN}', "json"),
        (b"[Infinity, 1]", "json"),
        (b"[-Infinity]", "json"),
        (b'{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', "duplicate"),
        (b"[1] [2]", "json"),
        (b"{'a': 1}", "json"),
        (b'["\t"]', "json"),
        (b"[1,]", "json"),
        (b"[01]", "json"),
        (b"1e999999999999999999999", "number"),
        (b"1e4301", "number"),
        (b"1e-4301", "number"),
    ],
)
def test_json_without_one_meaning_is_a_400(app: TestApp, body: bytes, code: str) -> None:
    assert refused(app, body, 400)["errors"][0]["code"] == code


def test_endless_numbers_are_refused_before_they_are_computed() -> None:
    for text in ("9" * (MAX_DIGITS + 1), "0." + "9" * MAX_DIGITS):
        with pytest.raises(BadRequest, match="digits"):
            parse_json(text.encode())
    assert parse_json(b"9" * MAX_DIGITS) == int("9" * MAX_DIGITS)


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2_000, 100_000])
def test_what_is_nested_too_deep_is_a_400(opening: str, closing: str, depth: int) -> None:
    with pytest.raises(BadRequest, match="deeper than 100") as raised:
        parse_json((opening * depth + "1" + closing * depth).encode())
    assert raised.value.status == 400


def test_what_is_wide_is_not_deep() -> None:
    assert len(parse_json(b"[" + b"[1]," * 5_000 + b"[2]]")) == 5_001  # type: ignore[arg-type]
    depth = MAX_DEPTH
    assert parse_json(b"[" * depth + b"]" * depth)


def test_decimals_lose_nothing() -> None:
    document = parse_json(b'{"a": 0.1000000000000000000001, "b": 12345678901234567890, "c": 1.50, "d": 1E2}')

    assert document == {
        "a": Decimal("0.1000000000000000000001"),
        "b": 12345678901234567890,
        "c": Decimal("1.50"),
        "d": 100,
    }
    assert str(document["c"]) == "1.50"  # type: ignore[index]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_every_document_comes_back_as_it_was_sent(document: object) -> None:
    assert parse_json(json.dumps(document, ensure_ascii=False).encode()) == document


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_comes_back_with_its_digits(number: Decimal) -> None:
    parsed = parse_json(str(number).encode())

    assert str(parsed) == str(number) or parsed == 0 == number  # -0 without a point is an integer, which has no sign


@given(st.binary(max_size=60))
def test_no_bytes_at_all_are_anything_but_json_or_a_400(body: bytes) -> None:
    with suppress(BadRequest):
        parse_json(body)


# -- Accept


@pytest.mark.parametrize(
    "accept, preferred",
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*, application/json;q=0.5", "text/csv"),
        ("nonsense", "application/json"),
        ("application/json, text/csv", "application/json"),
    ],
)
def test_the_caller_gets_the_form_it_likes_best(accept: str | None, preferred: str) -> None:
    request = Request.blank("/", headers={"Accept": accept} if accept else {})

    assert preferred_type(request, ["application/json", "text/csv"]) == preferred


def test_a_caller_who_accepts_nothing_that_there_is_learns_what_there_is() -> None:
    def configure(config: Configurator) -> None:
        config.add_route("export", "/export")
        config.add_view(lambda request: Response(preferred_type(request, ["text/csv"])), route_name="export")

    response = small_app(configure).get("/export", headers={"Accept": "image/png"}, status=406)

    assert response.content_type == "application/problem+json"
    assert response.json["available"] == ["text/csv"]
