"""Where the product's time goes, in process and in one thread, on PostgreSQL: for the goals that were missed.

python -m benchmarks.profiling [list] [one] [create] [hello] … [--role staff] [--explain]
"""

from __future__ import annotations

import argparse
import cProfile
import logging
import pstats
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import floor
from benchmarks.answers import bearer, filled
from benchmarks.application import make
from benchmarks.data import filled_database, plain
from benchmarks.floor import Program
from benchmarks.in_process import call, environ
from benchmarks.recording import record
from benchmarks.rounds import on_server_core, pin
from benchmarks.systems import Cores
from benchmarks.works import OURS, WORKS, Work
from colonnade.core.database import database_of

CALLS = 300
ROUNDS = 5
SHOWN = 14
#: Whose the packages are that every application on these libraries has; all others are the product's, or Python's.
OWNERS = {
    "Pyramid, WebOb, Cornice": ("pyramid", "pyramid_tm", "pyramid_retry", "webob", "cornice", "zope"),
    "SQLAlchemy, transaction, zope.sqlalchemy": ("sqlalchemy", "transaction"),
    "psycopg": ("psycopg", "psycopg_binary"),
    "pydantic": ("pydantic", "pydantic_core"),
}
#: Where psycopg waits for an answer, with the processor for somebody else.
WAITING = ("psycopg", "wait")

_numbers = count(2_000_000)


def measure(
    names: Sequence[str], url: str, tokens: Mapping[str, str], programs: Mapping[str, Program], cores: Cores
) -> dict[str, Any]:
    """For each work what it costs beside the floor, and the packages and functions that the time goes to."""
    app: Any = make(url)
    bare = floor.make(programs, plain(url))
    found = {}
    for work in WORKS:
        if work.name in names:
            headers = bearer(tokens.get(work.user or ""))
            ways = {"product": _asking(app, work, headers), "floor": _asking(bare, work, headers)}
            for ask in ways.values():
                ask()  # so that its connections are open
            pin(url, cores)
            with on_server_core(cores):
                found[work.name] = {"cost": _costs(ways), **_profiled(ways["product"])}
    database_of(app.registry).dispose()
    return found


def _asking(app: Any, work: Work, headers: Mapping[str, str]) -> Callable[[], object]:
    def ask() -> object:
        number = next(_numbers)
        path = filled(OURS[work.name], number, number % 1000 + 1)
        return call(app, environ(path, work.method, filled(work.body, number), headers))

    return ask


def _costs(ways: Mapping[str, Callable[[], object]]) -> list[list[str]]:
    """CPU and wall of a request in µs: the least of interleaved rounds, because others only ever add to it."""
    least: dict[str, tuple[float, float]] = {}
    for turn in range(ROUNDS + 1):
        for name, ask in ways.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(CALLS):
                ask()
            spent = (time.process_time() - cpu) / CALLS * 1e6, (time.perf_counter() - wall) / CALLS * 1e6
            if turn:  # the first one warms up
                least[name] = min(least.get(name, spent), spent)
    return [[name, f"{cpu:,.0f}", f"{wall:,.0f}"] for name, (cpu, wall) in least.items()]


def _profiled(ask: Callable[[], object]) -> dict[str, Any]:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(CALLS):
        ask()
    profile.disable()
    packages: dict[str, tuple[float, int]] = {}
    owners: dict[str, tuple[float, int]] = {}
    functions = []
    for (file, line, function), (_, calls, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        package, place = _place(file)
        if (package, function) == WAITING:
            package = "waiting for the database"
        for sums, name in ((packages, package), (owners, _owner(package))):
            seconds, times = sums.get(name, (0.0, 0))
            sums[name] = seconds + own, times + calls
        functions.append((own, calls, f"`{place}:{line} {function}`" if line else f"`{function}`"))
    return {
        "owners": _rows(_dearest(owners)),
        "packages": _rows(_dearest(packages)),
        "functions": _rows(sorted(functions, reverse=True)),
    }


def _dearest(sums: Mapping[str, tuple[float, int]]) -> list[tuple[float, int, str]]:
    return sorted(((own, calls, name) for name, (own, calls) in sums.items()), reverse=True)


def _owner(package: str) -> str:
    """Whose a package is."""
    if package.startswith("colonnade"):
        return "Colonnade"
    if package in ("built in", "standard library"):
        return "Python, called by all of them"
    return next((owner for owner, named in OWNERS.items() if package in named), package)


def _place(file: str) -> tuple[str, str]:
    """The package that a file belongs to (of ours: the room), and the file's name in it."""
    if file.startswith(("~", "<")):
        return "built in", file
    parts = Path(file).with_suffix("").parts
    if "site-packages" in parts:
        inside = parts[parts.index("site-packages") + 1 :]
        return inside[0], "/".join(inside)
    if "colonnade" in parts and "src" in parts:
        inside = parts[parts.index("src") + 1 :]
        return ".".join(inside[:3]), "/".join(inside)
    return ("benchmarks", parts[-1]) if "benchmarks" in parts else ("standard library", "/".join(parts[-2:]))


def _rows(dearest: Sequence[tuple[float, int, str]]) -> list[list[str]]:
    return [[name, f"{own / CALLS * 1e6:,.1f}", f"{calls / CALLS:,.1f}"] for own, calls, name in dearest[:SHOWN]]


def explain(url: str, programs: Mapping[str, Program], names: Sequence[str]) -> None:
    """The plan of the last statement of each work that reads, as PostgreSQL runs it."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for name, program in programs.items():
            last = program.statements[-1]
            if name in names and last.autocommit:
                cursor = psycopg.RawCursor(connection)
                rows = cursor.execute(b"EXPLAIN (ANALYZE, BUFFERS) " + last.query, last.arguments).fetchall()
                print("", name, last.query.decode(), *(row[0] for row in rows), sep="\n")


def run() -> None:
    """Measure and print."""
    from benchmarks.report import table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", default=["list", "one", "create", "hello"])
    parser.add_argument("--role", choices=("hr", "staff"), help="of who asks: decides which policy is compiled")
    parser.add_argument("--explain", action="store_true", help="show the plans of the statements that read")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder, filled_database("postgresql", Path(folder)) as (url, tokens):
        if given.role:
            tokens = dict.fromkeys(tokens, tokens[given.role])
        programs = record(url, tokens)
        if given.explain:
            explain(url, programs, given.works)
        for work, found in measure(given.works, url, tokens, programs, Cores.found()).items():
            print("", work, "", *table(["", "CPU, µs", "wall, µs"], found["cost"]), sep="\n")
            print("", *table(["whose", "µs", "calls"], found["owners"]), sep="\n")
            print("", *table(["package", "µs", "calls"], found["packages"]), sep="\n")
            print("", *table(["function", "µs", "calls"], found["functions"]), sep="\n")


if __name__ == "__main__":
    run()
