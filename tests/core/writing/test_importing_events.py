"""Who listens to writing hears of every row of an import, and may change or refuse it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.problems import Conflict, Fault, Forbidden, Unavailable, Unprocessable
from colonnade.core.writing import AfterWrite, BeforeWrite
from colonnade.core.writing.bulk import Outcome, rows
from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Step, Tag, Task
from tests.core.writing.importing import imported, lines, reasons
from tests.core.writing.listening import listening, raising
from tests.harness.applications import Application


@pytest.fixture
def heard(heard: sa.Connection) -> sa.Connection:
    """The transaction, with two tasks in it."""
    store(heard, Task(code="a", title="A", points=1), Task(code="b", title="B", points=2))
    return heard


@pytest.fixture(params=[1, 2, 5000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows go at once, which nobody may notice."""
    monkeypatch.setattr(rows, "BATCH", request.param)
    return request.param


def run(heard_desk: Application, heard: sa.Connection, text: str, **more: Any) -> Outcome:
    """Import tasks."""
    return imported(heard_desk, heard, "tasks", text, **more)


ROWS = lines("code,title,points", "a,A,5", "b,B,2", "c,C,7")


@pytest.mark.usefixtures("batch")
def test_every_row_that_writes_is_heard_of(heard_desk: Application, heard: sa.Connection) -> None:
    told: list[Any] = []

    def before(event: BeforeWrite) -> None:
        told.append(("before", event.verb, event.before and event.before["points"], dict(event.values)))

    def after(event: AfterWrite) -> None:
        assert event.after is not None
        told.append(("after", event.verb, event.before and event.before["points"], event.after["points"]))
        assert event.after["made_by"] == "a function"
        assert event.after["twice"] == event.after["points"] * 2

    with listening(before_task=before, after_task=after):
        outcome = run(heard_desk, heard, ROWS, key="code")
    assert (outcome.created, outcome.changed, outcome.unchanged) == (1, 1, 1)
    assert sorted(told, key=repr) == [
        ("after", "create", None, 7),
        ("after", "patch", 1, 5),
        ("before", "create", None, {"code": "c", "title": "C", "points": 7}),
        ("before", "patch", 1, {"points": 5}),
    ]


def test_a_listener_may_change_what_is_written(heard_desk: Application, heard: sa.Connection) -> None:
    def before(event: BeforeWrite) -> None:
        event.values["note"] = f"was {event.before['points']}" if event.before else "new"
        event.values["tags"] = [event.session.get_one(Tag, 1)]

    with listening(before_task=before):
        run(heard_desk, heard, ROWS, key="code", role="staff")
    assert stored(heard, Task, "code", "note") == [("a", "was 1"), ("b", None), ("c", "new")]


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("name", ["before_task", "after_task"])
def test_a_refusal_is_told_by_its_line(heard_desk: Application, heard: sa.Connection, name: str) -> None:
    problems: dict[str, Exception] = {
        "x1": Unprocessable("No.", faults=[Fault("is odd", pointer="/points", code="odd")]),
        "x3": Conflict("It is somebody else's turn."),
        "x5": Forbidden("Not you."),
    }

    def refuse(event: Any) -> None:
        values = event.values if isinstance(event, BeforeWrite) else event.after
        if values["code"] in problems:
            raise problems[values["code"]]

    text = lines("code,title,pts", *(f"x{number},X{number},{number}" for number in range(6)), "y,Y,1000", "a,Z,1")
    with listening(**{name: refuse}):
        outcome = imported(heard_desk, heard, "tasks", text, "pts=points")
        assert reasons(outcome) == [
            (3, "pts", "is odd"),
            (5, "", "It is somebody else's turn."),
            (7, "", "Not you."),
            (8, "pts", "The rule points_below_thousand does not hold."),
            (9, "code", "'a' is already taken, by a stored record"),
        ]
        assert [each.code for each in outcome.refusals][:3] == ["odd", "rule", "forbidden"]
        outcome = imported(heard_desk, heard, "tasks", text, "pts=points", continuing=True)
    assert (outcome.created, outcome.refused) == (3, 5)
    assert [code for (code,) in stored(heard, Task, "code")] == ["a", "b", "x0", "x2", "x4"]


@pytest.mark.usefixtures("batch")
def test_what_a_listener_writes_goes_with_its_row(heard_desk: Application, heard: sa.Connection) -> None:
    def keep(event: AfterWrite) -> None:
        assert event.after is not None
        event.session.add(Step(task_code=event.after["code"]))

    text = lines("code,title,points", "x,X,1", "y,Y,1000", "z,Z,2")
    with listening(after_task=keep):
        run(heard_desk, heard, text)
        assert stored(heard, Step, "task_code") == []
        run(heard_desk, heard, text, continuing=True)
    assert stored(heard, Step, "task_code") == [("x",), ("z",)]


def test_what_is_no_fault_of_the_row_ends_the_import(heard_desk: Application, heard: sa.Connection) -> None:
    away = Unavailable("Another service is away.")
    with listening(before_task=raising(away)), pytest.raises(Unavailable):
        run(heard_desk, heard, ROWS, key="code", continuing=True)
    assert stored(heard, Task, "code", "points") == [("a", 1), ("b", 2)]


def test_where_all_is_refused_nothing_is_left(heard_desk: Application, heard: sa.Connection) -> None:
    with listening(before_change=raising(Forbidden("Nothing is changed today."))):
        outcome = run(heard_desk, heard, ROWS, key="code")
    assert reasons(outcome) == [(2, "", "Nothing is changed today.")]
    assert stored(heard, Task, "code", "points") == [("a", 1), ("b", 2)]
