"""Schemathesis reads the application's own document, asks for everything in it in every way, and finds it true.

Each caller asks: nobody, somebody with a bad token, and users of several roles. There is no answer of 500 or above, and
none that the document does not describe: no status, no type, no header, no body. The run is that of the command
``schemathesis run``, with the application in the same process; each has a database of its own. A further run goes by
the links of the document: a record is created, read, replaced, changed, deleted, and is then no more there.
"""

import secrets
import zlib
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
from schemathesis.core.failures import MalformedJson
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import MissingContentType
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade import main
from colonnade.core.database import database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import STILL, Department, Employee, Gender, Salary
from tests.harness.counts import counts, thorough
from tests.harness.databases import DIALECTS

PLUGINS = ("health", "accounts", "rest", "openapi", "transfer", "people", "history")
PEOPLE = 2
ROLES = ("admin", "hr", "staff", "auditor")

CALLERS = ("nobody", "stranger", "admin", "staff", "auditor")
#: Who asks where. Where a policy chooses among rows is what the databases may differ in: of those here, for the staff.
ASKED = [
    (dialect, caller)
    for dialect in DIALECTS
    for caller in CALLERS
    if dialect == "sqlite" or caller == "staff" or thorough()
]

#: What a check would say that is no fault of the application.
CHECKS = {
    # A schema cannot say that `page` and `offset` exclude each other, or which rows there are to refer to. What the
    # document lists is taken, and who is refused: tests/plugins/test_openapi_answers.py holds it to that.
    "positive_data_acceptance": {"enabled": False},
    # Asks again without credentials, by a call that its transport for WSGI does not take (4.32).
    "ignored_auth": {"enabled": False},
    # Its own list, with what is refused before the wrong part is looked at.
    "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428]},
}
OPERATIONS = [
    # The path is that of a record, too, whose key would be "import": other methods are answered for that.
    {"include-path-regex": "/import$", "checks": {"unsupported_method": {"enabled": False}}},
]
#: The bounds of each of the hundred parameters of a filter, and of each member of the larger bodies, and what lies
#: beyond: minutes, for a thorough run.
WITHOUT_COVERAGE = {
    "include-name-regex": "^GET |^(PATCH|DELETE) [^{]*$|/employees|/salaries",
    "phases": {"coverage": {"enabled": False}},
}
#: What is found where a response has no body.
BODY_IS_MISSING = (MissingContentType, MalformedJson)
#: What random text is replaced by in a header: next to none of it would be a preference, or the ETag of anything.
STEERED = {
    "Prefer": ("return=minimal", "tx=rollback", "max-affected=3", "max-affected=3, tx=rollback", "handling=strict", ""),
    "If-Match": ("*", '"k3vWm1RzQ0y7mJ5c1dQd"', ""),
    "If-None-Match": ('"k3vWm1RzQ0y7mJ5c1dQd"', "*", ""),
}
#: The same where one write is to follow another: nothing is undone, and nothing fails for its header's sake.
UNIMPEDED = {
    "Prefer": ("max-affected=3", "max-affected=3, handling=strict", "return=representation, max-affected=3"),
    "If-Match": ("*",),
    "If-None-Match": ('"k3vWm1RzQ0y7mJ5c1dQd"',),
    "Idempotency-Key": (),
}


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def lines(context: Any, value: Any) -> bytes:
    """What was drawn for a file, as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass
class Run:
    """What came of one run."""

    failures: list[str] = field(default_factory=list)
    operations: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.statuses.total()


@pytest.fixture
def app(fresh_database_url: str) -> Iterator[Router]:
    """The application as development.ini has it, with a few people."""
    settings = {
        "colonnade.secret": secrets.token_urlsafe(40),
        "colonnade.environment": "development",
        "colonnade.plugins": "\n".join(PLUGINS),
        "sqlalchemy.url": fresh_database_url,
        "history.max_wait": "0",
        "accounts.last_used_every": "0",  # written with the process's end, when the database is gone
    }
    app = main({}, **settings)
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda step: None)
    yield app
    database.dispose()


@pytest.fixture
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


def run(
    app: Router,
    headers: Mapping[str, str],
    *,
    phases: tuple[str, ...],
    examples: int,
    steered: Mapping[str, tuple[str, ...]] = STEERED,
    every_bound: bool = False,
) -> Run:
    """Ask for everything that the document of an application describes."""
    generation = {"max-examples": examples, "deterministic": not thorough(), "database": "none"}
    # Along the links of the document alone: others that might be guessed lead mostly nowhere.
    stateful = {
        "enabled": "stateful" in phases,
        "max-steps": 8,
        "inference": {"algorithms": []},
        "generation": {**generation, "mode": "positive"},
    }
    config = {
        "headers": dict(headers),
        "generation": generation,
        "phases": {
            **{name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing")},
            "stateful": stateful,
        },
        "checks": CHECKS,
        "operations": OPERATIONS if every_bound else [*OPERATIONS, WITHOUT_COVERAGE],
        "output": {"sanitization": {"enabled": False}},
    }
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(config))
    schema.hook("map_headers")(_steering(steered))
    if steered is UNIMPEDED:
        schema.hook("map_body")(_sound)
        schema.hook("map_query")(_unasked)
    schema.hook("filter_failure")(_is_failure)
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


def _steering(steered: Mapping[str, tuple[str, ...]]) -> Any:
    def steer(context: Any, headers: Any) -> Any:
        """What was drawn chooses among the values of a header; an empty one leaves what was drawn."""
        for name, values in steered.items():
            if headers and isinstance(drawn := headers.get(name), str):
                if not values:
                    del headers[name]
                else:
                    headers[name] = values[zlib.crc32(drawn.encode("utf-8", "replace")) % len(values)] or drawn
        return headers

    return steer


def _sound(context: Any, body: Any) -> Any:
    """One record where it may be one or several; what it refers to is there, and money is an amount."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and context.operation.method == "post":
        body = body[0]
    if not isinstance(body, dict):
        return body
    amounts = dict.fromkeys(("salary", "amount") & body.keys(), "62500.00")
    return {name: _reference(name, value) for name, value in body.items() if name != "id"} | amounts


def _reference(name: str, value: Any) -> Any:
    if name == "user_id":
        return None
    return 1 + value % PEOPLE if name.endswith("_id") and isinstance(value, int) else value


def _unasked(context: Any, query: Any) -> Any:
    """No query: an expansion that goes too deep would be in the way."""
    return {}


def _is_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """OpenAPI has no word for a body that is there or not, as that of a creation of which its author would see none."""
    return response.status_code != 201 or response.content != b"" or type(failure) not in BODY_IS_MISSING


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


def test_one_who_may_do_everything_finds_the_document_true(
    app: Router, tokens: Mapping[str, str], dialect_name: str
) -> None:
    # The bounds of values in every run where columns have bounds, too; on SQLite in a thorough one.
    bounded = dialect_name == "postgresql" or thorough()
    phases = ("examples", "coverage", "fuzzing") if bounded else ("examples", "fuzzing")

    headers = {"Authorization": f"Bearer {tokens['hr']}"}
    done = run(app, headers, phases=phases, examples=counts(3, 100), every_bound=thorough())

    assert "\n\n".join(done.failures) == ""
    assert described(app) - done.operations == set()
    assert {200, 201, 204, 400, 404, 409, 412, 422} <= done.statuses.keys()
    if bounded:
        assert 415 in done.statuses
        assert done.requests > 300


@pytest.mark.parametrize("dialect_name, caller", ASKED, indirect=["dialect_name"])
def test_every_caller_finds_the_document_true(app: Router, tokens: Mapping[str, str], caller: str) -> None:
    token = tokens.get(caller, "clnd_unknown")
    headers = {} if caller == "nobody" else {"Authorization": f"Bearer {token}"}
    phases = ("examples", "coverage", "fuzzing") if thorough() else ("fuzzing",)

    done = run(app, headers, phases=phases, examples=counts(2, 40))

    assert "\n\n".join(done.failures) == ""
    assert described(app) - done.operations == set()
    assert 200 in done.statuses


@pytest.mark.parametrize("caller", ["hr", "staff"])
def test_what_is_created_is_there_until_it_is_deleted(app: Router, tokens: Mapping[str, str], caller: str) -> None:
    headers = {"Authorization": f"Bearer {tokens[caller]}"}

    done = run(app, headers, phases=("stateful",), examples=counts(8, 1_000), steered=UNIMPEDED)

    assert "\n\n".join(done.failures) == ""
    if caller == "hr":
        assert {201, 204, 404} <= done.statuses.keys()
