"""How many SQL statements each generated endpoint sends: the same for 1, 10 and 100 rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from colonnade.core.database import statements_of
from colonnade.plugins.people.models import Employee, Gender, Salary
from tests.functional.company import PLUGINS, Company, company

ROWS = (1, 10, 100)
#: Whose rows are read and written, all of one department: 120 of them, each with two salaries.
FIRST = 1000

API = "/api/v1"
EMPLOYEES = f"{API}/employees"
MANY = {"Prefer": "max-affected=100"}
#: Names that nobody has yet: what changes nothing is not written.
NAMES = (f"Name{number}" for number in count())

#: Prepares a request about so many rows.
Call = Callable[[TestApp, int], Callable[[], Any]]


@pytest.fixture(scope="module")
def crowd(module_database_url: str) -> Iterator[Company]:
    """The company with 120 people more, and the change log on."""
    plugins = "\n".join((*PLUGINS, "history"))
    with company(module_database_url, **{"colonnade.plugins": plugins}) as made:
        with made.database.sessions.begin() as session:
            people = [Employee(**_values(FIRST + number)) for number in range(120)]
            for each in people:
                session.add_all(
                    Salary(employee=each, amount=Decimal(year), from_date=date(year, 1, 1), to_date=date(year, 12, 31))
                    for year in (2020, 2021)
                )
            session.add_all(people)
        yield made


def _values(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"{number}@example.com",
        "birth_date": date(1980, 1, 1),
        "gender": Gender.F,
        "hired_on": date(2020, 1, 1),
        "title": "Engineer",
        "salary": Decimal(50_000),
        "department_id": 1,
    }


def _body(number: int) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int) else value.value if isinstance(value, Gender) else str(value)
        for name, value in _values(number).items()
    }


def _new(crowd: Company, number: int) -> list[dict[str, Any]]:
    """People who are not there yet."""
    with crowd.database.sessions.begin() as session:
        last = session.scalar(sa.select(sa.func.max(Employee.number))) or 0
    return [_body(last + each) for each in range(1, number + 1)]


def _keys(crowd: Company, number: int) -> list[int]:
    """People of those who came last, to whom nobody refers."""
    with crowd.database.sessions.begin() as session:
        newest = sa.select(Employee.id).where(~Employee.salaries.any()).order_by(Employee.id.desc()).limit(number)
        return list(session.scalars(newest))


def _sent(crowd: Company, call: Call, rows: int) -> int:
    """How many statements a request sends, when its like has been asked before."""
    client = crowd.client("hr")
    call(client, rows)()
    prepared = call(client, rows)
    with statements_of(crowd.database) as seen:
        prepared()
    return len(seen)


#: One for who asks, one for what is asked.
READS = {
    "list": (f"{EMPLOYEES}?limit={{}}", 2),
    "list with one": (f"{EMPLOYEES}?limit={{}}&expand=department,manager", 2),
    "list with many": (f"{EMPLOYEES}?limit={{}}&expand=salaries(limit=5),department.manager", 2),
    "sorted by a relation": (f"{EMPLOYEES}?limit={{}}&sort=-department.name,last_name", 2),
    "filtered by relations": (f"{EMPLOYEES}?limit={{}}&salaries.amount__gte=5&department.name=Sales", 2),
    "counted": (f"{EMPLOYEES}?limit={{}}&count=exact", 3),
    "a later page": (f"{EMPLOYEES}?limit={{}}&page=2", 2),
    "related": (f"{API}/departments/1/employees?limit={{}}", 2),
    "one": (f"{EMPLOYEES}/1?expand=salaries(limit={{}})", 2),
    "changes": (f"{API}/changes?limit={{}}", 2),
    "history": (f"{EMPLOYEES}/1/history?limit={{}}", 2),
    "feed": (f"{API}/changes?after=0&limit={{}}", 4),  # and whether the log begins after that, and was pruned
}


@pytest.mark.parametrize("name", READS)
def test_a_read_sends_as_many_statements_whatever_it_shows(crowd: Company, name: str) -> None:
    path, statements = READS[name]
    for rows in ROWS:
        assert _sent(crowd, lambda client, n: lambda: client.get(path.format(n)), rows) == statements, rows


def test_an_export_sends_as_many_statements_whatever_it_shows(crowd: Company) -> None:
    def call(client: TestApp, rows: int) -> Callable[[], Any]:
        return lambda: client.get(f"{EMPLOYEES}?limit={rows}", headers={"Accept": "text/csv"})

    assert [_sent(crowd, call, rows) for rows in ROWS] == [2, 2, 2]


def test_a_record_is_written_by_few_statements(crowd: Company) -> None:
    """Who asks, what is referred to or changed, the record with the answer, and the change with its place in the log.

    On SQLite that place is drawn by a statement of its own.
    """

    def create(client: TestApp, _: int) -> Callable[[], Any]:
        (body,) = _new(crowd, 1)
        return lambda: client.post_json(EMPLOYEES, body, status=201)

    def edit(client: TestApp, _: int) -> Callable[[], Any]:
        name = next(NAMES)
        return lambda: client.patch_json(f"{EMPLOYEES}/1", {"last_name": name}, status=200)

    number = {"postgresql": 4, "sqlite": 5}[crowd.database.dialect.name]
    assert _sent(crowd, create, 1) == _sent(crowd, edit, 1) == number


@pytest.mark.parametrize("road", ["array", "import"])
def test_new_records_are_written_together(crowd: Company, road: str) -> None:
    """Who asks, what is referred to, the records, their changes, and so on, each once for all of them."""

    def call(client: TestApp, rows: int) -> Callable[[], Any]:
        new = _new(crowd, rows)
        if road == "array":
            return lambda: client.post_json(EMPLOYEES, new, status=201)
        lines, headers = "\n".join(map(json.dumps, new)), {"Content-Type": "application/jsonl"}
        return lambda: client.post(f"{EMPLOYEES}/import", lines, headers=headers, status=200)

    one, ten, hundred = (_sent(crowd, call, rows) for rows in ROWS)
    assert one == ten == hundred <= 8


@pytest.mark.parametrize("road", ["array", "filter", "delete", "batch"])
def test_records_that_are_changed_cost_as_much_each(crowd: Company, road: str) -> None:
    """Each is locked, changed and logged by itself: the sum grows as their number does, and no faster."""

    def call(client: TestApp, rows: int) -> Callable[[], Any]:
        keys = _keys(crowd, rows)
        name = next(NAMES)
        several = f"{EMPLOYEES}?id__in={','.join(map(str, keys))}"
        if road == "array":
            return lambda: client.patch_json(EMPLOYEES, [{"id": key, "last_name": name} for key in keys], status=200)
        if road == "filter":
            return lambda: client.patch_json(several, {"last_name": name}, headers=MANY, status=200)
        if road == "delete":
            return lambda: client.delete(several, headers=MANY, status=200)
        steps = [{"op": "merge", "resource": "employees", "key": key, "body": {"last_name": name}} for key in keys]
        return lambda: client.post_json(f"{API}/batch", {"operations": steps}, status=200)

    crowd.client("hr").post_json(EMPLOYEES, _new(crowd, 300), status=201)
    # From two on: a single change gets its place in the log by the statement that inserts it.
    few, some, many = (_sent(crowd, call, rows) for rows in (2, 11, 92))
    assert many - some == 9 * (some - few)
    assert (some - few) / 9 <= 7
