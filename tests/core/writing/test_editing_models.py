"""Keys and classes of every kind, changed."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.editing import Caller, faults, merged, operation, patched
from tests.core.writing.shop import (
    Asset,
    Box,
    Coin,
    Item,
    Node,
    Person,
    Plain,
    Slot,
    Tool,
    Truck,
    Vehicle,
    Visit,
)


def put(caller: Caller, path: str, body: Any, status: int = 200) -> Any:
    """The answer to a replacement by somebody who may do anything."""
    return caller("hr").put_json(f"/api/v1/{path}", body, status=status)


@pytest.mark.parametrize("way", ["put", "merge", "patch"])
@pytest.mark.parametrize("code", ["new", "a/b", "a,b~", "é李", "..", "~"])
def test_a_natural_key_may_change(caller: Caller, connection: sa.Connection, way: str, code: str) -> None:
    store(connection, Box(code="old", label="L"))
    client, path = caller("hr"), "/api/v1/boxes/old"
    if way == "put":
        response = client.put_json(path, {"code": code, "label": "L"}, status=200)
    elif way == "merge":
        response = merged(client, path, {"code": code})
    else:
        response = patched(client, path, operation("replace", "/code", value=code))
    assert response.json["code"] == code
    moved = client.get(response.headers["Content-Location"])
    assert (moved.json, moved.headers["ETag"]) == (response.json, response.headers["ETag"])
    client.get(path, status=404)
    assert [row for row in stored(connection, Box, "code", "label") if row[1] == "L"] == [(code, "L")]


def test_a_key_that_stays_has_no_content_location(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Box(code="old"))
    assert "Content-Location" not in put(caller, "boxes/old", {"code": "old", "label": "x"}).headers
    assert "Content-Location" not in put(caller, "boxes/old", {"label": "y"}).headers


def test_a_key_that_is_taken_is_a_conflict(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Box(code="old", label="L"))
    assert faults(put(caller, "boxes/old", {"code": "mine"}, 409)) == {("/code", "taken")}
    assert faults(put(caller, "boxes/old", {"code": None}, 422)) == {("/code", "value_error")}
    assert ("old", "L") in stored(connection, Box, "code", "label")


def test_a_key_that_others_refer_to_may_not_change(caller: Caller, connection: sa.Connection) -> None:
    """A reference is in the way as it is of a deletion; there is nothing wrong with the body."""
    store(connection, Box(code="old"), Node(code="top"))
    store(connection, Item(name="x", price=Decimal(20), box_code="old"), Node(code="below", parent_code="top"))
    for path, code in (("boxes/old", "new"), ("nodes/top", "new")):
        refused = put(caller, path, {"code": code}, 409)
        assert refused.json["type"] == "urn:colonnade:problem:still-referred-to"
        assert not faults(refused)
    assert stored(connection, Item, "box_code") == [("old",)]
    assert stored(connection, Node, "code") == [("below",), ("top",)]


def test_a_key_of_two_parts(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Slot(row="a", place=1), Slot(row="b", place=2))
    response = put(caller, "slots/a,1", {"place": 2})
    assert response.headers["Content-Location"].endswith("/slots/a,2")
    assert response.json == {"row": "a", "place": 2}
    taken = put(caller, "slots/a,2", {"row": "b"}, 409)
    assert faults(taken) == {("/row", "taken"), ("/place", "taken")}
    for path in ("slots/a", "slots/a,x", "slots/a,1", "slots/2,a", "slots/a,2,3"):
        put(caller, path, {"place": 3}, 404)
    caller("hr").delete("/api/v1/slots/a,2", status=204)
    assert stored(connection, Slot, "row", "place") == [("b", 2)]


def test_a_reference_of_two_parts_may_change_in_one(caller: Caller, connection: sa.Connection) -> None:
    key = uuid.uuid4()
    store(connection, Slot(row="a", place=1), Slot(row="a", place=2))
    store(connection, Visit(id=key, day=dt.date(2026, 1, 1), row="a", place=1))
    client, path = caller("hr"), f"/api/v1/visits/{key}"
    assert merged(client, path, {"place": 2}).json["place"] == 2
    assert faults(merged(client, path, {"place": 3}, 422)) == {
        ("/row", "unknown_reference"),
        ("/place", "unknown_reference"),
    }
    assert merged(client, path, {"place": None}).json["row"] == "a"
    assert faults(merged(client, path, {"row": "b", "place": 1}, 422)) >= {("/row", "unknown_reference")}
    assert stored(connection, Visit, "row", "place") == [("a", None)]


def test_a_record_may_refer_to_itself(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Node(code="a"), Node(code="b"))
    client = caller("hr")
    merged(client, "/api/v1/nodes/a", {"parent_code": "a"})
    merged(client, "/api/v1/nodes/b", {"parent_code": "a"})
    merged(client, "/api/v1/nodes/a", {"parent_code": "b"})
    assert faults(merged(client, "/api/v1/nodes/a", {"parent_code": "c"}, 422)) == {
        ("/parent_code", "unknown_reference")
    }
    assert stored(connection, Node, "code", "parent_code") == [("a", "b"), ("b", "a")]


def test_a_record_of_joined_tables_is_changed_in_each(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Truck(id=1, plate="T1", load=3, box_code="mine"), Vehicle(id=2, plate="V1"))
    client = caller("hr")
    response = merged(client, "/api/v1/trucks/1", {"plate": "T2", "load": 4, "tows_id": 2, "box_code": None})
    assert response.json == {"id": 1, "type": "truck", "plate": "T2", "tows_id": 2, "load": 4, "box_code": None}
    taken = merged(client, "/api/v1/trucks/1", {"plate": "V1"}, 409)
    assert faults(taken) == {("/plate", "taken")}
    assert faults(merged(client, "/api/v1/trucks/1", {"type": "vehicle"}, 422)) == {("/type", "generated")}
    # By the parent's door, only what the parent has.
    assert merged(client, "/api/v1/vehicles/1", {"plate": "T3"}).json["type"] == "truck"
    assert faults(merged(client, "/api/v1/vehicles/1", {"load": 5}, 422)) == {("/load", "unknown_field")}
    merged(client, "/api/v1/trucks/2", {"plate": "x"}, 404)
    assert stored(connection, Truck, "plate", "load") == [("T3", 4)]


@pytest.mark.parametrize("door", ["trucks", "vehicles"])
def test_a_record_of_joined_tables_is_deleted_from_each(caller: Caller, connection: sa.Connection, door: str) -> None:
    store(connection, Truck(id=1, plate="T1", load=3), Vehicle(id=2, plate="V1"))
    caller("hr").delete(f"/api/v1/{door}/1", status=204)
    assert stored(connection, Vehicle, "plate") == [("V1",)]
    assert connection.execute(sa.select(Truck.__table__)).all() == []


def test_a_key_of_joined_tables_may_not_change_by_halves(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Tool(code="h", name="hammer", use="nails"))
    response = caller("hr").put_json(
        "/api/v1/tools/h", {"code": "x", "name": "hammer", "use": "nails"}, expect_errors=True
    )
    assert response.status_int in (200, 409)
    expected = ("x" if response.status_int == 200 else "h", "hammer")
    assert stored(connection, Asset, "code", "name") == [expected]


def test_a_part_of_joined_tables_stands_in_the_way_of_the_other(caller: Caller, connection: sa.Connection) -> None:
    """Nothing tells the class of the asset that its row is half of a tool."""
    store(connection, Tool(code="h", name="hammer", use="nails"))
    caller("hr").delete("/api/v1/assets/h", status=409)
    assert stored(connection, Asset, "code") == [("h",)]


def test_fields_go_by_the_names_of_attributes_not_of_columns(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Plain(id=1, name="x", cost=Decimal("1.50")), Plain(id=2, name="y"))
    client = caller("hr")
    assert merged(client, "/api/v1/plains/1", {"name": "z", "cost": "2.50"}).json["cost"] == "2.50"
    assert faults(merged(client, "/api/v1/plains/1", {"the name": "z"}, 422)) == {("/the name", "unknown_field")}
    assert faults(merged(client, "/api/v1/plains/1", {"name": "y"}, 409)) == {("/name", "taken")}
    assert faults(merged(client, "/api/v1/plains/1", {"word": "why?"}, 422)) == {("/word", "value")}
    assert faults(merged(client, "/api/v1/plains/1", {"id": 7}, 422)) == {("/id", "generated")}
    assert stored(connection, Plain, "name", "cost") == [("y", None), ("z", Decimal("2.50"))]


def test_a_version_counts_changes_and_is_nobodys_to_write(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Coin(name="penny"))
    client = caller("hr")
    (key,) = stored(connection, Coin, "id")
    path = f"/api/v1/coins/{key[0]}"
    assert merged(client, path, {"worth": 2}).json["version"] == 2
    assert merged(client, path, {"worth": 2}).json["version"] == 2
    assert merged(client, path, {"worth": 3, "version": 2}).json["version"] == 3
    assert faults(merged(client, path, {"worth": 4, "version": 2}, 422)) == {("/version", "generated")}
    client.delete(path, status=204)


def test_validators_of_the_class_have_their_say(caller: Caller, connection: sa.Connection) -> None:
    with connection.begin_nested():
        connection.execute(sa.insert(Person.__table__), [{"person number": 1, "name": "Ann", "age": 5}])
    client = caller("hr")
    wrong = merged(client, "/api/v1/persons/1", {"name": "bob", "age": 6}, 422)
    assert wrong.json["errors"] == [{"detail": "begins with a capital letter", "pointer": "/name", "code": "value"}]
    assert merged(client, "/api/v1/persons/1", {"name": "Bob  "}).json["name"] == "Bob"
    assert merged(client, "/api/v1/persons/1", {"number": 2}).headers["Content-Location"].endswith("/persons/2")
    assert "150" not in merged(client, "/api/v1/persons/2", {"age": 150}, 422).json["detail"]
    assert faults(merged(client, "/api/v1/persons/2", {"word": "why?"}, 422)) == {("/word", "value")}
    assert stored(connection, Person, "number", "name", "age") == [(2, "Bob", 5)]


#: The examples of RFC 7396, appendix A, as values of a JSON column: what is stored, the patch, and the result. Those
#: whose target or patch is null are left out: null there is a column without a value.
RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize("target, patch, result", RFC_7396)
def test_a_merge_patch_reaches_into_a_json_column(
    caller: Caller, connection: sa.Connection, target: Any, patch: Any, result: Any
) -> None:
    store(connection, Item(id=1, name="x", price=Decimal(20), data=target))
    response = merged(caller("hr"), "/api/v1/items/1", {"data": patch})
    assert response.json["data"] == result
    assert stored(connection, Item, "data") == [(result,)]


def test_a_json_patch_reaches_into_a_json_column(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Item(id=1, name="x", price=Decimal(20), data={"a": [1, {"b/c": 2}], "n": 10**30}))
    client, path = caller("hr"), "/api/v1/items/1"
    response = patched(
        client,
        path,
        operation("test", "/data/a/1/b~1c", value=2.0),
        operation("add", "/data/a/-", value=1.5),
        operation("add", "/data/a/0", value=None),
        operation("remove", "/data/a/2"),
        operation("copy", "/data/c", source="/data/a"),
        operation("move", "/data/d", source="/data/n"),
        operation("copy", "/size", source="/data/c/1"),
    )
    assert response.json["data"] == {"a": [None, 1, 1.5], "c": [None, 1, 1.5], "d": 10**30}
    assert response.json["size"] == 1
    for wrong in (
        operation("test", "/data/a/0", value=False),
        operation("remove", "/data/a/9"),
        operation("replace", "/data/x", value=1),
        operation("add", "/data/a/x", value=1),
        operation("add", "/data/x/y", value=1),
    ):
        assert faults(patched(client, path, operation("replace", "/name", value="y"), wrong, status=409))
    assert stored(connection, Item, "name", "size") == [("x", 1)]


def test_a_json_column_without_a_value_is_null_to_patches(caller: Caller, connection: sa.Connection) -> None:
    store(connection, Item(id=1, name="x", price=Decimal(20)))
    client, path = caller("hr"), "/api/v1/items/1"
    patched(client, path, operation("add", "/data/a", value=1), status=409)
    assert patched(client, path, operation("add", "/data", value={})).json["data"] == {}
    assert merged(client, path, {"data": {"a": {"b": None}}}).json["data"] == {"a": {}}
    assert merged(client, path, {"data": None}).json["data"] is None
    assert connection.scalar(sa.select(sa.func.count()).select_from(Item).where(Item.data.is_(sa.null()))) == 1
