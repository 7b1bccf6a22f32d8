"""A replica is asked for reads, but never by one who would miss there what they have just written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import func, insert, select

from colonnade.core.database import Database, statements_of
from colonnade.core.database.replica import RecentWriters
from tests.core.database.conftest import Base, MakeApp, MakeDatabase, Team


@pytest.fixture
def late(tmp_path: Path, make_database: MakeDatabase) -> Database:
    """A database whose replica has not seen anything yet."""
    replica = make_database(f"sqlite:///{tmp_path}/replica.sqlite")
    Base.metadata.create_all(replica.engine)
    database = make_database(f"sqlite:///{tmp_path}/primary.sqlite", read_url=SecretStr(str(replica.url)))
    Base.metadata.create_all(database.engine)
    with database.sessions.begin() as session:
        session.add(Team())
    return database


def count(request: Request) -> Any:
    """As this request sees it."""
    return request.read_connection.rows(select(func.count()).select_from(Team))[0][0]


def add(request: Request) -> Any:
    """Adds one and counts."""
    request.dbsession.execute(insert(Team))
    return count(request)


def refuse(request: Request) -> Response:
    """Changes nothing in the end."""
    request.dbsession.execute(insert(Team))
    return Response(status=422)


ANN, BOB = ({"Authorization": f"Bearer {name}"} for name in ("ann", "bob"))


def test_one_who_has_written_reads_the_primary_and_others_the_replica(late: Database, make_app: MakeApp) -> None:
    app = make_app(late, count=count, add=add, refuse=refuse)
    assert app.get("/count", headers=ANN).text == "0"
    app.post("/refuse", headers=ANN, status=422)
    assert app.get("/count", headers=ANN).text == "0"
    assert app.post("/add", headers=ANN).text == "2"
    app.reset()  # a client that keeps no cookies
    assert app.get("/count", headers=ANN).text == "2"
    assert app.get("/count", headers=BOB).text == "0"
    assert app.get("/count").text == "0"


def test_a_cookie_tells_another_process(late: Database, make_app: MakeApp, make_database: MakeDatabase) -> None:
    app = make_app(late, count=count, add=add)
    cookie = app.post("/add", headers=ANN).headers["Set-Cookie"]
    assert "Max-Age=5" in cookie
    assert "HttpOnly" in cookie
    replica = late.settings.read_url
    elsewhere = make_app(make_database(str(late.url), read_url=replica), count=count)
    assert elsewhere.get("/count", headers={**ANN, "Cookie": cookie.partition(";")[0]}).text == "2"
    assert elsewhere.get("/count", headers=ANN).text == "0"


def test_without_a_replica_nobody_is_remembered(database: Database, make_app: MakeApp) -> None:
    app = make_app(database, count=count, add=add)
    assert "Set-Cookie" not in app.post("/add").headers
    assert app.get("/count").text == "1"


def test_code_outside_requests_reads_the_primary(late: Database) -> None:
    with late.read() as connection:
        assert connection.rows(select(func.count()).select_from(Team)) == [(1,)]
    assert len(late.engines) == 3
    with statements_of(late) as seen:
        replica = late.open_replica()
        assert replica.rows(select(func.count()).select_from(Team)) == [(0,)]
        replica.close()
    assert len(seen) == 1


def test_who_wrote_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    writers = RecentWriters(seconds=5)
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for name in ("a", "b"):
        writers.note(Request.blank("/", headers={"Authorization": name}), Response())
        now[0] += 4
    assert not writers.includes(Request.blank("/", headers={"Authorization": "a"}))
    assert writers.includes(Request.blank("/", headers={"Authorization": "b"}))
    writers.note(Request.blank("/", headers={"Authorization": "c"}), Response())
    assert len(writers._until) == 2
