"""The product beside its peers: measure, and write RESULTS.md, its plots and results.json.

    make bench [QUICK=1] [ROUNDS=5] [SECONDS=2]
    python -m benchmarks [--quick] [--rounds 5] [--seconds 2] [--only colonnade floor fastapi] [--to FOLDER]

It needs `wrk`, two cores, and a PostgreSQL server on which it may create databases ($COLONNADE_TEST_POSTGRESQL, or the
usual local one); what it makes there is gone at the end. README.md says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import growth, profiling
from benchmarks.data import Seed, seed
from benchmarks.load import check_tools
from benchmarks.machine import machine, versions
from benchmarks.plots import draw
from benchmarks.recording import record, recorded
from benchmarks.report import markdown
from benchmarks.results import compiled
from benchmarks.rounds import CONNECTIONS, Plan, Sample, Size, measure, tell
from benchmarks.systems import PRODUCT, SYSTEMS, Cores, System
from benchmarks.works import FEW, WORKS

HERE = Path(__file__).parent


def run() -> None:
    """Measure and write."""
    given = _given()
    logging.disable(logging.INFO)
    check_tools()
    cores = Cores.found()
    os.sched_setaffinity(0, cores.load)
    systems = [each for each in SYSTEMS if each is PRODUCT or not given.only or each.name in given.only]
    plan = Plan(given.rounds or 5, given.seconds or 2)
    if given.quick:
        plan = Plan(given.rounds or 1, given.seconds or 1, CONNECTIONS[-1:])
    facts: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "plan": {**asdict(plan), "quick": given.quick},
        "machine": machine(cores),
        "versions": versions(),
        "systems": {each.name: each.title for each in systems},
        "works": {work.name: work.title for work in WORKS},
    }
    samples: list[dict[str, Any]] = []
    sizes: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with seed("postgresql", folder) as data:
            _run(data, systems, plan, cores, samples, sizes)
            found = compiled(facts, samples, sizes)
            if missed := sorted({goal["work"] for goal in found["goals"] if goal["met"] is False}):
                tell(f"profiles: {', '.join(missed)}")
                with data.copy(ours=True) as url:
                    profiles = profiling.measure(missed, url, data.tokens, record(url, data.tokens), cores)
            else:
                profiles = {}
        with seed("sqlite", folder) as data:
            _run(data, [each for each in systems if "sqlite" in each.dialects], plan, cores, samples, sizes)
        grown = None if given.only else growth.measure(folder, cores, quick=given.quick)
    write(compiled(facts, samples, sizes, growth=grown, profiles=profiles), given.to)


def _run(
    data: Seed,
    systems: Sequence[System],
    plan: Plan,
    cores: Cores,
    samples: list[dict[str, Any]],
    sizes: list[dict[str, Any]],
) -> None:
    floor = recorded(data) if data.dialect == "postgresql" else None
    works = WORKS if data.dialect == "postgresql" else FEW
    for each in measure(data, systems, works, plan, cores, floor):
        if isinstance(each, Sample):
            samples.append(asdict(each))
        elif isinstance(each, Size):
            sizes.append(asdict(each))


def write(results: dict[str, Any], folder: Path) -> None:
    """Write the report, its plots, and the figures."""
    (folder / "results.json").write_text(_lines(results))
    (folder / "RESULTS.md").write_text(markdown(results))
    draw(results, folder)
    tell(f"written: {folder / 'RESULTS.md'}")


def _lines(results: dict[str, Any]) -> str:
    """JSON, one line for each sample."""
    rows = {name: results[name] for name in ("samples", "sizes")}
    rest = json.dumps({name: value for name, value in results.items() if name not in rows}, indent=1)
    lists = [
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(each)}" for each in value) + "\n ]"
        for name, value in rows.items()
    ]
    return rest.removesuffix("\n}") + ",\n" + ",\n".join(lists) + "\n}\n"


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of a second at 16 connections; no million rows")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each figure in each round")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SYSTEMS], help="these beside the product")
    parser.add_argument("--to", type=Path, default=HERE, help="where to write")
    given = parser.parse_args()
    given.to.mkdir(parents=True, exist_ok=True)  # not after the minutes of a run
    return given


if __name__ == "__main__":
    run()
