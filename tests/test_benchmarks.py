"""The benchmarks' arithmetic and their report, on a small run made up here; nothing is measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.load import LoadError, parse
from benchmarks.report import markdown
from benchmarks.results import compiled, goals, ratios, spread

FACTS: dict[str, Any] = {
    "when": "2026-11-22 12:00 UTC",
    "plan": {"rounds": 3, "seconds": 2, "quick": False},
    "machine": {"processor": "abacus, 2 cores"},
    "versions": {"Python": "3.11.7"},
    "systems": {
        "colonnade": "Colonnade, granian",
        "colonnade-waitress": "Colonnade, waitress",
        "floor": "floor, granian",
        "floor-waitress": "floor, waitress",
        "fastapi": "FastAPI",
    },
    "works": {"list": "a list", "one": "one employee", "unchanged": "the list again"},
}


def sample(system: str, work: str, turn: int, rate: float, **more: Any) -> dict[str, Any]:
    """What one round tells of one work."""
    return {
        "dialect": "postgresql",
        "round": turn,
        "system": system,
        "work": work,
        "connections": 16,
        "rate": rate,
        "p50": 1000 / rate,
        "p99": 2000 / rate,
        "cpu": 1e6 / rate,
        "errors": 0,
        **more,
    }


def run() -> list[dict[str, Any]]:
    """Three rounds, in the second of which the machine was busy with something else."""
    rates = {
        ("colonnade", "list"): (900, 300, 1000),
        ("fastapi", "list"): (100, 30, 125),
        ("floor", "list"): (1000, 400, 1000),
        ("colonnade", "one"): (3000, 1000, 3300),
        ("fastapi", "one"): (500, 250, 600),
        ("colonnade-waitress", "one"): (2000, 800, 2000),
        ("floor-waitress", "one"): (4000, 1600, 8000),
        ("colonnade", "unchanged"): (1200, 500, 1300),
    }
    return [
        sample(system, work, turn, rate) for (system, work), each in rates.items() for turn, rate in enumerate(each)
    ]


SIZES = [{"dialect": "postgresql", "round": turn, "system": "colonnade", "resident": 120.0 + turn} for turn in range(3)]


def results() -> dict[str, Any]:
    return compiled(FACTS, run(), SIZES)


def rows_of(report: str, title: str) -> list[list[str]]:
    """The cells of the first table after a title."""
    lines = iter(report.partition(title)[2].splitlines())
    table = []
    for line in lines:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip("|").split("|")])
        elif table:
            break
    return table


def test_a_ratio_is_the_median_of_the_ratios_of_rounds_and_not_the_ratio_of_medians() -> None:
    found = ratios(run(), "postgresql", 16)
    assert found["fastapi"]["list"] == {"median": 9.0, "low": 8.0, "high": 10.0}
    # 3000 / 500, 1000 / 250, 3300 / 600; the ratio of the medians would be 6.
    assert found["fastapi"]["one"] == {"median": 5.5, "low": 4.0, "high": 6.0}


def test_the_floor_on_waitress_is_compared_with_the_product_on_waitress() -> None:
    assert ratios(run(), "postgresql", 16)["floor-waitress"]["one"] == {"median": 0.5, "low": 0.25, "high": 0.5}


def test_other_databases_and_other_numbers_of_connections_are_not_mixed_in() -> None:
    others = [sample("fastapi", "list", 0, 1.0, connections=1), sample("fastapi", "list", 0, 1.0, dialect="sqlite")]
    assert ratios([*run(), *others], "postgresql", 16) == ratios(run(), "postgresql", 16)
    assert ratios([*run(), *others], "sqlite", 16) == {}


def test_a_goal_is_met_by_the_median_and_one_that_was_not_measured_is_neither_met_nor_missed() -> None:
    found = {(goal["against"], goal["work"]): goal["met"] for goal in goals(ratios(run(), "postgresql", 16))}
    assert found["fastapi", "list"] is True
    assert found["fastapi", "one"] is False
    assert found["floor", "list"] is True
    assert found["fastapi", "create"] is None
    assert found["drf", "list"] is None


def test_results_hold_the_medians_by_peer_and_work_and_survive_json() -> None:
    made = json.loads(json.dumps(results()))
    assert made["ratios"]["fastapi"] == {"list": 9.0, "one": 5.5}
    assert made["figures"]["postgresql"]["colonnade"]["list"]["16"]["rate"] == {"median": 900, "low": 300, "high": 1000}
    assert made["memory"]["postgresql"]["colonnade"] == {"median": 121.0, "low": 120.0, "high": 122.0}
    assert markdown(made) == markdown(results())


def test_the_report_has_the_goals_and_the_figures_of_each_system() -> None:
    report = markdown(results())
    head, *rows = rows_of(report, "## Goals")
    assert head == ["against", "list", "one", "create", "hello"]
    assert ["---"] * 5 in rows
    assert ["FastAPI", "9.0× of 6: met", "5.5× of 8: **missed**", "not measured", "not measured"] in rows
    rates = rows_of(report, "Requests a second: median (range).")
    assert ["Colonnade, granian", "900 (300–1,000)", "3,000 (1,000–3,300)", "1,200 (500–1,300)"] in rates
    assert ["FastAPI", "100 (30–125)", "500 (250–600)", ""] in rates
    assert "abacus, 2 cores" in report


def test_the_report_says_what_bounds_a_missed_goal_with_its_profile() -> None:
    profile = {
        "cost": [["product", "300", "400"], ["floor", "70", "100"]],
        "owners": [["Colonnade", "180.0", "99.0"]],
        "packages": [["psycopg", "90.0", "12.0"]],
        "functions": [["`psycopg/waiting:1 wait`", "50.0", "2.0"]],
    }
    report = markdown(compiled(FACTS, run(), SIZES, profiles={"one": profile}))
    assert (
        "- one against FastAPI: 5.5× of 8. That would be 4,000 requests a second,"
        " so 250 µs of the server's core for each; the product takes 333." in report
    )
    assert ["product", "300", "400"] in rows_of(report, "### one")
    assert ["Colonnade", "180.0", "99.0"] in rows_of(report, "By whose it is, µs a request, without what it calls:")


def bounds(rates: dict[tuple[str, str], int]) -> str:
    """What bounds the missed goals of a run in which these systems, too, were measured."""
    more = [sample(system, work, turn, rate) for (system, work), rate in rates.items() for turn in range(3)]
    facts = {**FACTS, "systems": {**FACTS["systems"], "pyramid-alone": "Pyramid alone"}}
    return markdown(compiled(facts, run() + more, SIZES)).partition("## What bounds")[2]


@pytest.mark.parametrize(
    "alone, said",
    [
        (20_000, "Pyramid alone takes 50, the statements 80: that leaves 120 for everything else, which takes 203."),
        (5_000, "Pyramid alone takes 200, the statements 80: out of reach."),
    ],
)
def test_the_report_says_of_a_missed_goal_what_pyramid_and_the_statements_leave(alone: int, said: str) -> None:
    found = bounds({("pyramid-alone", "hello"): alone, ("floor", "hello"): 50_000, ("floor", "one"): 10_000})
    assert f"so 250 µs of the server's core for each; the product takes 333. {said}" in found


def test_the_report_says_of_a_constant_that_was_not_fast_enough_what_pyramid_leaves() -> None:
    rates = {"pyramid-alone": 20_000, "floor": 50_000, "colonnade": 10_000, "fastapi": 8_000}
    found = bounds({(system, "hello"): rate for system, rate in rates.items()})
    assert "the product takes 100. Pyramid alone takes 50: that leaves 12 for everything else, which takes 50." in found


def test_the_report_says_where_a_missed_goal_leaves_the_server_time() -> None:
    idle = [sample("colonnade", "one", turn, 1_000, cpu=240) for turn in range(3)]
    samples = [each for each in run() if (each["system"], each["work"]) != ("colonnade", "one")]
    found = markdown(compiled(FACTS, samples + idle, SIZES))
    assert "the product takes 240. So it has time left, and waits for the database." in found


def test_the_report_says_where_a_goal_lies_above_what_the_database_answers() -> None:
    faster = [sample("fastapi", "list", turn, 300) for turn in range(3)]
    samples = [each for each in run() if (each["system"], each["work"]) != ("fastapi", "list")]
    report = markdown(compiled(FACTS, samples + faster, SIZES))
    assert (
        "That would be 1,800 requests a second; the floor, which only sends the statements, has 1,000:"
        " above what the database answers." in report
    )


def test_the_report_tells_refused_requests() -> None:
    assert "were refused" not in markdown(results())
    broken = [*run(), sample("fastapi", "list", 3, 50.0, errors=7)]
    assert "- FastAPI, list, 16 connections: 7" in markdown(compiled(FACTS, broken, SIZES))


def test_a_quick_run_says_that_it_is_one() -> None:
    quick = {**FACTS, "plan": {**FACTS["plan"], "quick": True}}
    assert "too short to compare by" in markdown(compiled(quick, run(), SIZES))


def test_the_report_has_the_tables_of_growth() -> None:
    growth = {"parts": [{"title": "Rows", "about": "Lists.", "head": ["ms", "10"], "rows": [["first page", "1.00"]]}]}
    report = markdown(compiled(FACTS, run(), SIZES, growth=growth))
    assert ["first page", "1.00"] in rows_of(report, "### Rows")


def test_a_spread_is_the_median_and_the_range() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "low": 1.0, "high": 3.0}


def test_what_wrk_tells_is_read_from_the_line_of_the_script() -> None:
    told = parse(
        "Running 2s test\n  2 threads\n"
        'RESULT {"requests": 210, "seconds": 2.0, "p50": 1.5, "p99": 9.25, "refused": 10, "failed": 1}\n'
    )
    assert (told.rate, told.p50, told.p99, told.refused, told.failed) == (100.0, 1.5, 9.25, 10, 1)
    with pytest.raises(LoadError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")
