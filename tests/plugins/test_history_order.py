"""A reader of the feed beside many writers sees every change once, in the order of commits; one that goes by the number
that a row was given when it was inserted does not, which the log is not to blame for: its readers go by positions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.changes import log_of
from colonnade.plugins.history.models import Change
from colonnade.plugins.people.models import Department
from tests.core.changes.archive.replaying import check
from tests.functional.company import PLUGINS, Company, company
from tests.harness.counts import counts
from tests.resilience.serving import Client, served

WRITERS = 8
COMMITS = counts(200, 5_000)


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    plugins = "\n".join((*PLUGINS, "history"))
    with company(fresh_database_url, **{"colonnade.plugins": plugins, "history.max_waiting": "2"}) as made:
        yield made


def write_by_rest(client: Client, numbers: Iterator[int], share: int) -> int:
    """Make departments, rename them, delete some."""
    done = 0
    for number in itertools.islice(numbers, share):
        made = client.send("POST", "/api/v1/departments", {"code": f"w{number}", "name": f"W{number}"})
        assert made.status == 201, made.body
        key = made.json["id"]
        assert client.send("PATCH", f"/api/v1/departments/{key}", {"name": f"X{number}"}).status == 200
        assert client.send("DELETE", f"/api/v1/departments/{key}", None).status == 204
        done += 3
    return done


def write_by_code(firm: Company, numbers: Iterator[int], share: int) -> int:
    """The same by sessions, several in a transaction."""
    done = 0
    for number in itertools.islice(numbers, share):
        with firm.database.sessions() as session:
            made = [Department(code=f"c{number}-{each}", name=f"c{number}-{each}") for each in range(2)]
            session.add_all(made)
            session.flush()
            made[0].name = f"C{number}"
            session.commit()
            session.delete(made[1])
            session.commit()
        done += 4
    return done


def follow(client: Client, start: int, over: Event) -> list[dict[str, Any]]:
    """Read the feed by its own links until nothing more comes."""
    told: list[dict[str, Any]] = []
    path = f"/api/v1/changes?after={start}&limit=7&wait=1"
    while True:
        last = over.is_set()
        answer = client.get(path)
        assert answer.status == 200, answer.body
        page = answer.json
        told += page["data"]
        if last and not page["data"]:
            return told
        path = page["next"].partition(f":{client.port}")[2]


def test_a_reader_beside_many_writers_sees_every_change_once_in_order(firm: Company) -> None:
    numbers, over = itertools.count(), Event()
    share = COMMITS // (WRITERS * 3)
    with firm.database.sessions() as session:
        start = session.scalar(sa.select(sa.func.max(Change.position))) or 0
    with served(firm.app, threads=8) as port, ThreadPoolExecutor(WRITERS + 2) as threads:
        root = Client(port, firm.tokens["root"])
        readers = [threads.submit(follow, root, start, over) for _ in range(2)]
        writers = [threads.submit(write_by_rest, root, numbers, share) for _ in range(WRITERS // 2)]
        writers += [threads.submit(write_by_code, firm, numbers, share) for _ in range(WRITERS // 2)]
        number = sum(each.result() for each in writers)
        over.set()
        told, other = (each.result() for each in readers)
    positions = [each["position"] for each in told]
    assert positions == sorted(set(positions))
    assert told == other
    with firm.database.sessions() as session:
        stored = list(
            session.scalars(sa.select(Change.position).where(Change.position > start).order_by(Change.position))
        )
        log = log_of(firm.app.registry)
        assert log is not None
        check(session.connection(), log)
    assert positions == stored
    assert len(positions) == number


def read_on(firm: Company, column: Any, last: int) -> list[int]:
    with firm.database.sessions() as session:
        return list(session.scalars(sa.select(column).where(column > last).order_by(column)))


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_reader_that_goes_by_ids_misses_what_was_inserted_early_and_committed_late(firm: Company) -> None:
    """The control; only PostgreSQL lets two write at once."""
    start, first = (max([0, *read_on(firm, column, 0)]) for column in (Change.id, Change.position))
    with firm.database.sessions() as early, firm.database.sessions() as late:
        early.add(Department(code="early", name="Early"))
        early.flush()
        late.add(Department(code="late", name="Late"))
        late.commit()
        by_id, by_position = read_on(firm, Change.id, start), read_on(firm, Change.position, first)
        early.commit()
    by_id += read_on(firm, Change.id, by_id[-1])
    by_position += read_on(firm, Change.position, by_position[-1])
    with firm.database.sessions() as session:
        keys = {
            name: [
                session.scalar(sa.select(Change.after["code"].as_string()).where(column == each)) for each in numbers
            ]
            for name, column, numbers in (("id", Change.id, by_id), ("position", Change.position, by_position))
        }
    assert keys == {"id": ["late"], "position": ["late", "early"]}


def test_what_is_committed_while_the_feed_is_read_is_told_once(firm: Company) -> None:
    """Between the question how far positions go and the one for the changes, somebody commits."""
    client, pending = firm.client("root"), ["late"]

    def between(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "change_counter" in statement and statement.startswith("SELECT") and pending:
            with firm.database.sessions.begin() as session:
                session.add(Department(code=pending.pop(), name="Late"))

    start = client.get("/api/v1/changes?after=0&limit=1000").json["position"]
    sa.event.listen(firm.database.reader, "after_cursor_execute", between)
    told = client.get(f"/api/v1/changes?after={start}").json
    again = client.get(f"/api/v1/changes?after={told['position']}").json
    assert [each["record"]["code"] for each in (*told["data"], *again["data"])] == ["late"]
