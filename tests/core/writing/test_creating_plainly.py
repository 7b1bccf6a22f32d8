"""A record that a statement creates is the one that the unit of work would create, to the answer and to the log.

The unit of work does it where somebody listens to the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from webtest import TestApp

from colonnade.core.database import statements_of
from colonnade.plugins.history.models import Change
from tests.core.writing.importing import writing
from tests.core.writing.shop import Box, Crate, Item
from tests.harness.applications import Application

Caller = Callable[..., TestApp]

MEMBER = {"number": 7, "club_id": 1}
RECORDS: list[tuple[str, dict[str, Any]]] = [
    ("badges", {"code": "b"}),
    ("badges", {"code": "b", "colour": "red"}),
    ("members", MEMBER),
    ("members", {**MEMBER, "data": None, "weight": None, "pin": None}),
    ("members", {**MEMBER, "data": {"é": [1, 2.5, None, "x"]}, "weight": 0.1, "pin": "s3cret", "pay": "12.50"}),
    ("members", {**MEMBER, "data": "null", "born_on": "2000-02-29", "seen_at": "2026-11-22T09:00:00+02:00"}),
    ("remarks", {"member_id": 1, "text": '\\ " \n é 😀'}),
    ("lockers", {}),
    ("lockers", {"tone": None, "shade": None}),
    ("lockers", {"tone": "dark", "shade": "red"}),
]


@contextmanager
def listened(made: Application) -> Iterator[list[str]]:
    """What the unit of work is about to write, while the block lasts."""
    heard: list[str] = []

    def hear(session: Any, *_: Any) -> None:
        heard.extend(type(each).__name__ for each in session.new)

    event.listen(made.database.sessions, "before_flush", hear)
    try:
        yield heard
    finally:
        event.remove(made.database.sessions, "before_flush", hear)


def created(made: Application, name: str, record: dict[str, Any]) -> tuple[Any, ...]:
    """The answer, and what the log says of it; all is undone."""
    with made.undone() as connection:
        hr = made.client(connection, "hr")
        if name != "badges":
            hr.post_json("/api/v1/clubs", {"name": "one"})
            hr.post_json("/api/v1/members", {"number": 1, "club_id": newest(connection, "ring_club")})
            leading = {"club_id": newest(connection, "ring_club"), "member_id": newest(connection, "ring_member")}
            record = {**record, **{key: leading[key] for key in leading if key in record}}
        answer = hr.post_json(f"/api/v1/{name}", record, status=201)
        assert hr.get(answer.headers["Location"]).body == answer.body
        told = connection.execute(
            sa.select(Change.verb, Change.resource, Change.before, Change.after).order_by(Change.id)
        )
        last = told.all()[-1]
    volatile = ("id", "club_id", "member_id")
    shown, image = (
        {key: value for key, value in each.items() if key not in volatile} for each in (answer.json, last.after)
    )
    return shown, image, tuple(last[:3]), answer.status, sorted(answer.headers.keys())


def newest(connection: sa.Connection, table: str) -> int:
    """The last key of a table."""
    found: int = connection.exec_driver_sql(f"SELECT max(id) FROM {table}").scalar_one()
    return found


@pytest.mark.parametrize("name, record", RECORDS)
def test_a_statement_creates_what_the_unit_of_work_creates(
    a_ring: Application, name: str, record: dict[str, Any]
) -> None:
    with listened(a_ring) as heard:
        by_unit = created(a_ring, name, record)
    assert heard
    assert created(a_ring, name, record) == by_unit


def test_what_is_null_is_null_in_the_log(a_cellar: Application, in_cellar: sa.Connection) -> None:
    """SQLite 3.40 thinks of RETURNING that no column of a table is null."""
    made = a_cellar.client(in_cellar, "hr").post_json("/api/v1/bottles", {"number": 5}, status=201)
    image = in_cellar.execute(sa.select(Change.after)).scalar_one()
    assert [image[name] for name in ("record", "price", "rests")] == [None, None, None]
    assert image == {name: made.json[name] for name in image}


def test_it_is_one_statement(caller: Caller, a_shop: Application) -> None:
    client = caller("hr")
    client.post_json("/api/v1/items", {"name": "a", "price": 20}, status=201)
    with statements_of(a_shop.database) as sent:
        client.post_json("/api/v1/items", {"name": "b", "price": 20}, status=201)
    assert [each.split()[0] for each in sent] == ["INSERT"]


def test_what_a_trigger_makes_afterwards_is_shown(a_cellar: Application, in_cellar: sa.Connection) -> None:
    client = a_cellar.client(in_cellar, "hr")
    made = client.post_json("/api/v1/taggeds", {"word": "red"}, status=201)
    assert made.json == {"id": made.json["id"], "word": "red", "tag": "RED"}
    assert made.body == client.get(made.headers["Location"]).body


@pytest.mark.parametrize(
    "role, query, statements",
    [
        ("hr", "", 1),
        ("hr", "?fields=number,text", 2),  # of choices there are too many to keep a statement for each
        ("clerk", "", 2),  # a field that is theirs to see on some rows
        ("hr", "?fields=id,rack.letter", 2),  # another row has a say
        ("hr", "?expand=rack", 2),
        ("staff", "?fields=number", 2),  # not every row is theirs to see
    ],
)
def test_it_is_shown_by_the_same_statement_where_nothing_but_its_row_has_a_say(
    a_cellar: Application, in_cellar: sa.Connection, role: str, query: str, statements: int
) -> None:
    a_cellar.client(in_cellar, "hr").post_json("/api/v1/racks", {"letter": "A", "word": "x"}, status=201)
    maker = a_cellar.client(in_cellar, role)
    body = {"number": 5, "grade": "A"} if role == "clerk" else {"number": 5, "rack_letter": "A"}
    maker.post_json(f"/api/v1/bottles{query}", body, status=201)
    with statements_of(a_cellar.database) as sent:
        made = maker.post_json(f"/api/v1/bottles{query}", body, status=201)
    about = [each for each in sent if "cellar_bottle" in each]
    assert (len(about), about[0].split()[0]) == (statements, "INSERT")
    assert made.body == maker.get(made.headers["Location"] + query).body


def test_a_field_that_is_seen_on_some_rows_is_hidden_on_others(a_cellar: Application, in_cellar: sa.Connection) -> None:
    clerk = a_cellar.client(in_cellar, "clerk")
    for grade, shown in (("B", True), ("A", False)):
        made = clerk.post_json("/api/v1/bottles", {"number": 5, "text": f"of {grade}", "grade": grade}, status=201)
        assert ("text" in made.json) is shown
        changed = clerk.patch_json(made.headers["Location"], {"number": 6})
        assert ("text" in changed.json) is shown


def test_what_a_trigger_makes_is_shown_of_a_changed_record_too(a_cellar: Application, in_cellar: sa.Connection) -> None:
    client = a_cellar.client(in_cellar, "hr")
    made = client.post_json("/api/v1/taggeds", {"word": "red"}, status=201)
    changed = client.patch_json(made.headers["Location"], {"word": "blue"})
    assert changed.json == {**made.json, "word": "blue"}
    assert changed.body == client.get(made.headers["Location"]).body


def test_a_query_that_does_not_fit_is_refused_before_anything_is_written(
    a_cellar: Application, in_cellar: sa.Connection
) -> None:
    client = a_cellar.client(in_cellar, "hr")
    with statements_of(a_cellar.database) as sent:
        for headers in ({}, {"Prefer": "return=minimal"}):
            refused = client.post_json("/api/v1/bottles?fields=colr", {"number": 5}, headers=headers, status=400)
            assert refused.json["errors"][0]["parameter"] == "fields"
    assert not [each for each in sent if each.startswith("INSERT")]


def test_who_listens_to_objects_hears_of_each(caller: Caller, a_shop: Application) -> None:
    client = caller("hr")
    heard: list[Any] = []

    def hear(record: Any, *_: Any) -> None:
        heard.append(record)

    def hear_in_session(_: Any, record: Any) -> None:
        heard.append(record)

    def hear_of_row(_mapper: Any, _connection: Any, record: Any) -> None:
        heard.append(record)

    listeners: list[tuple[Any, str, Any]] = [
        (Item, "init", hear),
        (Item.name, "set", hear),
        (Item, "before_insert", hear_of_row),
        (Item, "after_insert", hear_of_row),
        (Item, "refresh_flush", hear),
        (a_shop.database.sessions, "before_attach", hear_in_session),
        (a_shop.database.sessions, "after_attach", hear_in_session),
        (a_shop.database.sessions, "pending_to_persistent", hear_in_session),
    ]
    for number, (target, name, listener) in enumerate(listeners):
        event.listen(target, name, listener)
        try:
            client.post_json("/api/v1/items", {"name": f"item {number}", "price": 20}, status=201)
        finally:
            event.remove(target, name, listener)
        assert len(heard) == number + 1, name


def test_what_is_pending_in_the_session_is_written_before(a_shop: Application, connection: sa.Connection) -> None:
    with writing(a_shop, connection, "hr") as writer:
        writer.author.session.add(Box(code="pending"))
        ((key,), _) = writer.create(writer.resources["items"], {"name": "in it", "price": 20, "box_code": "pending"})
    assert connection.scalar(sa.select(Item.box_code).where(Item.id == key)) == "pending"


@pytest.mark.parametrize("sent, note", [({}, "none yet"), ({"note": None}, None), ({"note": "so"}, "so")])
def test_a_column_that_the_class_leaves_out_gets_its_default(
    caller: Caller, connection: sa.Connection, sent: dict[str, Any], note: str | None
) -> None:
    made = caller("hr").post_json("/api/v1/crates", sent, status=201)
    assert made.json["note"] == note
    table = Crate.__table__
    assert connection.execute(sa.select(table.c.note, table.c.stamp)).all() == [(note, "stamped")]


def test_a_null_that_was_given_comes_back(a_ring: Application) -> None:
    with a_ring.undone() as connection:
        hr = a_ring.client(connection, "hr")
        made = hr.post_json("/api/v1/lockers", {"tone": None, "shade": None}, status=201)
        where = made.headers["Location"]
        gone = hr.delete(where, status=204).headers["X-Request-Id"]
        hr.post_json(f"/api/v1/requests/{gone}/undo", {}, status=200)
        assert hr.get(where).json == made.json


def test_a_value_that_is_taken_points_at_its_field(caller: Caller) -> None:
    client = caller("hr")
    client.post_json("/api/v1/items", {"name": "same", "price": 20}, status=201)
    taken = client.post_json("/api/v1/items", {"name": "same", "price": 20}, status=409)
    assert taken.json["errors"] == [{"detail": "This value is already taken.", "pointer": "/name", "code": "taken"}]


def test_a_rule_that_the_database_keeps_is_told(caller: Caller) -> None:
    broken = caller("hr").post_json("/api/v1/items", {"name": "a", "price": "-1"}, status=422)
    assert {each["code"] for each in broken.json["errors"]} == {"check"}
