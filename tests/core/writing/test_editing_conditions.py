"""What a caller makes a change depend on, and would rather have or not have: If-Match, If-None-Match, Prefer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.desk.application import desk, store, stored
from tests.core.writing.desk.models import Step, Task
from tests.core.writing.editing import TASKS, A, Caller, faults, merged, of_task, operation, task
from tests.harness.applications import Application
from tests.harness.databases import Databases


def tag_of(client: TestApp, url: str = A) -> str:
    """The ETag that a GET gives."""
    return str(client.get(url).headers["ETag"])


def each_change(client: TestApp, url: str = A, **headers: str) -> list[TestResponse]:
    """The answers to every change of one record; deletion comes last."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return [
        client.put_json(url, {"title": "B", "owner_id": 7}, headers=sent, expect_errors=True),
        client.patch_json(url, {"points": 5}, headers=sent, expect_errors=True),
        client.patch_json(
            url,
            [operation("add", "/points", value=6)],
            content_type="application/json-patch+json",
            headers=sent,
            expect_errors=True,
        ),
        client.delete(url, headers=sent, expect_errors=True),
    ]


def statuses(answers: list[TestResponse]) -> list[int]:
    """Their statuses."""
    return [answer.status_int for answer in answers]


@pytest.mark.parametrize("role", ["hr", "staff"])
def test_a_change_that_names_the_right_etag_happens(at_desk: Caller, on_desk: sa.Connection, role: str) -> None:
    task(on_desk, secret="s")
    client = at_desk(role)
    tag = tag_of(client)
    for change in ({"points": 1}, {"points": 2}):
        answer = merged(client, A, change, **{"If-Match": tag})
        assert answer.headers["ETag"] == tag_of(client) != tag
        tag = answer.headers["ETag"]
    put = client.put_json(A, {"title": "B", "owner_id": 7}, headers={"If-Match": f'"x", {tag}'}, status=200)
    client.delete(A, headers={"If-Match": put.headers["ETag"]}, status=204)


@pytest.mark.parametrize("wrong", ["x", ",", "x, y", "", "  "])
def test_what_is_no_etag_is_told_so(at_desk: Caller, on_desk: sa.Connection, wrong: str) -> None:
    task(on_desk)
    answers = each_change(at_desk("hr"), If_Match=wrong)
    assert statuses(answers) == [400, 400, 400, 400]
    assert of_task(on_desk, "title", "points") == ("A", None)


@pytest.mark.parametrize("wrong", ['"x"', '""', '"x", "y"', 'W/"x"'])
def test_a_change_that_names_another_etag_does_not_happen(at_desk: Caller, on_desk: sa.Connection, wrong: str) -> None:
    task(on_desk)
    client = at_desk("hr")
    answers = each_change(client, If_Match=wrong)
    assert statuses(answers) == [412, 412, 412, 412]
    assert {answer.headers["ETag"] for answer in answers} == {tag_of(client)}
    assert of_task(on_desk, "title", "points") == ("A", None)


def test_an_empty_condition_is_that_of_a_variable_that_was_not_set(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    answers = each_change(at_desk("hr"), If_None_Match="")
    assert statuses(answers) == [400, 400, 400, 400]
    assert "If-None-Match holds ETags in their quotes" in answers[0].json["detail"]
    assert of_task(on_desk, "title", "points") == ("A", None)


@pytest.mark.parametrize("body, status", [("[1]", 400), ('{"a": 1}', 400), ("nonsense", 400), ("{}", 204), ("", 204)])
def test_a_deletion_takes_no_body(at_desk: Caller, on_desk: sa.Connection, body: str, status: int) -> None:
    task(on_desk)
    client = at_desk("hr")
    client.request(A, method="DELETE", body=body.encode(), content_type="application/json", status=status)
    client.get(A, status=404 if status == 204 else 200)


def test_a_lost_update_is_noticed(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    client = at_desk("hr")
    tag = tag_of(client)
    merged(client, A, {"points": 1})
    assert statuses(each_change(client, If_Match=tag)) == [412, 412, 412, 412]
    assert of_task(on_desk, "points") == (1,)


def test_a_weak_etag_never_matches(at_desk: Caller, on_desk: sa.Connection) -> None:
    """RFC 9110, section 13.1.1: If-Match compares strongly."""
    task(on_desk)
    client = at_desk("hr")
    assert statuses(each_change(client, If_Match=f"W/{tag_of(client)}")) == [412, 412, 412, 412]
    merged(client, A, {"points": 1}, 200, **{"If-Match": f"W/{tag_of(client)}, {tag_of(client)}"})


def test_an_asterisk_matches_every_state(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    assert statuses(each_change(at_desk("staff"), If_Match="*")) == [200, 200, 200, 204]
    assert statuses(each_change(at_desk("staff"), If_Match="*")) == [404, 404, 404, 404]


def test_an_etag_is_of_what_this_caller_sees(at_desk: Caller, on_desk: sa.Connection) -> None:
    """A change of what is hidden from them does not make theirs another one; what others see has another ETag."""
    task(on_desk, secret="s")
    tag, other = tag_of(at_desk("staff")), tag_of(at_desk("hr"))
    assert tag != other
    merged(at_desk("hr"), A, {"secret": "t"})
    merged(at_desk("staff"), A, {"points": 1}, 412, **{"If-Match": other})
    merged(at_desk("staff"), A, {"points": 1}, 200, **{"If-Match": tag})


def test_the_etag_of_a_url_with_a_query_is_of_what_that_url_gives(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, points=1)
    client, url = at_desk("hr"), f"{A}?fields=code,note"
    tag = tag_of(client, url)
    assert tag != tag_of(client)
    assert statuses(each_change(client, If_Match=tag)) == [412, 412, 412, 412]
    # What that URL does not show may have changed.
    merged(client, A, {"points": 2})
    answer = merged(client, url, {"note": "n"}, 200, **{"If-Match": tag})
    assert answer.headers["ETag"] == tag_of(client, url)
    merged(client, url, {"note": "m"}, 412, **{"If-Match": tag})


def test_if_none_match_prevents_a_change_of_that_state(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    client = at_desk("hr")
    for value in ("*", tag_of(client), f'"x", {tag_of(client)}', f"W/{tag_of(client)}"):
        assert statuses(each_change(client, If_None_Match=value)) == [412, 412, 412, 412]
    assert of_task(on_desk, "points") == (None,)
    assert statuses(each_change(client, If_None_Match='"x"')) == [200, 200, 200, 204]


def test_a_put_that_must_not_find_a_record_does_not_make_one(at_desk: Caller, on_desk: sa.Connection) -> None:
    at_desk("hr").put_json(A, {"title": "A"}, headers={"If-None-Match": "*"}, status=404)
    assert stored(on_desk, Task, "code") == []


def test_what_may_not_be_done_is_told_before_what_has_changed(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, owner_id=9)
    store(on_desk, Task(code="b", title="B", state="done", owner_id=8))
    assert statuses(each_change(at_desk("staff"), If_Match='"x"')) == [404, 404, 404, 404]
    assert statuses(each_change(at_desk("staff"), f"{TASKS}/b", If_Match='"x"')) == [403, 403, 403, 403]


def test_if_unmodified_since_is_refused(at_desk: Caller, on_desk: sa.Connection) -> None:
    """No answer has a Last-Modified; passing it over would do what it prevents."""
    task(on_desk)
    answers = each_change(at_desk("hr"), If_Unmodified_Since="Sun, 22 Nov 2026 09:00:00 GMT")
    assert statuses(answers) == [400, 400, 400, 400]


# -- Where If-Match is compulsory


@pytest.fixture(scope="module")
def strict_desk(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """A desk whose operator lets nobody change what they have not seen."""
    with databases.empty(dialect_name) as url, desk(url, **{"rest.require_if_match": "true"}) as made:
        yield made


def test_where_if_match_is_compulsory_a_change_without_it_is_428(strict_desk: Application) -> None:
    with strict_desk.undone() as connection:
        task(connection)
        client = strict_desk.client(connection, "hr")
        for headers in ({}, {"If_None_Match": '"x"'}):
            assert statuses(each_change(client, **headers)) == [428, 428, 428, 428]
        many: Any = {"Prefer": "max-affected=5"}
        client.patch_json(TASKS, [{"code": "a", "points": 1}], status=428)
        client.patch_json(TASKS, {"points": 1}, headers=many, status=428)
        client.put_json(TASKS, [{"code": "a", "title": "B"}], status=428)
        client.delete(TASKS, headers=many, status=428)
        client.delete_json(TASKS, [{"code": "a"}], status=428)
        assert of_task(connection, "title", "points") == ("A", None)
        assert statuses(each_change(client, If_Match="*")) == [200, 200, 200, 204]
        client.post_json(TASKS, {"code": "n", "title": "N"}, status=201)


# -- Prefer


def test_return_minimal_answers_without_a_body(at_desk: Caller, on_desk: sa.Connection) -> None:
    client, headers = at_desk("hr"), {"Prefer": "return=minimal"}
    made = client.post_json(TASKS, {"code": "a", "title": "A"}, headers=headers, status=201)
    assert (made.body, made.headers["Location"]) == (b"", f"http://localhost{A}")
    answers = each_change(client, Prefer="return=minimal")
    assert statuses(answers) == [204, 204, 204, 204]
    assert {answer.body for answer in [made, *answers]} == {b""}
    assert all(answer.headers["Preference-Applied"] == "return=minimal" for answer in [made, *answers])
    client.post_json(TASKS, [{"code": "b", "title": "B"}], headers=headers, status=201)
    assert client.patch_json(TASKS, [{"code": "b", "points": 1}], headers=headers, status=204).body == b""
    assert stored(on_desk, Task, "code", "points") == [("b", 1)]


def test_a_preview_answers_as_if_and_leaves_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk, points=1)
    store(on_desk, Step(id=1))
    before = [stored(on_desk, Task, *(column.key for column in Task.__table__.columns)), stored(on_desk, Step, "id")]
    client, headers = at_desk("staff"), {"Prefer": "tx=rollback, max-affected=5"}
    new = {"code": "n", "title": "N", "points": 4, "tags": [1]}
    answers = [
        client.post_json(TASKS, new, headers=headers, status=201),
        client.post_json(TASKS, [new], headers=headers, status=201),
        *each_change(client, Prefer="tx=rollback"),
        client.patch_json(TASKS, [{"code": "a", "points": 8}], headers=headers, status=200),
        client.put_json(TASKS, [{"code": "a", "title": "B", "owner_id": 7}], headers=headers, status=200),
        client.patch_json(f"{TASKS}?code=a", {"points": 9}, headers=headers, status=200),
        client.delete(f"{TASKS}?code=a", headers=headers, status=200),
        client.delete_json(TASKS, [{"code": "a"}], headers=headers, status=200),
    ]
    assert statuses(answers)[2:6] == [200, 200, 200, 204]
    assert answers[0].json["twice"] == 8
    assert [answer.json["points"] for answer in answers[2:5]] == [None, 5, 6]
    assert all("tx=rollback" in answer.headers["Preference-Applied"] for answer in answers)
    after = [stored(on_desk, Task, *(column.key for column in Task.__table__.columns)), stored(on_desk, Step, "id")]
    assert after == before
    client.get(f"{TASKS}/n", status=404)


def test_a_preview_is_refused_as_the_change_would_be(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    store(on_desk, Task(code="b", title="B"), Step(task_code="a"))
    client, headers = at_desk("staff"), {"Prefer": "tx=rollback"}
    for change, status in (
        ({"title": "B"}, 409),
        ({"points": 1000}, 422),
        ({"state": "done"}, 403),
        ({"grade": "A"}, 403),
        ({"secret": "x"}, 422),
    ):
        real = merged(client, A, change, status)
        preview = merged(client, A, change, status, **headers)
        assert faults(preview) == faults(real)
        assert preview.json["detail"] == real.json["detail"]
    client.delete(A, headers=headers, status=409)
    merged(client, A, {"points": 1}, 412, **headers, **{"If-Match": '"x"'})
    assert of_codes(on_desk) == ["a", "b"]


def of_codes(connection: sa.Connection) -> list[str]:
    """The codes of all tasks."""
    return [code for (code,) in stored(connection, Task, "code")]


@pytest.mark.parametrize("prefer", ["tx=maybe", "tx", "tx=rollback, tx=commit"])
def test_a_preference_that_prevents_something_is_never_passed_over(
    at_desk: Caller, on_desk: sa.Connection, prefer: str
) -> None:
    task(on_desk)
    assert statuses(each_change(at_desk("hr"), Prefer=prefer)) == [400, 400, 400, 400]
    assert of_task(on_desk, "title") == ("A",)
