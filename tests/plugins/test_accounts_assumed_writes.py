"""A write goes on as if its token were as good as a moment ago, and nothing is done or heard of where it is not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
import transaction
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp, TestResponse

from colonnade import BeforeWrite
from colonnade.core.changes import log_of
from colonnade.core.database import Prepared, database_of
from colonnade.core.database.sessions import CONNECTION, MANAGER, SESSION
from colonnade.core.problems import Unauthorized, Unprocessable
from colonnade.core.problems.views import problem_view
from colonnade.core.writing import Merge, writer_of
from colonnade.plugins.accounts import User, revoke_token
from colonnade.plugins.people.models import Department
from tests.core.database.test_lost_connections import terminate_others

PLUGINS = ("accounts", "rest", "people", "history", __name__)
DEPARTMENTS = "/api/v1/departments"
JSON_PATCH = "application/json-patch+json"
NUMBERS = itertools.count()
NOBODY = 999_999_999

heard: list[object] = []


def includeme(config: Configurator) -> None:
    """A plug-in that listens, and has views that ask who it is at odd times."""
    config.add_plugin("ears", requires=["people"])
    config.add_subscriber(lambda event: heard.append(event.author.access.identity.name), BeforeWrite)
    config.add_tween(f"{__name__}.above", over="pyramid_tm.tm_tween_factory")
    config.add_route("late", "/late/{how}")
    config.add_view(
        late, route_name="late", permission="__no_permission_required__", renderer="json", assumes_identity=True
    )
    config.add_route("found", "/found")
    config.add_view(
        found, route_name="found", permission="__no_permission_required__", renderer="json", assumes_identity=True
    )
    config.add_exception_view(tell, context=Unauthorized)


def late(request: Request) -> dict[str, str]:
    """Has no need to know who asks; others ask it afterwards."""
    if request.matchdict["how"] == "forbidden":
        raise HTTPForbidden
    if request.matchdict["how"] == "read":
        prepared = Prepared.compile(sa.text("SELECT 1"), database_of(request.registry).dialect)
        request.read_connection.fetch(prepared, {})
    request.add_response_callback(lambda request, response: response.headers.update({"X-Who": request.identity.name}))
    return {}


def found(request: Request) -> dict[str, object]:
    """Makes a department, and a member of it who manages it; whatever the method."""
    writer = writer_of(request)
    with suppress(Unprocessable):
        writer.create(writer.resources["departments"], {**new(), "manager_id": NOBODY})
    departments, employees = writer.resources["departments"], writer.resources["employees"]
    (department,) = writer.create(departments, new()).key
    number = next(NUMBERS)
    person = {"first_name": "A", "last_name": "B", "birth_date": "1990-04-17", "gender": "F", "title": "Head"}
    work = {"number": 80_000 + number, "email": f"head{number}@example.com", "hired_on": "2021-03-01", "salary": "1.00"}
    (manager,) = writer.create(employees, {**person, **work, "department_id": department}).key
    writer.edit(departments, (department,), Merge({"manager_id": manager}))
    return {"department": department}


def above(handler: Callable[[Request], Any], registry: Any) -> Callable[[Request], Any]:
    """A tween that asks before any transaction has begun."""

    def tween(request: Request) -> Any:
        if "HTTP_X_ASK" in request.environ:
            heard.append(request.identity.name)
        return handler(request)

    return tween


def tell(error: Unauthorized, request: Request) -> Any:
    heard.append(getattr(request.__dict__.get("identity"), "name", None))
    return problem_view(error, request)


@pytest.fixture
def user(admin: User) -> User:
    return admin


@pytest.fixture
def token(known_token: str) -> str:
    heard.clear()
    return known_token


def sent(
    client: TestApp, token: str, method: str, path: str, body: object = "", environ: Any = None, **headers: str
) -> TestResponse:
    text = body if isinstance(body, str) else json.dumps(body)
    given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    client = client if environ is None else TestApp(client.app, environ)
    return client.request(path, method=method, headers=given, body=text.encode(), expect_errors=True)


def new() -> dict[str, str]:
    number = next(NUMBERS)
    return {"code": f"w{number}", "name": f"Department {number}"}


def one(session: Session) -> str:
    """The path of a new department, to which nobody refers."""
    department = Department(**new())
    session.add(department)
    session.flush()
    path = f"{DEPARTMENTS}/{department.id}"
    session.commit()
    return path


Write = Callable[[TestApp, str, str], TestResponse]
WRITES: dict[str, Write] = {
    "create": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, new()),
    "create several": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, [new(), new()]),
    "create none": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, []),
    "no JSON": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, "{"),
    "unknown field": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, {**new(), "odd": 1}),
    "bad reference": lambda client, token, path: sent(
        client, token, "POST", DEPARTMENTS, {**new(), "manager_id": NOBODY}
    ),
    "merge": lambda client, token, path: sent(client, token, "PATCH", path, {"name": "Merged"}),
    "patch": lambda client, token, path: sent(
        client, token, "PATCH", path, [{"op": "replace", "path": "/name", "value": "P"}], Content_Type=JSON_PATCH
    ),
    "replace": lambda client, token, path: sent(client, token, "PUT", path, new()),
    "delete": lambda client, token, path: sent(client, token, "DELETE", path),
    "other state": lambda client, token, path: sent(client, token, "PATCH", path, {"name": "X"}, If_Match='"x"'),
    "of a filter": lambda client, token, path: sent(
        client, token, "PATCH", f"{DEPARTMENTS}?code=none", {"name": "X"}, Prefer="max-affected=9"
    ),
    "once": lambda client, token, path: sent(
        client, token, "POST", DEPARTMENTS, new(), Idempotency_Key=f"k{next(NUMBERS)}"
    ),
    "preview": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, new(), Prefer="tx=rollback"),
    "changes": lambda client, token, path: sent(client, token, "POST", DEPARTMENTS, new(), Prefer="return=changes"),
    "heard of": lambda client, token, path: sent(client, token, "PATCH", "/api/v1/employees/3", {"title": "Heard"}),
}


def revoked(session: Session, user: User, token: str) -> None:
    revoke_token(session, token)


def inactive(session: Session, user: User, token: str) -> None:
    user.active = False


def of_less(session: Session, user: User, token: str) -> None:
    user.granted = []


def of_others(session: Session, user: User, token: str) -> None:
    user.granted[0].role = "staff"


def untouched(session: Session, user: User, token: str) -> None:
    """Nothing happens."""


def rows(app: Router) -> list[Any]:
    """What is stored, and how much the log has."""
    log = log_of(app.registry)
    assert log is not None
    departments = Department.__table__
    with database_of(app.registry).read() as connection:
        return [
            *connection.rows(sa.select(departments).order_by(departments.c.id)),
            *connection.rows(sa.select(sa.func.count()).select_from(log.table)),
        ]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("change", [revoked, inactive, of_less, of_others, untouched])
def test_it_is_answered_as_to_one_who_is_looked_up_first(
    app: Router,
    client: TestApp,
    plain: TestApp,
    session: Session,
    user: User,
    token: str,
    write: Write,
    change: Callable[[Session, User, str], None],
) -> None:
    paths, name = (one(session), one(session)), user.name
    change(session, user, token)
    session.commit()
    before = rows(app)

    answer = write(client, token, paths[0])

    said = list(heard)
    if answer.status_int >= 400:
        assert rows(app) == before
    if change in (revoked, inactive):
        assert name not in said
        assert answer.status_int == 401
    assert answer.status_int == write(plain, token, paths[1]).status_int
    assert (answer.status_int < 400) or change is not untouched or write in map(WRITES.get, _BAD)


_BAD = ("no JSON", "unknown field", "bad reference", "other state", "create none")


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("write", [WRITES[name] for name in WRITES if name not in _BAD])
def test_one_whose_connection_was_lost_is_done_by_another_attempt(
    app: Router, client: TestApp, plain: TestApp, session: Session, token: str, write: Write
) -> None:
    assert WRITES["create"](client, token, "").status_int == 201
    path = one(session)
    session.close()
    terminate_others(database_of(app.registry))
    assert write(client, token, path).status_int < 300
    sent(plain, token, "DELETE", path)  # its connections were lost, too


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("how", ["forbidden", "callback", "read"])
def test_who_asks_after_the_view_has_it_looked_up(
    client: TestApp, plain: TestApp, session: Session, user: User, token: str, how: str, method: str
) -> None:
    path, name = f"/late/{how}", user.name
    session.commit()
    answer = sent(client, token, method, path)
    assert answer.status_int == (403 if how == "forbidden" else 200)
    assert answer.headers.get("X-Who") == (None if how == "forbidden" else name)
    revoke_token(session, token)
    session.commit()
    assert sent(client, token, method, path).status_int == sent(plain, token, method, path).status_int == 401
    assert name not in heard


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_exception_view_does_not_see_who_it_was_not(
    client: TestApp, session: Session, user: User, token: str, method: str
) -> None:
    path, body, name = one(session), {"name": "N"} if method == "PATCH" else "", user.name
    revoke_token(session, token)
    session.commit()
    assert sent(client, token, method, path, body).status_int == 401
    assert heard
    assert name not in heard


@pytest.mark.parametrize("lent", ["connection", "session"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_on_a_lent_connection_it_is_looked_up_first(
    app: Router, client: TestApp, session: Session, user: User, token: str, method: str, lent: str
) -> None:
    """What is lent goes on being good for its owner."""
    path, body = one(session), {"name": "N"} if method == "PATCH" else ""
    user.granted[0].role = "staff"
    session.commit()
    with database_of(app.registry).engine.connect() as connection, connection.begin() as begun:
        environ: dict[str, Any] = {CONNECTION: connection}
        if lent == "session":
            manager = transaction.TransactionManager(explicit=True)
            manager.begin()
            environ = {SESSION: database_of(app.registry).sessions(bind=connection), MANAGER: manager}
        answer = sent(client, token, method, path, body, environ)
        assert answer.status_int == (403 if method == "PATCH" else 200)
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
        begun.rollback()


def test_a_write_that_was_asked_about_above_its_transaction_reads_what_it_writes(
    client: TestApp, session: Session, user: User, token: str
) -> None:
    path, name = one(session), user.name
    session.commit()
    etag = sent(client, token, "GET", path).headers["ETag"]
    changed = sent(client, token, "PATCH", path, {"name": "New"}, If_Match=etag, X_Ask="1")
    assert (changed.status_int, changed.json["name"]) == (200, "New")
    assert changed.headers["ETag"] == sent(client, token, "GET", path).headers["ETag"]
    made = sent(client, token, "POST", DEPARTMENTS, new(), X_Ask="1")
    assert (made.status_int, made.json["id"] > 0) == (201, True)
    assert heard.count(name) == 4  # above and, as one who writes, within
    assert sent(client, token, "PATCH", path, {"name": "Old"}, If_Match=etag, X_Ask="1").status_int == 412


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_view_of_any_method_writes_what_refers_to_what_it_has_written(
    app: Router, client: TestApp, session: Session, token: str, method: str
) -> None:
    made = sent(client, token, method, "/found")
    assert made.status_int == 200
    department = session.get_one(Department, made.json["department"])
    assert department.manager_id is not None
    revoke_token(session, token)
    session.commit()
    before = rows(app)
    heard.clear()
    assert sent(client, token, method, "/found").status_int == 401
    assert rows(app) == before
    assert not any(heard)


def test_one_token_in_many_writings_drives_out_no_other(app: Router, client: TestApp, token: str) -> None:
    known = app.registry["colonnade.authenticator"].__self__._known
    before = len(known)
    for scheme in ("bearer", "BEARER", "Bearer ", " Bearer"):
        given = {"Authorization": f"{scheme} {token}"}
        assert client.get(DEPARTMENTS, headers=given).status_int == 200
    assert len(known) == before


@pytest.mark.parametrize("length", [None, "0"])
def test_a_body_of_unknown_length_may_be_empty(
    plain: TestApp, session: Session, token: str, length: str | None
) -> None:
    """HTTP/2 does not say how long it is, and where there is one attempt only nobody has read it before."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "DELETE",
        "PATH_INFO": one(session),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.input_terminated": True,
    }
    request = Request.blank("/", environ=environ)
    if length is None:
        request.environ.pop("CONTENT_LENGTH", None)
    else:
        request.environ["CONTENT_LENGTH"] = length
    assert request.get_response(plain.app).status_int == 204
