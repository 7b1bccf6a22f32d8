"""Import and export of 94,917 salaries, beside the least that a program of its own could do.

    python -m benchmarks.transfer [export] [import] [--on sqlite] [--rounds 7] [--no-memory]

It makes a database of its own on SQLite and on PostgreSQL ($COLONNADE_TEST_POSTGRESQL, or the usual local one), fills
it with the people of the sample data ($COLONNADE_TEST_EMPLOYEES), and drops it at the end. Product and floor are run in
turn, in one process; rates are medians of rounds, in rows a second, and only the ratios mean anything.

export: the list of all salaries, as CSV and as JSON Lines, taken from the application as a WSGI server takes it, by a
user with a token. The floor writes the same bytes of CSV with `csv.writer`, straight from the driver: on PostgreSQL
from a server-side cursor, on SQLite from a cursor for which SQL has written the decimals.

import: `colonnade import` of the file, in which employees are given by their number, with validation, policy and
references on. The floor is `insert(table)` of SQLAlchemy Core with lists of dicts, 5,000 at a time: they are made
beforehand, so it neither reads a file nor looks anything up.

memory: how much the peak of a process grows with the rows, 10,000 of them and all, in a process of its own each.
"""

from __future__ import annotations

import argparse
import csv
import logging
import sqlite3
import subprocess
import sys
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import delete, func, insert, select

from benchmarks.data import plain, settings
from benchmarks.in_process import in_turn
from benchmarks.office import DATA, PLUGINS, Office, add_people, office, rows, vacuum
from benchmarks.results import spread
from benchmarks.systems import ROOT
from colonnade import main
from colonnade.core.policy import OPERATOR, Identity
from colonnade.plugins.people.models import Employee, Salary

BATCH = 5_000
GOALS = {"export": 1 / 2, "import": 1 / 3}
#: Rows of the two processes whose memory is compared.
FEW = 10_000


def salaries(of: Office) -> list[dict[str, Any]]:
    """The rows, as Core takes them."""
    with of.database.sessions() as session:
        ids = dict(session.execute(select(Employee.number, Employee.id)).all())
    return [
        {
            "employee_id": ids[int(row["emp_no"])],
            "amount": Decimal(row["amount"]),
            "from_date": date.fromisoformat(row["from_date"]),
            "to_date": date.fromisoformat(row["to_date"]),
        }
        for row in rows(DATA / "salaries.csv")
    ]


def store(of: Office, prepared: list[dict[str, Any]]) -> None:
    """The floor of an import."""
    with of.database.engine.begin() as connection:
        for start in range(0, len(prepared), BATCH):
            connection.execute(insert(Salary.__table__), prepared[start : start + BATCH])


def empty(of: Office) -> None:
    """No salaries."""
    with of.database.engine.begin() as connection:
        connection.execute(delete(Salary))
    vacuum(of)


# -- Export


def floor_export(of: Office, file: Path) -> None:
    """The same bytes, straight from the driver."""
    url = of.database.url
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "employee_id", "amount", "from_date", "to_date"])
        if url.get_backend_name() == "sqlite":
            amount = "printf('%d.%02d', amount / 100, amount % 100)"
            lite = sqlite3.connect(str(url.database))
            writer.writerows(
                lite.execute(f"SELECT id, employee_id, {amount}, from_date, to_date FROM salary ORDER BY id")
            )
            lite.close()
            return
        with (
            psycopg.connect(plain(url.render_as_string(hide_password=False))) as connection,
            connection.cursor(name="salaries") as cursor,
        ):
            cursor.itersize = BATCH
            cursor.execute("SELECT id, employee_id, amount, from_date, to_date FROM salary ORDER BY id")
            writer.writerows(cursor)


def product_export(of: Office, file: Path, accept: str = "text/csv", query: str = "") -> None:
    """The same, from the product."""
    with file.open("wb") as stream:
        stream.writelines(of.get(f"/api/v1/salaries{query}", accept))


def measure_export(of: Office, rounds: int) -> None:
    """Both, in turn."""
    prepared = salaries(of)
    empty(of)
    store(of, prepared)
    ours, floor = of.folder / "ours.csv", of.folder / "floor.csv"
    product_export(of, ours)
    floor_export(of, floor)
    assert ours.read_bytes() == floor.read_bytes(), "the files differ"
    ways = {
        "floor": lambda: floor_export(of, floor),
        "CSV": lambda: product_export(of, ours),
        "JSON Lines": lambda: product_export(of, ours, "application/jsonl"),
    }
    tell(of, "export", len(prepared), in_turn(ways, rounds))


# -- Import


def measure_import(of: Office, rounds: int) -> None:
    """All three, in turn."""
    prepared = salaries(of)
    file = DATA / "salaries.csv"
    ways = {
        "floor": lambda: store(of, prepared),
        "role hr": lambda: product_import(of, file, Identity.signed_in(1, "hr", roles=["hr"])),
        "operator": lambda: product_import(of, file, OPERATOR),
    }
    tell(of, "import", len(prepared), in_turn(ways, rounds, before=lambda _: empty(of)))
    with of.database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Salary)) == len(prepared)


def product_import(of: Office, file: Path, identity: Identity) -> None:
    """The salaries of a file, by the road that is measured."""
    of.import_file("salaries", file, "emp_no=employee.number", identity)


# -- Measuring


def tell(of: Office, what: str, number: int, taken: dict[str, list[float]]) -> None:
    """Print the rate of the floor, and of each other way with its ratio."""
    floors = taken.pop("floor")
    print(f"{of.dialect:10}  {what}  {number:,} rows  floor {number / spread(floors)['median']:9,.0f} rows/s")
    for way, seconds in taken.items():
        ratio = spread(floor / each for floor, each in zip(floors, seconds, strict=True))
        verdict = "ok" if ratio["median"] >= GOALS[what] else "MISSED"
        print(
            f"{'':10}  {way:10} {number / spread(seconds)['median']:9,.0f} rows/s  ratio {ratio['median']:.2f}"
            f" ({ratio['low']:.2f} to {ratio['high']:.2f})  goal {GOALS[what]:.2f}  {verdict}"
        )


def measure_memory_of_exports(of: Office) -> None:
    """The peak of a process that exports few rows, and of one that exports all."""
    for accept in ("text/csv", "application/jsonl"):
        last = first_id(of) + FEW - 1
        tell_peaks(of, f"export {accept}", *(peak(of, accept, q) for q in (f"?id__lte={last}", "")))


def measure_memory_of_imports(of: Office) -> None:
    """The peak of a process that imports few rows, and of one that imports all."""
    everything = DATA / "salaries.csv"
    few = of.folder / "few.csv"
    with everything.open() as stream, few.open("w") as part:
        part.writelines(islice(stream, FEW + 1))
    peaks = []
    for file in (few, everything):
        empty(of)
        peaks.append(peak(of, "import", str(file)))
    tell_peaks(of, "import", *peaks)


def peak(of: Office, what: str, which: str) -> int:
    """Of a process of its own, in kB."""
    url = of.database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-W", "ignore", "-m", "benchmarks.transfer", "--peak", url, of.token, what, which]
    return int(subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


def tell_peaks(of: Office, what: str, few: int, all_: int) -> None:
    """Print two peaks and what is between them."""
    print(f"{of.dialect:10}  memory  {what}: {few:,} kB for {FEW:,} rows, {all_:,} kB for all: {all_ - few:+,} kB")


def first_id(of: Office) -> int:
    """The least key."""
    with of.database.engine.connect() as connection:
        return connection.scalar(select(func.min(Salary.id))) or 0


def print_peak(url: str, token: str, what: str, which: str) -> None:
    """In the process of its own: import the file, or export what the query asks for, and tell the most memory held."""
    of = Office(main({}, **settings(url, PLUGINS)), token, Path())
    if what == "import":
        product_import(of, Path(which), OPERATOR)
    else:
        for _ in of.get(f"/api/v1/salaries{which}", what):
            pass
    print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def run() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["export", "import", []], help="by default both")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], help="by default both")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    if given.peak:
        print_peak(*given.peak)
        return
    parts = given.parts or ["export", "import"]
    for dialect in [given.on] if given.on else ["sqlite", "postgresql"]:
        with office(dialect) as made:
            add_people(made)
            if "export" in parts:
                measure_export(made, given.rounds)
                if not given.no_memory:
                    measure_memory_of_exports(made)
            if "import" in parts:
                measure_import(made, given.rounds)
                if not given.no_memory:
                    measure_memory_of_imports(made)


if __name__ == "__main__":
    run()
