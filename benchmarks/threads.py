"""How many threads should serve: the product on granian and on waitress, by the number of its threads.

    python -m benchmarks.threads [--threads 1 2 4 8 16] [--on colonnade floor] [--works list one create hello]
        [--rounds 3] [--seconds 2]

One process on one core, 16 connections, PostgreSQL; each of the pools has a connection for every thread.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.data import seed
from benchmarks.load import check_tools
from benchmarks.recording import recorded
from benchmarks.report import table
from benchmarks.results import figures
from benchmarks.rounds import Plan, Sample, measure
from benchmarks.systems import FLOOR, FLOOR_ON_WAITRESS, ON_WAITRESS, PRODUCT, Cores, System
from benchmarks.works import WORKS

KNOWN = {each.name: each for each in (PRODUCT, ON_WAITRESS, FLOOR, FLOOR_ON_WAITRESS)}


def with_threads(system: System, number: int) -> System:
    """The same with so many threads."""
    return replace(system, name=f"{system.name}-{number}", title=f"{system.title}, {number} threads", threads=number)


def run() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--on", nargs="+", choices=KNOWN, default=[PRODUCT.name, ON_WAITRESS.name])
    parser.add_argument("--works", nargs="+", default=["list", "one", "create", "hello"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    check_tools()
    systems = [with_threads(KNOWN[name], number) for name in given.on for number in given.threads]
    works = [work for work in WORKS if work.name in given.works]
    plan = Plan(given.rounds, given.seconds, (16,))
    with tempfile.TemporaryDirectory() as folder, seed("postgresql", Path(folder)) as data:
        measured = measure(data, systems, works, plan, Cores.found(), recorded(data))
        samples = [asdict(each) for each in measured if isinstance(each, Sample)]
    found = figures(samples)["postgresql"]
    for figure, unit in (("rate", "requests a second"), ("p99", "ms for 99 of 100"), ("cpu", "µs of CPU a request")):
        rows = [
            [each.title, *(f"{found[each.name][work.name]['16'][figure]['median']:,.0f}" for work in works)]
            for each in systems
        ]
        print("", *table([unit, *(work.name for work in works)], rows), sep="\n")


if __name__ == "__main__":
    run()
