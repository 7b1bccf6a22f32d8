"""Changes of an array of records: all or nothing, each that stands in the way told by its index."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Folder, Step, Task
from tests.core.writing.editing import ALL, TASKS, Caller, pointers, tasks


def test_an_array_is_created_in_order_and_answered_as_its_author_sees_it(at_desk: Caller) -> None:
    bodies = [{"code": code, "title": code, "owner_id": owner} for code, owner in (("b", 7), ("a", 8))]
    response = at_desk("owner").post_json(TASKS, bodies, status=201)
    first, second = response.json["data"]
    assert (first["code"], second) == ("b", None)  # the second one belongs to somebody else now
    assert "Location" not in response.headers


def test_an_array_is_written_whole_or_not_at_all(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk)
    client = at_desk("staff")
    items = [
        {"code": "a", "points": 1},
        {"code": "b", "grade": "A"},
        {"code": "x", "points": 1},
        {"code": "c", "points": -1, "secret": "x"},
        {"code": "c", "title": "A"},
        {"points": 1},
        {"code": 5},
        "c",
    ]
    for method in (client.patch_json, client.put_json):
        refused = method(
            TASKS, [{"title": "T", **each} if isinstance(each, dict) else each for each in items], status=422
        )
        places = {pointer.split("/")[1] for pointer, _ in pointers(refused)}
        assert places >= {"1", "2", "3", "5", "6", "7"}
    refused = client.patch_json(TASKS, items, status=422)
    assert ("/1/grade", "read_only") in pointers(refused)
    assert ("/3/secret", "unknown_field") in pointers(refused)
    assert ("/4/title", "taken") in pointers(refused)
    assert ("/5/code", "key") in pointers(refused)
    assert "0" not in {pointer.split("/")[1] for pointer, _ in pointers(refused)}
    assert stored(on_desk, Task, "title", "points") == [("A", None), ("B", None), ("C", None)]


def test_each_refused_creation_is_told_by_its_index(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a")
    bodies = [{"code": "b", "title": "B"}, {"code": "a", "title": "X"}, {"title": "Y"}, {"code": "c", "title": "B"}, 5]
    refused = at_desk("hr").post_json(TASKS, bodies, status=422)
    assert pointers(refused) == [("/1/code", "taken"), ("/2/code", "missing"), ("/3/title", "taken"), ("/4", "object")]
    assert "4 of the records" in refused.json["detail"]
    assert stored(on_desk, Task, "code") == [("a",)]


@pytest.mark.parametrize(
    "items, status",
    [
        ([{"code": "a", "points": 1}, {"code": "d", "points": 1}], 403),
        ([{"code": "a", "points": 1}, {"code": "x", "points": 1}], 404),
        ([{"code": "d", "points": 1}, {"code": "x", "points": 1}], 403),
        ([{"code": "x", "points": 1}, {"code": "a", "title": "B"}], 409),
        ([{"code": "a", "title": "B"}, {"code": "a", "points": -1}], 422),
    ],
)
def test_the_status_is_that_of_what_can_be_mended_first(
    at_desk: Caller, on_desk: sa.Connection, items: Any, status: int
) -> None:
    tasks(on_desk)
    tasks(on_desk, "d", state="done")
    at_desk("staff").patch_json(TASKS, items, status=status)
    assert set(stored(on_desk, Task, "points")) == {(None,)}


def test_the_same_record_may_stand_twice_and_sees_what_was_done_to_it(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a")
    client = at_desk("hr")
    items = [{"code": "a", "points": 1}, {"code": "a", "bonus": 1}, {"code": "a", "points": 2}]
    response = client.patch_json(TASKS, items, status=200)
    assert [each["points"] for each in response.json["data"]] == [2, 2, 2]
    assert stored(on_desk, Task, "points", "bonus") == [(2, 1)]
    refused = client.delete_json(TASKS, [{"code": "a"}, {"code": "a"}], status=404)
    assert [pointer for pointer, _ in pointers(refused)] == ["/1"]
    assert stored(on_desk, Task, "code") == [("a",)]


def test_what_an_earlier_record_gives_up_a_later_one_may_take(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "ab")
    items = [{"code": "a", "title": "C"}, {"code": "b", "title": "A"}, {"code": "a", "title": "B"}]
    at_desk("hr").patch_json(TASKS, items, status=200)
    assert stored(on_desk, Task, "code", "title") == [("a", "B"), ("b", "A")]


def test_an_array_of_none_writes_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a")
    client = at_desk("hr")
    assert client.post_json(TASKS, [], status=201).json == {"data": []}
    assert client.patch_json(TASKS, [], status=200).json == {"data": []}
    assert client.put_json(TASKS, [], status=200).json == {"data": []}
    assert client.delete_json(TASKS, [], status=200).json == {"affected": 0}
    assert stored(on_desk, Task, "code") == [("a",)]


def test_an_array_has_a_limit_and_keeps_to_that_of_its_caller(at_desk: Caller, on_desk: sa.Connection) -> None:
    """The desk's is 20."""
    tasks(on_desk)
    client = at_desk("hr")
    many = [{"code": f"t{number}", "title": f"T{number}"} for number in range(21)]
    for call in (client.post_json, client.patch_json, client.put_json, client.delete_json):
        refused = call(TASKS, many, status=413)
        assert "20" in refused.json["detail"]
        call(TASKS, [{"code": "a", "title": "X"}, {"code": "b"}], headers={"Prefer": "max-affected=1"}, status=409)
    client.post_json(TASKS, many[:20], status=201)
    assert len(stored(on_desk, Task, "code")) == 23


@pytest.mark.parametrize("query", ["state=open", "where={}", "sort=code", "limit=5"])
def test_an_array_takes_no_filter(at_desk: Caller, on_desk: sa.Connection, query: str) -> None:
    tasks(on_desk, "a")
    client = at_desk("hr")
    for call in (client.patch_json, client.put_json, client.delete_json):
        response = call(f"{TASKS}?{query}", [{"code": "a", "title": "X"}], expect_errors=True)
        assert response.status_int == (400 if query != "where={}" else response.status_int)
    assert query == "where={}" or stored(on_desk, Task, "title") == [("A",)]


def test_keys_of_an_array_may_be_written_as_text_is(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Folder(id=1), Folder(id=2), Step(id=7))
    client = at_desk("hr")
    client.patch_json("/api/v1/folders", [{"id": 1, "secret": "a"}, {"id": 2, "secret": "b"}], status=200)
    client.patch_json("/api/v1/steps", [{"id": 7, "task_code": None}], status=200)
    for wrong in ("1", None, True, 1.5, [1], 10**30):
        refused = client.patch_json("/api/v1/folders", [{"id": wrong, "secret": "x"}], status=422)
        assert pointers(refused) == [("/0/id", "key")]
    assert stored(on_desk, Folder, "secret") == [("a",), ("b",)]


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "If-Unmodified-Since"])
def test_a_condition_of_one_record_is_refused_of_many(at_desk: Caller, on_desk: sa.Connection, header: str) -> None:
    tasks(on_desk, "a")
    client, headers = at_desk("hr"), {header: '"x"', **ALL}
    client.post_json(TASKS, {"code": "b", "title": "B"}, headers=headers, status=400)
    client.patch_json(TASKS, [{"code": "a", "points": 1}], headers=headers, status=400)
    client.patch_json(f"{TASKS}?code=a", {"points": 1}, headers=headers, status=400)
    client.delete(f"{TASKS}?code=a", headers=headers, status=400)
    assert stored(on_desk, Task, "code", "points") == [("a", None)]
