"""A reader of the feed beside many writers sees every change once, in the order of commits; one that goes by the number
that a row was given when it was inserted does not, which the log is not to blame for: its readers go by positions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade import main
from colonnade.core.changes import Log, log_of
from colonnade.core.changes.sequencing import number_committed
from colonnade.core.database.sessions import CONNECTION
from colonnade.plugins.history.models import Change
from colonnade.plugins.history.sealing.erasing import erase
from colonnade.plugins.history.sealing.seals import seal
from colonnade.plugins.history.sealing.verifying import verify
from colonnade.plugins.people.models import Department
from tests.core.changes.archive.replaying import check
from tests.core.changes.works import Box, works
from tests.functional.company import PLUGINS, Company, company, settings
from tests.harness.counts import counts
from tests.resilience.serving import PATIENCE, Client, served

WRITERS = 8
COMMITS = counts(80, 5_000)


LOGGED = {"colonnade.plugins": "\n".join((*PLUGINS, "history")), "history.max_waiting": "2"}


@pytest.fixture(params=["counter", "sequencer"])
def firm(fresh_database_url: str, request: pytest.FixtureRequest) -> Iterator[Company]:
    with company(fresh_database_url, **LOGGED, **{"history.positions": request.param}) as made:
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
    start = max(read_on(firm, Change.position, 0))
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
        check(session.connection(), kept_log(firm))
    assert positions == stored
    assert len(positions) == number


def kept_log(firm: Company) -> Log:
    log = log_of(firm.app.registry)
    assert log is not None
    return log


def read_on(firm: Company, column: Any, last: int) -> list[int]:
    """What comes after a number, as the readers of the application find it: with positions."""
    number_committed(firm.database, kept_log(firm))
    with firm.database.sessions() as session:
        return list(session.scalars(sa.select(column).where(column > last).order_by(column)))


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_reader_that_goes_by_ids_misses_what_was_inserted_early_and_committed_late(firm: Company) -> None:
    """The control; only PostgreSQL lets two write at once."""
    start, first = (max([0, *read_on(firm, column, 0)]) for column in (Change.id, Change.position))
    with firm.database.sessions() as early, firm.database.sessions() as late:
        for code in ("early", "earlier"):  # a single row would be inserted when its transaction commits
            early.add(Department(code=code, name=code))
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
    assert keys == {"id": ["late"], "position": ["late", "early", "earlier"]}


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


def rename(firm: Company, name: str) -> None:
    """Two changes in one transaction, without their positions being asked for."""
    with firm.database.sessions.begin() as session:
        for each in session.scalars(sa.select(Department).order_by(Department.id).limit(2)):
            each.name = f"{name} {each.id}"


def test_positions_go_on_when_somebody_else_gives_them(fresh_database_url: str) -> None:
    """Whoever gave a cursor, it is as good with the other one; and what the other one has left is not forgotten."""
    names, told = [], []
    with ExitStack() as open_until_the_end:
        position = None
        for turn, way in enumerate(("counter", "sequencer", "counter", "sequencer", "sequencer", "counter")):
            if turn == 0:
                made = company(fresh_database_url, **LOGGED, **{"history.positions": way})
                firm = first = open_until_the_end.enter_context(made)
                position = firm.client("root").get("/api/v1/changes?after=0&limit=1000").json["position"]
            else:
                app = main({}, **settings(fresh_database_url, **LOGGED, **{"history.positions": way}))
                firm = Company(app, first.tokens)
                open_until_the_end.callback(firm.database.dispose)
            names.append(f"{way} {turn}")
            rename(firm, names[-1])
            if turn != 3:  # then the next one finds what this one has left
                page = firm.client("root").get(f"/api/v1/changes?after={position}").json
                told += page["data"]
                position = page["position"]
    assert [each["record"]["name"].rpartition(" ")[0] for each in told] == [name for name in names for _ in range(2)]
    positions = [each["position"] for each in told]
    assert positions == list(range(positions[0], positions[0] + len(positions)))


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_both_ways_may_work_side_by_side(fresh_database_url: str) -> None:
    """While the processes of an application are restarted one by one."""
    numbers, over = itertools.count(), Event()
    with company(fresh_database_url, **LOGGED) as firm, ThreadPoolExecutor(WRITERS + 1) as threads:
        later = main({}, **settings(fresh_database_url, **LOGGED, **{"history.positions": "sequencer"}))
        firms = [firm, Company(later, firm.tokens)]
        start = max(read_on(firm, Change.position, 0))
        with served(later, threads=4) as port:
            reader = threads.submit(follow, Client(port, firm.tokens["root"]), start, over)
            writers = [threads.submit(write_by_code, firms[each % 2], numbers, 10) for each in range(WRITERS)]
            number = sum(each.result() for each in writers)
            over.set()
            told = [each["position"] for each in reader.result()]
        assert len(told) == number
        assert told == read_on(firm, Change.position, start)
        with firm.database.sessions() as session:
            check(session.connection(), kept_log(firm))
        firms[1].database.dispose()


def test_what_somebody_has_just_committed_is_in_every_answer_about_the_log(firm: Company) -> None:
    client = firm.client("root")
    last = client.get("/api/v1/changes?sort=-position&limit=1").json["data"][0]["position"]
    for number, path in enumerate(
        (
            "/api/v1/changes?after={last}",
            "/api/v1/changes?position__gt={last}&fields=position",
            "/api/v1/departments/1/history?position__gt={last}&fields=position",
            "/api/v1/changes?after={last}&wait=5",
        )
    ):
        client.patch_json("/api/v1/departments/1", {"name": f"Name {number}"})
        (change,) = client.get(path.format(last=last)).json["data"]
        assert change["position"] > last
        last = change["position"]
    client.patch_json("/api/v1/departments/1", {"name": "Last"})
    assert client.get(f"/api/v1/departments/1?as_of={last + 1}").json["name"] == "Last"


def test_one_thread_numbers_what_nobody_asks_for(firm: Company) -> None:
    """With a sequencer a moment later; where each commit has its own, at once."""
    position = kept_log(firm).table.c.position
    start = max(read_on(firm, Change.position, 0))
    rename(firm, "Unasked")
    ends = time.monotonic() + PATIENCE
    found: list[int] = []
    while len(found) < 2 and time.monotonic() < ends:
        with firm.database.read() as connection:
            found = [row[0] for row in connection.rows(sa.select(position).where(position > start))]
    assert sorted(found) == [start + 1, start + 2]


def test_a_transaction_that_others_will_end_sees_its_own_changes(firm: Company) -> None:
    """As tests have it: nothing is ever committed, so nobody else could number them."""
    last = max(read_on(firm, Change.position, 0))
    with firm.database.engine.connect() as connection, connection.begin() as transaction:
        client = firm.client("root", **{CONNECTION: connection})
        client.patch_json("/api/v1/departments/1", {"name": "Name"})
        assert [each["verb"] for each in client.get(f"/api/v1/changes?after={last}").json["data"]] == ["update"]
        transaction.rollback()


def test_what_a_savepoint_undoes_takes_no_position_from_the_rest(firm: Company) -> None:
    start = max(read_on(firm, Change.position, 0))
    with firm.database.sessions.begin() as session:
        session.add(Department(code="before", name="Before"))
        session.flush()
        with session.begin_nested() as savepoint:
            session.add_all([Department(code=f"undone{each}", name=f"Undone {each}") for each in range(3)])
            session.flush()
            savepoint.rollback()
        session.add(Department(code="after", name="After"))
    rename(firm, "Later")
    positions = read_on(firm, Change.position, start)
    assert len(positions) == 4
    with firm.database.sessions() as session:
        order = sa.select(Change.key).where(Change.position > start).order_by(Change.position)
        told = list(session.scalars(order))
        assert session.scalar(sa.select(sa.func.count()).where(Change.position.is_(None))) == 0
        made = sa.select(Department.id).where(Department.code.in_(["before", "after"])).order_by(Department.id)
        assert told[:2] == [str(key) for key in session.scalars(made)]


def test_what_was_erased_and_has_no_position_yet_was_erased_lawfully(fresh_database_url: str) -> None:
    """It may commit just before somebody verifies the log, whose sealed rows lack what was erased."""
    with works(fresh_database_url) as made:
        log = log_of(made.registry)
        assert log is not None
        with made.database.sessions.begin() as session:
            session.add(Box(title="Box", note="Somebody's"))
        seal(made.database)
        with made.database.sessions.begin() as session:
            assert erase(session, log, log.resources["boxes"], "1")
        assert not verify(made.database).findings
        with made.database.sessions.begin() as session:
            session.execute(sa.update(log.table).where(log.table.c.verb == "erase").values(position=None))
        assert not verify(made.database).findings
