"""The people plug-in's policy, through every door: who sees which salary, and what nobody can feel for.

Employees 1 to 30 earn 71001.01 to 71030.30. Sales are 3, 6, 9, …, 30; ann is 3, max is 6 and leads Sales; Finance are
1, 4, 7, …, 28, and eve is 4.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.functional.company import Company, salary

SALES = set(range(3, 31, 3))
HIDDEN = re.compile(r"710\d\d\.\d\d")
#: Which salaries each may see.
SEEN = {"root": set(range(1, 31)), "hr": set(range(1, 31)), "auditor": set(), "ann": {3}, "max": SALES, "eve": {4}}


def everyone(firm: Company, user: str, query: str = "") -> list[dict[str, Any]]:
    """All employees as a user sees them."""
    return firm.client(user).get(f"/api/v1/employees?limit=1000{query}").json["data"]


@pytest.mark.parametrize("user", SEEN)
def test_a_list_shows_the_salaries_that_may_be_seen(firm: Company, user: str) -> None:
    """Left out, not null, where it may not be seen."""
    people = everyone(firm, user)
    assert len(people) == 30
    assert {each["number"] for each in people if "salary" in each} == SEEN[user]
    assert all(each.get("salary") in (None, str(salary(each["number"]))) for each in people)
    assert not any(each.get("salary", "") is None for each in people)


@pytest.mark.parametrize("user", SEEN)
def test_a_record_shows_what_the_list_shows(firm: Company, user: str) -> None:
    """Each record by itself is the list's."""
    client = firm.client(user)
    for each in everyone(firm, user):
        assert client.get(f"/api/v1/employees/{each['id']}").json == each


@pytest.mark.parametrize(
    "query",
    [
        "salary=71003.03",
        "salary__gte=1",
        "salary__isnull=true",
        "sort=salary",
        "sort=-salary",
        "fields=salary",
        'where={"salary": 1}',
        'where={"not": {"salary__gt": 1}}',
    ],
)
def test_to_an_auditor_a_salary_is_an_unknown_field(firm: Company, query: str) -> None:
    """The answer is that of a field which exists for nobody, word for word but for the name."""
    client = firm.client("auditor")
    answer = client.get(f"/api/v1/employees?{query}", status=400)
    unknown = client.get(f"/api/v1/employees?{query.replace('salary', 'sagacy')}", status=400)
    keep = lambda response: [  # noqa: E731
        (each["detail"].split(";")[0].replace("sagacy", "salary"), each["code"]) for each in response.json["errors"]
    ]
    assert keep(answer) == keep(unknown)
    assert all("salary" not in each.get("allowed", ()) for each in answer.json["errors"])


@pytest.mark.parametrize("path", ["salaries", "salaries?amount__gt=1"])
def test_an_auditor_may_not_look_at_the_salaries(firm: Company, path: str) -> None:
    """The collection is a 403, any record a 404, relations to it do not exist."""
    client = firm.client("auditor")
    client.get(f"/api/v1/{path}", status=403)
    client.get("/api/v1/salaries/1", status=404)
    client.get("/api/v1/salaries/99999", status=404)
    client.get("/api/v1/employees/3/salaries", status=404)
    client.get("/api/v1/employees?expand=salaries", status=400)
    client.get("/api/v1/employees?salaries.amount__gt=1", status=400)


def test_nobody_is_asked_to_sign_in(firm: Company) -> None:
    """Without a token, and with one that is not good, every address says 401 and how."""
    for path in ("employees", "employees/3", "employees/99999", "employees/x", "salaries/1", "employees/3/salaries"):
        answer = firm.client(None).get(f"/api/v1/{path}", status=401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        bad = firm.client(None).get(f"/api/v1/{path}", headers={"Authorization": "Bearer clnd_x_y"}, status=401)
        assert 'error="invalid_token"' in bad.headers["WWW-Authenticate"]


@pytest.mark.parametrize("user", ["ann", "max", "eve"])
def test_filters_read_a_hidden_salary_as_null(firm: Company, user: str) -> None:
    """No comparison is true of it, `not` and `isnull` are."""
    client = firm.client(user)
    count = lambda query: client.get(f"/api/v1/employees?count=exact&{query}").json["total"]  # noqa: E731
    seen = len(SEEN[user])
    assert count("salary__gt=0") == seen
    assert count("salary__isnull=true") == 30 - seen
    assert count('where={"not":{"salary__gt":0}}') == 30 - seen
    assert count("salary__ne=1") == 30
    assert count("salary__in=" + ",".join(str(salary(n)) for n in range(1, 31))) == seen


@pytest.mark.parametrize("user", ["ann", "max", "eve"])
@pytest.mark.parametrize("sort", ["salary", "-salary"])
def test_sorts_read_a_hidden_salary_as_null(firm: Company, user: str, sort: str) -> None:
    """It is the greatest value in both directions, and the pages go through it, by cursors that hold no salary."""
    client = firm.client(user)
    answer = client.get(f"/api/v1/employees?sort={sort}&limit=4").json
    numbers = [each["number"] for each in answer["data"]]
    while answer["next"]:
        answer = client.get(answer["next"]).json
        numbers += [each["number"] for each in answer["data"]]
    seen, hidden = sorted(SEEN[user]), sorted(set(range(1, 31)) - SEEN[user])
    assert numbers == ([*seen, *hidden] if sort == "salary" else [*hidden[::-1], *seen[::-1]])


@pytest.mark.parametrize("user", ["ann", "max", "eve", "auditor"])
def test_expands_and_relations_hide_it_too(firm: Company, user: str) -> None:
    """Through a department's employees, a manager, a manager's reports; filters through them as well."""
    client = firm.client(user)
    departments = client.get("/api/v1/departments?expand=employees(limit=50),manager").json["data"]
    shown = {
        each["number"] for department in departments for each in department["employees"]["data"] if "salary" in each
    }
    assert shown == SEEN[user]
    assert ("salary" in departments[0]["manager"]) == (6 in SEEN[user])
    if user != "auditor":
        query = "/api/v1/departments?count=exact&employees.salary__gte=0"
        assert client.get(query).json["total"] == len({n % 3 for n in SEEN[user]})
        answer = client.get("/api/v1/salaries?limit=1000&expand=employee").json["data"]
        assert {each["employee"]["number"] for each in answer} == SEEN[user]


def test_an_etag_is_of_what_the_caller_sees(firm: Company) -> None:
    """Two who see the same have the same, two who do not have not."""
    path = "/api/v1/employees/3"
    tags = {user: firm.client(user).get(path).headers["ETag"] for user in SEEN}
    assert tags["root"] == tags["hr"] == tags["ann"] == tags["max"]
    assert tags["auditor"] == tags["eve"] != tags["ann"]
    assert firm.client("ann").get(path, headers={"If-None-Match": tags["ann"]}, status=304).body == b""
    firm.client("eve").get(path, headers={"If-None-Match": tags["ann"]}, status=200)
    firm.client("eve").get(path, headers={"If-Match": tags["ann"]}, status=412)


def test_a_cursor_is_its_owners(firm: Company) -> None:
    """Of another user, another order, another filter or another resource it is a 400."""
    following = firm.client("max").get("/api/v1/employees?sort=salary&limit=2").json["next"]
    cursor = re.search(r"cursor=([^&]+)", following)[1]
    firm.client("max").get(following, status=200)
    for user, query in (
        ("ann", "employees?sort=salary&limit=2"),
        ("max", "employees?sort=-salary&limit=2"),
        ("max", "employees?sort=salary&limit=2&title=Engineer"),
        ("max", "departments?limit=2"),
    ):
        answer = firm.client(user).get(f"/api/v1/{query}&cursor={cursor}", status=400)
        assert answer.json["errors"][0]["parameter"] == "cursor"
