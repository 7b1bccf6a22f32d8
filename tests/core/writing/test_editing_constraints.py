"""The rules of the design for references, and for what the database refuses; a test is named after each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Seat, Task
from tests.core.writing.editing import (
    A,
    Caller,
    every_way,
    faults,
    merged,
    of_task,
    plain,
    task,
)


@every_way
def test_a_written_reference_must_be_viewable_unseen_and_absent_alike(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    task(on_desk)
    told = []
    for name in ("dark", "none"):
        response = way(at_desk("staff"), A, {"team_name": name})
        assert (response.status_int, {code for _, code in faults(response)}) == (422, {"unknown_reference"})
        told.append(plain(response))
    assert told[0] == told[1]
    assert way(at_desk("staff"), A, {"team_name": "blue"}).status_int == 200
    # An owner sees no teams at all, but leaves alone what is there.
    assert way(at_desk("owner"), A, {"team_name": "blue", "points": 1}).status_int == 200
    assert way(at_desk("owner"), A, {"team_name": "red"}).status_int == 422
    assert of_task(on_desk, "team_name") == ("blue",)


def test_a_reference_to_what_one_may_not_see_stays(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, team_name="dark")
    body = at_desk("staff").get(A).json
    at_desk("staff").put_json(A, {**body, "points": 5}, status=200)
    assert of_task(on_desk, "team_name", "points") == ("dark", 5)


def test_a_reference_of_several_parts_names_no_hidden_part(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Seat(id=1, line="A", place=1))
    wrong = merged(at_desk("staff"), "/api/v1/seats/1", {"line": "C"}, 422)
    assert faults(wrong) == {("/line", "unknown_reference")}
    assert "place" not in wrong.text
    merged(at_desk("staff"), "/api/v1/seats/1", {"line": "B"})
    assert faults(merged(at_desk("hr"), "/api/v1/seats/1", {"line": "C"}, 422)) == {
        ("/line", "unknown_reference"),
        ("/place", "unknown_reference"),
    }
    assert stored(on_desk, Seat, "line", "place") == [("B", 1)]


@every_way
def test_that_a_unique_value_is_taken_is_disclosed_whose_it_is_never(
    at_desk: Caller, on_desk: sa.Connection, way: Any
) -> None:
    task(on_desk)
    store(on_desk, Task(code="theirs", title="B", owner_id=9, note="mark"))
    for role in ("hr", "staff", "owner", "giver"):
        response = way(at_desk(role), A, {"title": "B"})
        assert (response.status_int, {code for _, code in faults(response)}) == (409, {"taken"})
        assert not [each for each in ("theirs", "mark") if each in response.text]
    assert sorted(stored(on_desk, Task, "title")) == [("A",), ("B",)]


@every_way
def test_a_broken_rule_is_told_with_its_fields(at_desk: Caller, on_desk: sa.Connection, way: Any) -> None:
    task(on_desk, points=5, bonus=1)
    response = way(at_desk("staff"), A, {"points": 1000})
    assert (response.status_int, {code for _, code in faults(response)}) == (422, {"check"})
    assert "points_below_thousand" in response.json["detail"]
    both = way(at_desk("staff"), A, {"points": 0, "bonus": 1})
    assert {pointer.rpartition("/")[2] for pointer, _ in faults(both)} == {"points", "bonus"}
    assert of_task(on_desk, "points") == (5,)


def test_a_broken_rule_of_a_hidden_field_names_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    """A rule about a field that is hidden on this row only, too."""
    task(on_desk, secret="s", points=5, bonus=5)
    told = merged(at_desk("hr"), A, {"secret": "no"}, 422)
    assert faults(told) == {("/secret", "check")}
    at_desk("hr").put_json("/api/v1/tasks/a", {"title": "A", "secret": "s"})
