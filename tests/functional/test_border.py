"""What comes from outside and is not what it should be: a problem that says so, and nothing else happens."""

from __future__ import annotations

import pytest

from tests.functional.company import Company

DEPARTMENT = {"code": "new", "name": "New"}


@pytest.mark.parametrize("host", ['a>; rel="prev", <b', 'evil"x', "a b", "", "x:999999", "a, b", "[::1", "a/b"])
def test_what_is_no_host_is_refused(firm: Company, host: str) -> None:
    """Links are made of it (RFC 9112, section 3.2)."""
    answer = firm.client("hr").get("/api/v1/employees?limit=1", headers={"Host": host}, status=400)
    assert "Host" in answer.json["detail"]


@pytest.mark.parametrize(
    "host", ["api.example.com", "api.example.com:8080", "127.0.0.1:6543", "[::1]:6543", "localhost"]
)
def test_a_host_is_what_links_are_made_of(firm: Company, host: str) -> None:
    """As the caller wrote it."""
    answer = firm.client("hr").get("/api/v1/employees?limit=1", headers={"Host": host})
    assert answer.json["next"].startswith(f"http://{host}/api/v1/employees?")


@pytest.mark.parametrize("headers", [{"If-Match": '"x"'}, {"If-None-Match": "*"}, {"If-Unmodified-Since": "now"}])
def test_a_condition_that_can_say_nothing_of_a_creation_keeps_it_from_happening(
    firm: Company, headers: dict[str, str]
) -> None:
    """Passing over it would do what it is to prevent."""
    client = firm.client("hr")
    before = client.get("/api/v1/departments").json
    answer = client.post_json("/api/v1/departments", DEPARTMENT, headers=headers, status=400)
    assert next(iter(headers)) in answer.json["detail"]
    assert client.get("/api/v1/departments").json == before


def test_a_preview_of_a_creation_creates_nothing(firm: Company) -> None:
    """Who asks for a dry run does not get a real one."""
    client = firm.client("hr")
    before = client.get("/api/v1/departments").json
    headers = {"Prefer": "return=minimal, tx=rollback"}
    client.post_json("/api/v1/departments", DEPARTMENT, headers=headers, status=201)
    assert client.get("/api/v1/departments").json == before


def test_a_bad_token_is_refused_at_the_root_of_the_api(firm: Company) -> None:
    """Though anybody may look there: who tries out a token is told."""
    firm.client(None).get("/api/v1", status=200)
    firm.client("ann").get("/api/v1", status=200)
    firm.client(None).get("/api/v1", headers={"Authorization": "Bearer clnd_no_token"}, status=401)


def test_a_body_of_many_unknown_members_gets_a_short_answer(firm: Company) -> None:
    """Some are told, the others counted; the answer is not longer than the question."""
    body = {f"first_nama{number}": 1 for number in range(20_000)}
    answer = firm.client("hr").post_json("/api/v1/employees", body, status=422)
    assert len(answer.body) < 20_000
    assert any("19980 more members" in each["detail"] for each in answer.json["errors"])
