"""JSON Lines: members of every sort, each object with its own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.problems import Forbidden
from colonnade.core.writing.bulk import Outcome, rows
from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Tag, Task, task_tag
from tests.core.writing.importing import imported, lines, reasons
from tests.core.writing.shop import Item, Kind, Node, things_in
from tests.harness.applications import Application

Import = Callable[..., Outcome]


@pytest.fixture
def run(a_shop: Application, connection: sa.Connection) -> Import:
    """Imports JSON Lines into the shop: objects, or lines as they are."""

    def run(resource: str, *objects: Any, renamed: tuple[str, ...] = (), **more: Any) -> Outcome:
        text = lines(*(each if isinstance(each, str) else json.dumps(each) for each in objects))
        return imported(a_shop, connection, resource, text, *renamed, form="jsonl", **more)

    return run


@pytest.fixture(params=[1, 2, 5000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows go at once, which nobody may notice."""
    monkeypatch.setattr(rows, "BATCH", request.param)
    return request.param


@pytest.mark.usefixtures("batch")
def test_each_object_has_members_of_its_own(run: Import, connection: sa.Connection) -> None:
    outcome = run(
        "items",
        {"name": "a", "price": 20.5, "kind": "gift", "made_on": "2026-11-22"},
        {"price": "30", "name": "b", "data": {"k": [1.5]}, "size": None},
        {"name": "c", "price": 5, "reserve": "1.25"},
    )
    assert (outcome.rows, outcome.created) == (3, 3)
    assert things_in(connection, Item, "name", "price", "kind", "made_on", "reserve") == [
        ("a", Decimal("20.50"), Kind.GIFT, dt.date(2026, 11, 22), Decimal(10)),
        ("b", Decimal("30.00"), Kind.GOODS, None, Decimal(10)),
        ("c", Decimal("5.00"), Kind.GOODS, None, Decimal("1.25")),
    ]
    assert connection.scalars(sa.select(Item.data).order_by(Item.name)).all()[1] == {"k": [1.5]}


def test_what_is_wrong_is_told_by_line_and_member(run: Import, connection: sa.Connection) -> None:
    told = reasons(
        run(
            "items",
            {"name": "a", "price": 20},
            {"name": "", "price": "x", "size": 0, "odd": 1},
            {"name": "b", "id": 1, "twice": 2, "price": 1},
            {"size": 1},
            {"name": "c", "price": None},
            {"name": "d", "price": 20, "prise": 1},
            {"name": "a", "price": 20},
            {"name": "e", "price": 20, "box_code": "absent"},
            {"name": "f", "price": 5},
        )
    )
    assert sorted({(line, column) for line, column, _ in told}) == [
        (2, "name"),
        (2, "odd"),
        (2, "price"),
        (2, "size"),
        (3, "id"),
        (3, "twice"),
        (4, "name"),
        (4, "price"),
        (5, "price"),
        (6, "prise"),
        (7, "name"),
        (8, "box_code"),
        (9, "price, reserve"),
    ]
    assert (6, "prise", "items has no field 'prise'; did you mean price?") in told
    assert (7, "name", "'a' is already taken, by line 1") in told
    assert things_in(connection, Item, "name") == []


@pytest.mark.parametrize(
    "line, reason",
    [
        ("[]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('"a"', "must be a JSON object"),
        ('{"name": "b", "price": 20', "is not JSON: Expecting ',' delimiter at column 26"),
        ('{"name": "b", "name": "c", "price": 20}', "The name 'name' stands twice in one object"),
        ('{"name": "b", "price": NaN}', "NaN is no JSON; leave the value out, or send null"),
        ("[" * 200 + "]" * 200, "is nested deeper than 100 levels"),
    ],
)
def test_a_line_that_is_no_object_is_told_and_the_others_are_read(run: Import, line: str, reason: str) -> None:
    told = reasons(run("items", {"name": "a", "price": 20}, "", line, {"name": "", "price": 20}))
    assert told == [(3, "", reason), (4, "name", "must have at least 1 character")]


def test_bytes_that_are_no_utf8_are_told(a_shop: Application, connection: sa.Connection) -> None:
    text = b'{"name": "a", "price": 20}\n{"name": "caf\xe9", "price": 20}\n{"name": "b"}\n'
    told = reasons(imported(a_shop, connection, "items", text, form="jsonl"))
    assert [(line, column) for line, column, _ in told] == [(2, ""), (3, "price")]
    assert told[0][2] == "is not valid UTF-8 at byte 14"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_end_in_two_ways(a_shop: Application, connection: sa.Connection, end: str, mark: str) -> None:
    text = mark + end.join(['{"name": "a", "price": 20}', "", '{"name": "b", "price": 20}'])
    assert imported(a_shop, connection, "items", text, form="jsonl").created == 2


def test_a_relation_is_named_in_three_ways(run: Import, connection: sa.Connection) -> None:
    outcome = run(
        "items",
        {"name": "a", "price": 20, "box_code": "mine"},
        {"name": "b", "price": 20, "box.label": "C"},
        {"name": "c", "price": 20, "box": {"label": "B"}},
        {"name": "d", "price": 20, "box": {"code": "mine"}},
        {"name": "e", "price": 20, "box": None},
        {"name": "f", "price": 20, "box.code": None},
    )
    assert outcome.created == 6
    assert [box for _, box in things_in(connection, Item, "name", "box_code")] == [
        "mine",
        "theirs",
        "dark",
        "mine",
        None,
        None,
    ]


@pytest.mark.parametrize(
    "member, reason",
    [
        ({"box": "mine"}, "box is a relation; it is given by a unique field"),
        ({"box": {}}, "box is a relation; it is given by a unique field"),
        ({"box": {"owner_id": 7}}, "box is given by a unique field, not by 'owner_id'"),
        ({"box": {"code": "absent"}}, "'absent' leads to no record of boxes"),
        ({"box": {"code": "mine"}, "box_code": "mine"}, "is given by two members"),
        ({"box.odd": 1}, "box is given by a unique field, not by 'odd'"),
        ({"odd.code": 1}, "items has no relation 'odd' to one record"),
    ],
)
def test_a_relation_that_is_none_is_told(run: Import, member: dict[str, Any], reason: str) -> None:
    ((_, _, said),) = reasons(run("items", {"name": "a", "price": 20, **member}))
    assert said == reason


def test_members_may_be_renamed(run: Import, connection: sa.Connection) -> None:
    outcome = run("items", {"label": "a", "price": 20, "b": "A"}, renamed=("label=name", "b=box.label"))
    assert outcome.created == 1
    assert things_in(connection, Item, "name", "box_code") == [("a", "mine")]


@pytest.mark.usefixtures("batch")
def test_objects_may_refer_to_each_other(run: Import, connection: sa.Connection) -> None:
    run("nodes", {"code": "a", "parent": {"code": "b"}}, {"code": "b", "parent_code": "c"}, {"code": "c"})
    assert things_in(connection, Node, "code", "parent_code") == [("a", "b"), ("b", "c"), ("c", None)]


def test_a_key_changes_the_members_that_are_there(run: Import, connection: sa.Connection) -> None:
    run("items", {"name": "a", "price": 20, "size": 1}, {"name": "b", "price": 20, "batch": "x"})
    outcome = run(
        "items", {"name": "a", "size": None}, {"name": "b", "price": 25}, {"name": "c", "price": 1}, key="name"
    )
    assert [line for line, *_ in reasons(outcome)] == [3]
    run("items", {"name": "a", "size": None}, {"name": "b", "price": 25}, {"name": "c", "price": 11}, key="name")
    assert things_in(connection, Item, "name", "price", "size", "batch") == [
        ("a", Decimal(20), None, None),
        ("b", Decimal(25), None, "x"),
        ("c", Decimal(11), None, None),
    ]
    assert reasons(run("items", {"price": 1}, {"name": None, "price": 1}, key="name"))


def test_hidden_and_locked_members_are_told_as_the_policy_has_it(run: Import) -> None:
    told = reasons(run("items", {"name": "a", "price": 20, "reserve": 1, "status": "x"}, role="staff"))
    assert told == [
        (1, "status", "may be seen but not written by you"),
        (1, "reserve", "items has no field 'reserve'"),
    ]
    assert reasons(run("vaults", {"name": "a"}, role="guest")) == [
        (1, "", "You may not create a record of vaults: it needs a field that you may not write.")
    ]
    with pytest.raises(Forbidden):
        run("items", {"name": "a", "price": 20}, role="reader")


def test_a_thousand_unknown_members_are_told_in_few_words(run: Import) -> None:
    told = reasons(run("items", {"name": "a", "price": 20, **{f"odd{number}": 1 for number in range(1_000)}}))
    assert len(told) == 21
    assert told[-1] == (1, "", "980 more members are no fields either")


# -- Many-to-many relations


def tagged(connection: sa.Connection) -> dict[str, list[int]]:
    """The tags of each task."""
    found: dict[str, list[int]] = {}
    for task, tag in connection.execute(sa.select(task_tag).order_by(task_tag.c.tag)):
        found.setdefault(task, []).append(tag)
    return found


def test_many_to_many_relations_are_lists_of_keys(a_desk: Application, on_desk: sa.Connection) -> None:
    text = lines(
        '{"code": "a", "title": "A", "tags": [1, 10]}',
        '{"code": "b", "title": "B"}',
        '{"code": "c", "title": "C", "tags": []}',
    )
    assert imported(a_desk, on_desk, "tasks", text, form="jsonl").created == 3
    assert tagged(on_desk) == {"a": [1, 10]}
    changes = lines('{"code": "a", "tags": [2]}', '{"code": "b", "tags": [1, 2]}', '{"code": "c", "title": "C2"}')
    assert imported(a_desk, on_desk, "tasks", changes, form="jsonl", key="code").changed == 3
    assert tagged(on_desk) == {"a": [2], "b": [1, 2]}


def test_keys_of_a_list_lead_to_what_may_be_seen(a_desk: Application, on_desk: sa.Connection) -> None:
    text = lines(
        '{"code": "a", "title": "A", "tags": [1, 5]}',
        '{"code": "b", "title": "B", "tags": [1, 99]}',
        '{"code": "c", "title": "C", "tags": "1"}',
        '{"code": "d", "title": "D", "tags": [2]}',
    )
    told = reasons(imported(a_desk, on_desk, "tasks", text, form="jsonl", role="staff"))
    assert [(line, column) for line, column, _ in told] == [(1, "tags/1"), (2, "tags/1"), (3, "tags")]
    assert stored(on_desk, Task, "code") == []


def test_related_records_that_are_not_seen_stay(a_desk: Application, on_desk: sa.Connection) -> None:
    store(on_desk, Task(code="a", title="A"))
    on_desk.execute(sa.insert(task_tag), [{"task": "a", "tag": 1}, {"task": "a", "tag": 5}])
    text = lines('{"code": "a", "tags": [2]}')
    imported(a_desk, on_desk, "tasks", text, form="jsonl", key="code", role="staff")
    assert tagged(on_desk) == {"a": [2, 5]}
    assert (5, True) in stored(on_desk, Tag, "number", "private")
