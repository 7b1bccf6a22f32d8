"""Keys and classes of every kind."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.core.writing.shop import Asset, Person, Truck, Vehicle, things_in

Caller = Callable[..., TestApp]


def test_the_location_is_where_the_record_is(caller: Caller) -> None:
    client = caller("hr")
    for name in "ab":
        made = client.post_json("/api/v1/items", {"name": name, "price": 20}, status=201)
        assert made.headers["Location"] == f"http://localhost/api/v1/items/{made.json['id']}"


def test_the_location_is_what_the_caller_used(caller: Caller) -> None:
    client = caller("hr")
    made = client.post_json("http://shop.example:8080/api/v1/items", {"name": "a", "price": 20})
    assert made.headers["Location"].startswith("http://shop.example:8080/api/v1/items/")


@pytest.mark.parametrize(
    "code",
    [
        "a/b",
        "a,b",
        "a~b",
        "~",
        "",
        ".",
        "..",
        "@@view",
        "é李😀",
        " ",
        "a b",
        "%2F",
        "100%",
        "?x=1",
        "#a",
        "\n",
        "a;b",
        "+",
    ],
)
def test_the_location_of_an_odd_key_leads_to_the_record(caller: Caller, code: str) -> None:
    client = caller("hr")
    made = client.post_json("/api/v1/boxes", {"code": code}, status=201)
    assert made.json["code"] == code
    assert made.headers["Location"].isascii()
    assert client.get(made.headers["Location"]).json == made.json


def test_a_key_that_its_author_gives_is_needed_and_may_be_taken(caller: Caller) -> None:
    client = caller("hr")
    missing = client.post_json("/api/v1/boxes", {}, status=422)
    assert missing.json["errors"] == [{"detail": "is required", "pointer": "/code", "code": "missing"}]
    client.post_json("/api/v1/boxes", {"code": "new"}, status=201)
    taken = client.post_json("/api/v1/boxes", {"code": "new"}, status=409)
    assert taken.json["errors"][0]["pointer"] == "/code"


@pytest.mark.parametrize("row, place", [("a", 1), ("a,b", -3), ("", 0), ("~2C", 2147483647)])
def test_a_key_of_two_parts(caller: Caller, row: str, place: int) -> None:
    client = caller("hr")
    made = client.post_json("/api/v1/slots", {"row": row, "place": place}, status=201)
    assert client.get(made.headers["Location"]).json == {"row": row, "place": place}
    client.post_json("/api/v1/slots", {"row": row, "place": place}, status=409)


def test_a_reference_of_two_parts_leads_to_both(caller: Caller) -> None:
    client = caller("hr")
    client.post_json("/api/v1/slots", {"row": "a", "place": 1})
    client.post_json("/api/v1/slots", {"row": "b", "place": 2})
    visit = {"day": "2026-01-01"}
    wrong = client.post_json("/api/v1/visits", {**visit, "row": "a", "place": 2}, status=422)
    assert {fault["pointer"] for fault in wrong.json["errors"]} == {"/row", "/place"}
    client.post_json("/api/v1/visits", {**visit, "row": "a", "place": 1}, status=201)
    client.post_json("/api/v1/visits", {**visit, "row": "a"}, status=201)  # one part of it is null: no reference
    made = client.post_json("/api/v1/visits", visit, status=201)
    assert made.headers["Location"].endswith(str(uuid.UUID(made.json["id"])))


def test_a_key_with_a_default_may_be_given(caller: Caller) -> None:
    key = str(uuid.uuid4())
    made = caller("hr").post_json("/api/v1/visits", {"id": key, "day": "2026-01-01"}, status=201)
    assert made.json["id"] == key


def test_a_self_reference_leads_to_what_is_there_already(caller: Caller) -> None:
    client = caller("hr")
    client.post_json("/api/v1/nodes", {"code": "a", "parent_code": "a"}, status=422)
    client.post_json("/api/v1/nodes", {"code": "a"}, status=201)
    client.post_json("/api/v1/nodes", {"code": "b", "parent_code": "a"}, status=201)


def test_a_record_of_joined_tables_is_of_its_class(caller: Caller, connection: sa.Connection) -> None:
    client = caller("hr")
    made = client.post_json("/api/v1/trucks", {"plate": "T1", "load": 3, "box_code": "mine"}, status=201)
    assert (made.json["type"], made.json["plate"], made.json["load"]) == ("truck", "T1", 3)
    assert things_in(connection, Vehicle, "type", "plate") == [("truck", "T1")]
    assert things_in(connection, Truck, "load") == [(3,)]
    plain = client.post_json("/api/v1/vehicles", {"plate": "V1", "tows_id": made.json["id"]}, status=201)
    assert plain.json["type"] == "vehicle"


@pytest.mark.parametrize(
    "more, pointer, code",
    [
        ({"type": "vehicle"}, "/type", "generated"),
        ({"id": 5}, "/id", "generated"),
        ({"tows_id": 99}, "/tows_id", "unknown_reference"),
        ({"box_code": "absent"}, "/box_code", "unknown_reference"),
        ({"load": None}, "/load", "value_error"),
    ],
)
def test_each_table_of_a_record_has_its_rules(
    caller: Caller, connection: sa.Connection, more: dict[str, Any], pointer: str, code: str
) -> None:
    """Those of the parent's table too."""
    wrong = caller("hr").post_json("/api/v1/trucks", {"plate": "T1", "load": 3, **more}, status=422)
    assert [(fault["pointer"], fault["code"]) for fault in wrong.json["errors"]] == [(pointer, code)]
    assert things_in(connection, Vehicle, "plate") == []


def test_a_key_of_joined_tables_may_be_given(caller: Caller, connection: sa.Connection) -> None:
    """It is the key of both rows, and no reference to a record that would have to be there."""
    made = caller("hr").post_json("/api/v1/tools", {"code": "h", "name": "hammer", "use": "nails"}, status=201)
    assert made.json == {"code": "h", "name": "hammer", "use": "nails"}
    assert things_in(connection, Asset, "code", "name") == [("h", "hammer")]


def test_the_version_of_a_record_is_not_its_authors(caller: Caller) -> None:
    wrong = caller("hr").post_json("/api/v1/coins", {"name": "penny", "version": 7}, status=422)
    assert [(fault["pointer"], fault["code"]) for fault in wrong.json["errors"]] == [("/version", "generated")]


def test_a_taken_value_of_the_parents_table_names_its_field(caller: Caller) -> None:
    client = caller("hr")
    client.post_json("/api/v1/vehicles", {"plate": "T1"}, status=201)
    taken = client.post_json("/api/v1/trucks", {"plate": "T1", "load": 3}, status=409)
    assert taken.json["errors"][0]["pointer"] == "/plate"


def test_a_dataclass_has_its_defaults(caller: Caller) -> None:
    made = caller("hr").post_json("/api/v1/coins", {"name": "penny"}, status=201)
    assert made.json == {"id": made.json["id"], "name": "penny", "worth": 1, "version": 1}


def test_a_class_is_made_without_its_own_init(caller: Caller) -> None:
    """Its validators are the mapping's, so they count."""
    client = caller("hr")
    made = client.post_json("/api/v1/persons", {"number": 5, "name": "Ann "}, status=201)
    assert made.json["name"] == "Ann"
    wrong = client.post_json("/api/v1/persons", {"number": 6, "name": "ann"}, status=422)
    assert wrong.json["errors"] == [{"detail": "begins with a capital letter", "pointer": "/name", "code": "value"}]


def test_what_a_type_of_somebody_elses_refuses_is_told_by_its_words(caller: Caller, connection: sa.Connection) -> None:
    wrong = caller("hr").post_json("/api/v1/persons", {"number": 6, "name": "Ann", "word": "why?"}, status=422)
    assert wrong.json["errors"] == [
        {"detail": "is a question; make it an exclamation", "pointer": "/word", "code": "value"}
    ]
    assert things_in(connection, Person, "number") == []
    more = caller("hr").post_json("/api/v1/plains", {"name": 5, "word": "why?"}, status=422)
    assert {fault["pointer"] for fault in more.json["errors"]} == {"/name", "/word"}


def test_a_rule_without_a_name_is_told_without_one(caller: Caller, dialect_name: str) -> None:
    """SQLite tells the rule's text, which is shown to nobody."""
    wrong = caller("hr").post_json("/api/v1/persons", {"number": 6, "name": "Ann", "age": 150}, status=422)
    assert "150" not in wrong.json["detail"]
    assert "A rule" in wrong.json["detail"] or "The rule" in wrong.json["detail"]


def test_a_foreign_base_with_columns_of_other_names(caller: Caller) -> None:
    client = caller("hr")
    made = client.post_json("/api/v1/plains", {"name": "x", "cost": "12.5"}, status=201)
    assert (made.json["name"], made.json["cost"]) == ("x", "12.50")
    taken = client.post_json("/api/v1/plains", {"name": "x"}, status=409)
    assert taken.json["errors"][0]["pointer"] == "/name"
