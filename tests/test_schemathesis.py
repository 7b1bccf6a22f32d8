"""Schemathesis reads the application's own document, asks for everything in it in every way, and finds it true.

Each caller asks: nobody, somebody with a bad token, and users of several roles. There is no answer of 500 or above, and
none that the document does not describe: no status, no type, no header, no body. The run is that of the command
``schemathesis run``, with the application in the same process.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from pyramid.router import Router
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade import main
from colonnade.core.database import database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import STILL, Department, Employee, Gender, Salary
from tests.harness.counts import counts, thorough

PLUGINS = ("health", "accounts", "rest", "openapi", "transfer", "people")
ROLES = ("admin", "hr", "staff", "auditor")

#: What a check would say that is no fault of the application.
LEFT_OUT = {
    # A schema cannot say that `page` and `offset` exclude each other, or which rows there are to refer to. What the
    # document lists is taken, and who is refused: tests/plugins/test_openapi_answers.py holds it to that.
    "positive_data_acceptance": {"enabled": False},
    # Asks again without credentials, by a call that its transport for WSGI does not take (4.32).
    "ignored_auth": {"enabled": False},
}
#: The bounds of each of the hundred parameters of a list, and what lies beyond: minutes, for a thorough run.
WITHOUT_COVERAGE = {"include-method": "GET", "phases": {"coverage": {"enabled": False}}}


@dataclass
class Run:
    """What came of one run."""

    failures: list[str] = field(default_factory=list)
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.statuses.total()


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[Router]:
    """The application as development.ini has it, with a few people."""
    settings = {
        "colonnade.secret": secrets.token_urlsafe(40),
        "colonnade.environment": "development",
        "colonnade.plugins": "\n".join(PLUGINS),
        "sqlalchemy.url": module_database_url,
    }
    app = main({}, **settings)
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda step: None)
    yield app
    database.dispose()


@pytest.fixture(scope="module")
def tokens(app: Router) -> Mapping[str, str]:
    """A token of a user of each role; the one of the staff leads a department."""
    with database_of(app.registry).sessions.begin() as session:
        users = {role: create_user(session, role, [role]) for role in ROLES}
        _hire(session, users["staff"].id)
        return {role: create_token(session, user)[1] for role, user in users.items()}


def _hire(session: Session, user_id: int) -> None:
    sales, research = Department(code="d007", name="Sales"), Department(code="d008", name="Research")
    session.add_all([sales, research])
    session.flush()
    people = [
        Employee(
            number=number,
            first_name="Anna",
            last_name=name,
            email=f"{name.lower()}@example.org",
            birth_date=date(1990, 4, 17),
            gender=Gender.F,
            hired_on=date(2021, 3, 1),
            title="Engineer",
            salary=Decimal(50_000 + number),
            department_id=department.id,
            user_id=user_id if number == 1 else None,
        )
        for number, (name, department) in enumerate(
            [("Berger", sales), ("Çelik", sales), ("Dąbrowski", research), ("O'Hara", research)], 1
        )
    ]
    session.add_all(people)
    session.flush()
    sales.manager_id = people[0].id
    for person in people:
        person.manager_id = people[0].id
        session.add(
            Salary(employee_id=person.id, amount=person.salary, from_date=date(2025, 1, 1), to_date=STILL),
        )


def run(app: Router, headers: Mapping[str, str], *, phases: tuple[str, ...], examples: int) -> Run:
    """Ask for everything that the document of an application describes."""
    config = {
        "headers": dict(headers),
        "generation": {"max-examples": examples, "deterministic": not thorough(), "database": "none"},
        "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
        "checks": LEFT_OUT,
        "operations": [] if thorough() else [WITHOUT_COVERAGE],
        "output": {"sanitization": {"enabled": False}},
    }
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(config))
    done = Run()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                _note(done, event)
            case events.NonFatalError():
                done.failures.append(f"{event.label}: {event.value!r}")
            case events.FatalError():
                raise event.exception
            case _:
                pass
    return done


def _note(done: Run, scenario: Any) -> None:
    recorder = scenario.recorder
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            done.statuses[interaction.response.status_code] += 1
    done.operations.update(node.value.operation.label for node in recorder.cases.values())
    for found in (check.failure_info for checks in recorder.checks.values() for check in checks):
        if found is not None:
            done.failures.append(
                f"{found.failure.operation}: {found.failure.title}: {found.failure.message}\n{found.code_sample}"
            )


def described(app: Router) -> set[str]:
    """The operations of the document as Schemathesis calls them, "GET /health"; that of the document itself aside."""
    paths = TestApp(app).get("/openapi.json").json["paths"]
    methods = {(method, path) for path, item in paths.items() for method in item if method != "parameters"}
    return {f"{method.upper()} {path}" for method, path in methods if path != "/openapi.json"}


def test_one_who_may_do_everything_finds_the_document_true(app: Router, tokens: Mapping[str, str]) -> None:
    phases = ("examples", "coverage", "fuzzing", "stateful")

    done = run(app, {"Authorization": f"Bearer {tokens['hr']}"}, phases=phases, examples=counts(5, 100))

    assert "\n\n".join(done.failures) == ""
    assert described(app) - done.operations == set()
    assert {200, 201, 400, 404, 415, 422} <= done.statuses.keys()
    assert done.requests > 300


@pytest.mark.parametrize("caller", ["nobody", "stranger", "admin", "staff", "auditor"])
def test_every_caller_finds_the_document_true(app: Router, tokens: Mapping[str, str], caller: str) -> None:
    token = tokens.get(caller, "clnd_unknown")
    headers = {} if caller == "nobody" else {"Authorization": f"Bearer {token}"}
    phases = ("examples", "coverage", "fuzzing", "stateful") if thorough() else ("fuzzing",)

    done = run(app, headers, phases=phases, examples=counts(3, 100))

    assert "\n\n".join(done.failures) == ""
    assert described(app) - done.operations == set()
    assert 200 in done.statuses
