"""Every road that reads or writes a resource, walked by those who may not see salaries.

Whoever builds a road registers it; a road that is not walked here fails the first test, so a new one cannot forget.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from colonnade.cli import main as command
from colonnade.core.roads import roads_of
from tests.functional.company import PLUGINS, SECRET, Company, company

SALARY = re.compile(r"710\d\d\.\d\d")

Walk = Callable[[Company, str, Path], Iterator[str]]
"""Walks a road in every way as a user; gives everything that was answered, headers included."""


def _answers(firm: Company, user: str, paths: list[str]) -> Iterator[str]:
    for path in paths:
        response = firm.client(user).get(f"/api/v1/{path}", expect_errors=True)
        assert response.status_int < 500
        yield f"{response.headers} {response.text}"


def rest_list(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Lists, with everything that a query string can do."""
    yield from _answers(
        firm,
        user,
        [
            f"{resource}?limit=1000{query}"
            for resource in ("employees", "departments", "salaries")
            for query in (
                "",
                "&sort=-salary",
                "&sort=amount",
                "&fields=salary",
                "&expand=employees(limit=100),manager",
                "&expand=department,salaries,reports,manager.reports",
                "&expand=employee.department.employees(limit=100)",
                "&salary__gte=71000",
                "&manager.salary__gte=71000&count=exact",
                '&where={"or":[{"salary":"71003.03"},{"not":{"salary__lt":1}}]}',
                "&sort=manager.salary&fields=id,manager.salary",
            )
        ],
    )


def rest_one(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Records, those that are not there too."""
    paths = [f"employees/{key}?expand=department.manager,salaries,reports" for key in (*range(1, 32), "x", "1,2")]
    paths += [f"departments/{key}?expand=employees(limit=100),manager" for key in range(1, 5)]
    paths += [f"salaries/{key}?expand=employee" for key in range(1, 62)]
    yield from _answers(firm, user, paths)


def rest_related(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Relations of records."""
    paths = [f"employees/{key}/{relation}?limit=100" for key in range(1, 32) for relation in ("salaries", "reports")]
    paths += [f"departments/{key}/employees?limit=100&sort=-salary" for key in range(1, 5)]
    yield from _answers(firm, user, paths)


NEW = {
    "number": 900,
    "first_name": "New",
    "last_name": "Comer",
    "email": "new@example.com",
    "birth_date": "1990-01-01",
    "gender": "F",
    "hired_on": "2020-01-01",
    "title": "Engineer",
    "salary": "71900.90",
    "department_id": 1,
}


def rest_create(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Creations, right and wrong; what is answered never tells another's salary."""
    bodies: list[Any] = [
        NEW,
        {**NEW, "number": 3},
        {**NEW, "salary": "x"},
        {**NEW, "manager_id": 99},
        {name: value for name, value in NEW.items() if name != "salary"},
        {"salary": 1},
        {"salry": 1},
        [],
        None,
    ]
    for body in bodies:
        for resource in ("employees", "departments", "salaries"):
            response = firm.client(user).post_json(f"/api/v1/{resource}?expand=manager", body, expect_errors=True)
            assert response.status_int in (400, 401, 403, 409, 422)
            yield f"{response.headers} {response.text}"


def import_(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """The command line, under a user's permissions."""
    file = folder / "people.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(NEW))
        writer.writeheader()
        writer.writerow(NEW)
    ini = folder / "firm.ini"
    plugins = "\n    ".join(PLUGINS)
    ini.write_text(
        "[app:main]\nuse = egg:colonnade\ncolonnade.environment = development\n"
        f"colonnade.secret = {SECRET}\ncolonnade.plugins =\n    {plugins}\n"
        f"sqlalchemy.url = {firm.database.url.render_as_string(hide_password=False)}\naccounts.last_used_every = 0\n"
    )
    for resource in ("employees", "departments", "salaries"):
        result = CliRunner().invoke(command, ["-c", str(ini), "import", resource, str(file), "--as", user])
        assert result.exit_code == 1, result.output
        yield result.output


WALKS: dict[str, Walk] = {
    "rest list": rest_list,
    "rest one": rest_one,
    "rest related": rest_related,
    "rest create": rest_create,
    "import": import_,
}


def test_every_road_is_walked(firm: Company) -> None:
    """A road that is registered and not walked here has forgotten the policy's tests."""
    assert {road.name for road in roads_of(firm.app.registry)} == set(WALKS)


@pytest.mark.parametrize("road", WALKS)
def test_an_auditor_never_meets_a_salary(firm: Company, road: str, tmp_path: Path) -> None:
    """Nothing that is answered on the road holds one."""
    answers = list(WALKS[road](firm, "auditor", tmp_path))
    assert answers
    assert not [answer for answer in answers if SALARY.search(answer.replace("71900.90", ""))]


@pytest.mark.parametrize("road", WALKS)
def test_staff_meet_no_salary_but_their_own(firm: Company, road: str, tmp_path: Path) -> None:
    """Ann's is 71003.03 (and what she had before, a little less)."""
    own = {"71003.03", "71002.03", "71900.90"}
    met = {each for answer in WALKS[road](firm, "ann", tmp_path) for each in SALARY.findall(answer)}
    assert met <= own


def test_the_walks_would_meet_salaries(firm: Company, tmp_path: Path) -> None:
    """The control: to hr the same reading roads show all of them."""
    for road in ("rest list", "rest one", "rest related"):
        met = {each for answer in WALKS[road](firm, "hr", tmp_path) for each in SALARY.findall(answer)}
        assert len(met) >= 30


def test_nothing_was_created_on_the_way(fresh_database_url: str, tmp_path: Path) -> None:
    """Refused writes leave nothing, on any road."""
    with company(fresh_database_url) as firm:
        before = firm.client("root").get("/api/v1/employees?count=exact&limit=1").json["total"]
        for road in ("rest create", "import"):
            for user in ("auditor", "ann"):
                list(WALKS[road](firm, user, tmp_path))
        assert firm.client("root").get("/api/v1/employees?count=exact&limit=1").json["total"] == before
