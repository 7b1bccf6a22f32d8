"""What the change log costs: writes with it and without it, and how many transactions commit in a second beside others.

    python benchmarks/change_log.py [create] [patch] [import] [commits] [--on sqlite] [--rounds 7] [--data FOLDER]

It makes databases of its own on SQLite and on PostgreSQL (`$COLONNADE_TEST_POSTGRESQL`, or the usual local one), one
for an application with the plug-in `history` and one for the same without it, and drops them at the end. Both are run
in turn, in one process; only the ratios mean anything: that of the rates in each round, then the median of these.

create, patch: single requests of a user with a token, taken as a WSGI server would: 200 a round.

import: `colonnade import` of 10,000 people, as the operator and as a role.

commits: on PostgreSQL, transactions of one new record each, by sessions of 1, 4 and 16 threads, in a second; and the
same where a sequencer gives the positions, until the last one is given.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, make_url
from transfer import DATA, SERVER, on_server, rows, sql

from colonnade import main
from colonnade.core.changes import log_of
from colonnade.core.changes.guard import PAST
from colonnade.core.changes.sequencing import number_committed
from colonnade.core.console import Invocation
from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import OPERATOR, Identity
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import Department, Employee

PARTS = ("create", "patch", "import", "commits")
GOALS = {"create": 0.8, "import": 0.6}
REQUESTS = 200
COMMITS = 1_600
WRITERS = (1, 4, 16)


@dataclass
class Firm:
    """The application on a database."""

    app: Any
    token: str
    data: Path
    somebody: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000))

    @property
    def database(self) -> Database:
        return database_of(self.app.registry)

    def send(self, method: str, path: str, content: object) -> dict[str, Any]:
        """One request, as a server gives it to the application."""
        body = json.dumps(content).encode()
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        said: list[str] = []
        answer = b"".join(self.app(environ, lambda status, *_: said.append(status)))
        assert said[0][:1] == "2", (said, answer)
        return dict(json.loads(answer))


def person(number: int) -> dict[str, object]:
    return {
        "number": number,
        "first_name": "Anna",
        "last_name": "Berger",
        "email": f"p{number}@example.com",
        "birth_date": "1990-04-17",
        "gender": "F",
        "hired_on": "2021-03-01",
        "title": "Engineer",
        "salary": "4200.00",
        "department_id": 1,
    }


def create(firm: Firm) -> None:
    for number in itertools.islice(firm.numbers, REQUESTS):
        firm.send("POST", "/api/v1/employees", person(number))


def patch(firm: Firm) -> None:
    for number in itertools.islice(firm.numbers, REQUESTS):
        firm.send("PATCH", f"/api/v1/employees/{firm.somebody}", {"title": f"Engineer {number}", "salary": "4300.00"})


def imported(firm: Firm, identity: Identity) -> None:
    from colonnade.plugins.transfer.importing.command import import_

    invocation = Invocation("", lambda _: firm.app.registry, lambda *_: identity)
    invocation.identity = identity
    with redirect_stdout(io.StringIO()):
        arguments = ["employees", str(firm.data / "people.csv"), "--map", "department=department.code"]
        import_.main(arguments, obj=invocation, standalone_mode=False)


def commits(firm: Firm, threads: int) -> None:
    """Transactions of one department each."""

    def write(share: int) -> None:
        for number in itertools.islice(firm.numbers, share):
            with firm.database.sessions.begin() as session:
                session.add(Department(code=f"c{number}", name=f"c{number}"))

    with ThreadPoolExecutor(threads) as pool:
        for each in [pool.submit(write, COMMITS // threads) for _ in range(threads)]:
            each.result()
    if (log := log_of(firm.app.registry)) is not None:
        number_committed(firm.database, log)


def empty(firm: Firm) -> None:
    """No people, and a log that is as if there never had been any."""
    past = {PAST: True}
    with firm.database.engine.connect().execution_options(**past) as connection, connection.begin():
        connection.execute(delete(Employee).execution_options(**past))
        if "history" in [plugin.name for plugin in plugins_of(firm.app.registry)]:
            connection.exec_driver_sql("DELETE FROM change")
    if firm.database.dialect.name == "postgresql":
        with firm.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def firms(dialect: str, data: Path) -> Iterator[tuple[Firm, Firm, Firm]]:
    """The one without a log, the one with it, and the one whose log has a sequencer."""
    with tempfile.TemporaryDirectory() as folder:
        made: list[Firm] = []
        names = [f"colonnade_benchmark_{os.getpid()}_{way}" for way in ("off", "on", "sequencer")]
        try:
            for name, way in zip(names, (None, "counter", "sequencer"), strict=True):
                url = f"sqlite:///{folder}/{name}.sqlite"
                if dialect == "postgresql":
                    on_server(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"), name)
                    url = make_url(SERVER).set(database=name).render_as_string(hide_password=False)
                made.append(firm_at(url, way, data))
            yield made[0], made[1], made[2]
        finally:
            for each in made:
                each.database.dispose()
            for name in names if dialect == "postgresql" else ():
                on_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)


def firm_at(url: str, positions: str | None, data: Path) -> Firm:
    """An application with its database.

    :param positions: who gives positions to its log; None for no log.
    """
    settings = {
        "colonnade.environment": "development",
        "colonnade.secret": "for-benchmarks-only-and-long-enough-for-signing",
        "colonnade.plugins": "accounts\nrest\ntransfer\npeople",
        "sqlalchemy.url": url,
        "sqlalchemy.pool_size": "20",
    }
    if positions is not None:
        settings |= {
            "colonnade.plugins": settings["colonnade.plugins"] + "\nhistory",
            "history.positions": positions,
        }
    app = main({}, **settings)
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    with database.sessions.begin() as session:
        token = create_token(session, create_user(session, "root", ("admin",)))[1]
        departments = [{"code": r["dept_no"], "name": r["dept_name"]} for r in rows(data / "departments.csv")]
        session.execute(insert(Department).execution_options(**{PAST: True}), departments)
    return Firm(app, token, data)


def measure(
    what: str,
    number: int,
    pair: tuple[Firm, Firm],
    rounds: int,
    work: Callable[[Firm], None],
    before: Callable[[Firm], None],
) -> None:
    """Both in turn; print the rates and their ratio."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for firm, seconds in zip(pair, taken, strict=True):
            before(firm)
            start = time.perf_counter()
            work(firm)
            if turn:  # the first one warms up
                seconds.append(time.perf_counter() - start)
    off, on = taken
    ratios = sorted(one / other for one, other in zip(off, on, strict=True))
    middle = statistics.median(ratios)
    goal = GOALS.get(what.split()[0])
    verdict = "" if goal is None else f"  goal {goal:.2f}  {'ok' if middle >= goal else 'MISSED'}"
    rates = "  ".join(f"{way} {number / statistics.median(each):9,.0f}/s" for way, each in (("off", off), ("on", on)))
    name = pair[0].database.dialect.name
    print(
        f"{name:10}  {what:29}  {rates}  ratio {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}){verdict}", flush=True
    )


def nothing(_: Firm) -> None:
    """There is nothing to be done before."""


def measure_all(dialect: str, parts: list[str], data: Path, rounds: int) -> None:
    with firms(dialect, data) as (off, on, sequenced):
        pair = (off, on)
        if "create" in parts:
            measure("create", REQUESTS, pair, rounds, create, nothing)
        if "patch" in parts:
            for firm in pair:
                empty(firm)
                firm.somebody = firm.send("POST", "/api/v1/employees", person(1))["id"]
            measure("patch", REQUESTS, pair, rounds, patch, nothing)
        if "import" in parts:
            for who, identity in (("operator", OPERATOR), ("role hr", Identity.signed_in(1, "hr", roles=["hr"]))):
                measure(f"import {who}", 10_000, pair, rounds, lambda firm, who=identity: imported(firm, who), empty)
        if "commits" in parts and dialect == "postgresql":
            for threads, (way, firm) in itertools.product(WRITERS, (("counter", on), ("sequencer", sequenced))):
                name = f"commits, {threads:2} writers, {way}"
                measure(name, COMMITS, (off, firm), rounds, lambda f, n=threads: commits(f, n), nothing)


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="by default all")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], help="by default both")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path(DATA))
    given = parser.parse_args()
    logging.disable(logging.INFO)
    for dialect in [given.on] if given.on else ["sqlite", "postgresql"]:
        measure_all(dialect, given.parts or list(PARTS), given.data, given.rounds)


if __name__ == "__main__":
    run()
