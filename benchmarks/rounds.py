"""Who is measured when: every system in every round, in another order each time, on a fresh copy of the data.

What a system did in a round is compared with what another did in the same round, so that whatever else the machine was
busy with concerns both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psycopg

from benchmarks.answers import Answer, answers_of, bearer, compare, send
from benchmarks.data import SERVER, Seed, plain
from benchmarks.load import LoadError, ask
from benchmarks.systems import Cores, Running, System, cpu_seconds, resident_megabytes, running
from benchmarks.works import Work

CONNECTIONS = (1, 16)
#: Of each round, before anything is measured: for every work, at the most connections.
WARM_UP = 1
#: Between the numbers that two runs of wrk begin with.
APART = 1_000_000


@dataclass(frozen=True)
class Sample:
    """One work of one system in one round.

    rate: good answers a second. p50, p99: milliseconds. cpu: microseconds of the server for each request.
    errors: of the requests, those refused or never answered; anything but 0 is told in the report.
    """

    dialect: str
    round: int
    system: str
    work: str
    connections: int
    rate: float
    p50: float
    p99: float
    cpu: float
    errors: int


@dataclass(frozen=True)
class Size:
    """The memory of one system in one round, after the work: MB."""

    dialect: str
    round: int
    system: str
    resident: float


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, and in each the seconds of each work at each number of connections."""

    rounds: int
    seconds: int
    connections: tuple[int, ...] = CONNECTIONS


def measure(
    seed: Seed, systems: Sequence[System], works: Sequence[Work], plan: Plan, cores: Cores, floor: Path | None
) -> Iterator[Sample | Size]:
    """Measure all, round by round.

    :param systems: the first is the product: to its answers those of the others are held, in the first round.
    :param floor: the file with the recorded programs.
    :raises AnswerError: if a system answers otherwise.
    :raises LoadError: if a system that is held to the product's answers does not answer at all.
    """
    expected: dict[str, Answer] = {}
    for turn in range(plan.rounds):
        first = turn % len(systems) if turn else 0
        for system in (*systems[first:], *systems[:first]):
            tell(f"{seed.dialect}, round {turn + 1} of {plan.rounds}: {system.title}")
            more = {} if floor is None else {"BENCHMARK_FLOOR": str(floor)}
            with seed.copy(ours=system.ours) as url, running(system, url, cores, seed.folder, **more) as server:
                if turn == 0:
                    answers = {work.name: answer for work, answer in answers_of(server.address, system, seed.tokens)}
                    expected = expected or answers
                    if system.compared:
                        compare(system, answers, expected)
                yield from _round(seed, turn, system, server, url, works, plan, cores)
                yield Size(seed.dialect, turn, system.name, resident_megabytes(server.pid))


def _round(
    seed: Seed, turn: int, system: System, server: Running, url: str, works: Sequence[Work], plan: Plan, cores: Cores
) -> Iterator[Sample]:
    starts = count(APART, APART)
    for work in works:
        if work.name not in system.paths:
            continue
        address = server.address + system.paths[work.name]
        headers = bearer(seed.tokens.get(work.user or ""))
        if work.conditional:
            headers["If-None-Match"] = send(address, headers=headers).headers["etag"]
        load = partial(ask, address, cores, method=work.method, body=work.body, headers=headers)
        load(max(plan.connections), WARM_UP, start=next(starts))
        pin(url, cores)
        for connections in plan.connections:
            before = cpu_seconds(server.pid)
            told = load(connections, plan.seconds, start=next(starts))
            used = cpu_seconds(server.pid) - before
            if not told.requests > told.refused:
                if system.compared:
                    raise LoadError(f"{system.title}, {work.name}: {told}")
                tell(f"no answer in time: {system.title}, {work.name}")
                continue
            yield Sample(
                seed.dialect, turn, system.name, work.name, connections,
                rate=told.rate, p50=told.p50, p99=told.p99, cpu=used / told.requests * 1e6,
                errors=told.refused + told.failed,
            )  # fmt: skip


def pin(url: str, cores: Cores) -> None:
    """Keep PostgreSQL's processes of a database off the server's core, where `can_pin`."""
    if not url.startswith("sqlite"):
        with psycopg.connect(plain(url), autocommit=True) as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            _keep_on([pid for (pid,) in found], cores)


@contextmanager
def on_server_core(cores: Cores) -> Iterator[None]:
    """Run what is measured in this process where a server would run."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.server})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def can_pin(cores: Cores) -> bool:
    """Whether PostgreSQL's processes run here and are ours to move."""
    with psycopg.connect(plain(SERVER)) as connection:
        return _keep_on([connection.info.backend_pid], cores)


def _keep_on(pids: Sequence[int], cores: Cores) -> bool:
    try:
        for pid in pids:
            if not Path(f"/proc/{pid}/comm").read_text().startswith("postgres"):
                return False
            os.sched_setaffinity(pid, cores.load)
    except (FileNotFoundError, PermissionError):
        return False
    return True


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)
