"""A server that is killed at any moment under clients who write: what was answered is there, and nothing by halves."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any

import pytest

from tests.functional.company import Company, company
from tests.harness import counts
from tests.resilience.server_process import server_process
from tests.resilience.serving import PATIENCE, Client, served

KILLS = counts(2, 200)
WRITERS = 4
FIRST = 1000  # number of a department
LATEST = 0.4  # seconds of work before the end

PERSON = {
    "first_name": "Anna",
    "last_name": "Berger",
    "birth_date": "1990-04-17",
    "gender": "F",
    "hired_on": "2021-03-01",
    "title": "Engineer",
    "salary": "1.00",
}


@dataclass
class Written:
    """What the writers were told, by the codes of departments; and what they had begun to end."""

    departments: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)
    ending: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company whose database outlives its servers."""
    with company(fresh_database_url) as made:
        yield made


def write(client: Client, writer: int, numbers: Iterator[int], written: Written, begun: Event) -> None:
    """Write until the server is gone: a department with its manager, a raise, the end of both, each in one request."""
    try:
        while True:
            number = next(numbers)
            code = f"k{number}"
            made = client.send("POST", "/api/v1/batch", {"operations": found(code, number)}, Idempotency_Key=code)
            if made.status != 200:
                continue
            written.departments.append(code)
            begun.set()
            department, *people = (each["body"]["id"] for each in made.json["results"][:3])
            if client.send("PATCH", "/api/v1/employees", raised(people)).status == 200:
                written.raised.append(code)
            if writer % 2:
                written.ending.add(code)
                if client.send("POST", "/api/v1/batch", {"operations": ended(department, people)}).status == 200:
                    written.ended.append(code)
    except (OSError, http.client.HTTPException):
        return


def found(code: str, number: int) -> list[dict[str, Any]]:
    """A department, two people in it, and one of them at its head."""
    people = [
        {"op": "create", "resource": "employees", "as": name, "body": {**PERSON, **more}}
        for name, more in (
            ("head", {"number": 2 * number, "email": f"{code}@example.com", "department_id": {"$ref": "new.id"}}),
            ("hand", {"number": 2 * number + 1, "email": f"{code}b@example.com", "department_id": {"$ref": "new.id"}}),
        )
    ]
    head = {
        "op": "merge",
        "resource": "departments",
        "key": {"$ref": "new"},
        "body": {"manager_id": {"$ref": "head.id"}},
    }
    return [
        {"op": "create", "resource": "departments", "as": "new", "body": {"code": code, "name": code}},
        *people,
        head,
    ]


def raised(keys: list[int]) -> list[dict[str, Any]]:
    """Both people earn more, or neither."""
    return [{"id": key, "salary": "2.00"} for key in keys]


def ended(department: int, people: list[int]) -> list[dict[str, Any]]:
    """All three are gone, or none."""
    return [
        {"op": "merge", "resource": "departments", "key": department, "body": {"manager_id": None}},
        *({"op": "delete", "resource": "employees", "key": key} for key in people),
        {"op": "delete", "resource": "departments", "key": department},
    ]


def test_what_was_answered_is_there_and_nothing_by_halves(firm: Company) -> None:
    written, numbers, chance = Written(), count(FIRST), random.Random(7)
    url = firm.database.url.render_as_string(hide_password=False)
    for kill in range(KILLS):
        with server_process(url) as (process, port):
            client, begun = Client(port, firm.tokens["hr"]), Event()
            assert client.get("/ready").status == 200
            with ThreadPoolExecutor(WRITERS) as writers:
                writing = [writers.submit(write, client, each, numbers, written, begun) for each in range(WRITERS)]
                if kill % 5 < 4:  # else it may be killed before it has done anything at all
                    begun.wait(PATIENCE)
                Event().wait(chance.uniform(0, LATEST))
                process.kill()
            for each in writing:
                each.result()
        check(firm, written)
    assert written.departments
    assert KILLS < 50 or (written.raised and written.ended)


def check(firm: Company, written: Written) -> None:
    """Hold what is stored against what was answered."""
    with served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        departments = everything(client, "departments?code__startswith=k&expand=manager,employees(limit=10)")
        people = everything(client, f"employees?number__gte={2 * FIRST}&fields=id")
    stored = {each["code"]: each for each in departments}
    # Of a deletion that was not answered nothing is known; of one that was, everything.
    assert set(written.departments) - stored.keys() <= written.ending
    assert not set(written.ended) & stored.keys()
    for code, department in stored.items():
        staff = department["employees"]["data"]
        assert department["manager"]["email"] == f"{code}@example.com"
        assert [each["email"] for each in staff] == [f"{code}@example.com", f"{code}b@example.com"]
        assert len({each["salary"] for each in staff}) == 1
        if code in written.raised:
            assert {each["salary"] for each in staff} == {"2.00"}
    assert len(people) == 2 * len(stored)


def everything(client: Client, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    following: str | None = f"/api/v1/{path}&limit=1000"
    while following:
        answer = client.get(following)
        assert answer.status == 200, answer.body
        found += answer.json["data"]
        following = answer.json["next"] and answer.json["next"].partition(f":{client.port}")[2]
    return found
