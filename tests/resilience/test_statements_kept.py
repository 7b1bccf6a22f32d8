"""The cache of statements is full all the time: it stays within its bound, and every answer is right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, islice
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from colonnade.core.reading import reading_of
from tests.functional.company import Company, company
from tests.harness import counts

MOST = 5
THREADS = 8
FIELDS = ("number", "first_name", "last_name", "email", "birth_date", "gender", "hired_on", "title", "salary")


def questions(number: int) -> list[tuple[tuple[str, ...], int]]:
    """So many different shapes: which fields are shown, with a filter whose value differs too."""
    subsets = (subset for size in (2, 3, 4) for subset in combinations(FIELDS, size))
    return [(subset, index % 30) for index, subset in enumerate(islice(subsets, number))]


def answered(firm: Company, fields: tuple[str, ...], least: int) -> Any:
    """The records above a number, with these fields."""
    query = urlencode({"fields": ",".join(fields), "number__gt": least, "limit": 100})
    return firm.client("hr").get(f"/api/v1/employees?{query}").json["data"]


def test_more_shapes_than_the_cache_holds_are_answered_rightly_by_many_threads(fresh_database_url: str) -> None:
    with company(fresh_database_url, **{"reading.statement_cache": str(MOST)}) as firm:
        everything = firm.client("hr").get("/api/v1/employees?limit=100").json["data"]
        asked = questions(counts(64, 246))
        shapes = reading_of(firm.app.registry).shapes
        over, sizes = Event(), set[int]()

        def watch() -> None:
            while not over.wait(0.001):
                sizes.add(len(shapes))

        def ask(thread: int) -> int:
            # A shape of each thread's own, then one that all of them ask for: compiled by one, thrown out by another.
            mine = asked[thread::THREADS]
            for fields, least in [both for each in mine for both in (each, asked[0])]:
                expected = [{name: row[name] for name in fields} for row in everything if row["number"] > least]
                assert answered(firm, fields, least) == expected
            return len(mine)

        watching = Thread(target=watch)
        watching.start()
        try:
            with ThreadPoolExecutor(THREADS) as threads:
                assert sum(threads.map(ask, range(THREADS))) == len(asked)
        finally:
            over.set()
            watching.join()
        assert max(sizes) == len(shapes) == MOST


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_statement_that_is_in_use_stays_while_others_come_and_go(fresh_database_url: str) -> None:
    with company(fresh_database_url, **{"reading.statement_cache": "2"}) as firm:
        shapes = reading_of(firm.app.registry).shapes
        answered(firm, ("number",), 1)
        (hot,) = shapes._kept.values()
        for fields, least in questions(10):
            answered(firm, fields, least)
            answered(firm, ("number",), least)
            assert any(each is hot for each in shapes._kept.values())
