"""The events of writing: who hears of what, what they may do, and that all of it is undone with the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from colonnade.core.problems import Conflict, Fault, Forbidden, Unprocessable
from colonnade.core.writing import AfterWrite, BeforeWrite
from tests.core.writing.desk.application import desk, store, stored
from tests.core.writing.desk.models import Step, Task, task_tag
from tests.core.writing.editing import TASKS, A, Caller, faults, merged, of_task, operation, patched, task
from tests.core.writing.listening import listening, raising
from tests.harness.applications import Application

BODY = {"code": "a", "title": "A", "owner_id": 7}


@pytest.fixture
def caller(heard_desk: Application, heard: sa.Connection) -> Callable[..., TestApp]:
    """Makes callers."""
    return lambda role, **more: heard_desk.client(heard, role, **more)


def noting(notes: list[Any], *names: str) -> Callable[[Any], None]:
    """A subscriber that notes what an event says."""

    def note(event: Any) -> None:
        notes.append(tuple(getattr(event, name) for name in names) if names else event)

    return note


def each_verb(client: TestApp) -> list[str]:
    """Write one task in each way; the verbs that should be heard."""
    client.post_json(TASKS, BODY, status=201)
    client.put_json(A, {**BODY, "points": 1}, status=200)
    merged(client, A, {"points": 2})
    patched(client, A, operation("replace", "/points", value=3))
    client.delete(A, status=204)
    return ["create", "replace", "patch", "patch", "delete"]


def test_subscribers_hear_of_the_resources_and_verbs_that_they_named(caller: Caller) -> None:
    notes: dict[str, list[Any]] = {}
    names = ("before_task", "after_task", "before_creation", "before_change", "after_deletion", "after_anything")
    with listening(**{name: noting(notes.setdefault(name, []), "verb") for name in names}):
        verbs = [(verb,) for verb in each_verb(caller("hr"))]
        caller("hr").post_json("/api/v1/steps", {}, status=201)
    assert notes["before_task"] == notes["after_task"] == verbs
    assert notes["before_creation"] == [("create",)]
    assert notes["before_change"] == [("replace",), ("patch",), ("patch",)]
    assert notes["after_deletion"] == [("delete",)]
    assert notes["after_anything"] == [*verbs, ("create",)]


def test_subscribers_are_told_in_the_order_in_which_they_subscribed(caller: Caller) -> None:
    order: list[str] = []
    names = ("before_creation", "before_task_too", "after_anything", "before_task", "after_task")
    with listening(**{name: lambda _, name=name: order.append(name) for name in names}):
        caller("hr").post_json(TASKS, BODY, status=201)
    assert order == ["before_task", "before_task_too", "before_creation", "after_task", "after_anything"]


def test_an_event_says_what_was_and_what_is(caller: Caller, heard: sa.Connection) -> None:
    """What the author may not see, too: it is the plug-in that is told."""
    task(heard, secret="s", points=1)
    before: list[Any] = []
    after: list[Any] = []
    with listening(before_task=noting(before), after_task=noting(after)):
        merged(caller("staff"), A, {"points": 2})
    (event,) = before
    assert isinstance(event, BeforeWrite)
    assert (event.resource.name, event.verb, event.author.access.identity.name) == ("tasks", "patch", "staff")
    assert (event.before["secret"], event.before["points"], event.values) == ("s", 1, {"points": 2})
    assert (event.after["secret"], event.after["points"]) == ("s", 2)
    (event,) = after
    assert isinstance(event, AfterWrite)
    assert (event.before["twice"], event.after["twice"]) == (2, 4)
    with pytest.raises(TypeError):
        event.before["points"] = 5


def test_creation_has_no_before_and_deletion_no_after(caller: Caller) -> None:
    notes: list[Any] = []
    with listening(before_task=noting(notes, "before", "after"), after_task=noting(notes, "before", "after")):
        caller("hr").post_json(TASKS, BODY, status=201)
        caller("hr").delete(A, status=204)
    (one, after_one), (two, three), (four, after_four), (five, six) = notes
    assert (one, two, after_four, six) == (None, None, None, None)
    assert after_one["title"] == three["title"] == four["title"] == five["title"] == "A"


def test_after_write_sees_what_the_database_made(caller: Caller) -> None:
    notes: list[Any] = []
    with listening(after_task=noting(notes, "after"), after_anything=noting(notes, "after")):
        caller("staff").post_json(TASKS, {**BODY, "points": 4}, status=201)
        caller("hr").post_json("/api/v1/steps", {}, status=201)
    after = notes[0][0]
    assert (after["twice"], after["made_by"], after["grade"], after["state"]) == (8, "a function", "C", "open")
    assert isinstance(notes[-1][0]["id"], int)


@pytest.mark.parametrize("verb", ["create", "replace", "patch"])
def test_a_subscriber_may_change_values_whether_the_author_may_or_not(
    caller: Caller, heard: sa.Connection, verb: str
) -> None:
    """What a plug-in puts in is its own doing; what its author may not see is not in the answer either way."""

    def fill(event: BeforeWrite) -> None:
        event.values |= {"grade": "A", "secret": "mark", "points": 70, "bonus": 5, "origin": "plug-in"}

    client = caller("staff")
    if verb != "create":
        task(heard)
    with listening(before_task=fill):
        if verb == "create":
            response = client.post_json(TASKS, BODY, status=201)
        elif verb == "replace":
            response = client.put_json(A, {**BODY, "note": "n"}, status=200)
        else:
            response = merged(client, A, {"note": "n"})
    assert (response.json["grade"], response.json["points"], response.json["bonus"]) == ("A", 70, 5)
    assert "mark" not in response.text
    assert of_task(heard, "grade", "secret", "origin", "twice") == ("A", "mark", "plug-in", 140)


def test_a_subscriber_may_take_values_away(caller: Caller, heard: sa.Connection) -> None:
    task(heard)
    with listening(before_task=lambda event: event.values.pop("points", None)):
        merged(caller("staff"), A, {"points": 1, "note": "n"})
    assert of_task(heard, "points", "note") == (None, "n")


def test_a_subscriber_may_not_lead_a_result_past_the_policy(caller: Caller, heard: sa.Connection) -> None:
    """The row as a whole must still be one that its author may write."""
    task(heard)
    with listening(before_task=lambda event: event.values.update(state="done")):
        merged(caller("staff"), A, {"points": 1}, 403)
    assert of_task(heard, "points", "state") == (None, "open")


def test_several_subscribers_see_what_those_before_them_did(caller: Caller, heard: sa.Connection) -> None:
    task(heard)

    def double(event: BeforeWrite) -> None:
        event.values["points"] *= 2

    with listening(before_task=double, before_task_too=double, before_change=double):
        merged(caller("hr"), A, {"points": 3})
    assert of_task(heard, "points") == (24,)


def test_relations_stand_in_values_as_objects(caller: Caller, heard: sa.Connection) -> None:
    notes: list[Any] = []
    with listening(before_task=lambda event: notes.append([tag.number for tag in event.values["tags"]])):
        caller("hr").post_json(TASKS, {**BODY, "tags": [2, 1]}, status=201)
    assert notes == [[2, 1]]
    with listening(before_task=lambda event: event.values["tags"].pop()):
        merged(caller("hr"), A, {"tags": [1, 2, 5]})
    assert sorted(heard.scalars(sa.select(task_tag.c.tag))) == [1, 2]


@pytest.mark.parametrize("when", ["before_task", "after_task", "after_anything"])
@pytest.mark.parametrize(
    "problem, status",
    [
        (Unprocessable("No.", faults=[Fault("is not to our taste", pointer="/title", code="taste")]), 422),
        (Forbidden("No."), 403),
        (Conflict("No.", slug="overlap"), 409),
    ],
)
def test_a_subscriber_may_refuse(caller: Caller, heard: sa.Connection, when: str, problem: Any, status: int) -> None:
    task(heard)
    client = caller("hr")
    with listening(**{when: raising(problem)}):
        answers = [
            merged(client, A, {"points": 1}, status),
            client.put_json(A, {"title": "B"}, status=status),
            client.post_json(TASKS, {"code": "b", "title": "B"}, status=status),
            client.delete(A, status=status),
        ]
    for answer in answers:
        assert answer.json["detail"] == "No."
        assert faults(answer) == ({("/title", "taste")} if status == 422 else set())
    assert stored(heard, Task, "code", "title", "points") == [("a", "A", None)]


def test_a_refusal_within_an_array_says_which(caller: Caller, heard: sa.Connection) -> None:
    task(heard)

    def refuse(event: BeforeWrite) -> None:
        if event.values["title"] in "BD":
            raise Unprocessable("No.", faults=[Fault("is taken by us", pointer="/title", code="ours")])

    with listening(before_creation=refuse):
        refused = caller("hr").post_json(TASKS, [{"code": code, "title": code.upper()} for code in "bcd"], status=422)
    assert faults(refused) == {("/0/title", "ours"), ("/2/title", "ours")}
    assert stored(heard, Task, "code") == [("a",)]


def test_derived_data_of_another_table_is_written_or_undone_with_the_rest(caller: Caller, heard: sa.Connection) -> None:
    def derive(event: AfterWrite) -> None:
        if event.verb != "delete":
            event.session.add(Step(task_code=event.after["code"]))  # type: ignore[index]

    with listening(after_task=derive):
        caller("hr").post_json(TASKS, BODY, status=201)
        assert stored(heard, Step, "task_code") == [("a",)]
        merged(caller("hr"), A, {"points": 1})
        assert stored(heard, Step, "task_code") == [("a",), ("a",)]
        with listening(after_anything=raising(Conflict("No."))):
            merged(caller("hr"), A, {"points": 2}, 409)
        # Nor where the query does not fit, an array is refused, or the caller only wants to see.
        caller("hr").patch_json(f"{A}?fields=none", {"points": 3}, status=400)
        caller("hr").patch_json(TASKS, [{"code": "a", "points": 4}, {"code": "x"}], status=404)
        merged(caller("hr"), A, {"points": 5}, 200, Prefer="tx=rollback")
    assert stored(heard, Step, "task_code") == [("a",), ("a",)]
    assert of_task(heard, "points") == (1,)


def test_a_plug_in_validates_across_resources(caller: Caller, heard: sa.Connection) -> None:
    def at_most_two(event: BeforeWrite) -> None:
        if event.resource.name == "steps":
            number = event.session.scalar(sa.select(sa.func.count()).where(Step.task_code == event.values["task_code"]))
            if (number or 0) >= 2:
                fault = Fault("has two steps already", pointer="/task_code", code="full")
                raise Unprocessable("Too many.", faults=[fault])

    task(heard)
    step = {"task_code": "a"}
    with listening(before_task_too=at_most_two):
        # The third of an array sees the two before it.
        refused = caller("hr").post_json("/api/v1/steps", [step, step, step], status=422)
        assert faults(refused) == {("/2/task_code", "full")}
        caller("hr").post_json("/api/v1/steps", [step, step], status=201)
        assert faults(caller("hr").post_json("/api/v1/steps", step, status=422)) == {("/task_code", "full")}
    assert len(stored(heard, Step, "id")) == 2


def test_nothing_is_told_of_writes_that_are_refused(caller: Caller, heard: sa.Connection) -> None:
    task(heard, state="open")
    store(heard, Step(task_code="a"))
    before: list[Any] = []
    after: list[Any] = []
    with listening(before_task=noting(before), after_task=noting(after)):
        client = caller("staff")
        merged(client, A, {"grade": "A"}, 403)
        merged(client, A, {"secret": "x"}, 422)
        merged(client, A, {"points": -1}, 422)
        merged(client, A, {"team_name": "dark"}, 422)
        merged(client, f"{TASKS}/b", {"points": 1}, 404)
        client.put_json(A, BODY, headers={"If-Match": '"x"'}, status=412)
        client.post_json(TASKS, {**BODY, "odd": 1}, status=422)
        caller("reader").delete(A, status=403)
        caller("reader").post_json(TASKS, BODY, status=403)
        assert (before, after) == ([], [])
        # What only the database, or the row itself, can tell is told of before, and never after.
        merged(client, A, {"points": 1000}, 422)
        merged(client, A, {"state": "done"}, 403)
        client.delete(A, status=409)
        assert after == []


def test_nothing_is_told_where_nothing_changes(caller: Caller, heard: sa.Connection) -> None:
    task(heard, points=1, data={"a": 1})
    heard.execute(sa.insert(task_tag), [{"task": "a", "tag": 1}])
    notes: list[Any] = []
    with listening(before_task=noting(notes), after_task=noting(notes)):
        client = caller("hr")
        merged(client, A, {"points": 1, "data": {"a": 1}, "tags": [1]})
        client.put_json(A, client.get(A).json, status=200)
        patched(client, A, operation("test", "/points", value=1))
        client.patch_json(TASKS, [{"code": "a", "points": 1}], status=200)
        client.patch_json(f"{TASKS}?code=a", {"points": 1}, headers={"Prefer": "max-affected=1"}, status=200)
    assert notes == []


def test_every_record_of_an_array_and_of_a_filter_is_told_of(caller: Caller, heard: sa.Connection) -> None:
    notes: list[Any] = []
    client = caller("hr")
    with listening(before_task=noting(notes, "verb"), after_task=noting(notes, "verb")):
        client.post_json(TASKS, [{"code": code, "title": code} for code in "abc"], status=201)
        client.put_json(TASKS, [{"code": "a", "title": "A"}, {"code": "b", "title": "B"}], status=200)
        client.patch_json(f"{TASKS}?state=open", {"points": 1}, headers={"Prefer": "max-affected=3"}, status=200)
        client.delete(f"{TASKS}?points=1", headers={"Prefer": "max-affected=3"}, status=200)
    verbs = [verb for (verb,) in notes]
    assert {verb: verbs.count(verb) for verb in set(verbs)} == {"create": 6, "replace": 4, "patch": 6, "delete": 6}


def test_a_subscriber_may_change_the_key(caller: Caller, heard: sa.Connection) -> None:
    with listening(before_creation=lambda event: event.values.update(code=event.values["code"].upper())):
        made = caller("hr").post_json(TASKS, BODY, status=201)
    assert made.json["code"] == "A"
    assert made.headers["Location"].endswith("/tasks/A")


def test_what_a_subscriber_breaks_is_told_as_the_authors_would_be(caller: Caller, heard: sa.Connection) -> None:
    """A rule of the database, not a failure; and what the author does not see is not named."""
    task(heard)
    store(heard, Task(code="b", title="B", secret="mark"))
    with listening(before_task=lambda event: event.values.update(secret="mark")):
        told = merged(caller("hr"), A, {"points": 1}, 409)
        untold = merged(caller("staff"), A, {"points": 1}, 409)
    assert faults(told) == {("/secret", "taken")}
    assert "secret" not in untold.text
    with listening(after_task=lambda event: event.session.add(Step(task_code="nothing"))):
        response = merged(caller("staff"), A, {"points": 1}, "*")
        assert 400 <= response.status_int < 500
    assert sorted(stored(heard, Task, "points")) == [(None,), (None,)]


def odd_resource(config: Configurator) -> None:
    """Subscribes to what there is not."""
    config.add_plugin("odd", summary="Odd")
    config.add_subscriber(print, BeforeWrite, resource="taks")


def odd_verb(config: Configurator) -> None:
    """And to what nobody does."""
    config.add_plugin("odd", summary="Odd")
    config.add_subscriber(print, AfterWrite, resource="tasks", verb=("create", "edit"))


@pytest.mark.parametrize(
    "include, said",
    [(odd_resource, "there is no resource taks; did you mean tasks?"), (odd_verb, "there is no verb edit")],
)
def test_an_unknown_name_is_an_error_at_start_that_names_file_and_line(
    tmp_path: Path, include: Callable[[Configurator], None], said: str
) -> None:
    line = include.__code__.co_firstlineno + 3
    with pytest.raises(ConfigurationError) as raised, desk(f"sqlite:///{tmp_path}/desk.db", include):
        pass  # pragma: no cover
    assert f"Line {line} of file {__file__}" in str(raised.value)
    assert said in str(raised.value)


def test_a_record_is_read_anew_for_each_write(caller: Caller, heard: sa.Connection) -> None:
    """What a plug-in's own statement did to it in between is seen, though the session has the record."""
    store(heard, Task(code="a", title="A"), Task(code="b", title="B", points=1))
    notes: list[Any] = []
    held: list[Any] = []

    def count(event: AfterWrite) -> None:
        held.append(event.session.get(Task, "b"))
        notes.append((event.before or {})["points"])
        event.session.execute(sa.text("UPDATE desk_task SET points = 50 WHERE code = 'b'"))

    items = [{"code": "b", "note": "x"}, {"code": "a", "note": "x"}, {"code": "b", "note": "y"}]
    with listening(after_task=count):
        caller("hr").patch_json(TASKS, items, status=200)
    assert notes == [1, None, 50]
    assert len(held) == 3
