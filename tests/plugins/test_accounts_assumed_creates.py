"""A new record goes with the look-up of who makes it and of what it refers to: nothing is left of it if one fails."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp, TestResponse

from colonnade.core.changes import log_of
from colonnade.core.database import database_of, statements_of
from colonnade.core.database.server_statements import ServerStatements
from colonnade.plugins.accounts import User, revoke_token
from colonnade.plugins.people.models import Employee
from tests.core.database.test_lost_connections import terminate_others
from tests.harness.trips import counted_trips

PLUGINS = ("accounts", "rest", "people", "history")
EMPLOYEES = "/api/v1/employees"
NUMBERS = itertools.count(70_000)
NOBODY = 999_999_999
BODIES: dict[str, dict[str, Any]] = {
    "good": {},
    "leads nowhere": {"department_id": NOBODY},
    "leads nowhere twice": {"department_id": NOBODY, "manager_id": NOBODY},
    "taken": {"number": 1, "email": "taken@example.com"},
    "taken, and leads nowhere": {"number": 1, "manager_id": NOBODY},
    "refers to no user": {"user_id": NOBODY},
    "too large to be asked for": {"manager_id": 2**62},
    "wrong": {"email": "none", "manager_id": NOBODY},
    "unknown": {"odd": 1, "manager_id": NOBODY},
}
BAD = tuple(name for name in BODIES if name != "good")


def sent(client: TestApp, token: str, body: Any, **headers: str) -> TestResponse:
    given = {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return client.post_json(EMPLOYEES, body, headers=given, expect_errors=True)


def new(**more: Any) -> dict[str, Any]:
    number = next(NUMBERS)
    return {
        "number": number,
        "first_name": "Anna",
        "last_name": "Berger",
        "email": f"anna{number}@example.com",
        "birth_date": "1990-04-17",
        "gender": "F",
        "hired_on": "2021-03-01",
        "title": "Engineer",
        "salary": "4200.00",
        "department_id": 1,
        **more,
    }


def stored(app: Router) -> list[Any]:
    """How many are stored, and how much the log has."""
    log = log_of(app.registry)
    assert log is not None
    with database_of(app.registry).read() as connection:
        return [connection.rows(sa.select(sa.func.count()).select_from(each)) for each in (Employee, log.table)]


def told(answer: TestResponse) -> tuple[int, Any]:
    """The status, and what is said to be wrong."""
    problem = answer.json if answer.status_int >= 400 else {}
    return answer.status_int, [problem.get("detail"), problem.get("errors")]


def untouched(session: Session, admin: User, token: str) -> None:
    """Nothing happens."""


def revoked(session: Session, admin: User, token: str) -> None:
    revoke_token(session, token)


def of_others(session: Session, admin: User, token: str) -> None:
    admin.granted[0].role = "staff"


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("change", [untouched, revoked, of_others])
def test_it_is_answered_as_to_one_who_is_looked_up_first(
    app: Router,
    client: TestApp,
    plain: TestApp,
    session: Session,
    admin: User,
    known_token: str,
    body: dict[str, Any],
    change: Callable[[Session, User, str], None],
) -> None:
    change(session, admin, known_token)
    session.commit()
    before = stored(app)

    answer = sent(client, known_token, new(**body))

    expected = {untouched: 422 if body else 201, revoked: 401, of_others: 403}[change]
    assert answer.status_int == (409 if expected == 422 and body == BODIES["taken"] else expected)
    assert (stored(app) == before) is (answer.status_int != 201)
    assert told(answer) == told(sent(plain, known_token, new(**body)))


def test_all_references_that_lead_nowhere_are_told(client: TestApp, known_token: str) -> None:
    refused = sent(client, known_token, new(**BODIES["leads nowhere twice"]))
    assert {each["pointer"] for each in refused.json["errors"]} == {"/department_id", "/manager_id"}


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_it_is_two_round_trips(app: Router, client: TestApp, known_token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """BEGIN, who makes it, both that it refers to, and itself; then the log with its place, and COMMIT."""
    for _ in range(2):
        assert sent(client, known_token, new(manager_id=1)).status_int == 201
    trips = counted_trips(monkeypatch)

    def alone(self: ServerStatements) -> Any:
        raise AssertionError("a statement was sent by itself")

    monkeypatch.setattr(ServerStatements, "_result", alone)
    with statements_of(database_of(app.registry)) as statements:
        assert sent(client, known_token, new(manager_id=1)).status_int == 201
    assert trips == [5, 2]
    assert len(statements) == 5


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("body", [BODIES["good"], BODIES["leads nowhere"]], ids=["good", "leads nowhere"])
def test_one_whose_connection_was_lost_is_made_by_another_attempt(
    app: Router, client: TestApp, session: Session, known_token: str, body: dict[str, Any]
) -> None:
    assert sent(client, known_token, new()).status_int == 201
    session.close()
    before = stored(app)
    terminate_others(database_of(app.registry))
    assert sent(client, known_token, new(**body)).status_int == (422 if body else 201)
    ((records,),), _ = stored(app)
    ((earlier,),), _ = before
    assert records == earlier + (not body)


def test_a_preview_and_a_repeat_are_as_before(app: Router, client: TestApp, known_token: str) -> None:
    before = stored(app)
    preview = sent(client, known_token, new(), Prefer="tx=rollback")
    assert (preview.status_int, stored(app)) == (201, before)
    body, key = new(), f"k{next(NUMBERS)}"
    first, again = (sent(client, known_token, body, Idempotency_Key=key) for _ in range(2))
    assert first.status_int == 201
    assert first.json == again.json
