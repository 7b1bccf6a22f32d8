"""What grows with the data and with the application, measured in process: `make bench` puts it into its report.

    python -m benchmarks.growth [--quick]

Rows: 10 thousand, 100 thousand and 1 million employees on PostgreSQL. Expanding: 1, 10 and 100 rows, with the number of
statements. Resources: 5, 50 and 500 in an application of their own on SQLite, each in a process of its own. Routes: as
many, of plain views.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.answers import bearer
from benchmarks.application import make
from benchmarks.data import filled_database
from benchmarks.in_process import call, environ, in_turn
from benchmarks.results import Spread, spread
from benchmarks.rounds import on_server_core, pin, tell
from benchmarks.systems import ROOT, Cores
from colonnade.core.database import database_of, statements_of

ROWS = (10_000, 100_000, 1_000_000)
EXPANDED = (1, 10, 100)
PARTS = (5, 50, 500)
ROUNDS = 30
#: Where the deep page is.
DEPTH = 0.7

PAGE = "/api/v1/employees?expand=department&limit=100&sort=last_name,first_name"
WALK = "/api/v1/employees?expand=department&limit=1000&sort=last_name,first_name"


def measure(folder: Path, cores: Cores, *, quick: bool) -> dict[str, Any]:
    """All of it: tables and lines for the report."""
    with on_server_core(cores):
        return _measured(folder, cores, quick=quick)


def _measured(folder: Path, cores: Cores, *, quick: bool) -> dict[str, Any]:
    by_rows: dict[int, dict[str, Spread]] = {}
    expanding: list[list[object]] = []
    for number in ROWS[: 2 if quick else 3]:
        tell(f"growth: {number:,} rows")
        with filled_database("postgresql", folder, number) as (url, tokens):
            app: Any = make(url)
            headers = bearer(tokens["hr"])
            kinds = dict(_kinds(app, headers, number))
            pin(url, cores)
            by_rows[number] = _timed({name: _getting(app, path, headers) for name, path in kinds.items()})
            if number == ROWS[1]:
                expanding = list(_expanding(app, headers))
            database_of(app.registry).dispose()
    by_resources, by_routes = {}, {}
    for number in PARTS:
        tell(f"growth: {number} resources, {number} routes")
        by_resources[number] = _started("resources", number, folder, 1 if quick else 3)
        by_routes[number] = _started("routes", number, folder, 1 if quick else 3)
    return _told(by_rows, expanding, by_resources, by_routes)


# -- Rows


def _kinds(app: Any, headers: Mapping[str, str], number: int) -> Iterator[tuple[str, str]]:
    depth = int(number * DEPTH)
    yield "first page", PAGE
    yield "deep page, by cursor", _deep(app, headers, depth)
    yield "deep page, by offset", f"{PAGE}&offset={depth}"
    yield "filtered by an indexed field", "/api/v1/employees?limit=100&department_id=3"
    yield "exact count", "/api/v1/employees?limit=1&count=exact"
    yield "capped count", "/api/v1/employees?limit=1&count=capped"


def _deep(app: Any, headers: Mapping[str, str], depth: int) -> str:
    """The page that follows the given depth, as a client comes there: from page to page."""
    path = WALK
    for _ in range(depth // 1000):
        path = json.loads(call(app, environ(path, headers=headers)))["next"].partition("6543")[2]
    return path.replace("limit=1000", "limit=100")


def _getting(app: Any, path: str, headers: Mapping[str, str]) -> Callable[[], object]:
    made = environ(path, headers=headers)
    return lambda: call(app, made)


def _timed(ways: Mapping[str, Callable[[], object]]) -> dict[str, Spread]:
    """Milliseconds: median and range of rounds."""
    return {name: spread(each * 1e3 for each in taken) for name, taken in in_turn(ways, ROUNDS).items()}


def _expanding(app: Any, headers: Mapping[str, str]) -> Iterator[list[object]]:
    for relations in ("department", "department,salaries"):
        ways = {
            number: f"/api/v1/employees?expand={relations}&limit={number}&sort=last_name,first_name"
            for number in EXPANDED
        }
        times = _timed({str(number): _getting(app, path, headers) for number, path in ways.items()})
        for number, path in ways.items():
            with statements_of(database_of(app.registry)) as sent:
                call(app, environ(path, headers=headers))
            yield [relations, number, len(sent), _cell(times[str(number)])]


# -- Resources and routes


def _started(what: str, number: int, folder: Path, processes: int) -> dict[str, float]:
    """What a process tells that has so many of them; the median of some processes."""
    told = []
    for _ in range(processes):
        said = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.many", what, str(number), str(folder)],
            check=True, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).stdout  # fmt: skip
        told.append(json.loads(said.splitlines()[-1]))
    return {name: spread(each[name] for each in told)["median"] for name in told[0]}


# -- Telling


def _told(
    by_rows: Mapping[int, Mapping[str, Spread]],
    expanding: list[list[object]],
    by_resources: Mapping[int, Mapping[str, float]],
    by_routes: Mapping[int, Mapping[str, float]],
) -> dict[str, Any]:
    kinds = list(next(iter(by_rows.values())))
    parts = [
        {
            "title": "Rows",
            "about": "A list of 100 with department, sorted by an index; its page at 70 % of the rows; 100 rows by an"
            " indexed field; counts.",
            "head": ["milliseconds", *(f"{number:,} rows" for number in by_rows)],
            "rows": [[kind, *(_cell(each[kind]) for each in by_rows.values())] for kind in kinds],
        },
        {
            "title": "Expanding",
            "about": "Of 100,000 employees; the statement for the token is one of those counted.",
            "head": ["expanded", "rows", "statements", "milliseconds"],
            "rows": expanding,
        },
        {
            "title": "Resources",
            "about": "An application of so many resources with eight fields each: `main()` alone, the process from its"
            " start (imports included), its memory before the first request; then, in µs of CPU, one record of the last"
            " resource (SQLite) and a plain view.",
            "head": ["resources", "`main()`, s", "start, s", "MB", "one, µs", "plain view, µs"],
            "rows": [
                [
                    number,
                    f"{each['main']:.2f}",
                    f"{each['start']:.2f}",
                    f"{each['resident']:.0f}",
                    f"{each['one']:.0f}",
                    f"{each['plain']:.0f}",
                ]
                for number, each in by_resources.items()
            ],
        },
        {
            "title": "Routes",
            "about": "So many plain routes in a plug-in: µs of CPU for a request for the last one.",
            "head": ["routes", "plain view, µs"],
            "rows": [[number, f"{each['plain']:.0f}"] for number, each in by_routes.items()],
        },
    ]
    lines = [
        {
            "x": "rows",
            "y": "milliseconds",
            "of": {kind: [[number, each[kind]["median"]] for number, each in by_rows.items()] for kind in kinds},
        },
        {
            "x": "resources or routes",
            "y": "µs of CPU a request",
            "of": {
                "one record, so many resources": [[number, each["one"]] for number, each in by_resources.items()],
                "plain view, so many resources": [[number, each["plain"]] for number, each in by_resources.items()],
                "plain view, so many routes": [[number, each["plain"]] for number, each in by_routes.items()],
            },
        },
    ]
    return {
        "parts": parts,
        "lines": lines,
        "rows": {str(number): each for number, each in by_rows.items()},
        "resources": {str(number): each for number, each in by_resources.items()},
        "routes": {str(number): each for number, each in by_routes.items()},
    }


def _cell(found: Spread) -> str:
    return f"{found['median']:.2f} ({found['low']:.2f}–{found['high']:.2f})"


def run() -> None:
    """Measure and print."""
    from benchmarks.report import table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the million")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        for part in measure(Path(folder), Cores.found(), quick=given.quick)["parts"]:
            print("", part["title"], "", *table(part["head"], part["rows"]), sep="\n")


if __name__ == "__main__":
    run()
