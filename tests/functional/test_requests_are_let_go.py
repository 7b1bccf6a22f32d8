"""What is left of a request is freed when it is answered, its body too; nothing waits for the garbage collector.

That is, of one that raised nothing: pyramid_retry looks at what was raised, and at all that it holds, after the end.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from colonnade.core.request import Request
from tests.functional.company import Company, company

EMPLOYEE = (
    '{"number": %d, "first_name": "Anna", "last_name": "Berger", "email": "anna%d@example.com",'
    ' "birth_date": "1990-04-17", "gender": "F", "hired_on": "2021-03-01", "title": "Engineer",'
    ' "salary": "4200.00", "department_id": 1}'
)
NEW = "\n" + EMPLOYEE % (901, 901) + "\n"
JSON, LINES, MERGE = "application/json", "application/jsonl", "application/merge-patch+json"

REQUESTS = [
    ("GET", "/api/v1", "", "", 200),
    ("GET", "/api/v1/employees/3", "", "", 200),
    ("HEAD", "/api/v1/employees/3", "", "", 200),
    ("GET", "/api/v1/employees?expand=department,salaries&sort=-salary&limit=3&count=exact", "", "", 200),
    ("GET", "/api/v1/departments/1/employees", "", "", 200),
    ("GET", "/openapi.json", "", "", 200),
    ("GET", "/health", "", "", 200),
    ("POST", "/api/v1/employees", JSON, NEW, 201),
    ("POST", "/api/v1/employees", JSON, f"[{EMPLOYEE % (902, 902)}, {EMPLOYEE % (903, 903)}]", 201),
    ("PATCH", "/api/v1/employees/3", MERGE, '{"title": "Engineer"}', 200),
    ("PUT", "/api/v1/employees/3", JSON, EMPLOYEE % (3003, 3003), 200),
    ("POST", "/api/v1/employees/import", LINES, EMPLOYEE % (904, 904) + "\n", 200),
    ("DELETE", "/api/v1/salaries/1", "", "", 204),
]


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    with company(module_database_url) as made:
        yield made


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> int:
    """Requests that are still there."""
    return sum(isinstance(each, Request) for each in gc.get_objects())


@pytest.mark.parametrize("method, path, kind, body, status", REQUESTS)
def test_a_request_is_freed_when_it_is_answered(
    firm: Company, method: str, path: str, kind: str, body: str, status: int
) -> None:
    client = firm.client("root" if method == "DELETE" else "hr")
    before = left()
    for _ in range(2 if method == "GET" else 1):
        headers = {"Content-Type": kind} if kind else {}
        response = client.request(path, method=method, body=body.encode(), headers=headers, expect_errors=True)
        assert response.status_int == status, response.text
    assert left() == before
