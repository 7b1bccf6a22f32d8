"""Every write over HTTP may be sent again with its Idempotency-Key: it happens once, and is answered alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from webtest import TestApp, TestResponse

from colonnade.plugins.accounts import create_token, create_user, find_user
from colonnade.plugins.accounts.users import remove_role
from tests.functional.company import Company

API = "/api/v1"
KEY = {"Idempotency-Key": "6ba7b810-9dad"}
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"

WRITES: dict[str, Callable[[TestApp, dict[str, str]], TestResponse]] = {
    "create": lambda client, headers: client.post_json(
        f"{API}/departments", {"code": "new", "name": "New"}, headers=headers
    ),
    "create, minimal": lambda client, headers: client.post_json(
        f"{API}/departments", {"code": "new", "name": "New"}, headers={**headers, "Prefer": "return=minimal"}
    ),
    "create many": lambda client, headers: client.post_json(
        f"{API}/departments", [{"code": "n1", "name": "New 1"}, {"code": "n2", "name": "New 2"}], headers=headers
    ),
    "replace": lambda client, headers: client.put_json(
        f"{API}/departments/1", {"code": "d1", "name": "Other"}, headers=headers
    ),
    "merge patch": lambda client, headers: client.patch(
        f"{API}/departments/1", '{"name": "Other"}', headers=headers, content_type=MERGE_PATCH
    ),
    "JSON patch": lambda client, headers: client.patch(
        f"{API}/departments/1",
        '[{"op": "test", "path": "/name", "value": "Sales"}, {"op": "replace", "path": "/name", "value": "Other"}]',
        headers=headers,
        content_type=JSON_PATCH,
    ),
    "delete": lambda client, headers: client.delete(f"{API}/salaries/1", headers=headers),
    "batch": lambda client, headers: client.post_json(
        f"{API}/batch",
        {"operations": [{"op": "create", "resource": "departments", "body": {"code": "b1", "name": "B"}}]},
        headers=headers,
    ),
}


@pytest.fixture
def client(firm: Company) -> Iterator[TestApp]:
    """Somebody who may do all of it, in a transaction that is rolled back."""
    with firm.database.engine.connect() as connection:
        transaction = connection.begin()
        yield firm.client("hr", **{"app.connection": connection})
        transaction.rollback()


def everything(client: TestApp) -> list[Any]:
    """What is stored, as far as these writes go."""
    return [client.get(f"{API}/{name}?count=exact&limit=1000").json for name in ("departments", "salaries")]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_is_sent_again_happens_once(
    client: TestApp, write: Callable[[TestApp, dict[str, str]], TestResponse]
) -> None:
    before = everything(client)
    first = write(client, KEY)
    after = everything(client)
    again = write(client, {"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})

    assert before != after == everything(client)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status, again.body) == (first.status, first.body)
    passing = {"X-Request-Id", "Idempotency-Replayed", "Date", "Server"}
    told = [{name: value for name, value in each.headers.items() if name not in passing} for each in (first, again)]
    assert told[0] == told[1]


def test_a_write_that_was_refused_may_be_mended_and_sent_with_the_same_key(client: TestApp) -> None:
    client.post_json(f"{API}/departments", {"code": "new"}, headers=KEY, status=422)
    answer = client.post_json(f"{API}/departments", {"code": "new", "name": "New"}, headers=KEY, status=201)
    assert "Idempotency-Replayed" not in answer.headers


def test_a_preview_leaves_the_key_to_the_real_thing(client: TestApp) -> None:
    body = {"code": "new", "name": "New"}
    for _ in range(2):
        client.post_json(f"{API}/departments", body, headers={**KEY, "Prefer": "tx=rollback"}, status=201)
    answer = client.post_json(f"{API}/departments", body, headers=KEY, status=201)
    assert "Idempotency-Replayed" not in answer.headers


def test_the_key_of_another_request_is_refused(client: TestApp) -> None:
    client.post_json(f"{API}/departments", {"code": "new", "name": "New"}, headers=KEY)
    answer = client.post_json(f"{API}/departments", {"code": "newer", "name": "Newer"}, headers=KEY, status=422)
    assert answer.json["type"].endswith(":idempotency-key-reused")


def test_who_has_lost_a_role_learns_that_it_was_done_and_does_not_see_the_answer_again(firm: Company) -> None:
    """On committed data, with a token and roles as they are in production."""
    with firm.database.sessions.begin() as session:
        token = create_token(session, create_user(session, "kim", ["hr", "auditor"]))[1]
    kim = TestApp(firm.app)
    kim.authorization = ("Bearer", token)
    body = {"code": "kims", "name": "Kim's"}
    first = kim.post_json(f"{API}/departments", body, headers=KEY, status=201)
    assert kim.post_json(f"{API}/departments", body, headers=KEY).body == first.body

    with firm.database.sessions.begin() as session:
        remove_role(find_user(session, "kim"), "auditor")
    answer = kim.post_json(f"{API}/departments", body, headers=KEY, status=409)
    assert answer.json["type"].endswith(":answer-withheld")
    assert "kims" not in answer.text
    assert len(kim.get(f"{API}/departments?code=kims").json["data"]) == 1
