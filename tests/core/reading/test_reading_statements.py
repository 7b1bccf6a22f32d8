"""How much a read costs the database: one statement for the data, whatever is expanded and however many rows."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, permutations

import pytest
from sqlalchemy import text

from colonnade.core.database import statements_of
from colonnade.core.reading import reading_of
from colonnade.core.reading.shapes import Shapes
from tests.harness.counts import counts

from .odd.house import Answer, House

EVERYTHING = (
    "place.head,manager.manager,badge.bike,skills.workers,friends(limit=2),reports.reports,old_reports,vehicles"
)


def number(house: House, who: str, url: str) -> int:
    """How many statements a read takes."""
    with statements_of(house.database) as seen:
        answer = house.ask(who, url)
    assert answer.status in (200, 404), answer.body
    return len(seen)


@pytest.mark.parametrize("limit", [1, 10, 40])
@pytest.mark.parametrize("who", ["admin", "staff", "guest", "auditor"])
def test_a_list_is_one_statement(house: House, who: str, limit: int) -> None:
    expand = EVERYTHING if who in ("admin", "staff") else "manager.manager,skills,friends.reports"
    for asked in ("", f"expand={expand}&", "sort=-manager.name,age&reports.name__ne=x&where={}&"):
        assert number(house, who, f"/api/v1/workers?{asked}limit={limit}") == 1


def test_what_python_writes_is_one_statement_too(house: House) -> None:
    assert number(house, "staff", "/api/v1/things?expand=worker.reports.things.worker&limit=20") == 1
    with statements_of(house.database) as seen:
        house.ask("staff", "/api/v1/workers?expand=reports,things,skills", "python")
    assert len(seen) <= 1


def test_one_record_and_a_relation_of_it_are_one_statement_each(house: House) -> None:
    assert number(house, "admin", f"/api/v1/workers/1?expand={EVERYTHING}") == 1
    assert number(house, "admin", "/api/v1/workers/1/reports?expand=place") == 1
    assert number(house, "admin", "/api/v1/workers/999") == 1


def test_a_count_is_one_more_and_only_where_it_is_asked_for(house: House) -> None:
    assert number(house, "staff", "/api/v1/workers?limit=1&count=exact") == 2
    assert number(house, "staff", "/api/v1/workers?limit=1&count=capped&expand=place") == 2


def test_who_may_see_nothing_costs_the_database_nothing(house: House) -> None:
    with statements_of(house.database) as seen:
        assert house.ask("nobody", "/api/v1/workers").status == 403
        assert house.ask("nobody", "/api/v1/workers/1").status == 404
        assert house.ask("anonymous", "/api/v1/workers").status == 401
        assert house.ask("admin", "/api/v1/workers?nam=x").status == 400
    assert seen == []


def test_values_and_identities_are_no_part_of_a_statement(house: House) -> None:
    shapes = reading_of(house.apps["pool"].app.registry).shapes
    house.ask("staff", "/api/v1/workers?age__gte=1&id__in=1,2&limit=3&sort=name&expand=reports(limit=1)")
    before = len(shapes)
    with statements_of(house.database) as seen:
        house.ask("staff", "/api/v1/workers?age__gte=30&id__in=1,2,3,4&limit=7&sort=name&expand=reports(limit=4)")
        house.ask("other staff", "/api/v1/workers?age__gte=-5&id__in=&limit=1&sort=name&expand=reports(limit=2)")
    assert len(shapes) == before
    assert len(set(seen)) == 1


def test_the_cache_of_statements_is_bounded_and_forgets_the_oldest(house: House) -> None:
    kept = reading_of(house.apps["pool"].app.registry).shapes
    known = list(kept._kept.items())[:5]
    shapes = Shapes(kept.dialect, 3)
    for shape, _ in known:
        shapes.statement(shape)
    assert len(shapes) == 3
    assert shapes.statement(known[4][0]) is shapes.statement(known[4][0])


def test_threads_that_ask_the_same_new_question_at_once_get_the_same_answer(house: House) -> None:
    for operators in islice(permutations(("gte", "lte", "ne", "gt", "lt"), 3), counts(3, 60)):
        conditions = "&".join(f"age__{operator}=30" for operator in operators)
        url = f"/api/v1/workers?sort=-hired_on,name&expand=reports(limit=2),place&{conditions}"
        together = threading.Barrier(4)

        def ask(url: str = url, together: threading.Barrier = together) -> Answer:
            together.wait()
            return house.ask("staff", url)

        with ThreadPoolExecutor(4) as pool:
            answers = [each.result() for each in [pool.submit(ask) for _ in range(4)]]
        assert answers[0].status == 200
        assert answers == answers[:1] * 4


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_the_list_of_a_relation_is_found_by_its_index(house: House) -> None:
    """The page of a to-many expand is picked by (foreign key, key), for each parent by itself."""
    with statements_of(house.database) as seen:
        house.ask("admin", "/api/v1/places?fields=id,workers.id&expand=workers(limit=2)&limit=3")
    with house.database.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        connection.execute(text("SET enable_bitmapscan = off"))
        connection.execute(text("SET plan_cache_mode = force_generic_plan"))
        connection.exec_driver_sql(f"PREPARE asked AS {seen[0]}")
        nothing = ",".join(["NULL"] * len(set(re.findall(r"\$\d+", seen[0]))))
        plan = connection.exec_driver_sql(f"EXPLAIN EXECUTE asked({nothing})").scalars().all()
    assert any("ix_odd_worker_place" in line for line in plan)
