"""Changes of all that a filter means: all or nothing, and nothing said of the unseen."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from webtest import TestResponse

from tests.core.writing.desk.application import desk, stored
from tests.core.writing.desk.models import Task
from tests.core.writing.editing import ALL, MERGE, PATCH, TASKS, Caller, operation, tasks


def filtered(caller: Caller, role: str, query: str, patch: Any, status: int, prefer: str = "max-affected=10") -> Any:
    """The answer to a patch of all that a filter means."""
    kind = PATCH if isinstance(patch, list) else MERGE
    headers = {"Prefer": prefer} if prefer else {}
    return caller(role).patch_json(f"{TASKS}?{query}", patch, content_type=kind, headers=headers, status=status)


def test_a_filter_changes_all_that_it_means(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk)
    tasks(on_desk, "d", state="done")
    response = filtered(at_desk, "staff", "state=open&fields=code,points", {"points": 5}, 200)
    assert response.json == {"data": [{"code": code, "points": 5} for code in "abc"]}
    assert "max-affected" in response.headers["Preference-Applied"]
    filtered(at_desk, "staff", "state=open", [operation("replace", "/points", value=6)], 200)
    assert stored(on_desk, Task, "code", "points") == [("a", 6), ("b", 6), ("c", 6), ("d", None)]
    assert at_desk("hr").delete(f"{TASKS}?points=6", headers=ALL, status=200).json == {"affected": 3}
    assert stored(on_desk, Task, "code") == [("d",)]


def test_without_a_filter_all_are_meant_and_the_limit_is_compulsory(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk)
    filtered(at_desk, "hr", "", {"points": 1}, 400, prefer="")
    at_desk("hr").delete(TASKS, status=400)
    at_desk("hr").delete(f"{TASKS}?state=open", status=400)
    for prefer in ("max-affected=0", "max-affected=-1", "max-affected=x", "max-affected", "max-affected=1.5"):
        filtered(at_desk, "hr", "", {"points": 1}, 400, prefer=prefer)
    filtered(at_desk, "hr", "", {"points": 1}, 400, prefer="max-affected=21")  # more than the operator allows
    assert set(stored(on_desk, Task, "points")) == {(None,)}
    filtered(at_desk, "hr", "", {"points": 1}, 200, prefer="max-affected=3")
    assert set(stored(on_desk, Task, "points")) == {(1,)}


def test_exceeding_the_limit_says_only_so(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "abcde")
    patched = filtered(at_desk, "hr", "state=open", {"points": 1}, 409, prefer="max-affected=4")
    deleted = at_desk("hr").delete(f"{TASKS}?state=open", headers={"Prefer": "max-affected=2"}, status=409)
    for response, most in ((patched, 4), (deleted, 2)):
        assert response.json["detail"] == f"The filter means more than {most} records, so none was changed."
        assert response.json["type"] == "urn:colonnade:problem:max-affected"
        assert "errors" not in response.json
    assert len(stored(on_desk, Task, "points")) == 5


def test_what_may_not_be_seen_is_not_counted(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "ab")
    tasks(on_desk, "xyz", owner_id=9)
    response = filtered(at_desk, "staff", "state=open", {"points": 1}, 200, prefer="max-affected=2")
    assert [each["code"] for each in response.json["data"]] == ["a", "b"]
    assert at_desk("owner").delete(TASKS, headers={"Prefer": "max-affected=2"}, status=200).json == {"affected": 2}
    assert stored(on_desk, Task, "code", "points") == [("x", None), ("y", None), ("z", None)]


def test_one_row_that_may_not_be_changed_refuses_all(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "ab")
    tasks(on_desk, "c", state="done")
    tasks(on_desk, "d", owner_id=8)
    filtered(at_desk, "staff", "", {"points": 1}, 403)
    at_desk("staff").delete(TASKS, headers=ALL, status=403)
    at_desk("staff").delete(f"{TASKS}?code__in=a,b", headers=ALL, status=200)
    assert stored(on_desk, Task, "code", "points") == [("c", None), ("d", None)]


def test_what_may_be_deleted_and_not_edited_is_deleted(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, state="done")
    filtered(at_desk, "staff", "", {"points": 1}, 403)
    assert at_desk("staff").delete(TASKS, headers=ALL, status=200).json == {"affected": 3}
    assert stored(on_desk, Task, "code") == []


def test_one_field_that_may_not_be_written_somewhere_refuses_all(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "ab", points=10)
    tasks(on_desk, "c", points=60)
    filtered(at_desk, "staff", "", {"bonus": 1}, 403)
    filtered(at_desk, "staff", "", {"note": "x", "state": "sealed"}, 200)
    filtered(at_desk, "staff", "", {"note": "y"}, 422)
    filtered(at_desk, "staff", "code=a", {"title": "B"}, 409)
    assert stored(on_desk, Task, "title", "bonus", "note") == [(title, None, "x") for title in "ABC"]


@pytest.mark.parametrize(
    "query", ["secret=mark", "secret__isnull=true", 'where={"not": {"secret": "mark"}}', "odd=1", "note__odd=1"]
)
def test_a_filter_by_what_is_hidden_or_unknown_is_refused(at_desk: Caller, on_desk: sa.Connection, query: str) -> None:
    tasks(on_desk, "a", secret="mark")
    told = filtered(at_desk, "staff", query, {"points": 1}, 400)
    assert at_desk("staff").delete(f"{TASKS}?{query}", headers=ALL, status=400).json["errors"] == told.json["errors"]
    assert "secret" not in str([fault.get("allowed") for fault in told.json["errors"]])
    assert stored(on_desk, Task, "points") == [(None,)]


def test_what_is_hidden_on_a_row_is_null_to_the_filter(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a", note="mark", state="sealed")
    tasks(on_desk, "b", note="mark")
    response = filtered(at_desk, "staff", "note=mark", {"points": 1}, 200)
    assert [each["code"] for each in response.json["data"]] == ["b"]
    assert at_desk("hr").delete(f"{TASKS}?note=mark", headers=ALL, status=200).json == {"affected": 2}


@pytest.mark.parametrize("word", ["sort=code", "limit=1", "page=1", "offset=0", "count=exact", "cursor=x"])
def test_what_only_a_list_has_is_refused(at_desk: Caller, on_desk: sa.Connection, word: str) -> None:
    tasks(on_desk, "ab")
    filtered(at_desk, "hr", word, {"points": 1}, 400)
    at_desk("hr").delete(f"{TASKS}?{word}", headers=ALL, status=400)
    assert stored(on_desk, Task, "points") == [(None,), (None,)]


def test_who_may_see_or_change_nothing_is_refused_as_of_a_collection(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a")
    for role, status in (("reader", 403), ("stranger", 403), ("blind", 403), (None, 401)):
        client = at_desk(role)
        client.patch_json(TASKS, {"points": 1}, headers=ALL, status=status)
        client.patch_json(TASKS, [{"code": "a", "points": 1}], status=status)
        client.put_json(TASKS, [{"code": "a", "title": "B"}], status=status)
        client.delete(TASKS, headers=ALL, status=status)
        client.delete_json(TASKS, [{"code": "a"}], status=status)
    assert stored(on_desk, Task, "title", "points") == [("A", None)]


def test_a_filter_that_means_nothing_changes_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, "a")
    assert filtered(at_desk, "hr", "code=x", {"points": 1}, 200).json == {"data": []}
    assert at_desk("hr").delete(f"{TASKS}?code=x", headers=ALL, status=200).json == {"affected": 0}


def test_a_change_that_takes_rows_out_of_the_filter_changes_each_once(at_desk: Caller, on_desk: sa.Connection) -> None:
    tasks(on_desk, points=1)
    filtered(at_desk, "hr", "points=1", [operation("copy", "/points", source="/twice")], 200)
    assert stored(on_desk, Task, "points") == [(2,), (2,), (2,)]
    # And rows that their author loses sight of are written, too.
    response = filtered(at_desk, "giver", "", {"owner_id": 8}, 200)
    assert response.json == {"data": [None, None, None]}


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_a_row_that_leaves_the_filter_while_another_client_changes_it_is_left_alone(
    fresh_database_url: str, verb: str
) -> None:
    """The filter finds it, waits for the other one to commit, and looks again."""
    with desk(fresh_database_url) as made, made.database.engine.connect() as other:
        with Session(made.database.engine) as session, session.begin():
            session.add_all([Task(code=code, title=code) for code in "abc"])
        other.execute(sa.update(Task.__table__).where(Task.code == "b").values(state="done"))
        client = made.client(None, "hr")
        url, answers = f"{TASKS}?state=open", list[TestResponse]()

        def write() -> None:
            if verb == "patch":
                answers.append(client.patch_json(url, {"points": 1}, headers=ALL, expect_errors=True))
            else:
                answers.append(client.delete(url, headers=ALL, expect_errors=True))

        thread = threading.Thread(target=write)
        thread.start()
        waiting = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with made.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            while thread.is_alive() and not (watching.scalar(waiting) or 0):
                pass
        other.commit()
        thread.join()
        assert answers[0].status_int == 200, answers[0].text
        with made.undone() as connection:
            rows = stored(connection, Task, "code", "state", "points")
        expected = [("a", "open", 1), ("b", "done", None), ("c", "open", 1)]
        assert rows == (expected if verb == "patch" else expected[1:2])
