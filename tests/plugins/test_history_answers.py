"""``Prefer: return=changes``: a write, or its preview, answers what it changes, as the log tells it to who asks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.functional.company import PLUGINS, Company, company

CHANGES = {"Prefer": "return=changes"}
PREVIEW = {"Prefer": "return=changes, tx=rollback, max-affected=100"}


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company whose changes are kept."""
    with company(fresh_database_url, **{"colonnade.plugins": "\n".join((*PLUGINS, "history"))}) as made:
        yield made


def test_a_write_answers_its_changes(firm: Company) -> None:
    client = firm.client("hr")
    made = client.post_json("/api/v1/departments", {"code": "d9", "name": "New"}, headers=CHANGES)
    assert made.status_int == 201
    assert made.headers["Location"].endswith("/api/v1/departments/4")
    assert made.headers["Preference-Applied"] == "return=changes"
    (change,) = made.json["changes"]
    assert change["record"] == {"id": 4, "code": "d9", "name": "New", "manager_id": None}
    assert (change["verb"], change["resource"], change["key"], change["actor"]) == ("create", "departments", "4", "hr")
    gone = client.delete("/api/v1/departments/4", headers=CHANGES)
    assert gone.status_int == 200
    assert [(each["verb"], each.get("record")) for each in gone.json["changes"]] == [("delete", None)]


def test_a_preview_answers_what_would_change_and_changes_nothing(firm: Company) -> None:
    client = firm.client("hr")
    last = client.get("/api/v1/changes?after=0&limit=1000").json["position"]
    answer = client.patch_json("/api/v1/employees?department.name=Sales", {"title": "Boss"}, headers=PREVIEW)
    assert len(answer.json["changes"]) == 10
    assert {each["record"]["title"] for each in answer.json["changes"]} == {"Boss"}
    assert client.get(f"/api/v1/changes?after={last}").json["data"] == []
    assert client.get("/api/v1/employees?title=Boss").json["data"] == []


def test_what_stays_as_it_is_is_no_change(firm: Company) -> None:
    client = firm.client("hr")
    title = client.get("/api/v1/employees/3").json["title"]
    assert client.patch_json("/api/v1/employees/3", {"title": title}, headers=CHANGES).json == {"changes": []}


def test_what_its_author_may_not_see_is_not_among_them(firm: Company) -> None:
    """Max changes his address; of the people he leads he would see the salary, of himself too."""
    answer = firm.client("max").patch_json("/api/v1/employees/6", {"email": "max@example.org"}, headers=CHANGES)
    assert answer.json["changes"][0]["record"]["salary"] == "71006.06"
    refused = firm.client("ann").patch_json("/api/v1/employees/6", {"email": "x"}, headers=PREVIEW, expect_errors=True)
    assert refused.status_int == 403
    assert "71006" not in refused.text


def test_a_batch_answers_all_of_them_in_order(firm: Company) -> None:
    operations = [
        {"op": "create", "resource": "departments", "as": "new", "body": {"code": "d9", "name": "New"}},
        {"op": "merge", "resource": "employees", "key": "3", "body": {"department_id": {"$ref": "new.id"}}},
    ]
    answer = firm.client("hr").post_json("/api/v1/batch", {"operations": operations}, headers=PREVIEW)
    assert [(each["resource"], each["verb"]) for each in answer.json["changes"]] == [
        ("departments", "create"),
        ("employees", "update"),
    ]


def test_without_a_log_nothing_is_done(fresh_database_url: str) -> None:
    with company(fresh_database_url) as firm:
        client = firm.client("hr")
        refused = client.patch_json("/api/v1/employees/3", {"title": "Boss"}, headers=CHANGES, expect_errors=True)
        assert refused.status_int == 400
        assert "change log" in refused.json["detail"]
        assert client.get("/api/v1/employees?title=Boss").json["data"] == []


def test_the_document_has_the_ways_to_ask_with_examples(firm: Company) -> None:
    paths = firm.client(None).get("/openapi.json").json["paths"]

    def parameters(path: str) -> dict[str, Any]:
        given = paths[path]["get"]["parameters"]
        return {each["name"]: each for each in given if "name" in each}

    feed, record = parameters("/api/v1/changes"), parameters("/api/v1/employees/{key}")
    assert feed["after"]["examples"]["from the beginning"] == {"value": 0}
    assert feed["wait"]["schema"]["maximum"] == 30
    assert {"a time", "a position"} == record["as_of"]["examples"].keys()
    answers = paths["/api/v1/changes"]["get"]["responses"]["200"]["content"]["application/json"]
    assert "position" in answers["schema"]["anyOf"][1]["required"]
    assert "after a position" in answers["examples"]
    assert "as_of" not in feed
    past = paths["/api/v1/employees/{key}/history"]["get"]
    assert past["responses"]["200"]["content"]["application/json"]["schema"] == answers["schema"]["anyOf"][0]
    assert {"verb", "request_id"} <= parameters("/api/v1/employees/{key}/history").keys()
    assert past["tags"] == ["employees"]


def test_who_waits_is_not_woken_by_what_is_hidden(firm: Company) -> None:
    """Staff do not see others' salaries: that one changed they do not learn by being answered."""
    root, ann = firm.client("root"), firm.client("ann")
    last = root.get("/api/v1/changes?sort=-position&limit=1").json["data"][0]["position"]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ann.get, f"/api/v1/changes?after={last}&wait=20")
        for amount in range(3):
            root.patch_json("/api/v1/employees/8", {"salary": f"8000{amount}.00"})
        root.patch_json("/api/v1/employees/8", {"title": "Seen"})
        answer = waiting.result().json
    assert [change["record"]["title"] for change in answer["data"]] == ["Seen"]
    assert "next" in answer


def test_a_moment_or_a_field_list_that_stands_twice_is_refused(firm: Company) -> None:
    client = firm.client("hr")
    for query in ("as_of=1&as_of=2", "as_of=1&fields=id&fields=title"):
        (fault,) = client.get(f"/api/v1/employees/7?{query}", status=400).json["errors"]
        assert fault["detail"] == "stands twice"
