"""Import and export of 94,917 salaries, beside the least that a program of its own could do.

    python benchmarks/transfer.py [export] [import] [--on sqlite] [--rounds 7] [--data FOLDER] [--no-memory]

It makes a database of its own on SQLite and on PostgreSQL (`$COLONNADE_TEST_POSTGRESQL`, or the usual local one), fills
it with the people of the sample data, and drops it at the end. Product and floor are run in turn, in one process; rates
are medians of rounds, in rows a second, and only the ratios mean anything.

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
import io
import logging
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import delete, func, insert, make_url, select

from colonnade import main
from colonnade.core.console import Invocation
from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import OPERATOR, Identity
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import Department, Employee, Gender, Salary

SERVER = os.environ.get("COLONNADE_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/test"
DATA = os.environ.get("COLONNADE_TEST_EMPLOYEES") or Path(__file__).parents[2] / "shared/data/employees"
BATCH = 5_000
GOALS = {"export": 1 / 2, "import": 1 / 3}
#: Rows of the two processes whose memory is compared.
FEW = 10_000


@dataclass(frozen=True)
class Office:
    """The application on a database that is full of people, and a token for it."""

    app: Any
    token: str
    data: Path
    folder: Path

    @property
    def database(self) -> Database:
        return database_of(self.app.registry)

    def get(self, path: str, accept: str) -> Iterator[bytes]:
        """The chunks of an answer, as a server takes them."""
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "HTTP_ACCEPT": accept,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        said: list[str] = []
        body = self.app(environ, lambda status, *_: said.append(status))
        assert said == ["200 OK"], said
        return iter(body)


@contextmanager
def offices(dialects: list[str], data: Path) -> Iterator[list[Office]]:
    """An office on each database."""
    with tempfile.TemporaryDirectory() as folder:
        made: list[Office] = []
        name = f"colonnade_benchmark_{os.getpid()}"
        urls = {
            "sqlite": f"sqlite:///{folder}/{name}.sqlite",
            "postgresql": make_url(SERVER).set(database=name).render_as_string(hide_password=False),
        }
        if "postgresql" in dialects:
            on_server(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"), name)
        try:
            made.extend(office_at(urls[dialect], data, Path(folder)) for dialect in dialects)
            yield made
        finally:
            for each in made:
                each.database.dispose()
            if "postgresql" in dialects:
                on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)


def on_server(statement: sql.SQL, name: str) -> None:
    with psycopg.connect(make_url(SERVER).render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name)))


def settings(url: str) -> dict[str, str]:
    return {
        "colonnade.environment": "development",
        "colonnade.secret": "for-benchmarks-only-and-long-enough-for-signing",
        "colonnade.plugins": "accounts\nrest\ntransfer\npeople",
        "sqlalchemy.url": url,
    }


def office_at(url: str, data: Path, folder: Path) -> Office:
    app = main({}, **settings(url))
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    with database.sessions.begin() as session:
        token = create_token(session, create_user(session, "root", ("admin",)))[1]
        session.execute(
            insert(Department), [{"code": r["dept_no"], "name": r["dept_name"]} for r in rows(data / "departments.csv")]
        )
        codes = dict(session.execute(select(Department.code, Department.id)).all())
        people = [
            {
                **{name: row[name] for name in ("first_name", "last_name", "email", "title")},
                "number": int(row["number"]),
                "birth_date": date.fromisoformat(row["birth_date"]),
                "hired_on": date.fromisoformat(row["hired_on"]),
                "gender": Gender(row["gender"]),
                "salary": Decimal(row["salary"]),
                "department_id": codes[row["department"]],
            }
            for row in rows(data / "people.csv")
        ]
        session.execute(insert(Employee), people)
    return Office(app, token, data, folder)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def salaries(office: Office) -> list[dict[str, Any]]:
    """The rows, as Core takes them."""
    with office.database.sessions() as session:
        ids = dict(session.execute(select(Employee.number, Employee.id)).all())
    return [
        {
            "employee_id": ids[int(row["emp_no"])],
            "amount": Decimal(row["amount"]),
            "from_date": date.fromisoformat(row["from_date"]),
            "to_date": date.fromisoformat(row["to_date"]),
        }
        for row in rows(office.data / "salaries.csv")
    ]


def store(office: Office, prepared: list[dict[str, Any]]) -> None:
    with office.database.engine.begin() as connection:
        for start in range(0, len(prepared), BATCH):
            connection.execute(insert(Salary.__table__), prepared[start : start + BATCH])


def empty(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(delete(Salary))
    if office.database.dialect.name == "postgresql":
        with office.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE salary")


# -- Export


def floor_export(office: Office, file: Path) -> None:
    """The same bytes, straight from the driver."""
    url = office.database.url
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
            psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection,
            connection.cursor(name="salaries") as cursor,
        ):
            cursor.itersize = BATCH
            cursor.execute("SELECT id, employee_id, amount, from_date, to_date FROM salary ORDER BY id")
            writer.writerows(cursor)


def product_export(office: Office, file: Path, accept: str = "text/csv", query: str = "") -> None:
    with file.open("wb") as stream:
        stream.writelines(office.get(f"/api/v1/salaries{query}", accept))


def measure_export(office: Office, rounds: int) -> None:
    prepared = salaries(office)
    empty(office)
    store(office, prepared)
    ours, floor = office.folder / "ours.csv", office.folder / "floor.csv"
    product_export(office, ours)
    floor_export(office, floor)
    assert ours.read_bytes() == floor.read_bytes(), "the files differ"
    ways = {
        "floor": lambda: floor_export(office, floor),
        "CSV": lambda: product_export(office, ours),
        "JSON Lines": lambda: product_export(office, ours, "application/jsonl"),
    }
    tell(office, "export", len(prepared), in_turn(ways, rounds))


# -- Import


def measure_import(office: Office, rounds: int) -> None:
    prepared = salaries(office)
    file = office.data / "salaries.csv"
    ways = {
        "floor": lambda: store(office, prepared),
        "role hr": lambda: product_import(office, file, Identity.signed_in(1, "hr", roles=["hr"])),
        "operator": lambda: product_import(office, file, OPERATOR),
    }
    tell(office, "import", len(prepared), in_turn(ways, rounds, before=lambda: empty(office)))
    with office.database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Salary)) == len(prepared)


def product_import(office: Office, file: Path, identity: Identity) -> None:
    """What the verb does, once the application is made."""
    from colonnade.plugins.transfer.importing.command import import_

    invocation = Invocation("", lambda _: office.app.registry, lambda *_: identity)
    invocation.identity = identity
    with redirect_stdout(io.StringIO()):
        arguments = ["salaries", str(file), "--map", "emp_no=employee.number"]
        import_.main(arguments, obj=invocation, standalone_mode=False)


# -- Measuring


def in_turn(
    ways: dict[str, Callable[[], None]], rounds: int, before: Callable[[], None] = lambda: None
) -> dict[str, list[float]]:
    """Seconds of each way, round by round."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            before()
            start = time.perf_counter()
            way()
            if turn:  # the first one warms up
                taken[name].append(time.perf_counter() - start)
    return taken


def tell(office: Office, what: str, number: int, taken: dict[str, list[float]]) -> None:
    floors = taken.pop("floor")
    name = office.database.dialect.name
    print(f"{name:10}  {what}  {number:,} rows  floor {number / statistics.median(floors):9,.0f} rows/s")
    for way, seconds in taken.items():
        ratios = sorted(floor / each for floor, each in zip(floors, seconds, strict=True))
        middle = statistics.median(ratios)
        verdict = "ok" if middle >= GOALS[what] else "MISSED"
        print(
            f"{'':10}  {way:10} {number / statistics.median(seconds):9,.0f} rows/s  ratio {middle:.2f}"
            f" ({ratios[0]:.2f} to {ratios[-1]:.2f})  goal {GOALS[what]:.2f}  {verdict}"
        )


def measure_memory_of_exports(office: Office) -> None:
    """The peak of a process that exports few rows, and of one that exports all."""
    for accept in ("text/csv", "application/jsonl"):
        last = first_id(office) + FEW - 1
        tell_peaks(office, f"export {accept}", *(peak(office, accept, q) for q in (f"?id__lte={last}", "")))


def measure_memory_of_imports(office: Office) -> None:
    """The peak of a process that imports few rows, and of one that imports all."""
    everything = office.data / "salaries.csv"
    few = office.folder / "few.csv"
    with everything.open() as stream, few.open("w") as part:
        part.writelines(islice(stream, FEW + 1))
    peaks = []
    for file in (few, everything):
        empty(office)
        peaks.append(peak(office, "import", str(file)))
    tell_peaks(office, "import", *peaks)


def peak(office: Office, what: str, of: str) -> int:
    """Of a process of its own, in kB."""
    url = office.database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, __file__, "--peak", url, office.token, what, of]
    return int(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def tell_peaks(office: Office, what: str, few: int, all_: int) -> None:
    name = office.database.dialect.name
    print(f"{name:10}  memory  {what}: {few:,} kB for {FEW:,} rows, {all_:,} kB for all: {all_ - few:+,} kB")


def first_id(office: Office) -> int:
    with office.database.engine.connect() as connection:
        return connection.scalar(select(func.min(Salary.id))) or 0


def print_peak(url: str, token: str, what: str, of: str) -> None:
    office = Office(main({}, **settings(url)), token, Path(), Path())
    if what == "import":
        product_import(office, Path(of), OPERATOR)
    else:
        for _ in office.get(f"/api/v1/salaries{of}", what):
            pass
    print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["export", "import", []], help="by default both")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], help="by default both")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path(DATA))
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--peak", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    if given.peak:
        print_peak(*given.peak)
        return
    parts = given.parts or ["export", "import"]
    with offices([given.on] if given.on else ["sqlite", "postgresql"], given.data) as made:
        for office in made:
            if "export" in parts:
                measure_export(office, given.rounds)
                if not given.no_memory:
                    measure_memory_of_exports(office)
            if "import" in parts:
                measure_import(office, given.rounds)
                if not given.no_memory:
                    measure_memory_of_imports(office)


if __name__ == "__main__":
    run()
