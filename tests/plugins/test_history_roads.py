"""Every road that is there when the change log is on, walked by those who may not see salaries: the past is no way
round.

The roads of `tests.functional.walks` are walked here too: beside a log they have more to answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from colonnade.core.roads import roads_of
from tests.functional import walks
from tests.functional.company import PLUGINS, Company, company
from tests.functional.walks import SALARY, Walk, answers, invoke, met

LOGGED = "\n".join((*PLUGINS, "history"))


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """The company, with a past: salaries that are no more, people who have left, one who changed department."""
    with company(module_database_url, **{"colonnade.plugins": LOGGED}) as made:
        root = made.client("root")
        for key in range(1, 31):
            root.patch_json(f"/api/v1/employees/{key}", {"salary": f"710{key:02}.77"})
            root.patch_json(f"/api/v1/employees/{key}", {"salary": f"710{key:02}.{key:02}", "title": "Fellow"})
        root.delete_json("/api/v1/salaries", [{"id": key} for key in (7, 8)])
        root.patch_json("/api/v1/employees/9", {"department_id": 2})
        yield made


QUERIES = (
    "limit=1000",
    "limit=1000&sort=-position&count=exact",
    "limit=1000&after__isnull=true",
    "limit=1000&before__isnull=false&count=exact",
    "limit=1000&resource=employees&verb=update",
    'limit=1000&where={"or":[{"resource":"salaries"},{"not":{"after__isnull":true}}]}',
    "limit=3&fields=position,before,after",
    "sort=after",
    "after=71003.03",
    "after__contains=71003",
    'where={"after":{"salary":"71003.03"}}',
)


def rest_list(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """Lists, the log among them."""
    yield from walks.rest_list(firm, user, folder)
    yield from answers(firm, user, [f"changes?{query}" for query in QUERIES])


def rest_one(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """Records, those of the log among them."""
    yield from walks.rest_one(firm, user, folder)
    yield from answers(firm, user, [f"changes/{key}" for key in range(1, 220)])


def rest_export(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """Files, of the log too."""
    yield from walks.rest_export(firm, user, folder)
    for media_type in ("text/csv", "application/jsonl"):
        for query in QUERIES:
            headers = {"Accept": media_type}
            response = firm.client(user).get(f"/api/v1/changes?{query}", headers=headers, expect_errors=True)
            assert response.status_int < 500
            yield f"{response.headers} {response.text}"


def history_list(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Histories of records, those that are gone and that never were too."""
    paths = [f"{resource}/{key}/history" for resource in ("employees", "salaries") for key in (*range(1, 32), 99, "x")]
    paths += [f"departments/{key}/history" for key in range(1, 5)]
    yield from answers(firm, user, [f"{path}?{query}" for path in paths for query in ("limit=100", *QUERIES[1:4])])


def history_as_of(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Records as they were, at every sort of moment."""
    moments = (1, 120, 160, 180, 10**9, "2026-01-01", quote("2999-01-01T00:00:00Z"), "x")
    paths = [f"{resource}/{key}" for resource in ("employees", "salaries") for key in (*range(1, 12), 99)]
    yield from answers(
        firm,
        user,
        [
            f"{path}?as_of={moment}{fields}"
            for path in paths
            for moment in moments
            for fields in ("", "&fields=salary,id")
        ],
    )


def history_feed(firm: Company, user: str, _: Path) -> Iterator[str]:
    """The feed from its beginning, all and by resource, and questions that it does not know."""
    own = ("", "&resource=employees", "&resource=salaries", "&resource=users", "&salary=71003.03", "&limit=x")
    yield from answers(
        firm, user, [f"changes?after={after}&limit=1000{more}" for after in (0, 50, 150) for more in own]
    )


def rest_undo(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Undoing of every request, rolled back where it is permitted."""
    for request_id in _requests(firm):
        for more in ("", ", return=changes"):
            response = firm.client(user).post(
                f"/api/v1/requests/{request_id}/undo",
                headers={"Prefer": f"tx=rollback, max-affected=1000{more}"},
                expect_errors=True,
            )
            assert response.status_int in (200, 403, 404, 409), response.text
            yield f"{response.headers} {response.text}"


def undo(firm: Company, user: str, _: Path) -> Iterator[str]:
    """The same by the command line, under a user's permissions."""
    for request_id in [*_requests(firm)[-3:], "no-such-request"]:
        for more in ([], ["--json"]):
            result = invoke(firm, user, "undo", request_id, "--dry-run", *more)
            assert not isinstance(result.exception, (TypeError, ValueError, KeyError)), result.output
            yield result.output


def _requests(firm: Company) -> list[str]:
    found = firm.client("root").get("/api/v1/changes?limit=1000&fields=position,request_id&sort=position").json["data"]
    return list(dict.fromkeys(each["request_id"] for each in found))


WALKS: dict[str, Walk] = {
    **walks.WALKS,
    "rest list": rest_list,
    "rest one": rest_one,
    "rest export": rest_export,
    "history list": history_list,
    "history as of": history_as_of,
    "history feed": history_feed,
    "rest undo": rest_undo,
    "undo": undo,
}
OURS = ("rest list", "rest one", "rest export", "history list", "history as of", "history feed")


def test_every_road_is_walked(firm: Company) -> None:
    """A road that is registered and not walked here has forgotten the policy's tests."""
    assert {road.name for road in roads_of(firm.app.registry)} == set(WALKS)


@pytest.mark.parametrize("road", WALKS)
def test_an_auditor_never_meets_a_salary(firm: Company, road: str, tmp_path: Path) -> None:
    assert met(WALKS[road], firm, "auditor", tmp_path) == set()


@pytest.mark.parametrize("road", WALKS)
def test_staff_meet_no_salary_but_their_own(firm: Company, road: str, tmp_path: Path) -> None:
    """Ann's was 71003.03, with what she had before, then for a moment 71003.77."""
    assert met(WALKS[road], firm, "ann", tmp_path) <= {"71003.03", "71002.03", "71003.77"}


def test_the_walks_would_meet_salaries(firm: Company, tmp_path: Path) -> None:
    """The control: to hr the same roads show all of them, those of the past too."""
    for road in OURS:
        seen = met(WALKS[road], firm, "hr", tmp_path)
        assert len(seen) >= 10, road
        assert road in ("rest list", "rest one", "rest export") or [each for each in seen if each.endswith(".77")], road


def test_changes_that_a_write_answers_show_no_salary(firm: Company) -> None:
    """``Prefer: return=changes``: a member of staff who edits themselves, hr who edits everybody."""
    headers = {"Prefer": "tx=rollback, return=changes, max-affected=100"}
    told = firm.client("ann").patch_json("/api/v1/employees/3", {"email": "a@example.com"}, headers=headers)
    assert "changes" in told.json
    assert set(SALARY.findall(told.text)) <= {"71003.03"}
    told = firm.client("hr").patch_json("/api/v1/employees/4", {"title": "Boss"}, headers=headers)
    assert "71004.04" in json.dumps(told.json)
