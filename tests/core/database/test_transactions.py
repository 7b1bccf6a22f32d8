"""A request is one transaction: what commits, what does not, and what a test may look at in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import transaction
from pyramid.httpexceptions import HTTPConflict, HTTPFound
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import func, insert, select, text
from webtest import TestApp

from colonnade.core.database import Database, Prepared, statements_of
from colonnade.core.problems import Unprocessable
from tests.core.database.conftest import MakeApp, Team


def count(database: Database) -> Any:
    """How many teams have been committed."""
    with database.read() as connection:
        return connection.rows(select(func.count()).select_from(Team))[0][0]


def adds_by_orm(request: Request) -> str:
    """Pending only: nothing has been flushed when the view returns."""
    request.dbsession.add(Team())
    return "added"


def adds_by_flush(request: Request) -> str:
    """Flushed."""
    request.dbsession.add(Team())
    request.dbsession.flush()
    return "added"


def adds_by_core(request: Request) -> str:
    """By a statement of Core, of which zope.sqlalchemy does not know."""
    request.dbsession.execute(insert(Team.__table__).values(id=1))
    return "added"


def adds_by_text(request: Request) -> str:
    """By text."""
    request.dbsession.execute(text("INSERT INTO team (id) VALUES (1)"))
    return "added"


def adds_on_connection(request: Request) -> str:
    """Below the session."""
    request.dbsession.connection().execute(text("INSERT INTO team (id) VALUES (1)"))
    return "added"


ADDS = [adds_by_orm, adds_by_flush, adds_by_core, adds_by_text, adds_on_connection]


@pytest.mark.parametrize("add", ADDS)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_a_view_writes_is_committed_by_whatever_way(
    database: Database, make_app: MakeApp, add: Callable[[Request], str], method: str
) -> None:
    make_app(database, add=add).request("/add", method=method, status=200)
    assert count(database) == 1


@pytest.mark.parametrize("add", ADDS)
def test_a_raised_problem_undoes_everything(
    database: Database, make_app: MakeApp, add: Callable[[Request], str]
) -> None:
    def view(request: Request) -> None:
        add(request)
        raise Unprocessable("no")

    make_app(database, add=view).post("/add", status=422)
    assert count(database) == 0


@pytest.mark.parametrize("add", ADDS)
def test_an_unexpected_error_undoes_everything(
    database: Database, make_app: MakeApp, add: Callable[[Request], str]
) -> None:
    def view(request: Request) -> None:
        add(request)
        raise LookupError("oh")

    make_app(database, add=view).post("/add", status=500)
    assert count(database) == 0


@pytest.mark.parametrize(
    "answer, kept",
    [
        (lambda: Response(status=422), 0),
        (lambda: HTTPConflict(), 0),
        (lambda: Response(status=503), 0),
        (lambda: HTTPFound("/"), 1),
        (lambda: Response(status=200, headers={"X-Tm": "abort"}), 0),
        (lambda: Response(status=409, headers={"X-Tm": "commit"}), 1),
    ],
)
def test_a_returned_error_undoes_everything(
    database: Database, make_app: MakeApp, answer: Callable[[], Response], kept: int
) -> None:
    def view(request: Request) -> Response:
        adds_by_flush(request)
        return answer()

    make_app(database, add=view).post("/add", expect_errors=True)
    assert count(database) == kept


def test_a_savepoint_undoes_its_part(database: Database, make_app: MakeApp) -> None:
    def view(request: Request) -> str:
        request.dbsession.execute(insert(Team).values(id=1))
        undone = request.dbsession.begin_nested()
        request.dbsession.execute(insert(Team).values(id=2))
        undone.rollback()
        with request.dbsession.begin_nested():
            request.dbsession.execute(insert(Team).values(id=3))
        return "done"

    make_app(database, add=view).post("/add", status=200)
    with database.read() as connection:
        assert connection.rows(select(Team.id).order_by(Team.id)) == [(1,), (3,)]


def test_a_view_cannot_commit_by_itself(database: Database, make_app: MakeApp) -> None:
    def view(request: Request) -> None:
        request.dbsession.execute(insert(Team).values(id=1))
        request.dbsession.commit()

    make_app(database, add=view).post("/add", status=500)
    assert count(database) == 0


def test_a_safe_request_reads_from_the_read_only_pool_and_gives_back(database: Database, make_app: MakeApp) -> None:
    prepared = Prepared.compile(select(func.count()).select_from(Team), database.dialect)

    def view(request: Request) -> object:
        answer = request.read_connection.fetch(prepared, {})[0][0]
        assert database.reader.pool.checkedout() == 1  # type: ignore[attr-defined]
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        return answer

    app = make_app(database, count=view)
    assert app.get("/count").text == "0"
    app.head("/count", status=200)
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_request_that_fails_gives_its_read_connection_back(database: Database, make_app: MakeApp) -> None:
    def view(request: Request) -> None:
        request.read_connection.rows(text("SELECT 1"))
        raise LookupError

    make_app(database, fail=view).get("/fail", status=500)
    assert database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_an_unsafe_request_reads_what_it_has_written(database: Database, make_app: MakeApp) -> None:
    prepared = Prepared.compile(select(func.count()).select_from(Team), database.dialect)

    def view(request: Request) -> object:
        request.dbsession.add(Team())
        return request.read_connection.fetch(prepared, {})[0][0]

    assert make_app(database, add=view).post("/add").text == "1"


def test_a_request_without_the_database_costs_no_statement(database: Database, make_app: MakeApp) -> None:
    app = make_app(database, hello=lambda request: "hello")
    with statements_of(database) as seen:
        app.get("/hello")
        app.post("/hello")
    assert seen == []
    assert database.engine.pool.checkedin() + database.reader.pool.checkedin() <= 1  # type: ignore[attr-defined]


def test_on_sqlite_only_who_writes_takes_the_write_lock(
    database: Database, make_app: MakeApp, dialect_name: str
) -> None:
    app = make_app(database, look=lambda request: request.dbsession.scalar(select(func.count(Team.id))))
    with database.engine.begin() as writing:
        writing.execute(insert(Team).values(id=1))
        assert app.get("/look").text == "0"
        if dialect_name == "sqlite":
            assert app.post("/look", status=503).headers["Retry-After"] == "1"
    assert app.post("/look").text == "1"


def test_a_test_may_lend_its_session_and_transaction(database: Database, make_app: MakeApp) -> None:
    app = make_app(database, add=adds_by_core, count=lambda request: request.read_connection.rows(text(COUNT))[0][0])
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    with database.sessions() as session:
        lent = {"app.dbsession": session, "app.tm": manager}
        app.post("/add", extra_environ=lent, status=200)
        assert app.get("/count", extra_environ=lent).text == "1"
        assert app.get("/count").text == "0"
        session.rollback()
    manager.abort()
    assert count(database) == 0


COUNT = "SELECT count(*) FROM team"


def test_a_test_may_lend_a_connection_in_which_each_request_commits_or_rolls_back(
    database: Database, make_app: MakeApp
) -> None:
    def refused(request: Request) -> Response:
        request.dbsession.execute(text("INSERT INTO team (id) VALUES (2)"))
        return Response(status=409)

    app: TestApp = make_app(
        database,
        add=adds_by_core,
        refused=refused,
        count=lambda request: request.read_connection.rows(text(COUNT))[0][0],
    )
    with database.engine.connect() as connection:
        outer = connection.begin()
        app.extra_environ["app.connection"] = connection
        app.post("/add", status=200)
        assert app.get("/count").text == "1"
        app.post("/refused", status=409)
        assert app.get("/count").text == "1"
        app.post("/add", status=409)  # id 1 is taken: the database refuses, and the connection stays usable
        assert app.get("/count").text == "1"
        outer.rollback()
    assert count(database) == 0
