"""A token that was good a moment ago is taken to be so until the first answer of the database: nobody can tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.router import Router
from pyramid_retry import BeforeRetry
from sqlalchemy import text
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade import Allow
from colonnade.core.database import Prepared, ReadConnection, database_of, statements_of
from colonnade.core.database.server_statements import ServerStatements
from colonnade.core.policy import Identity
from colonnade.plugins.accounts import Token, User, create_token, create_user, revoke_token
from colonnade.plugins.accounts.models import now

PLUGINS = ("accounts", "rest", "people", "history", "transfer", __name__)

ANSWERS = {
    "one": "/api/v1/employees/3",
    "list": "/api/v1/employees?sort=last_name&expand=department&limit=7",
    "counted": "/api/v1/employees?count=exact&limit=1",
    "related": "/api/v1/departments/1/employees?limit=3",
    "hidden": "/api/v1/salaries?limit=5",
    "history": "/api/v1/employees/3/history",
    "missing": "/api/v1/employees/31337",
    "no key": "/api/v1/employees/three",
    "bad question": "/api/v1/employees?nonsense=1",
    "too large": "/api/v1/employees?number=99999999999999999999",
    "nowhere": "/api/v1/nothing",
}

NUMBERS = itertools.count()

done: list[str] = []


def includeme(config: Configurator) -> None:
    """A plug-in with a view of its own that does something."""
    config.add_plugin("bell", requires=["accounts"])
    config.add_route("bell", "/bell")
    config.add_route("careless", "/careless/{how}")
    config.add_view(ring, route_name="bell", permission="__no_permission_required__", renderer="json")
    config.add_view(careless, route_name="careless", renderer="json", permission="look", assumes_identity=True)
    config.add_view(ring, route_name="rest employees one", request_param="ring", permission="view", renderer="json")
    config.add_list_format("text/x-bell", ring_list)
    config.add_identity_attribute("peals", peals)
    config.add_root_acl([(Allow, "system.Authenticated", "look")])
    config.add_subscriber(lambda event: done.append(type(event.request.root).__name__), BeforeRetry)


def careless(request: Any) -> object:
    """Does not care for what its first look raised."""
    if request.matchdict["how"] == "attribute":
        return request.identity_attributes["peals"]
    prepared = Prepared.compile(text("SELECT 7"), database_of(request.registry).dialect)
    with suppress(Exception):
        request.read_connection.fetch(prepared, {})
    return request.read_connection.fetch(prepared, {})[0][0]


def peals(identity: Identity, connection: ReadConnection) -> object:
    with suppress(Exception):
        connection.rows(text("SELECT 1"))
    done.append(identity.name)
    return 7


def ring_list(request: Any) -> Response:
    done.append(request.identity.name)
    return Response("ding")


def ring(request: Any) -> dict[str, object]:
    done.append(request.identity.name)
    return {}


@pytest.fixture
def user(session: Session) -> User:
    user = create_user(session, f"somebody.{next(NUMBERS)}", ["hr"])
    session.commit()
    return user


@pytest.fixture
def token(session: Session, user: User) -> str:
    _, made = create_token(session, user, expires=now() + timedelta(days=1))
    session.commit()
    return made


def asked(client: TestApp, path: str, token: str, method: str = "GET", **headers: str) -> tuple[Any, ...]:
    """All of an answer that the caller has, but for what is another each time."""
    sent = {"Authorization": f"Bearer {token}", **headers}
    response = client.request(path, method=method, headers=sent, expect_errors=True)
    kept = {name: value for name, value in response.headers.items() if name not in ("X-Request-Id", "Date")}
    body = response.json if (response.content_type or "").endswith("json") and response.body else response.body
    if isinstance(body, dict):
        body.pop("request_id", None)
        kept.pop("Content-Length", None)
    return response.status_code, kept, body


def revoked(session: Session, user: User, token: str) -> None:
    revoke_token(session, token)


def gone(session: Session, user: User, token: str) -> None:
    session.delete(token_of(session, token))


def expired(session: Session, user: User, token: str) -> None:
    token_of(session, token).expires = now() - timedelta(seconds=1)


def inactive(session: Session, user: User, token: str) -> None:
    user.active = False


def of_less(session: Session, user: User, token: str) -> None:
    user.granted = []


def of_others(session: Session, user: User, token: str) -> None:
    user.granted[0].role = "staff"


def narrowed(session: Session, user: User, token: str) -> None:
    token_of(session, token).narrowed = "departments:view"


def untouched(session: Session, user: User, token: str) -> None:
    """Nothing happens."""


def token_of(session: Session, text: str) -> Token:
    return session.query(Token).filter_by(prefix=text.split("_")[1]).one()


CHANGES = [revoked, gone, expired, inactive, of_less, of_others, narrowed, untouched]


@pytest.mark.parametrize("path", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("change", CHANGES)
def test_every_answer_is_that_of_one_who_looks_first(
    client: TestApp,
    plain: TestApp,
    session: Session,
    user: User,
    token: str,
    path: str,
    change: Callable[[Session, User, str], None],
) -> None:
    before = asked(client, path, token)
    assert asked(client, path, token) == before == asked(plain, path, token)

    change(session, user, token)
    session.commit()

    expected = asked(plain, path, token)
    assert asked(client, path, token) == expected
    assert asked(client, path, token) == expected
    assert (expected == before) or change is not untouched


@pytest.mark.parametrize("change", [revoked, inactive])
def test_what_has_not_changed_is_not_told_to_one_who_may_not_know(
    client: TestApp, session: Session, user: User, token: str, change: Callable[[Session, User, str], None]
) -> None:
    etag = asked(client, ANSWERS["one"], token)[1]["ETag"]
    assert asked(client, ANSWERS["one"], token, **{"If-None-Match": etag})[0] == 304
    assert asked(client, ANSWERS["one"], token, method="HEAD")[0] == 200

    change(session, user, token)
    session.commit()

    assert asked(client, ANSWERS["one"], token, **{"If-None-Match": etag})[0] == 401
    assert asked(client, ANSWERS["one"], token, method="HEAD")[0] == 401


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["text/csv", "application/jsonl"])
def test_a_whole_list_is_that_of_one_who_looks_first(
    client: TestApp,
    plain: TestApp,
    session: Session,
    user: User,
    token: str,
    form: str,
    change: Callable[[Session, User, str], None],
) -> None:
    path = "/api/v1/salaries?sort=id"
    before = asked(client, path, token, Accept=form)
    assert asked(client, path, token, Accept=form) == before
    assert (before[0], len(before[2])) > (200, 1000)

    change(session, user, token)
    session.commit()

    expected = asked(plain, path, token, Accept=form)
    assert asked(client, path, token, Accept=form) == expected


def test_a_role_that_was_given_counts_at_once(client: TestApp, session: Session, user: User, token: str) -> None:
    user.granted[0].role = "staff"
    session.commit()
    assert asked(client, ANSWERS["hidden"], token)[2]["data"] == []

    user.granted[0].role = "hr"
    session.commit()

    assert len(asked(client, ANSWERS["hidden"], token)[2]["data"]) == 5


def test_another_secret_of_a_token_that_is_known_is_refused(client: TestApp, token: str) -> None:
    assert asked(client, ANSWERS["one"], token)[0] == 200

    assert asked(client, ANSWERS["one"], token[:-1] + ("a" if token[-1] != "a" else "b"))[0] == 401
    assert asked(client, ANSWERS["one"], token)[0] == 200


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_who_writes_is_looked_up_first(client: TestApp, session: Session, user: User, token: str, method: str) -> None:
    path = ANSWERS["list"] if method == "POST" else ANSWERS["one"]
    assert asked(client, ANSWERS["one"], token)[0] == 200
    revoke_token(session, token)
    session.commit()

    assert asked(client, path, token, method=method)[0] == 401


def test_a_view_that_may_do_more_than_read_is_not_run_for_one_who_may_have_gone(
    client: TestApp, session: Session, user: User, token: str
) -> None:
    done.clear()
    assert asked(client, ANSWERS["one"], token)[0] == 200
    assert asked(client, "/bell", token)[0] == 200
    revoke_token(session, token)
    session.commit()

    assert asked(client, "/bell", token)[0] == 401
    assert done == [user.name]


@pytest.mark.parametrize("path", ["/api/v1/employees/3?ring=1", "/careless/attribute", "/api/v1/employees"])
def test_what_is_a_plug_in_s_is_not_run_for_one_who_may_have_gone(
    client: TestApp, session: Session, user: User, token: str, path: str
) -> None:
    form = {"Accept": "text/x-bell"} if path.endswith("employees") else {}
    assert asked(client, ANSWERS["one"], token)[0] == 200
    done.clear()
    assert asked(client, path, token, **form)[0] == 200
    assert done == [user.name]
    revoke_token(session, token)
    session.commit()
    done.clear()

    assert asked(client, path, token, **form)[0] == 401
    assert user.name not in done


def test_nothing_is_had_by_one_who_does_not_care_for_errors(client: TestApp, session: Session, token: str) -> None:
    assert asked(client, "/careless/read", token)[2] == 7
    assert asked(client, "/careless/read", token)[2] == 7
    revoke_token(session, token)
    session.commit()

    assert asked(client, "/careless/read", token)[0] == 401


def test_who_hears_of_another_attempt_has_the_whole_request(client: TestApp, session: Session, token: str) -> None:
    assert asked(client, ANSWERS["one"], token)[0] == 200
    revoke_token(session, token)
    session.commit()
    done.clear()

    assert asked(client, ANSWERS["one"], token)[0] == 401
    assert done == ["Record"]


def test_a_token_that_was_not_good_in_the_end_was_not_used(app: Router, session: Session, token: str) -> None:
    client = TestApp(app)
    asked(client, ANSWERS["one"], token)
    row = token_of(session, token)
    revoke_token(session, token)
    session.commit()
    authenticator = app.registry["colonnade.authenticator"].__self__
    noted: list[int] = []

    class Noting:
        note = staticmethod(noted.append)

    before, authenticator._last_use = authenticator._last_use, Noting()
    try:
        asked(client, ANSWERS["one"], token)
        assert noted == []
        row.revoked = None
        session.commit()
        asked(client, ANSWERS["one"], token)
        asked(client, ANSWERS["one"], token)
        assert noted == [row.id, row.id]
    finally:
        authenticator._last_use = before


def test_the_look_up_comes_first_and_both_go_together(
    app: Router, client: TestApp, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[tuple[bytes, ...]] = []
    both, alone = ServerStatements.rows_after, ServerStatements.rows

    def counted_both(self: ServerStatements, awaited: Any, query: bytes, arguments: Any) -> Any:
        trips.append((*(each for each, _, _ in awaited), query))
        return both(self, awaited, query, arguments)

    def counted_alone(self: ServerStatements, query: bytes, arguments: Any) -> Any:
        trips.append((query,))
        return alone(self, query, arguments)

    asked(client, ANSWERS["one"], token)
    monkeypatch.setattr(ServerStatements, "rows_after", counted_both)
    monkeypatch.setattr(ServerStatements, "rows", counted_alone)
    with statements_of(database_of(app.registry)) as statements:
        assert asked(client, ANSWERS["one"], token)[0] == 200
    assert len(statements) == 2
    assert "token" in statements[0]
    assert "employee" in statements[1]
    if database_of(app.registry).dialect.name == "postgresql":
        assert [tuple(map(bytes.decode, trip)) for trip in trips] == [tuple(statements)]
