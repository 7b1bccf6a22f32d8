"""A request that lost a race for a lock or a snapshot is tried again from the start, a few times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

import pytest
from pyramid.request import Request
from sqlalchemy import Connection, func, insert, select, text, update

from colonnade.core.database import Database, Prepared
from colonnade.core.settings import ConfigurationErrors
from tests.core.database.conftest import MakeApp, Person, Team

sqlite = pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
postgresql = pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)


@contextmanager
def somebody_writing(database: Database) -> Iterator[Connection]:
    """Another transaction, which holds the write lock of an SQLite database."""
    with database.engine.begin() as connection:
        connection.execute(insert(Team))
        yield connection


@sqlite
def test_a_locked_database_is_tried_again_and_works_when_it_is_free(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()
    with somebody_writing(database) as other:

        def add(request: Request) -> str:
            tries["add"] += 1
            if tries["add"] == 2:
                other.commit()
            request.dbsession.add(Team())
            return "added"

        make_app(database, add=add).post("/add", status=200)
    assert tries["add"] == 2


@sqlite
@pytest.mark.parametrize("late", [False, True], ids=["in the view", "at the end"])
def test_a_database_that_stays_locked_is_unavailable(database: Database, make_app: MakeApp, late: bool) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.add(Team())
        if not late:
            request.dbsession.flush()
        return "added"

    app = make_app(database, {"retry.attempts": "2"}, add=add)
    with somebody_writing(database):
        answer = app.post("/add", status=503)
    assert (answer.headers["Retry-After"], tries["add"]) == ("1", 2)
    assert answer.content_type == "application/problem+json"
    app.post("/add", status=200)


@sqlite
def test_one_who_only_looked_and_then_writes_is_tried_again_with_the_lock(
    database: Database, make_app: MakeApp
) -> None:
    tries: Counter[str] = Counter()

    def look(request: Request) -> str:
        tries["look"] += 1
        before = request.dbsession.scalar(select(func.count(Team.id)))
        if tries["look"] == 1:
            with somebody_writing(database):
                pass
        request.dbsession.execute(insert(Team))
        return str(before)

    assert make_app(database, look=look).get("/look").text == "1"
    assert tries["look"] == 2


@postgresql
def test_a_serialization_failure_is_tried_again(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()
    with database.engine.begin() as connection:
        connection.execute(insert(Person).values(id=1, age=1))

    def grow(request: Request) -> str:
        tries["grow"] += 1
        request.dbsession.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        person = request.dbsession.get_one(Person, 1)
        if tries["grow"] == 1:
            with database.engine.begin() as other:
                other.execute(update(Person).values(age=10))
        person.age += 1
        return "grown"

    make_app(database, grow=grow).post("/grow", status=200)
    assert tries["grow"] == 2
    with database.read() as reading:
        assert reading.rows(select(Person.age)) == [(11,)]


@postgresql
def test_a_failure_that_only_commit_finds_is_tried_again(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()
    count = text("SELECT count(*) FROM team")

    def add(request: Request) -> str:
        tries["add"] += 1
        request.dbsession.connection(execution_options={"isolation_level": "SERIALIZABLE"}).execute(count)
        if tries["add"] == 1:
            with database.engine.connect().execution_options(isolation_level="SERIALIZABLE") as other:
                other.execute(text("SELECT count(*) FROM person"))
                other.execute(count)
                request.dbsession.execute(insert(Team))
                other.execute(insert(Team))
                other.commit()
        else:
            request.dbsession.execute(insert(Team))
        return "added"

    make_app(database, add=add).post("/add", status=200)
    assert tries["add"] == 2


@postgresql
def test_a_deadlock_is_tried_again(database: Database, make_app: MakeApp, make_database: Any) -> None:
    patient = make_database(database.url.render_as_string(hide_password=False))
    with patient.engine.begin() as connection:
        connection.execute(insert(Person).values([{"id": 1, "age": 0}, {"id": 2, "age": 0}]))
    tries: Counter[str] = Counter()
    both_hold_one = Barrier(2)
    prepared = Prepared.compile(select(func.sum(Person.age)), patient.dialect)

    def cross(request: Request) -> str:
        order = (1, 2) if request.params["order"] == "up" else (2, 1)
        tries[request.params["order"]] += 1
        for place, number in enumerate(order):
            request.dbsession.execute(update(Person).where(Person.id == number).values(age=Person.age + 1))
            if place == 0 and tries[request.params["order"]] == 1:
                both_hold_one.wait()
        request.read_connection.fetch(prepared, {})
        return "crossed"

    app = make_app(patient, cross=cross)
    threads = [
        Thread(target=app.post, args=(f"/cross?order={order}",), kwargs={"status": 200}) for order in ("up", "down")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tries.values()) == [1, 2]
    with patient.read() as reading:
        assert reading.rows(select(Person.age)) == [(2,), (2,)]


@postgresql
def test_a_row_that_stays_locked_is_unavailable(database: Database, make_app: MakeApp) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(Person).values(id=1, age=1))
    app = make_app(
        database, {"retry.attempts": "2"}, age=lambda request: request.dbsession.execute(update(Person).values(age=2))
    )
    with database.engine.begin() as holder:
        holder.execute(update(Person).values(age=5))
        assert app.post("/age", status=503).headers["Retry-After"] == "1"


def test_a_refusal_is_not_tried_again(database: Database, make_app: MakeApp) -> None:
    tries: Counter[str] = Counter()

    def add(request: Request) -> None:
        tries["add"] += 1
        request.dbsession.execute(insert(Team).values(id=1))
        request.dbsession.execute(insert(Team).values(id=1))

    make_app(database, add=add).post("/add", status=409)
    assert tries["add"] == 1


def test_a_pool_that_is_full_is_unavailable(database: Database, make_app: MakeApp, make_database: Any) -> None:
    small = make_database(
        database.url.render_as_string(hide_password=False), pool_size=1, max_overflow=0, pool_timeout=0.05
    )
    app = make_app(
        small,
        read=lambda request: request.read_connection.rows(text("SELECT 7"))[0][0],
        orm=lambda request: request.dbsession.scalar(text("SELECT 7")),
    )
    with small.read() as held, small.engine.connect():
        held.rows(text("SELECT 1"))
        for path in ("/read", "/orm"):
            answer = app.get(path, status=503)
            assert answer.headers["Retry-After"] == "1"
            assert "in use" in answer.json["detail"]
    for path in ("/read", "/orm"):
        assert app.get(path).text == "7"


@pytest.mark.parametrize("attempts", ["many", "0", "-1", ""])
def test_a_number_of_attempts_that_is_none_is_told_at_start(
    database: Database, make_app: MakeApp, attempts: str
) -> None:
    with pytest.raises(ConfigurationErrors, match=r"retry\.attempts is .* a number from 1 on"):
        make_app(database, {"retry.attempts": attempts})
