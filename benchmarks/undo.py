"""How long the undo of an import takes, by the number of its rows: it should grow no faster than they do.

    python benchmarks/undo.py [--rows 1000 10000] [--on sqlite] [--data FOLDER]

It makes a database of its own on SQLite and on PostgreSQL (`$COLONNADE_TEST_POSTGRESQL`, or the usual local one),
imports the first rows of the people of the sample data, undoes that, undoes the undo, and drops the database at the
end. Times are seconds of one round; beside each stands the time a record, and the memory that Python held at most.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url
from webtest import TestApp

from colonnade import main
from colonnade.core.database import database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import Identity
from colonnade.plugins.people.models import Department

SERVER = os.environ.get("COLONNADE_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/test"
DATA = os.environ.get("COLONNADE_TEST_EMPLOYEES") or Path(__file__).parents[2] / "shared/data/employees"


@contextmanager
def database(dialect: str) -> Iterator[str]:
    """The URL of an empty database."""
    if dialect == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/undo.db"
        return
    name = f"undo_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def application(url: str, data: Path) -> Iterator[TestApp]:
    """The application with the departments in it, and an administrator who calls."""
    plugins = ("accounts", "rest", "transfer", "people", "history")
    app = main(
        {},
        **{
            "colonnade.environment": "development",
            "colonnade.secret": "for-benchmarks-only-and-long-enough-for-signing",
            "colonnade.plugins": "\n".join(plugins),
            "sqlalchemy.url": url,
            "transfer.max_body_bytes": "100000000",
        },
    )
    owner = database_of(app.registry)
    upgrade(owner, plugins_of(app.registry), lambda _: None)
    with owner.sessions.begin() as session, (data / "departments.csv").open(newline="") as stream:
        session.add_all(Department(code=row["dept_no"], name=row["dept_name"]) for row in csv.DictReader(stream))
    yield TestApp(app, {"app.identity": Identity.signed_in(1, "root", roles=["admin"])})
    owner.dispose()


def people(data: Path, number: int) -> str:
    """A file of the first people."""
    with (data / "people.csv").open(newline="") as stream:
        out = io.StringIO()
        for _, line in zip(range(number + 1), stream, strict=False):
            out.write(line)
    return out.getvalue()


def measure(client: TestApp, table: str) -> Iterator[tuple[str, float, float]]:
    """What is done, the seconds it takes, and the megabytes."""

    def timed(path: str, body: str = "") -> tuple[str, float]:
        began = time.perf_counter()
        answer = client.post(path, body, content_type="text/csv", headers={"Prefer": "return=minimal"})
        return answer.headers["X-Request-Id"], time.perf_counter() - began

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
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--on", choices=("sqlite", "postgresql"))
    parser.add_argument("--data", type=Path, default=Path(DATA))
    options = parser.parse_args()
    for dialect in [options.on] if options.on else ["sqlite", "postgresql"]:
        for number in options.rows:
            table = people(options.data, number)
            with database(dialect) as url, application(url, options.data) as client:
                for what, seconds, megabytes in measure(client, table):
                    said = (
                        f"{megabytes:8.1f} MB"
                        if megabytes
                        else f"{seconds:8.2f} s {seconds / number * 1e6:8.0f} µs each"
                    )
                    print(f"{dialect:10} {number:7,} rows  {what:20} {said}", flush=True)


if __name__ == "__main__":
    run()
