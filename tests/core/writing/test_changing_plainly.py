"""A record that a statement changes is the one that the unit of work would make of it, to the answer and to the log.

The unit of work does it where somebody listens to the session.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from webtest import TestApp, TestResponse

from colonnade.core.database import statements_of
from tests.core.writing.bottles import BOTTLE, FULL, bottle, furnish, logged, plain_changes
from tests.core.writing.cellar import (
    Bottle,
    Jar,
    Mild,
    Paired,
    Rack,
    Stamped,
    Strict,
    Watched,
    Weighed,
    dump,
)
from tests.core.writing.editing import merged, operation, patched
from tests.harness.applications import Application

Send = Callable[[TestApp], TestResponse]
#: A value of each field as JSON has it: the stored one, then another.
VALUES: dict[str, tuple[Any, Any]] = {
    "number": (5, 6),
    "text": ("old", '\\ " \n é 😀'),
    "key_0": ("k", ""),
    "row": (2**40, -(2**62)),
    "record": (True, False),
    "price": ("12.50", 3),
    "bought_on": ("2000-02-29", "0001-01-01"),
    "seen_at": ("2026-11-22T09:00:00Z", "2026-11-22T09:00:00.000001+02:00"),
    "told_at": ("2026-11-22T09:00:00", "1999-12-31T23:59:59.999999"),
    "opens_at": ("09:30:00", "23:59:59.999999"),
    "rests": ("PT1H", "-P1DT0.5S"),
    "mark": (str(uuid.UUID(int=5)), str(uuid.UUID(int=6))),
    "colour": ("red", "white"),
    "data": ({"é": [1, 2.5, None, "x"], "b": {"c": 1}}, {"b": {"c": None, "d": [1.0, True]}}),
    "paper": ([1], {"x": None}),
    "owner_id": (None, 7),
    "pin": ("s3cret", "other"),
    "code": ({"a": 1}, {"a": None, "b": 2}),
    "grade": ("C", "B"),
    "rack_letter": ("A", "B"),
}
#: Who sends which merge patch to a bottle of which other values.
PATCHES: list[tuple[str | None, dict[str, Any], Any]] = [
    *(("hr", {}, {name: value}) for name, pair in VALUES.items() for value in (*pair, None)),
    *(("hr", dict.fromkeys(FULL) | {"number": 1}, {name: pair[1]}) for name, pair in VALUES.items()),
    ("hr", {}, {name: pair[0] for name, pair in VALUES.items()}),
    ("hr", {}, {name: pair[1] for name, pair in VALUES.items()}),
    ("hr", {}, {}),
    ("hr", {}, []),
    ("hr", {}, {"odd": 1, "text": 5, "number": None, "twice": 10}),
    ("hr", {}, {"twice": 10, "id": 1, "number": 6}),
    ("hr", {}, {"counted": 7}),
    ("hr", {}, {"text": "taken"}),
    ("hr", {}, {"key_0": "taken", "row": 1}),
    ("hr", {}, {"number": 1000}),
    ("hr", {}, {"rack_letter": "Z"}),
    ("hr", {}, {"text": "x" * 21}),
    ("hr", {}, {"rack": "A"}),
    ("hr", {"data": None}, {"data": {"a": {"b": None, "c": 1}}}),
    ("staff", {}, {"price": "1.00"}),
    ("staff", {}, {"grade": "C", "number": 8}),
    ("staff", {}, {"grade": "B", "number": 8}),
    ("staff", {"number": 900}, {"number": 8}),
    ("staff", {}, {"number": 900}),
    ("staff", {"owner_id": 9}, {"number": 8}),
    ("staff", {}, {"owner_id": 9}),
    ("staff", {"grade": "A"}, {"text": "unseen"}),
    ("staff", {"grade": "A"}, {"key_0": "k"}),
    ("staff", {"grade": "A"}, {"key_0": "other"}),
    ("staff", {}, {"colour": "white", "row": 60}),
    ("staff", {"row": 5}, {"colour": "white", "row": 60}),
    ("staff", {"row": 5}, {"colour": "white"}),
    ("staff", {"grade": "A"}, {"text": "taken"}),
    ("staff", {}, {"rack_letter": "D"}),
    ("owner", {"owner_id": 7}, {"number": 8}),
    ("owner", {"owner_id": 8}, {"number": 8}),
    ("owner", {"owner_id": 7}, {"owner_id": 8}),
    ("guest", {}, {"number": 8}),
    ("guest", {"rack_letter": "D"}, {"number": 8}),
    ("guest", {}, {"rack_letter": "D"}),
    ("reader", {}, {"number": 8}),
    ("blind", {}, {"number": 8}),
    (None, {}, {"number": 8}),
]


@contextmanager
def listened(made: Application) -> Iterator[None]:
    """Somebody listens to sessions, while the block lasts."""

    def hear(*_: Any) -> None: ...

    event.listen(made.database.sessions, "before_flush", hear)
    try:
        yield
    finally:
        event.remove(made.database.sessions, "before_flush", hear)


def shown(response: TestResponse) -> tuple[Any, ...]:
    """An answer without what differs each time."""
    body = response.json if response.body else None
    body = {name: value for name, value in body.items() if name != "request_id"} if isinstance(body, dict) else body
    headers = {name: value for name, value in response.headers.items() if name not in ("X-Request-Id", "Date")}
    return response.status_int, body, headers


def outcome(made: Application, role: str | None, record: Any, send: Send) -> tuple[Any, ...]:
    """The answers, what is stored then, and what the log says of it; and whether a statement did it. All is undone."""
    with made.undone() as connection:
        furnish(made, connection, record)
        client = made.client(connection, role)
        with statements_of(made.database) as sent:
            answer = shown(send(client))
        stored = dump(connection)
        return answer, stored, logged(connection), plain_changes(sent)


def both(made: Application, role: str | None, record: Callable[[], Any], send: Send) -> tuple[Any, ...]:
    """The outcome, which is the same by either road; and how many records a statement changed."""
    with listened(made):
        *by_unit, plainly = outcome(made, role, record(), send)
    assert plainly == 0
    *by_statement, plainly = outcome(made, role, record(), send)
    assert by_statement == by_unit
    return (*by_statement, plainly)


@pytest.mark.parametrize("role, values, patch", PATCHES)
def test_a_statement_changes_what_the_unit_of_work_changes(
    a_cellar: Application, role: str | None, values: dict[str, Any], patch: Any
) -> None:
    def send(client: TestApp) -> TestResponse:
        return merged(client, BOTTLE, patch, "*")

    _, stored, _, plainly = both(a_cellar, role, lambda: bottle(**values), send)
    _, before, _, _ = outcome(a_cellar, "hr", bottle(**values), lambda client: client.get(BOTTLE))
    assert plainly >= (stored != before)


def test_a_patch_that_changes_nothing_writes_nothing(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, bottle())
    client = a_cellar.client(in_cellar, "hr")
    tag = client.get(BOTTLE).headers["ETag"]
    with statements_of(a_cellar.database) as sent:
        same = merged(client, BOTTLE, {name: pair[0] for name, pair in VALUES.items()})
    assert same.headers["ETag"] == tag
    assert not [text for text in sent if text.startswith(("UPDATE", "INSERT"))]
    assert logged(in_cellar) == []


def test_it_is_one_statement_to_load_and_one_to_change(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, Jar(shelf="a", place=Decimal(1), label="x"))
    client = a_cellar.client(in_cellar, "hr")
    with statements_of(a_cellar.database) as sent:
        merged(client, "/api/v1/jars/a,1.00", {"label": "y"})
    assert [each.split()[0] for each in sent] == ["SELECT", "UPDATE"]


def test_a_number_that_becomes_true_is_changed(a_cellar: Application, in_cellar: sa.Connection) -> None:
    """To Python, and so to the unit of work, 1 and true are the same; to who reads JSON they are not."""
    furnish(a_cellar, in_cellar, bottle(data=1))
    assert merged(a_cellar.client(in_cellar, "hr"), BOTTLE, {"data": True}).json["data"] is True


def test_a_change_of_a_secret_alone_is_not_in_the_log(a_cellar: Application) -> None:
    def send(client: TestApp) -> TestResponse:
        return merged(client, "/api/v1/racks/9", {"pin": "new"})

    _, stored, log, plainly = both(a_cellar, "hr", lambda: Rack(id=9, letter="R", pin="old"), send)
    assert (plainly, log) == (1, [])
    assert "new" in repr(stored["cellar_rack"])


#: Records of classes that take the unit of work, or do not, with a patch and what the log has of it.
MODELS: list[tuple[Callable[[], Any], str, dict[str, Any], int]] = [
    (lambda: Jar(shelf="a", place=Decimal("1.50"), label="x"), "jars/a,1.50", {"label": "y", "pin": "p"}, 1),
    (lambda: Jar(shelf="a", place=Decimal("1.50")), "jars/a,1.50", {"shelf": "b"}, 0),
    (lambda: Jar(shelf="a", place=Decimal("1.50")), "jars/a,1.50", {"shelf": "a", "label": "y"}, 0),
    (lambda: Stamped(id=1), "stampeds/1", {"word": "x"}, 0),
    (lambda: Watched(id=1), "watcheds/1", {"word": "x"}, 0),
    (lambda: Strict(id=1), "stricts/1", {"word": "X"}, 0),
    (lambda: Paired(id=1), "paireds/1", {"left": 7}, 0),
    (lambda: Rack(id=9, letter="R"), "racks/9", {"word": "x"}, 1),
    (lambda: Rack(id=9, letter="R"), "racks/9", {"letter": "S"}, 0),
]


@pytest.mark.parametrize("record, path, patch, number", MODELS)
def test_the_unit_of_work_changes_what_a_statement_would_not_change_alike(
    a_cellar: Application, record: Callable[[], Any], path: str, patch: dict[str, Any], number: int
) -> None:
    *_, plainly = both(a_cellar, "hr", record, lambda client: merged(client, f"/api/v1/{path}", patch))
    assert plainly == number


def test_what_a_database_does_not_write_as_json_python_does(a_cellar: Application, dialect_name: str) -> None:
    def send(client: TestApp) -> TestResponse:
        return merged(client, "/api/v1/weigheds/1", {"weight": 0.30000000000000004, "seal": "AP8="})

    answer, *_, plainly = both(a_cellar, "hr", lambda: Weighed(id=1, weight=0.3, seal=b""), send)
    assert (answer[1]["weight"], answer[1]["seal"]) == (0.30000000000000004, "AP8=")
    assert plainly == (dialect_name == "postgresql")


def test_a_letter_by_which_others_refer_to_a_rack_is_theirs_too(
    a_cellar: Application, in_cellar: sa.Connection
) -> None:
    furnish(a_cellar, in_cellar, bottle())
    merged(a_cellar.client(in_cellar, "hr"), "/api/v1/racks/1", {"letter": "Q", "word": "x"})
    assert in_cellar.scalar(sa.select(Bottle.rack_letter).where(Bottle.id == 1)) == "Q"
    assert [(row[1], row[4]["rack_letter"]) for row in logged(in_cellar) if row[1] == "bottles"] == [("bottles", "Q")]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_the_log_has_what_a_trigger_made(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, Mild(id=1, word="a", loud="A"))
    merged(a_cellar.client(in_cellar, "hr"), "/api/v1/milds/1", {"word": "b"})
    ((*_, before, after),) = logged(in_cellar)
    assert (before, after) == ({"id": 1, "word": "a", "loud": "A"}, {"id": 1, "word": "b", "loud": "B"})


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_row_that_the_database_keeps_from_changing_is_a_conflict(a_cellar: Application) -> None:
    def send(client: TestApp) -> TestResponse:
        return merged(client, "/api/v1/milds/1", {"word": "stay"}, 409)

    _, _, log, _ = both(a_cellar, "hr", lambda: Mild(id=1, word="a", loud="A"), send)
    assert log == []


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_row_that_the_database_keeps_from_being_made_is_a_conflict(
    a_cellar: Application, in_cellar: sa.Connection
) -> None:
    table = Mild.__table__
    for text in (
        "CREATE FUNCTION kept_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        f"CREATE TRIGGER kept_out BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION kept_out()",
    ):
        in_cellar.exec_driver_sql(text)
    client = a_cellar.client(in_cellar, "hr")
    refused = client.post_json("/api/v1/milds", {"word": "x"}, status=409)
    assert refused.json["detail"] == "The database has kept this record from being made."
    assert logged(in_cellar) == []


#: Other ways to change a bottle.
WAYS: dict[str, Send] = {
    "json patch": lambda client: patched(
        client,
        BOTTLE,
        operation("test", "/number", value=5),
        operation("replace", "/number", value=6),
        operation("copy", "/key_0", source="/text"),
        operation("add", "/data/b/d", value=[1.5]),
        operation("remove", "/mark"),
    ),
    "failing test": lambda client: patched(client, BOTTLE, operation("test", "/number", value=6), status=409),
    "whole document": lambda client: patched(client, BOTTLE, operation("replace", "", value={"number": 6}), status="*"),
    "put": lambda client: client.put_json(BOTTLE, {**client.get(BOTTLE).json, "number": 6}, expect_errors=True),
    "matching": lambda client: merged(
        client, BOTTLE, {"number": 6}, **{"If-Match": f'"{client.get(BOTTLE).headers["ETag"].strip(chr(34))}"'}
    ),
    "not matching": lambda client: merged(client, BOTTLE, {"number": 6}, 412, **{"If-Match": '"else"'}),
    "none matching": lambda client: merged(client, BOTTLE, {"number": 6}, 412, **{"If-None-Match": "*"}),
    "minimal": lambda client: merged(client, BOTTLE, {"number": 6}, 204, Prefer="return=minimal"),
    "changes": lambda client: _without_times(merged(client, BOTTLE, {"number": 6}, Prefer="return=changes")),
    "preview": lambda client: merged(client, BOTTLE, {"number": 6}, Prefer="tx=rollback"),
    "array": lambda client: client.patch_json(
        "/api/v1/bottles", [{"id": 1, "number": 6}, {"id": 2, "number": 7}, {"id": 1, "number": 8}]
    ),
    "array that is refused": lambda client: client.patch_json(
        "/api/v1/bottles", [{"id": 1, "number": 6}, {"id": 2, "number": 1000}], status=422
    ),
    "filter": lambda client: client.patch_json(
        "/api/v1/bottles?number=5", {"number": 6}, headers={"Prefer": "max-affected=5"}
    ),
    "batch": lambda client: client.post_json("/api/v1/batch", {"operations": STEPS}),
    "the log": lambda client: merged(client, "/api/v1/changes/1", {"key": "x"}, "*"),
    "gone": lambda client: merged(client, "/api/v1/bottles/3", {"number": 6}, 404),
}
STEPS = [
    {"op": "merge", "resource": "bottles", "key": 1, "body": {"number": 6}},
    {"op": "create", "resource": "jars", "as": "jar", "body": {"shelf": "n", "place": "1.00"}},
    {"op": "merge", "resource": "bottles", "key": 1, "body": {"text": {"$ref": "jar.shelf"}}},
    {"op": "merge", "resource": "jars", "key": {"$ref": "jar"}, "body": {"label": "x"}},
    {"op": "replace", "resource": "bottles", "key": 1, "body": {"number": 6, "text": "whole"}},
    {"op": "merge", "resource": "bottles", "key": 1, "body": {"text": "patched"}},
    {"op": "delete", "resource": "bottles", "key": 1},
]


def _without_times(response: TestResponse) -> TestResponse:
    content = response.json
    for change in content["changes"]:
        for name in ("at", "request_id", "position"):
            del change[name]
    response.json_body = content
    del response.headers["Content-Length"]
    return response


@pytest.mark.parametrize("send", WAYS.values(), ids=WAYS)
def test_every_way_to_change_is_the_same(a_cellar: Application, send: Send) -> None:
    both(a_cellar, "hr", bottle, send)


def test_a_repeat_with_its_key_gets_the_first_answer(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, bottle())
    client = a_cellar.client(in_cellar, "hr")
    patch = [operation("test", "/number", value=5), operation("replace", "/number", value=6)]
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    kind = "application/json-patch+json"
    first, again = (client.patch_json(BOTTLE, patch, content_type=kind, headers=headers) for _ in range(2))
    assert (first.json["number"], first.json) == (6, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(logged(in_cellar)) == 1
