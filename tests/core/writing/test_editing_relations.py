"""Many-to-many relations, written as lists of keys."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Step, Stop, Tag, Task, Tour, task_tag, tour_stop
from tests.core.writing.editing import TASKS, A, Caller, every_way, faults, merged, operation, patched, plain, task


def tags(connection: sa.Connection) -> list[int]:
    """The tags of the task, as they are stored."""
    return sorted(connection.scalars(sa.select(task_tag.c.tag).where(task_tag.c.task == "a")))


def tag(connection: sa.Connection, *numbers: int) -> None:
    """Give the task tags."""
    connection.execute(sa.insert(task_tag), [{"task": "a", "tag": number} for number in numbers])


def test_a_record_is_created_with_its_relations(at_desk: Caller, on_desk: sa.Connection) -> None:
    body = {"code": "a", "title": "A", "tags": [10, 2]}
    response = at_desk("hr").post_json(f"{TASKS}?expand=tags", body, status=201)
    assert [each["number"] for each in response.json["tags"]["data"]] == [2, 10]
    assert tags(on_desk) == [2, 10]
    assert "tags" not in at_desk("hr").get(A).json  # an answer shows them where they are asked for


@every_way
def test_the_list_is_all_that_its_author_sees_of_the_relation(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    """Related records that they may not see stay related."""
    task(on_desk)
    tag(on_desk, 1, 2, 5, 50)
    for numbers in ([2, 10], [10, 2], [], [1]):
        assert way(at_desk("staff"), A, {"tags": numbers}).status_int == 200
        assert tags(on_desk) == sorted([*numbers, 5, 50])
    assert way(at_desk("hr"), A, {"tags": [5]}).status_int == 200
    assert tags(on_desk) == [5]


@every_way
def test_unseen_and_absent_keys_are_told_alike(at_desk: Caller, on_desk: sa.Connection, way: Any) -> None:
    """Also where the unseen one is related already."""
    task(on_desk)
    tag(on_desk, 5)
    told = []
    for number in (5, 50, 51):
        response = way(at_desk("staff"), A, {"tags": [1, number]})
        assert {(pointer.rpartition("/tags")[2], code) for pointer, code in faults(response)} == {
            ("/1", "unknown_reference")
        }
        told.append(plain(response))
    assert told[0] == told[1] == told[2]
    assert tags(on_desk) == [5]


@pytest.mark.parametrize(
    "wrong, pointers",
    [
        ([1, 2, 1], {"/tags/2"}),
        (["1"], {"/tags/0"}),
        ([None], {"/tags/0"}),
        ([True], {"/tags/0"}),
        ([[1]], {"/tags/0"}),
        ([{"number": 1}], {"/tags/0"}),
        ([10**30], {"/tags/0"}),
        ([99, 1, 98], {"/tags/0", "/tags/2"}),
        (1, {"/tags"}),
        (None, {"/tags"}),
        ({"1": 1}, {"/tags"}),
        ("12", {"/tags"}),
    ],
)
def test_what_is_no_list_of_keys_is_a_422(
    at_desk: Caller, on_desk: sa.Connection, wrong: Any, pointers: set[str]
) -> None:
    task(on_desk)
    tag(on_desk, 1)
    client = at_desk("hr")
    assert {pointer for pointer, _ in faults(merged(client, A, {"tags": wrong}, 422))} == pointers
    created = client.post_json(TASKS, {"code": "b", "title": "B", "tags": wrong}, status=422)
    assert {pointer for pointer, _ in faults(created)} == pointers
    assert tags(on_desk) == [1]


def test_who_may_not_see_the_related_resource_has_no_such_relation(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    tag(on_desk, 1)
    for value in ([], [1], None, "x"):
        assert faults(merged(at_desk("giver"), A, {"tags": value}, 422)) == {("/tags", "unknown_field")}
    at_desk("giver").put_json(A, {"title": "B", "owner_id": 7}, status=200)
    assert tags(on_desk) == [1]


@every_way
def test_a_relation_that_may_not_be_written_is_accepted_as_it_is(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    task(on_desk, points=60)
    tag(on_desk, 1, 2, 5)
    for numbers in ([1], [1, 2, 10], []):
        refused = way(at_desk("staff"), A, {"points": 60, "tags": numbers})
        assert (refused.status_int, {code for _, code in faults(refused)}) == (403, {"read_only"})
    assert way(at_desk("staff"), A, {"points": 61, "tags": [2, 1]}).status_int == 200
    assert tags(on_desk) == [1, 2, 5]


@every_way
@pytest.mark.parametrize("before, after", [(60, 40), (40, 60)])
def test_a_relation_must_be_writable_before_and_after(
    at_desk: Caller, on_desk: sa.Connection, way: Any, before: int, after: int
) -> None:
    task(on_desk, points=before)
    assert way(at_desk("staff"), A, {"points": after, "tags": [1]}).status_int == 403
    assert tags(on_desk) == []


def test_put_keeps_relations_that_it_does_not_name(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    tag(on_desk, 1, 5)
    at_desk("hr").put_json(A, {"title": "B"}, status=200)
    assert tags(on_desk) == [1, 5]


def test_a_json_patch_sees_the_relation_as_a_list_of_keys_in_their_order(
    at_desk: Caller, on_desk: sa.Connection
) -> None:
    task(on_desk)
    tag(on_desk, 10, 2, 5)
    client = at_desk("staff")
    patched(client, A, operation("test", "/tags", value=[2, 10]))
    patched(client, A, operation("test", "/tags", value=[2, 5, 10]), status=409)
    patched(client, A, operation("add", "/tags/-", value=1))
    assert tags(on_desk) == [1, 2, 5, 10]
    patched(client, A, operation("test", "/tags/2", value=10), operation("remove", "/tags/2"))
    assert tags(on_desk) == [1, 2, 5]
    patched(client, A, operation("replace", "/tags/0", value=10), operation("add", "/tags/0", value=1))
    assert tags(on_desk) == [1, 2, 5, 10]
    assert faults(patched(client, A, operation("add", "/tags/-", value=5), status=422)) == {
        ("/tags/3", "unknown_reference")
    }
    assert faults(patched(client, A, operation("add", "/tags/-", value=1), status=422)) == {("/tags/3", "duplicate")}
    patched(client, A, operation("remove", "/tags/9"), status=409)
    assert faults(patched(client, A, operation("remove", "/tags"), status=422)) == {("/tags", "list_type")}
    assert tags(on_desk) == [1, 2, 5, 10]
    patched(client, A, operation("replace", "/tags", value=[]))
    assert tags(on_desk) == [5]


def test_the_relation_is_written_from_its_other_side(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    store(on_desk, Task(code="b", title="B", owner_id=9), Task(code="c", title="C"))
    connection = on_desk
    connection.execute(sa.insert(task_tag), [{"task": "b", "tag": 2}])
    merged(at_desk("staff"), "/api/v1/tags/2", {"tasks": ["a", "c"]})
    rows = sa.select(task_tag.c.task).where(task_tag.c.tag == 2)
    assert sorted(connection.scalars(rows)) == ["a", "b", "c"]  # b, which staff do not see, stays
    assert faults(merged(at_desk("staff"), "/api/v1/tags/2", {"tasks": ["b"]}, 422)) == {
        ("/tasks/0", "unknown_reference")
    }
    at_desk("staff").post_json("/api/v1/tags", {"number": 3, "tasks": ["c"]}, status=201)
    assert connection.scalars(sa.select(task_tag.c.task).where(task_tag.c.tag == 3)).all() == ["c"]


def test_keys_of_several_parts_stand_in_arrays(at_desk: Caller, on_desk: sa.Connection) -> None:
    client = at_desk("hr")
    made = client.post_json("/api/v1/tours", {"name": "T", "stops": [["A", 2], ["B", 1]]}, status=201)
    path = f"/api/v1/tours/{made.json['id']}"

    def stops() -> list[Any]:
        return sorted(map(tuple, on_desk.execute(sa.select(tour_stop.c.line, tour_stop.c.place))))

    assert stops() == [("A", 2), ("B", 1)]
    patched(client, path, operation("test", "/stops/0", value=["A", 2]), operation("add", "/stops/-", value=["A", 1]))
    assert stops() == [("A", 1), ("A", 2), ("B", 1)]
    merged(client, path, {"stops": [["B", 2]]})
    assert stops() == [("B", 2)]
    assert faults(merged(client, path, {"stops": [["B", 2], ["B", 2], ["C", 1]]}, 422)) == {
        ("/stops/1", "duplicate"),
        ("/stops/2", "unknown_reference"),
    }
    for wrong in ([["B"]], ["B"], [["B", 1, 2]], [["B", "1"]], [[1, "B"]], [[None, 1]]):
        assert all(pointer.startswith("/stops/0") for pointer, _ in faults(merged(client, path, {"stops": wrong}, 422)))
    merged(client, "/api/v1/stops/A,1", {"tours": [made.json["id"]]})
    assert stops() == [("A", 1), ("B", 2)]
    assert len(stored(on_desk, Stop, "line")) == 6
    assert stored(on_desk, Tour, "name") == [("T",)]


def test_a_list_that_says_what_is_there_changes_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, state="open")
    tag(on_desk, 1, 2, 5)
    merged(at_desk("staff"), A, {"tags": [2, 1]})
    patched(at_desk("staff"), A, operation("add", "/tags/-", value=10), operation("remove", "/tags/2"))
    assert tags(on_desk) == [1, 2, 5]


def test_records_with_relations_are_deleted_with_their_pairs_only(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    tag(on_desk, 1, 5)
    at_desk("staff").delete(A, status=204)
    assert tags(on_desk) == []
    assert len(stored(on_desk, Tag, "number")) == 5
    assert stored(on_desk, Step, "id") == []
