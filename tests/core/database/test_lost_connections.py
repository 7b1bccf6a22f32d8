"""The database goes away and comes back: reads do not notice, or it is said plainly; nothing has to be restarted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from pyramid.request import Request
from sqlalchemy import func, insert, make_url, select, text
from webtest import TestApp

from colonnade.core.database import Database, Prepared
from colonnade.core.database.failures import is_lost
from colonnade.core.problems import Unavailable
from tests.core.database.conftest import Base, MakeApp, MakeDatabase, Team
from tests.harness.cluster import Cluster, private_cluster
from tests.harness.databases import libpq_url

postgresql = pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)

ROADS = ["fetch", "rows"]


def read(database: Database, road: str, connection: Any = None) -> Any:
    """One row by one road."""
    statement = text("SELECT 7")
    if connection is None:
        with database.read() as opened:
            return read(database, road, opened)
    if road == "rows":
        return connection.rows(statement)
    return connection.fetch(Prepared.compile(statement, database.dialect), {})


def terminate_others(database: Database) -> None:
    """End every session of a database but our own."""
    with psycopg.connect(libpq_url(database.url.render_as_string(hide_password=False)), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@postgresql
@pytest.mark.parametrize("road", ROADS)
def test_a_read_on_a_connection_that_was_ended_is_done_on_another_one(database: Database, road: str) -> None:
    with database.read() as connection:
        read(database, road, connection)
        terminate_others(database)
        assert read(database, road, connection) == [(7,)]
        assert read(database, road, connection) == [(7,)]


@postgresql
@pytest.mark.parametrize("road", ROADS)
def test_one_dead_connection_clears_the_pool_of_all_that_are_as_old(database: Database, road: str) -> None:
    held = [database.open_read() for _ in range(5)]
    for connection in held:
        read(database, road, connection)
    for connection in held:
        connection.close()
    terminate_others(database)
    for _ in range(6):
        assert read(database, road) == [(7,)]
    others = [database.open_read() for _ in range(5)]
    for connection in others:
        assert read(database, road, connection) == [(7,)]
    for connection in others:
        connection.close()
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["AdminShutdown", "CrashShutdown", "CannotConnectNow", "IdleSessionTimeout"])
def test_a_session_that_the_server_ended_is_lost_whatever_the_connection_looks_like(name: str) -> None:
    assert is_lost(getattr(psycopg.errors, name)())
    assert not is_lost(psycopg.errors.QueryCanceled())


@postgresql
def test_both_roads_notice_what_the_other_lost(database: Database) -> None:
    with database.read() as connection:
        for one, other in (ROADS, ROADS[::-1]):
            read(database, one, connection)
            terminate_others(database)
            assert read(database, other, connection) == [(7,)]


@postgresql
@pytest.mark.parametrize("road", ROADS)
def test_a_lent_connection_is_not_replaced_for_its_transaction_is_gone(database: Database, road: str) -> None:
    with database.engine.connect() as lent:
        lent.execute(insert(Team).values(id=1))
        reading = database.reading_on(lent)
        terminate_others(database)
        with pytest.raises(Unavailable, match=r"restarted|lost"):
            read(database, road, reading)
        assert lent.invalidated
    with database.engine.connect() as fresh:
        assert fresh.execute(select(func.count()).select_from(Team)).scalar() == 0


@postgresql
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_whose_connection_was_ended_in_the_pool_is_tried_again(
    database: Database, make_app: MakeApp, method: str
) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.execute(insert(Team))
        return "added"

    app = make_app(database, add=add)
    app.request("/add", method=method, status=200)
    terminate_others(database)
    app.request("/add", method=method, status=200)
    assert tries["add"] == 3
    with database.read() as connection:
        assert connection.rows(select(func.count()).select_from(Team)) == [(2,)]


@postgresql
def test_a_request_whose_reads_fail_in_its_transaction_is_tried_again(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()
    prepared = Prepared.compile(select(func.count()).select_from(Team), database.dialect)

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.execute(insert(Team))
        if tries["add"] == 1:
            terminate_others(database)
        return str(request.read_connection.fetch(prepared, {})[0][0])

    assert make_app(database, add=add).post("/add").text == "1"
    assert tries["add"] == 2


@postgresql
def test_a_connection_lost_during_commit_is_not_tried_again(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.execute(insert(Team))
        terminate_others(database)  # the next that is sent is COMMIT
        return "added"

    answer = make_app(database, add=add).post("/add", status=503)
    assert tries["add"] == 1
    assert answer.headers["Retry-After"] == "3"
    assert answer.content_type == "application/problem+json"


def _views(database: Database) -> dict[str, Any]:
    prepared = Prepared.compile(select(func.count()).select_from(Team), database.dialect)

    def add(request: Request) -> str:
        request.dbsession.execute(insert(Team))
        return "added"

    return {
        "count": lambda request: request.read_connection.fetch(prepared, {})[0][0],
        "rows": lambda request: request.read_connection.rows(select(func.count()).select_from(Team))[0][0],
        "orm": lambda request: request.dbsession.scalar(select(func.count(Team.id))),
        "add": add,
    }


PATHS = [("GET", "/count"), ("GET", "/rows"), ("GET", "/orm"), ("POST", "/add")]


def assert_unavailable(app: TestApp, words: str) -> None:
    """Every road says so."""
    for method, path in PATHS:
        answer = app.request(path, method=method, status=503)
        assert words in answer.json["detail"]
        assert int(answer.headers["Retry-After"]) > 0


def assert_available(app: TestApp) -> None:
    """Every road works."""
    for method, path in PATHS:
        app.request(path, method=method, status=200)


def test_an_application_starts_without_its_sqlite_file_and_uses_it_as_soon_as_it_is_there(
    tmp_path: Path, make_database: MakeDatabase, make_app: MakeApp
) -> None:
    folder = tmp_path / "not yet"
    database = make_database(f"sqlite:///{folder}/db.sqlite")
    app = make_app(database, **_views(database))
    assert_unavailable(app, "There is no such database.")
    folder.mkdir()
    answer = app.post("/add", status=503)
    assert "colonnade migrate" in answer.json["detail"]
    Base.metadata.create_all(database.engine)
    assert_available(app)


@pytest.mark.parametrize("kind", ["text", "folder"])
def test_a_file_that_is_no_database_is_said_to_be_none(
    tmp_path: Path, make_database: MakeDatabase, make_app: MakeApp, kind: str
) -> None:
    path = tmp_path / "db.sqlite"
    path.mkdir() if kind == "folder" else path.write_text("This is no database. " * 100)
    database = make_database(f"sqlite:///{path}")
    app = make_app(database, **_views(database))
    assert_unavailable(app, "There is no such database." if kind == "folder" else "is not a database")


def test_a_database_that_is_not_migrated_says_so_on_every_road(
    fresh_database_url: str, make_database: MakeDatabase, make_app: MakeApp
) -> None:
    database = make_database(fresh_database_url)
    database.engine.connect().close()
    app = make_app(database, **_views(database))
    assert_unavailable(app, "run `colonnade migrate`")
    Base.metadata.create_all(database.engine)
    assert_available(app)


def test_a_postgresql_database_that_does_not_exist_is_used_as_soon_as_it_does(
    postgresql_server_url: str, make_database: MakeDatabase, make_app: MakeApp
) -> None:
    name = f"colonnade_test_late_{os.getpid()}"
    url = libpq_url(postgresql_server_url)
    database = make_database(make_url(url).set(database=name).render_as_string(hide_password=False))
    app = make_app(database, **_views(database))
    assert_unavailable(app, "cannot be reached")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            assert_unavailable(app, "run `colonnade migrate`")
            Base.metadata.create_all(database.engine)
            assert_available(app)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_server_that_is_not_there_is_said_at_once(make_database: MakeDatabase, make_app: MakeApp) -> None:
    database = make_database("postgresql://nobody:secret@127.0.0.1:1/nothing")
    app = make_app(database, **_views(database))
    assert_unavailable(app, "cannot be reached")
    assert "secret" not in app.get("/count", status=503).text


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:///no such folder/nothing.sqlite"])
def test_outside_a_request_too_what_is_absent_is_a_problem(make_database: MakeDatabase, road: str, url: str) -> None:
    with pytest.raises(Unavailable):
        read(make_database(url), road)


@pytest.fixture
def cluster(postgresql_server_url: str) -> Iterator[Cluster]:
    """A server of this test's own."""
    with private_cluster() as cluster:
        yield cluster


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restarted_server_is_used_again_by_itself(
    cluster: Cluster, make_database: MakeDatabase, make_app: MakeApp, mode: str
) -> None:
    database = make_database(cluster.url)
    Base.metadata.create_all(database.engine)
    app = make_app(database, **_views(database))
    assert_available(app)
    cluster.stop(mode)
    assert_unavailable(app, "")
    cluster.start()
    assert_available(app)
    cluster.stop(mode)
    cluster.start()
    assert_available(app)  # the pools hold connections of the old server; nobody notices


def test_a_server_restarted_under_load_gives_right_answers_or_503(
    cluster: Cluster, make_database: MakeDatabase, make_app: MakeApp
) -> None:
    database = make_database(cluster.url, pool_size=2, max_overflow=1, pool_timeout=0.2)
    Base.metadata.create_all(database.engine)
    app = make_app(database, **_views(database))
    over, seen = Event(), Counter[tuple[str, int]]()

    def load(number: int) -> None:
        method, path = PATHS[number % len(PATHS)]
        while not over.is_set():
            answer = app.request(path, method=method, expect_errors=True)
            seen[path, answer.status_int] += 1

    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(load, number) for number in range(6)]
        try:
            for mode in ("fast", "immediate"):
                before = seen.total()
                while seen.total() < before + 30 and not any(each.done() for each in running):
                    over.wait(0.01)
                cluster.stop(mode)
                cluster.start()
        finally:
            over.set()
        for each in running:
            each.result()
    assert {status for _, status in seen} <= {200, 503}
    assert_available(app)
    added = int(app.get("/count").text)
    # A COMMIT whose answer was lost may have happened: those were answered 503.
    assert seen["/add", 200] + 1 <= added <= seen["/add", 200] + 1 + seen["/add", 503]


def test_too_many_connections_are_said_and_over_when_they_are_gone(
    cluster: Cluster, make_database: MakeDatabase, make_app: MakeApp
) -> None:
    database = make_database(cluster.url)
    Base.metadata.create_all(database.engine)
    database.dispose()
    app = make_app(database, **_views(database))
    with ExitStack() as taken:
        with suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(psycopg.connect(libpq_url(cluster.url)))
        assert_unavailable(app, "")
    assert_available(app)


@postgresql
def test_two_reads_that_go_together_are_both_done_on_another_connection(database: Database) -> None:
    told: list[Any] = []
    with database.read() as connection:
        read(database, "fetch", connection)
        terminate_others(database)
        connection.fetch_with_next(Prepared.compile(text("SELECT 1"), database.dialect), {}, told.append)
        assert read(database, "fetch", connection) == [(7,)]
        terminate_others(database)
        connection.fetch_with_next(Prepared.compile(text("SELECT 2"), database.dialect), {}, told.append)
        connection.settle()
    assert told == [[(1,)], [(2,)]]
