"""A thousand different filters a second are sent, whatever the server makes of them: right answers, or a clear 503."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from threading import Event
from typing import Any
from urllib.parse import urlencode

from colonnade.core.reading import reading_of
from tests.functional.company import company
from tests.harness import counts
from tests.resilience.serving import Client, assert_unavailable, served

RATE = 1_000  # a second
FILTERS = counts(200, 20_000)
CLIENTS = 32
MOST = 20

#: Each is a condition in the grammar, and the same in Python.
CONDITIONS: dict[str, Any] = {
    "number__gt": lambda row, value: row["number"] > value,
    "number__lte": lambda row, value: row["number"] <= value,
    "number__ne": lambda row, value: row["number"] != value,
    "id__gte": lambda row, value: row["id"] >= value,
    "salary__gt": lambda row, value: float(row["salary"]) > value + 71_000,
    "salary__lt": lambda row, value: float(row["salary"]) < value + 71_000,
    "first_name__endswith": lambda row, value: row["first_name"].endswith(str(value)),
    "email__contains": lambda row, value: str(value) in row["email"],
    "title__icontains": lambda row, value: str(value) in row["title"],
    "department.code__ne": lambda row, value: True,
    "hired_on__isnull": lambda row, value: False,
}
ALMOST = {"hired_on__isnull": "true"}
OFFSETS = {"salary__gt": 71_000, "salary__lt": 71_000}
SHAPES = [names for size in (1, 2, 3) for names in combinations(CONDITIONS, size)]


def test_a_thousand_different_filters_a_second(module_database_url: str) -> None:
    """No two of them are the same, and there are many more shapes than are kept."""
    with company(module_database_url, **{"reading.statement_cache": str(MOST)}) as firm, served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        everything = client.get("/api/v1/employees?limit=100").json["data"]
        began = time.monotonic()

        def ask(number: int) -> int:
            Event().wait(max(0.0, began + number / RATE - time.monotonic()))  # its turn, whether others are done or not
            names, value = SHAPES[number % len(SHAPES)], number % 35
            query: dict[str, object] = {name: ALMOST.get(name, OFFSETS.get(name, 0) + value) for name in names}
            query["last_name__ne"] = number
            answer = client.get(f"/api/v1/employees?{urlencode(query)}&limit=100&fields=id")
            if answer.status == 503:
                assert_unavailable(answer)
                return 503
            expected = [row["id"] for row in everything if all(CONDITIONS[name](row, value) for name in names)]
            assert [each["id"] for each in answer.json["data"]] == expected, query
            return answer.status

        with ThreadPoolExecutor(CLIENTS) as clients:
            statuses = Counter(clients.map(ask, range(FILTERS)))
        assert statuses[200] > 0
        assert statuses.keys() <= {200, 503}
        assert len(reading_of(firm.app.registry).shapes) == MOST
        assert client.get("/api/v1/employees?limit=100").json["data"] == everything
