"""What a body may hold, and what is said of one that holds something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.shop import Item, things_in

Caller = Callable[..., TestApp]
ITEMS = "/api/v1/items"


def posted(caller: Caller, text: str | bytes, status: int | None = None, **headers: str) -> TestResponse:
    """The answer to a body as it is."""
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    response = caller("hr").post(ITEMS, text if isinstance(text, bytes) else text.encode(), sent, expect_errors=True)
    if status is not None:
        assert response.status_int == status, response.text
    return response


def details(response: TestResponse) -> dict[str, str]:
    """What is said, by place."""
    return {fault["pointer"]: fault["detail"] for fault in response.json["errors"]}


@pytest.mark.parametrize(
    "price, stored",
    [
        ('"20.5"', "20.50"),
        ("20.5", "20.50"),
        ("20", "20.00"),
        ("2e1", "20.00"),
        ('"2e1"', "20.00"),
        ('" 20.50 "', "20.50"),
        ("999999.99", "999999.99"),
        ('"999999.99"', "999999.99"),
        ("10.10", "10.10"),
        ("11.100000000000000000000", "11.10"),
    ],
)
def test_a_decimal_is_text_or_a_number_and_loses_nothing(
    caller: Caller, connection: sa.Connection, price: str, stored: str
) -> None:
    answer = posted(caller, f'{{"name": "x", "price": {price}}}', 201)
    assert answer.json["price"] == stored
    assert things_in(connection, Item, "price") == [(Decimal(stored),)]


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("price", "10.001", "at most 2"),
        ("price", 10.001, "at most 2"),
        ("price", "1000000", "at most 6 digits before the point"),
        ("price", 10**400, "at most 6 digits before the point"),
        ("price", "1e999999", "at most 6 digits before the point"),
        ("price", "1" * 5000, "is not a decimal"),
        ("price", "twenty", 'is not a decimal; write it as "12.50"'),
        ("price", True, "is not a decimal"),
        ("price", [20], "is not a decimal"),
        ("price", {"amount": {"of": [20]}}, "is not a decimal"),
        ("name", 5, "is not text"),
        ("name", "x" * 21, "write at most 20"),
        ("name", "", "must have at least 1 character"),
        ("name", "a\x00b", "NUL"),
        ("name", "a\ud800b", "half a character (U+D800, a lone surrogate)"),
        ("name", None, "is not text"),
        ("size", 1.5, "is not an integer; write it as 42"),
        ("size", "1", "is not an integer"),
        ("size", False, "is not an integer"),
        ("size", 10**12, "is out of range; write an integer between -2147483648 and 2147483647"),
        ("size", 0, "must be at least 1"),
        ("kind", "GOODS", "goods"),
        ("kind", 1, "goods"),
        ("made_on", "2026-02-30", "is not a date of the calendar"),
        ("made_on", "yesterday", "is not a date; write it as 2026-11-22"),
        ("made_on", "0000-01-01", "is not a date of the calendar"),
        ("made_on", 5, "is not a date"),
        ("sold_at", "2026-11-22T09:00:00", "zone"),
        ("sold_at", "2026-11-22", "2026-11-22T09:00"),
        ("data", {"a": "\x00"}, "NUL"),
        ("data", {"\ud800": 1}, "surrogate"),
    ],
)
def test_a_value_of_another_kind_is_told_in_words_that_help(
    caller: Caller, connection: sa.Connection, name: str, value: Any, said: str
) -> None:
    answer = posted(caller, json.dumps({"name": "x", "price": "20.00", name: value}), 422)
    assert set(details(answer)) == {"/" + name}
    assert said in details(answer)["/" + name]
    assert things_in(connection, Item, "name") == []


@pytest.mark.parametrize(
    "name, value, shown",
    [
        ("size", 5.0, 5),
        ("size", 1, 1),
        ("kind", "gift", "gift"),
        ("made_on", "0001-01-01", "0001-01-01"),
        ("made_on", "9999-12-31", "9999-12-31"),
        ("sold_at", "2026-11-22T10:00:00+01:00", "2026-11-22T09:00:00.000000Z"),
        ("sold_at", "2026-11-22T09:00:00.123456Z", "2026-11-22T09:00:00.123456Z"),
        ("data", {"a": [1, 2.5, "é", None, True], "b": {}}, {"a": [1, 2.5, "é", None, True], "b": {}}),
        ("name", "李 é 😀 \"'\\\n", "李 é 😀 \"'\\\n"),
    ],
)
def test_a_value_of_each_kind_is_stored(caller: Caller, name: str, value: Any, shown: Any) -> None:
    answer = posted(caller, json.dumps({"name": "x", "price": 20, name: value}), 201)
    assert answer.json[name] == shown
    assert caller("hr").get(answer.headers["Location"]).json[name] == shown


def test_everything_that_is_wrong_is_told_at_once(caller: Caller) -> None:
    answer = posted(caller, json.dumps({"price": "x", "size": 0, "kind": "?", "made_on": 1, "a/b~c": 1}), 422)
    assert set(details(answer)) == {"/name", "/price", "/size", "/kind", "/made_on", "/a~1b~0c"}
    assert details(answer)["/name"] == "is required"


@pytest.mark.parametrize("text", ["null", "1", '"x"', "true"])
def test_a_body_that_is_no_object_is_unprocessable(caller: Caller, text: str) -> None:
    answer = posted(caller, text, 422)
    assert details(answer) == {"": "must be a JSON object"}


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "empty"),
        (" \n", "empty"),
        ("{", "not JSON"),
        ("{'name': 1}", "not JSON"),
        ('{"name": "x", "name": "y"}', "twice"),
        ('{"price": NaN}', "NaN"),
        ('{"price": 1e99999}', "digits"),
        ('{"price": ' + "1" * 5000 + "}", "digits"),
        ('{"data": ' + "[" * 200 + "]" * 200 + "}", "nested"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
    ],
)
def test_what_is_no_json_is_a_bad_request(caller: Caller, text: str | bytes, said: str) -> None:
    assert said in posted(caller, text, 400).json["detail"]


def test_a_deep_document_is_stored_up_to_the_limit(caller: Caller) -> None:
    deep = "[" * 98 + "]" * 98
    answer = posted(caller, f'{{"name": "x", "price": 20, "data": {{"a": {deep}}}}}', 201)
    assert json.dumps(answer.json["data"]["a"]) == deep


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "text/json"]
)
def test_another_media_type_is_unsupported(caller: Caller, media_type: str) -> None:
    answer = posted(caller, "{}", 415, Content_Type=media_type)
    assert answer.headers["Accept"] == "application/json"


def test_json_by_another_name_is_taken(caller: Caller) -> None:
    body = '{"name": "x", "price": 20}'
    posted(caller, body, 201, Content_Type="application/vnd.shop+json; charset=utf-8")
    posted(caller, body.encode("utf-8-sig").replace(b'"x"', b'"y"'), 201)


def test_another_charset_or_encoding_is_unsupported(caller: Caller) -> None:
    posted(caller, "{}", 415, Content_Type="application/json; charset=latin-1")
    posted(caller, "{}", 415, Content_Encoding="gzip")


def test_a_body_that_is_too_long_is_refused(caller: Caller) -> None:
    answer = posted(caller, '{"name": "' + "x" * 8_200 + '"}', 413)
    assert "8,192" in answer.json["detail"]


def test_who_accepts_no_json_is_told_so_before_anything_happens(caller: Caller, connection: sa.Connection) -> None:
    posted(caller, '{"name": "x", "price": 20}', 406, Accept="text/csv")
    assert things_in(connection, Item, "name") == []


def test_collections_and_records_know_their_methods(caller: Caller) -> None:
    client = caller("hr")
    refused = client.post(f"{ITEMS}/1", "{}", {"Content-Type": "application/json"}, expect_errors=True)
    assert refused.status_int == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "PATCH", "DELETE"}
    assert client.head(ITEMS).body == b""
    options = client.options(ITEMS, expect_errors=True)
    assert options.status_int < 500
