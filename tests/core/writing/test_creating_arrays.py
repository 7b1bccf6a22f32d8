"""Arrays of new records: each is told what it would be told by itself, and all of them are in the database, or none."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.writing import AfterWrite, BeforeWrite
from colonnade.core.writing.bulk import rows
from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Tag, Task
from tests.core.writing.editing import TASKS, Caller, pointers
from tests.core.writing.listening import listening
from tests.core.writing.shop import Coin, Item, Node, Plain, Slot, Truck, things_in
from tests.harness.applications import Application

ITEMS = "/api/v1/items"


@pytest.fixture(params=[1, 2, 5000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many go at once, which nobody may notice."""
    monkeypatch.setattr(rows, "BATCH", request.param)
    return request.param


@pytest.mark.parametrize(
    "resource, body",
    [
        ("boxes", {"code": "x", "label": "A"}),
        ("boxes", {"label": "Z" * 30}),
        ("items", {"nam": "x", "price": "a lot", "size": 0, "kind": 1, "twice": 2, "box_code": "nowhere"}),
        ("items", {"name": "x", "price": -1, "box_code": "mine"}),
        ("items", {"name": "x", "price": 1, "reserve": 1, "box_code": "nowhere"}),
        ("items", {"name": "x", "price": 1, "status": "old"}),
        ("items", {"name": "x", "price": 5000}),
        ("items", {f"odd{number}": 1 for number in range(30)}),
        ("items", {"a/b~c": 1, "name": "x", "price": 1}),
        ("items", 7),
        ("vaults", {"name": "x"}),
        ("visits", {"day": "2026-01-01", "row": "q", "place": 1}),
        ("trucks", {"plate": "x", "load": 1, "tows_id": 1}),
        ("persons", {"number": 1, "name": "small"}),
        ("persons", {"number": 1, "name": "Ann", "word": "why?"}),
        ("persons", {"number": 1, "name": "Ann", "age": 200}),
        ("nodes", {"code": "x", "parent_code": "nothing"}),
    ],
)
def test_one_of_an_array_is_told_what_it_would_be_told_alone(
    caller: Callable[..., TestApp], resource: str, body: Any
) -> None:
    client = caller("staff")
    url = f"/api/v1/{resource}"
    alone, among = (client.post_json(url, each, expect_errors=True) for each in (body, [body]))
    assert alone.status_int >= 400
    assert (among.status_int, among.json["type"]) == (alone.status_int, alone.json["type"])
    if "errors" not in alone.json:
        assert [fault["pointer"] for fault in among.json["errors"]] == ["/0"]
        return
    placed = [{**fault, "pointer": "/0" + fault["pointer"]} for fault in alone.json["errors"]]
    assert [_without_words(fault) for fault in among.json["errors"]] == list(map(_without_words, placed))


def _without_words(fault: dict[str, Any]) -> dict[str, Any]:
    """What is taken or leads nowhere is told of an array with the value."""
    told = fault.get("code") in ("taken", "unknown_reference")
    return {name: value for name, value in fault.items() if name != "detail" or not told}


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize(
    "model, resource, bodies",
    [
        (
            Item,
            "items",
            [{"name": "a", "price": 11}, {"price": 12, "name": "b", "size": 3}, {"name": "c", "price": 13}],
        ),
        (Slot, "slots", [{"place": 2, "row": "b"}, {"row": "a", "place": 3}, {"row": "b", "place": 1}]),
        (Truck, "trucks", [{"plate": "t2", "load": 2}, {"plate": "t1", "load": 1}]),
        (Coin, "coins", [{"name": "b"}, {"name": "a", "worth": 3}]),
        (Plain, "plains", [{"name": "b", "cost": "1.55"}, {"cost": 2, "name": "a"}]),
        (Node, "nodes", [{"code": "b"}, {"code": "a", "rank": 2}]),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_records_of_every_kind_are_shown_in_the_order_of_the_array(
    caller: Callable[..., TestApp], connection: sa.Connection, model: Any, resource: str, bodies: list[dict[str, Any]]
) -> None:
    client = caller("hr")
    shown = client.post_json(f"/api/v1/{resource}", bodies, status=201).json["data"]
    for record, body in zip(shown, bodies, strict=True):
        assert {name: str(record[name]).removesuffix(".00") for name in body} == {
            name: str(value) for name, value in body.items()
        }
    assert connection.scalar(sa.select(sa.func.count()).select_from(model)) == len(bodies)


def test_a_record_is_shown_as_it_is_by_itself(caller: Callable[..., TestApp]) -> None:
    client = caller("hr")
    bodies = [
        {
            "name": f"n{number}",
            "price": f"{number}0.5",
            "box_code": code,
            "sold_at": "2026-01-01T00:00:00Z",
            "data": {"é": [1]},
        }
        for number, code in enumerate(["mine", None, "dark"], 1)
    ]
    query = "?expand=box&fields=id,name,price,sold_at,data,box.label"
    shown = client.post_json(f"{ITEMS}{query}", bodies, status=201).json["data"]
    assert [client.get(f"{ITEMS}/{each['id']}{query}").json for each in shown] == shown
    assert [each["box"] and each["box"]["label"] for each in shown] == ["A", None, "B"]
    visits = [{"day": f"2026-01-0{day}", "id": str(uuid.uuid4())} for day in (3, 1, 2)]
    assert [each["id"] for each in client.post_json("/api/v1/visits", visits).json["data"]] == [
        each["id"] for each in visits
    ]


def test_what_may_not_be_seen_stands_as_null_in_its_place(caller: Callable[..., TestApp]) -> None:
    bodies = [{"name": str(owner), "price": 10, "owner_id": owner} for owner in (8, 7, 9, 7)]
    bodies[3]["name"] = "mine too"
    shown = caller("intake").post_json(ITEMS, bodies, status=201).json["data"]
    assert [each and each["name"] for each in shown] == [None, "7", None, "mine too"]


@pytest.mark.usefixtures("batch")
def test_records_of_an_array_may_refer_to_each_other(caller: Callable[..., TestApp], connection: sa.Connection) -> None:
    client = caller("hr")
    leaf, root, stem = (
        {"code": code, "parent_code": parent} for code, parent in (("leaf", "stem"), ("root", None), ("stem", "root"))
    )
    shown = client.post_json("/api/v1/nodes", [leaf, root, stem], status=201).json["data"]
    assert [each["code"] for each in shown] == ["leaf", "root", "stem"]
    ring = [{"code": "x", "parent_code": "y"}, {"code": "y", "parent_code": "x"}, {"code": "z", "parent_code": "leaf"}]
    refused = client.post_json("/api/v1/nodes", ring, status=422)
    assert pointers(refused) == [("/0/parent_code", "unknown_reference"), ("/1/parent_code", "unknown_reference")]
    assert things_in(connection, Node, "code") == [("leaf",), ("root",), ("stem",)]


def test_everything_that_is_wrong_with_an_array_is_told_at_once(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Tag(number=90))
    bodies: list[Any] = [
        {"code": "a", "title": "A", "tags": [90]},
        {"code": "b", "title": "", "team_name": "nowhere", "tags": [90, 91, 90]},
        {"code": "a", "title": "C"},
        [],
        {"code": "d", "title": "D", "points": 1000},
    ]
    refused = at_desk("hr").post_json(TASKS, bodies, status=422)
    assert pointers(refused) == [
        ("/1/title", "string_too_short"),
        ("/1/team_name", "unknown_reference"),
        ("/1/tags/1", "unknown_reference"),
        ("/1/tags/2", "duplicate"),
        ("/2/code", "taken"),
        ("/3", "object"),
        ("/4/points", "check"),
    ]
    assert "'a' is already taken, by item 0" in refused.text
    assert "4 of the records are in the way" in refused.json["detail"]
    assert stored(on_desk, Task, "code") == []


def test_documents_that_no_two_share_are_the_databases_to_compare(caller: Callable[..., TestApp]) -> None:
    client, url = caller("hr"), "/api/v1/notes"
    shown = client.post_json(url, [{"text": {"a": 1}}, {"text": [1]}, {"text": "b"}], status=201).json["data"]
    assert [each["text"] for each in shown] == [{"a": 1}, [1], "b"]
    refused = client.post_json(url, [{"text": {"a": 2}}, {"text": [1]}, {"text": {"a": 2}}], status=409)
    assert pointers(refused) == [("/1/text", "taken"), ("/2/text", "taken")]
    keyed = client.post(f"{url}/import?key=text", '{"text": [1]}', {"Content-Type": "application/jsonl"}, status=422)
    assert "text is no key of notes" in keyed.text


def test_as_many_faults_are_told_as_help(at_desk: Caller) -> None:
    refused = at_desk("hr").post_json(TASKS, [{f"odd{n}": n for n in range(2_000)}] * 20, status=422)
    assert len(refused.json["errors"]) == 20 * 23  # twenty that are no fields, one that says how many more, two missing


@pytest.mark.usefixtures("batch")
def test_who_listens_finds_the_records_before_it_and_hears_of_each_once(
    heard_desk: Application, heard: sa.Connection
) -> None:
    told: list[tuple[str, str]] = []

    def points(event: BeforeWrite) -> int:
        return event.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Task.points), 0))) or 0

    def keep_within(event: BeforeWrite) -> None:
        told.append(("before", event.values["code"]))
        if points(event) + event.values["points"] > 10:
            raise Unprocessable("No.", faults=[Fault("is too much", pointer="/points", code="much")])

    def after(event: AfterWrite) -> None:
        assert event.after is not None
        told.append(("after", event.after["code"]))

    bodies = [{"code": code, "title": code, "points": points} for code, points in (("a", 6), ("b", 5), ("c", 4))]
    client = heard_desk.client(heard, "hr")
    with listening(before_task=keep_within, after_task=after):
        refused = client.post_json(TASKS, bodies, status=422)
        assert pointers(refused) == [("/1/points", "much")]
        assert told == [("before", "a"), ("after", "a"), ("before", "b"), ("before", "c"), ("after", "c")]
        assert stored(heard, Task, "code") == []
        client.post_json(TASKS, [bodies[2], bodies[0]], status=201)
    assert stored(heard, Task, "code") == [("a",), ("c",)]
