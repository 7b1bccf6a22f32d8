"""The database crashes under load, is absent at first, is not migrated, is locked: 503, and all is well by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from colonnade import main
from colonnade.core.database import database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from tests.functional.company import Company, company, found, settings
from tests.harness import counts
from tests.harness.cluster import Cluster, private_cluster
from tests.resilience.serving import Answer, Client, assert_unavailable, eventually, served

READS = (
    "/api/v1/employees?department.name=Sales&sort=-salary&expand=department&limit=5",
    "/api/v1/employees/7",
    "/api/v1/employees/7/salaries",
    "/api/v1/employees?salary__gte=71010&count=exact&limit=2",
)
READERS = 8


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server of this test's own."""
    with private_cluster() as made:
        yield made


def ready(client: Client) -> bool:
    """Whether the process says that it can do its work; if not, it says so rightly."""
    answer = client.get("/ready")
    if answer.status != 200:
        assert_unavailable(answer)
    return answer.status == 200


def test_a_crash_under_load_gives_right_answers_or_503_and_loses_nothing_that_was_confirmed(cluster: Cluster) -> None:
    quick = {"sqlalchemy.pool_size": "2", "sqlalchemy.max_overflow": "2", "sqlalchemy.pool_timeout": "1"}
    with company(cluster.url, **quick) as firm, served(firm.app, READERS + 1) as port:
        client = Client(port, firm.tokens["hr"])
        expected = {path: client.get(path) for path in READS}
        assert {answer.status for answer in expected.values()} == {200}
        over, seen = Event(), Counter[int]()
        created, unsure = list[str](), list[str]()

        def read(number: int) -> None:
            while not over.is_set():
                path = READS[number % len(READS)]
                answer = client.get(path)
                seen[answer.status] += 1
                if answer.status == 200:
                    assert (answer.body, answer.headers["ETag"]) == (
                        expected[path].body,
                        expected[path].headers["ETag"],
                    )
                else:
                    assert_unavailable(answer)

        def more_than(reads: int, writes: int) -> Callable[[], bool]:
            return lambda: seen[200] > reads and len(created) > writes

        def refused_more_than(number: int) -> Callable[[], bool]:
            return lambda: seen[503] > number

        def write() -> None:
            for number in count():
                if over.is_set():
                    return
                code = f"w{number}"
                answer = client.post("/api/v1/departments", {"code": code, "name": f"Name of {code}"})
                if answer.status == 201:
                    created.append(code)
                else:
                    assert_unavailable(answer)
                    unsure.append(code)

        with ThreadPoolExecutor(READERS + 1) as threads:
            running = [threads.submit(read, number) for number in range(READERS)] + [threads.submit(write)]
            try:
                for _ in range(counts(2, 8)):
                    wait_for(running, more_than(seen[200] + 20, len(created) + 2))
                    cluster.stop("immediate")
                    wait_for(running, refused_more_than(seen[503]))
                    cluster.start()
            finally:
                over.set()
            for each in running:
                each.result()
        eventually(lambda: ready(client), "ready again")
        departments = client.get("/api/v1/departments?code__startswith=w&limit=1000").json["data"]
        there = {each["code"] for each in departments}
        # What was confirmed is there, whole and once; of a COMMIT whose answer was lost nobody knows.
        assert set(created) <= there <= {*created, *unsure}
        assert len(departments) == len(there)
        assert all(each["name"] == f"Name of {each['code']}" for each in departments)


def test_an_application_that_starts_without_its_server_is_ready_as_soon_as_it_is_there(cluster: Cluster) -> None:
    cluster.stop()
    app = main({}, **settings(cluster.url))
    with served(app) as port:
        client = Client(port)
        assert not ready(client)
        assert client.get("/health").status == 200
        assert_unavailable(Client(port, token_like()).get(READS[0]))
        cluster.start()
        assert not ready(client)  # there is nothing in it yet
        firm = founded(app)
        assert ready(client)
        assert Client(port, firm.tokens["hr"]).get(READS[1]).status == 200
        database_of(app.registry).dispose()


def test_an_application_starts_without_its_sqlite_file(tmp_path: Path) -> None:
    folder = tmp_path / "not yet"
    app = main({}, **settings(f"sqlite:///{folder}/db.sqlite"))
    with served(app) as port:
        client = Client(port)
        for _ in range(2):
            assert not ready(client)
            assert client.get("/health").status == 200
            for answer in answers_of(Client(port, token_like())):
                assert_unavailable(answer)
            folder.mkdir(exist_ok=True)  # now the file could be made, but it has no tables
        firm = founded(app)
        assert ready(client)
        assert [answer.status for answer in answers_of(Client(port, firm.tokens["hr"]))] == [200, 200, 201]
        database_of(app.registry).dispose()


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_file_that_another_writer_has_locked_can_be_read_and_is_written_when_that_is_over(
    fresh_database_url: str,
) -> None:
    with company(fresh_database_url, **{"sqlalchemy.lock_timeout": "50"}) as firm, served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        with firm.database.engine.connect() as other:
            other.execute(text("UPDATE department SET name = name"))
            read, one, refused = answers_of(client)
            assert (read.status, one.status) == (200, 200)
            assert_unavailable(refused)
        assert client.get("/api/v1/departments?code=new").json["data"] == []
        assert [answer.status for answer in answers_of(client)] == [200, 200, 201]


def wait_for(running: Sequence[Future[None]], holds: Callable[[], bool]) -> None:
    """Return as soon as something holds, or one of those that should run has failed."""
    eventually(lambda: holds() or any(each.done() for each in running), "the load goes on by itself")


def answers_of(client: Client) -> list[Answer]:
    """A list, one record, and the making of one."""
    return [
        client.get(READS[0]),
        client.get(READS[1]),
        client.post("/api/v1/departments", {"code": "new", "name": "N"}),
    ]


def token_like() -> str:
    """What looks like a token, so that it is looked up."""
    return f"clnd_{'a' * 8}_{'b' * 43}"


def founded(app: object) -> Company:
    """The company in a database that has come by now."""
    database = database_of(app.registry)  # type: ignore[attr-defined]
    upgrade(database, plugins_of(app.registry), lambda _: None)  # type: ignore[attr-defined]
    with database.sessions.begin() as session:
        return Company(app, found(session))
