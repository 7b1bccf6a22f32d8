"""The rules of the design for who may change what; a test is named after each."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Step, Task
from tests.core.writing.editing import (
    TASKS,
    A,
    Caller,
    every_way,
    faults,
    merged,
    of_task,
    plain,
    task,
)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_view_refused_and_row_absent_are_the_same_404(at_desk: Caller, on_desk: sa.Connection, method: str) -> None:
    task(on_desk, owner_id=9)
    for role in ("staff", "owner", "giver", "blind", "stranger"):
        client = at_desk(role)
        body = () if method == "delete" else ({"points": 1},)
        call = getattr(client, method if method == "delete" else f"{method}_json")
        unseen, absent = call(A, *body, status=404), call(f"{TASKS}/b", *body, status=404)
        assert plain(unseen) == plain(absent)
    assert of_task(on_desk, "points") == (None,)


@every_way
def test_view_allowed_and_action_refused_is_403(at_desk: Caller, on_desk: sa.Connection, way: Any) -> None:
    task(on_desk, state="done")
    for role in ("staff", "reader"):
        assert way(at_desk(role), A, {"points": 1}).status_int == 403
    assert of_task(on_desk, "points") == (None,)


def test_delete_of_what_may_be_seen_and_not_deleted_is_403(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, owner_id=8)
    for role in ("staff", "reader"):
        at_desk(role).delete(A, status=403)
    assert of_task(on_desk, "code") == ("a",)


def test_an_anonymous_caller_gets_401(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    client = at_desk(None)
    answers = [
        client.put_json(A, {"title": "B"}, status=401),
        client.patch_json(A, {}, status=401),
        client.delete(A, status=401),
        client.delete(f"{TASKS}/b", status=401),
        client.patch_json(TASKS, [], status=401),
        client.delete(f"{TASKS}?code=a", headers={"Prefer": "max-affected=1"}, status=401),
    ]
    assert all(each.headers["WWW-Authenticate"].startswith("Bearer") for each in answers)


@every_way
@pytest.mark.parametrize("name", ["secret", "odd", "team", "__class__", ""])
def test_a_field_that_is_unknown_or_may_not_be_seen_is_a_422(
    at_desk: Caller, on_desk: sa.Connection, way: Any, name: str
) -> None:
    task(on_desk, secret="mark")
    for value in ("x", "mark", None):
        response = way(at_desk("staff"), A, {name: value})
        assert response.status_int == 422
        assert {code for _, code in faults(response)} == {"unknown_field"}
        assert "mark" not in response.text.replace(f"has no field '{name}'", "")
        assert "secret" not in response.json["errors"][0]["allowed"]
    assert of_task(on_desk, "secret") == ("mark",)


@every_way
def test_a_field_that_may_not_be_seen_on_this_row_is_as_unknown_there(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    task(on_desk, state="sealed", note="mark")
    response = way(at_desk("staff"), A, {"note": "mark"})
    assert (response.status_int, {code for _, code in faults(response)}) == (422, {"unknown_field"})
    assert "note" not in response.json["errors"][0]["allowed"]
    assert of_task(on_desk, "note") == ("mark",)


@every_way
def test_a_field_that_may_be_seen_but_not_written_is_accepted_where_it_equals_the_stored_value(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    task(on_desk, grade="B", points=60, bonus=5)
    response = way(at_desk("staff"), A, {"grade": "B", "bonus": 5, "origin": None, "points": 61})
    assert response.status_int == 200, response.text
    assert of_task(on_desk, "grade", "bonus", "points") == ("B", 5, 61)
    for members in ({"grade": "A"}, {"bonus": 6}, {"bonus": None}, {"bonus": 5, "grade": "b"}):
        refused = way(at_desk("staff"), A, {**members, "points": 62})
        assert refused.status_int == 403
        assert {code for _, code in faults(refused)} == {"read_only"}
    assert of_task(on_desk, "grade", "bonus", "points") == ("B", 5, 61)


@every_way
@pytest.mark.parametrize("name, value", [("twice", 3), ("twice", None), ("twice", "x")])
def test_what_the_database_makes_is_never_writable(
    at_desk: Caller, on_desk: sa.Connection, way: Any, name: str, value: Any
) -> None:
    task(on_desk, points=1)
    response = way(at_desk("hr"), A, {name: value})
    assert (response.status_int, {code for _, code in faults(response)}) == (422, {"generated"})
    assert way(at_desk("hr"), A, {name: 2, "points": 3}).status_int == 200
    assert of_task(on_desk, "points", "twice") == (3, 6)


def test_keys_that_the_database_makes_are_never_writable(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Step(id=5))
    client = at_desk("hr")
    for value in (6, None, "5"):
        assert faults(client.put_json("/api/v1/steps/5", {"id": value}, status=422)) == {("/id", "generated")}
        assert faults(merged(client, "/api/v1/steps/5", {"id": value}, 422)) == {("/id", "generated")}
    assert client.put_json("/api/v1/steps/5", {"id": 5}, status=200).json == {"id": 5, "task_code": None}
    assert stored(on_desk, Step, "id") == [(5,)]


@every_way
def test_the_result_of_an_edit_must_satisfy_the_permission(at_desk: Caller, on_desk: sa.Connection, way: Any) -> None:
    task(on_desk)
    for role, members in (("owner", {"owner_id": 8}), ("owner", {"owner_id": None}), ("staff", {"state": "done"})):
        assert way(at_desk(role), A, members).status_int == 403
    assert of_task(on_desk, "owner_id", "state") == (7, "open")


@every_way
def test_a_result_that_its_author_may_not_view_is_answered_without_a_body(
    at_desk: Caller, on_desk: sa.Connection, way: Any, request: pytest.FixtureRequest
) -> None:
    task(on_desk)
    response = way(at_desk("giver"), A, {"owner_id": 8})
    if "array" in request.node.name:
        assert response.json == {"data": [None]}
    else:
        assert (response.status_int, response.body) == (204, b"")
        assert "ETag" not in response.headers
    assert of_task(on_desk, "owner_id") == (8,)
    at_desk("giver").get(A, status=404)


@every_way
@pytest.mark.parametrize("before, after", [(60, 40), (40, 60), (60, 70)])
def test_a_field_that_depends_on_the_row_must_be_writable_before_and_after(
    at_desk: Caller, on_desk: sa.Connection, way: Any, before: int, after: int
) -> None:
    task(on_desk, points=before, bonus=1)
    response = way(at_desk("staff"), A, {"points": after, "bonus": 2})
    assert response.status_int == 403
    assert of_task(on_desk, "points", "bonus") == (before, 1)
    assert way(at_desk("staff"), A, {"points": after, "bonus": 1}).status_int == 200


@every_way
def test_a_deny_binds_administrators(at_desk: Caller, on_desk: sa.Connection, way: Any) -> None:
    task(on_desk, state="frozen", origin="here")
    for role in ("admin", "hr"):
        client = at_desk(role)
        refused = way(client, A, {"origin": "x"})
        assert (refused.status_int, {code for _, code in faults(refused)}) == (403, {"read_only"})
        client.delete(A, status=403)
    assert of_task(on_desk, "origin") == ("here",)


def test_roots_entries_hold_where_the_records_list_says_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, secret="s", owner_id=9)
    client = at_desk("admin")
    assert merged(client, A, {"secret": "t", "grade": "A"}).json["secret"] == "t"
    client.delete(A, status=204)
    assert stored(on_desk, Task, "code") == []


@pytest.mark.parametrize(
    "pairs, edit, delete",
    [
        ({("tasks", "view"), ("tasks", "edit")}, 200, 403),
        ({("tasks", "view"), ("tasks", "delete")}, 403, 204),
        ({("tasks", "edit"), ("tasks", "delete")}, 404, 404),  # every action but create requires view
        ({("tasks", "view"), ("teams", "edit")}, 403, 403),
        (set(), 404, 404),
    ],
)
def test_a_narrowed_token_has_fewer_permissions_than_its_owner(
    at_desk: Caller, on_desk: sa.Connection, pairs: set[tuple[str, str]], edit: int, delete: int
) -> None:
    task(on_desk)
    client = at_desk("hr", narrowed=frozenset(pairs))
    merged(client, A, {"points": 1}, edit)
    client.put_json(A, {"title": "A", "points": 2}, status=edit)
    client.delete(A, status=delete)
    assert stored(on_desk, Task, "points") == ([] if delete == 204 else [(2 if edit == 200 else None,)])


def test_a_narrowed_token_never_has_more(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, secret="mark", owner_id=8)
    client = at_desk("staff", narrowed=frozenset({("tasks", "view"), ("tasks", "edit"), ("tasks", "delete")}))
    client.delete(A, status=403)
    merged(client, A, {"secret": "x"}, 422)
    merged(client, A, {"grade": "A"}, 403)
    # And without permission to see teams, no reference to one and no relation.
    assert faults(merged(client, A, {"team_name": "blue"}, 422)) == {("/team_name", "unknown_reference")}
    assert faults(merged(client, A, {"tags": [1]}, 422)) == {("/tags", "unknown_field")}
