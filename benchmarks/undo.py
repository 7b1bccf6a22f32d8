"""How long the undo of an import takes, by the number of its rows: it should grow no faster than they do.

    python -m benchmarks.undo [--rows 1000 10000] [--on sqlite]

It makes a database of its own on SQLite and on PostgreSQL ($COLONNADE_TEST_POSTGRESQL, or the usual local one), imports
the first rows of the people of the sample data ($COLONNADE_TEST_EMPLOYEES), undoes that, undoes the undo, and drops the
database at the end. Times are seconds of one round; beside each stands the time a record, and the memory that Python
held at most.
"""

from __future__ import annotations

import argparse
import logging
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice

from benchmarks.office import DATA, Office, office


def people(number: int) -> str:
    """A file of the first people."""
    with (DATA / "people.csv").open(newline="") as stream:
        return "".join(islice(stream, number + 1))


def measure(of: Office, table: str) -> Iterator[tuple[str, float, float]]:
    """What is done, the seconds it takes, and the megabytes."""

    def timed(path: str, body: str = "") -> tuple[str, float]:
        began = time.perf_counter()
        request_id = of.send_csv(path, body)
        return request_id, time.perf_counter() - began

    request_id, seconds = timed("/api/v1/employees/import?map=department%3Ddepartment.code", table)
    yield "import", seconds, 0
    for what in ("undo", "undo of that", "undo of that again"):
        request_id, seconds = timed(f"/api/v1/requests/{request_id}/undo")
        yield what, seconds, 0
    tracemalloc.start()
    timed(f"/api/v1/requests/{request_id}/undo")
    yield "memory of one more", 0, tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()


def run() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--on", choices=("sqlite", "postgresql"), help="by default both")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    for dialect in [given.on] if given.on else ["sqlite", "postgresql"]:
        for number in given.rows:
            table = people(number)
            with office(dialect, "history") as made:
                for what, seconds, megabytes in measure(made, table):
                    said = (
                        f"{megabytes:8.1f} MB"
                        if megabytes
                        else f"{seconds:8.2f} s {seconds / number * 1e6:8.0f} µs each"
                    )
                    print(f"{dialect:10} {number:7,} rows  {what:20} {said}", flush=True)


if __name__ == "__main__":
    run()
