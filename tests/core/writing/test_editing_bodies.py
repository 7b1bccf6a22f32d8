"""The rules of the design for whole bodies and patches; a test is named after each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.core.writing.desk.application import stored
from tests.core.writing.desk.models import Task
from tests.core.writing.editing import (
    TASKS,
    A,
    Caller,
    faults,
    merged,
    of_task,
    operation,
    patched,
    task,
)


@pytest.mark.parametrize("given", ["12.5", "12.50", 12.5, " 12.500 "])
def test_equal_is_what_means_the_same(at_desk: Caller, on_desk: sa.Connection, given: Any) -> None:
    """However a number is written, and whatever order the names of an object have."""
    task(on_desk, price=Decimal("12.50"), data={"a": [1], "b": {"c": 2, "d": None}})
    client = at_desk("hr")
    tag = client.get(A).headers["ETag"]
    document = client.get(A).json
    client.put_json(A, {**document, "price": given, "data": {"b": {"d": None, "c": 2}, "a": [1.0]}}, status=200)
    assert client.get(A).headers["ETag"] == tag
    changed = client.put_json(A, {**document, "data": {"b": {"d": None, "c": 2}, "a": [True]}}, status=200)
    assert changed.json["data"]["a"] == [True]


def test_put_keeps_what_its_author_may_not_view_or_write(at_desk: Caller, on_desk: sa.Connection) -> None:
    kept = {"secret": "s", "grade": "A", "origin": "here", "bonus": 5, "points": 60, "made_by": "me"}
    task(on_desk, note="n", team_name="blue", price=Decimal(5), **kept)
    at_desk("staff").put_json(A, {"title": "B", "points": 60}, status=200)
    assert of_task(on_desk, *kept) == tuple(kept.values())
    assert of_task(on_desk, "title", "note", "team_name", "owner_id") == ("B", None, None, None)
    assert str(of_task(on_desk, "price")[0]) == "10.00"  # the default that a creation would take


def test_put_keeps_what_may_not_be_seen_on_this_row(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, note="n", state="sealed")
    assert "note" not in at_desk("staff").put_json(A, {"title": "B", "state": "sealed"}, status=200).json
    assert of_task(on_desk, "note") == ("n",)
    # Who takes the seal off sees the note, and it is there still.
    assert at_desk("staff").put_json(A, {"title": "B"}, status=200).json["note"] == "n"


def test_put_makes_of_what_is_left_out_what_a_creation_would(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, secret="s", grade="A", state="done", points=5, data={"a": 1}, made_by="me", origin="here")
    at_desk("hr").put_json(A, {"title": "A"}, status=200)
    assert of_task(on_desk, "secret", "grade", "state", "points", "data") == (None, "C", "open", None, None)
    assert of_task(on_desk, "made_by", "origin") == ("me", "here")


def test_put_needs_what_a_creation_needs(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    assert faults(at_desk("hr").put_json(A, {}, status=422)) == {("/title", "missing")}
    everything = at_desk("hr").put_json(A, {"points": -1, "state": None, "odd": 1}, status=422)
    assert {pointer for pointer, _ in faults(everything)} == {"/title", "/points", "/state", "/odd"}


def test_put_of_what_get_gave_changes_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, secret="s", grade="A", state="sealed", note="n", points=60, bonus=5, data={"b": [1.5, "é"], "a": {}})
    before = on_desk.execute(sa.select(Task.__table__)).all()
    for role in ("hr", "admin", "staff", "owner", "giver"):
        got = at_desk(role).get(A)
        put = at_desk(role).put_json(A, got.json, status=200)
        assert (put.json, put.headers["ETag"]) == (got.json, got.headers["ETag"])
        assert on_desk.execute(sa.select(Task.__table__)).all() == before


def test_put_never_creates(at_desk: Caller, on_desk: sa.Connection) -> None:
    for role in ("hr", "owner", "blind"):
        at_desk(role).put_json(A, {"code": "a", "title": "A", "owner_id": 7}, status=404)
        response = at_desk(role).put_json(TASKS, [{"code": "a", "title": "A"}], expect_errors=True)
        assert response.status_int in (403, 404)
    assert stored(on_desk, Task, "code") == []


@pytest.mark.parametrize("op", ["test", "copy", "move", "remove", "replace"])
@pytest.mark.parametrize("hidden", ["secret", "note"])
def test_a_hidden_path_does_not_exist_for_test_copy_and_move(
    at_desk: Caller, on_desk: sa.Connection, op: str, hidden: str
) -> None:
    task(on_desk, secret="mark", note="mark", state="sealed")
    client = at_desk("staff")

    def told(name: str) -> Any:
        more = {"source": f"/{name}"} if op in ("copy", "move") else {"value": "mark"}
        path = "/title" if op in ("copy", "move") else f"/{name}"
        response = patched(client, A, operation(op, path, **more), status=409)
        assert "mark" not in response.text
        return response.text.replace(name, "…")

    unseen, absent = told(hidden), told("elsewhere")
    assert unseen.partition('"instance"')[0] == absent.partition('"instance"')[0]
    assert of_task(on_desk, "secret", "note", "title") == ("mark", "mark", "A")


def test_a_patch_of_the_whole_document_keeps_what_is_hidden(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, secret="mark", note="n")
    client = at_desk("staff")
    document = client.get(A).json
    patched(client, A, operation("test", "", value=document))
    patched(client, A, operation("test", "", value={**document, "secret": "mark"}), status=409)
    patched(client, A, operation("replace", "", value={**document, "title": "B"}))
    assert of_task(on_desk, "secret", "note", "title") == ("mark", "n", "B")
    copied = patched(client, A, operation("copy", "/data", source="")).json["data"]
    assert copied == {**document, "title": "B"}


def test_null_is_a_value_where_it_may_be_and_none_where_it_may_not(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, points=5, data={"a": 1}, note="n")
    client = at_desk("hr")
    wrong = merged(client, A, {"title": None, "price": None, "grade": None, "code": None}, 422)
    assert {pointer for pointer, _ in faults(wrong)} == {"/title", "/price", "/grade", "/code"}
    assert {"points": None, "data": None}.items() <= merged(client, A, {"points": None, "data": None}).json.items()
    removed = patched(client, A, operation("remove", "/note")).json
    assert removed["note"] is None
    assert faults(patched(client, A, operation("remove", "/title"), status=422)) == {("/title", "value_error")}


def test_everything_that_is_wrong_is_told_at_once(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    wrong = merged(
        at_desk("staff"),
        A,
        {"title": "", "points": -1, "grade": "A", "secret": 1, "twice": 1, "team_name": "dark", "tags": [5]},
        422,
    )
    places = {"/title", "/points", "/grade", "/secret", "/twice", "/team_name", "/tags/0"}
    assert {pointer for pointer, _ in faults(wrong)} == places


@pytest.mark.parametrize("query", ["fields=nothing", "fields=secret", "expand=nothing", "limit=1", "title=A", "%FF"])
@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_nothing_has_happened_where_the_query_does_not_fit(
    at_desk: Caller, on_desk: sa.Connection, query: str, prefer: str
) -> None:
    """Whether an answer is wanted or not: what a caller meant as a condition is never passed over."""
    task(on_desk)
    client, headers = at_desk("staff"), {"Prefer": prefer} if prefer else {}
    client.patch_json(f"{A}?{query}", {"points": 1}, headers=headers, status=400)
    client.put_json(f"{A}?{query}", {"title": "B"}, headers=headers, status=400)
    client.delete(f"{A}?{query}", headers=headers, status=400)
    assert of_task(on_desk, "title", "points") == ("A", None)


def test_the_answer_shows_what_is_asked_for(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, team_name="blue")
    response = at_desk("staff").patch_json(f"{A}?fields=points,twice,team.name&expand=team", {"points": 2}, status=200)
    assert response.json == {"points": 2, "twice": 4, "team": {"name": "blue"}}


def test_equal_writes_change_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    """Not even a result that the author could not have written is looked at."""
    task(on_desk, price=Decimal("12.50"), data={"a": 1})
    client: TestApp = at_desk("staff")
    tag = client.get(A).headers["ETag"]
    for response in (
        merged(client, A, {}),
        merged(client, A, {"title": "A", "price": 12.5, "data": {"a": 1}}),
        patched(client, A),
        patched(client, A, operation("replace", "/title", value="B"), operation("replace", "/title", value="A")),
    ):
        assert response.headers["ETag"] == tag


@pytest.mark.parametrize("body", [[], "x", 1, None, True])
def test_a_record_is_an_object(at_desk: Caller, on_desk: sa.Connection, body: Any) -> None:
    task(on_desk)
    assert faults(at_desk("hr").put_json(A, body, status=422)) == {("", "object")}
    assert faults(merged(at_desk("hr"), A, body, 422)) == {("", "object")}
    wrong = patched(at_desk("hr"), A, operation("replace", "", value=body), status=422)
    assert faults(wrong) == {("", "object")}


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_a_patch_of_another_kind_is_unsupported(at_desk: Caller, on_desk: sa.Connection, kind: str) -> None:
    task(on_desk)
    refused = at_desk("hr").patch(A, b"{}", content_type=kind, status=415)
    assert "application/merge-patch+json" in refused.headers["Accept-Patch"]
