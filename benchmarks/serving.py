"""How a system should be served: by the number of its threads, and by how Linux schedules them.

    python -m benchmarks.serving [--threads 2 4 8] [--scheduling normal batch] [--on colonnade fastapi]
        [--works list one create hello] [--rounds 3] [--seconds 2]

One process on one core, 16 connections, PostgreSQL; each of the pools has a connection for every thread.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.data import seed
from benchmarks.load import check_tools
from benchmarks.recording import recorded
from benchmarks.report import table
from benchmarks.results import figures
from benchmarks.rounds import Plan, Sample, measure
from benchmarks.systems import PRODUCT, SYSTEMS, Cores, System
from benchmarks.works import WORKS

KNOWN = {each.name: each for each in SYSTEMS}
SCHEDULING = ("normal", "batch")
USUAL = ("list", "one", "create", "hello")


def served(system: System, threads: int, scheduling: str) -> System:
    """The same with so many threads, and under this policy."""
    name, title = f"{system.name}-{threads}-{scheduling}", f"{system.title}, {threads} threads, {scheduling}"
    server = replace(system.server, batch=scheduling == "batch")
    return replace(system, name=name, title=title, threads=threads, server=server)


def run() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--scheduling", nargs="+", choices=SCHEDULING, default=SCHEDULING)
    parser.add_argument("--on", nargs="+", choices=KNOWN, default=[PRODUCT.name])
    parser.add_argument("--works", nargs="+", choices=[each.name for each in WORKS], default=USUAL)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    check_tools()
    systems = [
        served(KNOWN[name], number, policy)
        for name in given.on
        for number in given.threads
        for policy in given.scheduling
    ]
    works = [work for work in WORKS if work.name in given.works]
    plan = Plan(given.rounds, given.seconds, (16,))
    with tempfile.TemporaryDirectory() as folder, seed("postgresql", Path(folder)) as data:
        measured = measure(data, systems, works, plan, Cores.found(), recorded(data))
        samples = [asdict(each) for each in measured if isinstance(each, Sample)]
    found = figures(samples)["postgresql"]
    for figure, unit in (("rate", "requests a second"), ("p99", "ms for 99 of 100"), ("cpu", "µs of CPU a request")):
        rows = [[each.title, *(_median(found[each.name], work.name, figure) for work in works)] for each in systems]
        print("", *table([unit, *(work.name for work in works)], rows), sep="\n")


def _median(of: Mapping[str, Any], work: str, figure: str) -> str:
    """What a system that has this work was measured to do."""
    return f"{of[work]['16'][figure]['median']:,.0f}" if work in of else ""


if __name__ == "__main__":
    run()
