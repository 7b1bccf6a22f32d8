"""Undo as its users meet it: across plug-ins, of an import, by the command, with what listens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from webtest import TestApp

from colonnade import ALL_PERMISSIONS, AfterWrite, Allow, BeforeWrite
from colonnade.core.database import statements_of
from colonnade.core.problems import Forbidden
from colonnade.core.roads import roads_of
from colonnade.plugins.people.models import Department, Employee, Salary
from tests.cli.running import Shell, shell_in
from tests.functional.company import PLUGINS, Company, company
from tests.functional.walks import SALARY
from tests.harness.counts import counts

TABLES = (Department, Employee, Salary)


class Own(DeclarativeBase):
    """Of another plug-in."""


class Parcel(Own):
    """What another plug-in keeps of an employee."""

    __tablename__ = "undo_parcel"
    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(sa.ForeignKey(Employee.__table__.c.id))
    label: Mapped[str | None] = mapped_column(String(20))


HEARD: list[tuple[Any, ...]] = []


def includeme(config: Configurator) -> None:
    """The other plug-in, which listens to departments, and fills in labels."""

    def hear(event: BeforeWrite | AfterWrite) -> None:
        names = ("code", "name")
        before = event.before and tuple(event.before[name] for name in names)
        after = event.after and tuple(event.after.get(name) for name in names)
        HEARD.append((type(event).__name__, event.verb, before, after))

    def hear_before(event: BeforeWrite) -> None:
        hear(event)
        if event.values.get("name") == "Forbidden":
            raise Forbidden("Not this one.")

    config.add_plugin("parcels", summary="Parcels", requires=["people"])
    config.add_resource(Parcel, name="parcels", acl=[(Allow, "role:hr", ALL_PERMISSIONS)])
    # A function each: Pyramid notes one subscription of a function, so that it would seem to hear of everything.
    config.add_subscriber(hear_before, BeforeWrite, resource="departments")
    config.add_subscriber(hear, AfterWrite, resource="departments")


def plugins() -> tuple[str, ...]:
    """Those of the company, the history and the one above."""
    return (*PLUGINS, "history", __name__)


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    with company(
        module_database_url, **{"colonnade.plugins": "\n".join(plugins()), "transfer.max_body_bytes": "10000000"}
    ) as made:
        Own.metadata.create_all(made.database.engine)
        yield made


@pytest.fixture
def hr(firm: Company) -> TestApp:
    return firm.client("hr")


@pytest.fixture
def shell(firm: Company, tmp_path: Path) -> Shell:
    return shell_in(tmp_path, firm.database.url.render_as_string(hide_password=False), *plugins())


def rows(firm: Company) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is written here."""
    with firm.database.engine.connect() as connection:
        return {
            model.__tablename__: sorted(tuple(row) for row in connection.execute(sa.select(model.__table__)))
            for model in (*TABLES, Parcel)
        }


def undo(client: TestApp, request_id: str, **more: Any) -> Any:
    return client.post(f"/api/v1/requests/{request_id}/undo", **more)


PERSON = {
    "first_name": "New",
    "last_name": "Comer",
    "birth_date": "1990-01-01",
    "gender": "F",
    "hired_on": "2020-01-01",
    "title": "Engineer",
    "salary": "50000.50",
}


def hire(hr: TestApp, number: int = 900) -> Any:
    """A request across two plug-ins: a department led by one who works in it, a salary, a parcel, a change."""
    person = {**PERSON, "number": number, "email": f"n{number}@example.com"}
    new = {"$ref": "person.id"}
    operations = [
        {"op": "create", "resource": "departments", "as": "new", "body": {"code": f"n{number}", "name": "New"}},
        {
            "op": "create",
            "resource": "employees",
            "as": "person",
            "body": {**person, "department_id": {"$ref": "new.id"}},
        },
        {"op": "merge", "resource": "departments", "key": {"$ref": "new"}, "body": {"manager_id": new}},
        {"op": "merge", "resource": "employees", "key": {"$ref": "person"}, "body": {"manager_id": new}},
        {
            "op": "create",
            "resource": "salaries",
            "body": {"employee_id": new, "amount": "1.00", "from_date": "2020-01-01"},
        },
        {"op": "create", "resource": "parcels", "body": {"employee_id": new}},
        {"op": "merge", "resource": "employees", "key": "1", "body": {"manager_id": new, "title": "Helper"}},
    ]
    return hr.post_json("/api/v1/batch", {"operations": operations})


def test_a_batch_across_two_plugins_is_undone_whole(firm: Company, hr: TestApp) -> None:
    before = rows(firm)
    made = hire(hr)
    after = rows(firm)
    undone = undo(hr, made.headers["X-Request-Id"])
    assert undone.json["changes"] == 5
    assert rows(firm) == before
    assert {each["resource"] for each in undone.json["records"]} == {"departments", "employees", "salaries", "parcels"}
    again = undo(hr, undone.json["request_id"])
    assert rows(firm) == after
    undo(hr, again.json["request_id"])
    assert rows(firm) == before


def test_what_the_orm_deletes_along_comes_back(firm: Company, hr: TestApp) -> None:
    before = rows(firm)
    gone = hr.delete("/api/v1/employees/9")
    assert len(rows(firm)["salary"]) == len(before["salary"]) - 2
    assert undo(hr, gone.headers["X-Request-Id"]).json["changes"] == 3
    assert rows(firm) == before


def test_listeners_hear_of_every_record(hr: TestApp) -> None:
    made = hr.post_json("/api/v1/departments", {"code": "h1", "name": "A"})
    changed = hr.patch_json(f"/api/v1/departments/{made.json['id']}", {"name": "B"})
    gone = hr.delete(f"/api/v1/departments/{made.json['id']}")
    HEARD.clear()
    for each in (gone, changed, made):
        undo(hr, each.headers["X-Request-Id"])
    one, other = ("h1", "A"), ("h1", "B")
    assert [
        ("BeforeWrite", "create", None, other),
        ("AfterWrite", "create", None, other),
        ("BeforeWrite", "replace", other, one),
        ("AfterWrite", "replace", other, one),
        ("BeforeWrite", "delete", one, None),
        ("AfterWrite", "delete", one, None),
    ] == HEARD


def test_a_listener_may_refuse(firm: Company, hr: TestApp) -> None:
    with firm.database.sessions.begin() as session:
        session.add(Department(code="h2", name="Forbidden"))
    found = hr.get("/api/v1/departments?code=h2").json["data"][0]["id"]
    changed = hr.patch_json(f"/api/v1/departments/{found}", {"name": "Allowed"})
    before = rows(firm)
    assert undo(hr, changed.headers["X-Request-Id"], status=403).json["detail"] == "Not this one."
    assert rows(firm) == before


def test_staff_undo_their_own_and_meet_no_salary(firm: Company, hr: TestApp) -> None:
    """Whatever was done, whoever asks: what the policy hides stands in no answer to an undo."""
    ann, auditor = firm.client("ann"), firm.client("auditor")
    own = ann.patch_json("/api/v1/employees/3", {"email": "ann@example.com"})
    assert undo(auditor, own.headers["X-Request-Id"], status=403)
    assert undo(ann, own.headers["X-Request-Id"]).json["changes"] == 1
    raised = hr.patch_json("/api/v1/employees/8", {"salary": "71999.99", "title": "Boss"})
    paid = hr.patch_json("/api/v1/salaries/5", {"amount": "71998.99"})
    gone = hr.delete("/api/v1/employees/5")
    requests = [each.headers["X-Request-Id"] for each in (own, raised, paid, gone, hire(hr, 901))]
    done = undo(hr, raised.headers["X-Request-Id"]).json["request_id"]
    for client in (ann, auditor, firm.client("eve"), firm.client(None)):
        for request_id in (*requests, done):
            answer = undo(client, request_id, headers={"Prefer": "tx=rollback"}, expect_errors=True)
            assert answer.status_int in (401, 403, 404, 409)
            assert not SALARY.search(answer.text)
            assert "salary" not in answer.text
            assert client is ann or "salaries" not in answer.text
    for request_id in (requests[4], requests[3], requests[2]):
        undo(hr, request_id)


def table(numbers: range) -> str:
    """A file of people."""
    out = io.StringIO()
    writer = csv.DictWriter(out, ["number", "email", *PERSON, "dept"])
    writer.writeheader()
    for number in numbers:
        writer.writerow({**PERSON, "number": number, "email": f"i{number}@example.com", "dept": "d1"})
    return out.getvalue()


def test_an_import_of_people_is_undone_in_few_statements(firm: Company, hr: TestApp) -> None:
    before = rows(firm)
    numbers = []
    for size in (20, 200):
        made = hr.post(
            "/api/v1/employees/import?map=dept%3Ddepartment.code",
            table(range(1000, 1000 + size)),
            content_type="text/csv",
        )
        with statements_of(firm.database) as seen:
            undone = undo(hr, made.headers["X-Request-Id"])
        numbers.append(len(seen))
        assert undone.json["changes"] == size
        assert rows(firm) == before
    assert numbers[0] == numbers[1]


def test_an_import_of_ten_thousand_people_is_undone_exactly(
    firm: Company, hr: TestApp, shell: Shell, employees_data: Path, dialect_name: str
) -> None:
    """Into a company that has people already; and the undo is undone. On PostgreSQL as many in a thorough run."""
    number = 10_000 if dialect_name == "sqlite" else counts(1_000, 10_000)
    people = (employees_data / "people.csv").read_bytes().splitlines(keepends=True)[: 1 + number]
    with (employees_data / "departments.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            hr.post_json("/api/v1/departments", {"code": row["dept_no"], "name": row["dept_name"]})
    before = rows(firm)
    made = hr.post(
        "/api/v1/employees/import?map=department%3Ddepartment.code",
        b"".join(people),
        content_type="text/csv",
    )
    after = rows(firm)
    assert len(after["employee"]) == len(before["employee"]) + number
    undone = undo(hr, made.headers["X-Request-Id"])
    assert undone.json["changes"] == number
    assert rows(firm) == before
    again = undo(hr, undone.json["request_id"], headers={"Prefer": "return=minimal"}, status=204)
    assert rows(firm) == after
    shell.run("undo", again.headers["X-Request-Id"])
    assert rows(firm) == before


def test_the_command_undoes_a_request(firm: Company, hr: TestApp, shell: Shell) -> None:
    before = rows(firm)
    made = hire(hr, 902).headers["X-Request-Id"]
    after = rows(firm)
    tried = shell.run("undo", made, "--dry-run").stdout
    assert tried.endswith("Would bring back 5 records. Nothing was written: this was a dry run.\n")
    assert rows(firm) == after
    said = shell.run("undo", made).stdout
    assert "update  employees/1\n" in said
    assert "Brought back 5 records. To undo that: colonnade undo " in said
    assert rows(firm) == before
    shell.run("undo", said.split()[-1])
    assert rows(firm) == after
    told = shell.json("undo", said.split()[-1], exit_code=1)
    assert (told["status"], told["type"]) == (409, "urn:colonnade:problem:undone-already")
    assert "by operator" in told["detail"]
    shell.run("undo", made)
    assert rows(firm) == before


def test_the_command_writes_json_and_acts_as_a_user(firm: Company, hr: TestApp, shell: Shell) -> None:
    made = hr.post_json("/api/v1/departments", {"code": "c1", "name": "A"})
    request_id = made.headers["X-Request-Id"]
    key = str(made.json["id"])
    assert shell.json("undo", request_id, "--as", "auditor", exit_code=1)["status"] == 403
    assert shell.json("undo", "nothing", exit_code=1)["status"] == 404
    records = [{"verb": "delete", "resource": "departments", "key": key}]
    tried = shell.json("undo", request_id, "--as", "hr", "--dry-run")
    assert (tried["undone"], tried["changes"], tried["records"], tried["dry_run"]) == (request_id, 1, records, True)
    done = shell.json("undo", request_id, "--as", "hr")
    assert done == {"request_id": done["request_id"], "undone": request_id, "changes": 1, "records": records}
    (row,) = hr.get(f"/api/v1/changes?request_id={done['request_id']}").json["data"]
    assert (row["actor"], row["channel"], row["verb"], row["key"]) == ("hr", "cli", "delete", key)


def test_both_roads_are_registered(firm: Company) -> None:
    assert {"undo", "rest undo"} <= {road.name for road in roads_of(firm.app.registry) if road.kind == "write"}


def test_the_service_is_in_the_document(firm: Company) -> None:
    document = firm.client(None).get("/api/v1/openapi.json", expect_errors=True)
    if document.status_int == 404:
        document = firm.client(None).get("/openapi.json")
    operation = document.json["paths"]["/api/v1/requests/{request_id}/undo"]["post"]
    assert operation["operationId"] == "undo"


@pytest.mark.parametrize(
    "query, body, says",
    [
        ("?tx=rollback", "", "An undo takes no query"),
        ("?dry_run=true&dry_run=1", "{}", "An undo takes no query"),
        ("", '{"max_affected": 0}', "An undo takes no body"),
        ("", "[]", "An undo takes no body"),
        ("", '{"foo":', "JSON"),
    ],
)
def test_what_nobody_reads_is_refused_and_nothing_is_undone(
    firm: Company, hr: TestApp, query: str, body: str, says: str
) -> None:
    made = hr.post_json("/api/v1/departments", {"code": "UNR", "name": "Unread"}, status=201)
    request_id, url = made.headers["X-Request-Id"], made.headers["Location"].removeprefix("http://localhost")
    address = f"/api/v1/requests/{request_id}/undo{query}"
    refused = hr.post(address, params=body, content_type="application/json", status=400)
    assert says in refused.json["detail"]
    hr.get(url, status=200)
    undo(hr, request_id, params="{}", content_type="application/json", status=200)
    hr.get(url, status=404)
