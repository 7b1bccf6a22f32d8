"""What the change log costs: writes with it and without it, and how many transactions commit in a second beside others.

    python -m benchmarks.change_log [create] [patch] [import] [commits] [--on sqlite] [--rounds 7]

It makes two databases of its own on SQLite and on PostgreSQL ($COLONNADE_TEST_POSTGRESQL, or the usual local one), one
for an application with the plug-in `history` and one for the same without it, and drops them at the end. Both are run
in turn, in one process; only the ratios mean anything: that of the rates in each round, then the median of these.

create, patch: single requests of a user with a token, taken as a WSGI server would: 200 a round.

import: `colonnade import` of the people of the sample data ($COLONNADE_TEST_EMPLOYEES), as the operator and as a role.

commits: on PostgreSQL, transactions of one new record each, by sessions of 1, 4 and 16 threads, in a second; with the
counter, and with a sequencer until it has given the last position.
"""

from __future__ import annotations

import argparse
import itertools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import delete

from benchmarks.in_process import in_turn
from benchmarks.office import DATA, Office, office, vacuum
from benchmarks.results import spread
from colonnade.core.changes import log_of
from colonnade.core.changes.sequencing import number_committed
from colonnade.core.changes.statements import PAST
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import OPERATOR, Identity
from colonnade.plugins.people.models import Department, Employee

PARTS = ("create", "patch", "import", "commits")
GOALS = {"create": 0.8, "import": 0.6}
REQUESTS = 200
COMMITS = 1_600
PEOPLE = 10_000
WRITERS = (1, 4, 16)

_numbers = itertools.count(1_000_000)

Work = Callable[[Office], object]


def person(number: int) -> dict[str, object]:
    """A new employee."""
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


def create(of: Office) -> None:
    """Single requests that create."""
    for number in itertools.islice(_numbers, REQUESTS):
        of.send("POST", "/api/v1/employees", person(number))


def patch(of: Office, keys: dict[int, int]) -> None:
    """Single requests that change one record."""
    for number in itertools.islice(_numbers, REQUESTS):
        path = f"/api/v1/employees/{keys[id(of)]}"
        of.send("PATCH", path, {"title": f"Engineer {number}", "salary": "4300.00"})


def imported(of: Office, identity: Identity) -> None:
    """The people of the sample data."""
    of.import_file("employees", DATA / "people.csv", "department=department.code", identity)


def commits(of: Office, threads: int) -> None:
    """Transactions of one department each."""

    def write(share: int) -> None:
        for number in itertools.islice(_numbers, share):
            with of.database.sessions.begin() as session:
                session.add(Department(code=f"c{number}", name=f"c{number}"))

    with ThreadPoolExecutor(threads) as pool:
        for each in [pool.submit(write, COMMITS // threads) for _ in range(threads)]:
            each.result()
    if (log := log_of(of.app.registry)) is not None:
        number_committed(of.database, log)


def empty(of: Office) -> None:
    """No people, and a log that is as if there never had been any."""
    past = {PAST: True}
    with of.database.engine.connect().execution_options(**past) as connection, connection.begin():
        connection.execute(delete(Employee).execution_options(**past))
        if "history" in [plugin.name for plugin in plugins_of(of.app.registry)]:
            connection.exec_driver_sql("DELETE FROM change")
    vacuum(of)


def nothing(_: Office) -> None:
    """There is nothing to be done before."""


def measure(
    what: str, number: int, pair: tuple[Office, Office], rounds: int, work: Work, before: Work = nothing
) -> None:
    """Both in turn, the one without a log first; print the rates and their ratio."""
    offices = dict(zip(("off", "on"), pair, strict=True))
    ways = {name: partial(work, each) for name, each in offices.items()}
    taken = in_turn(ways, rounds, before=lambda name: before(offices[name]))
    ratio = spread(off / on for off, on in zip(taken["off"], taken["on"], strict=True))
    goal = GOALS.get(what.split()[0])
    verdict = "" if goal is None else f"  goal {goal:.2f}  {'ok' if ratio['median'] >= goal else 'MISSED'}"
    rates = "  ".join(f"{way} {number / spread(each)['median']:9,.0f}/s" for way, each in taken.items())
    found = f"ratio {ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
    print(f"{pair[0].dialect:10}  {what:29}  {rates}  {found}{verdict}", flush=True)


def measure_all(dialect: str, parts: list[str], rounds: int) -> None:
    """The parts that were asked for, on one database."""
    with office(dialect) as off, office(dialect, "history") as on:
        pair = (off, on)
        if "create" in parts:
            measure("create", REQUESTS, pair, rounds, create)
        if "patch" in parts:
            for each in pair:
                empty(each)
            keys = {id(each): each.send("POST", "/api/v1/employees", person(1))["id"] for each in pair}
            measure("patch", REQUESTS, pair, rounds, partial(patch, keys=keys))
        if "import" in parts:
            for who, identity in (("operator", OPERATOR), ("role hr", Identity.signed_in(1, "hr", roles=["hr"]))):
                measure(f"import {who}", PEOPLE, pair, rounds, partial(imported, identity=identity), empty)
        if "commits" in parts and dialect == "postgresql":
            with office(dialect, "history", **{"history.positions": "sequencer"}) as sequenced:
                for threads, (way, firm) in itertools.product(WRITERS, (("counter", on), ("sequencer", sequenced))):
                    name = f"commits, {threads:2} writers, {way}"
                    measure(name, COMMITS, (off, firm), rounds, partial(commits, threads=threads))


def run() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="by default all")
    parser.add_argument("--on", choices=["sqlite", "postgresql"], help="by default both")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    logging.disable(logging.INFO)
    for dialect in [given.on] if given.on else ["sqlite", "postgresql"]:
        measure_all(dialect, given.parts or list(PARTS), given.rounds)


if __name__ == "__main__":
    run()
