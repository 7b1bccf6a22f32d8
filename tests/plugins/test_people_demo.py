"""The demo company: the same each time, and never in the way of anybody's own data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from colonnade.core.database import database_of
from colonnade.plugins.accounts import create_user
from colonnade.plugins.people import Department
from colonnade.plugins.people.demo.company import people
from colonnade.plugins.people.models import STILL
from tests.cli.running import Shell, shell_in
from tests.core.stubs import start

PLUGINS = ("accounts", "rest", "people")


def shell(folder: Path, url: str, **options: Any) -> Shell:
    return shell_in(folder, url, *PLUGINS, more="accounts.last_used_every = 0", **options)


def client_on(url: str) -> TestApp:
    return TestApp(start(colonnade__plugins=PLUGINS, sqlalchemy__url=url, accounts__last_used_every="0"))


def test_the_company_is_the_same_each_time_and_on_every_machine() -> None:
    text = repr(list(people(500)))

    assert (
        hashlib.sha256(text.encode()).hexdigest() == "42676725ce1f546d239cc217257da0d8d2514e757d257e8f74e8ccf3ce4905fc"
    )


def test_its_people_are_of_the_shape_of_real_ones() -> None:
    everybody = list(people(2_000))

    assert len({each.number for each in everybody}) == len({each.email for each in everybody}) == 2_000
    assert any(each.last_name == "Null" for each in everybody)
    assert any(not each.last_name.isascii() for each in everybody)
    assert len({(each.first_name, each.last_name) for each in everybody}) < 2_000
    known = set()
    for each in everybody:
        assert each.manager is None or each.manager in known
        assert (each.manager is None) == (each.rank == 0)
        assert each.birth_date < each.hired_on == each.pay[0].from_date
        assert all(one.to_date == next_.from_date for one, next_ in zip(each.pay, each.pay[1:], strict=False))
        assert all(one.from_date < one.to_date for one in each.pay)
        assert each.pay[-1].to_date == STILL
        known.add(each.number)


def test_one_command_makes_people_to_read_and_users_to_read_them_as(tmp_path: Path, fresh_database_url: str) -> None:
    done = shell(tmp_path, fresh_database_url).json("demo", "--people", "400")

    assert done["loaded"]["employees"] == 400
    client = client_on(fresh_database_url)
    listed = {
        name: client.get(
            "/api/v1/employees?expand=department&limit=1000&count=exact", headers={"Authorization": f"Bearer {token}"}
        ).json
        for name, token in done["tokens"].items()
    }
    assert {name: answer["total"] for name, answer in listed.items()} == dict.fromkeys(
        ("admin", "hr", "auditor", "staff", "manager"), 400
    )
    paid = {name: [each for each in answer["data"] if "salary" in each] for name, answer in listed.items()}
    assert len(paid["admin"]) == len(paid["hr"]) == 400
    assert len(paid["auditor"]) == 0
    assert len(paid["staff"]) == 1
    assert {each["department"]["name"] for each in paid["manager"]} == {"Sales"}
    assert len(paid["manager"]) == sum(each["department"]["name"] == "Sales" for each in listed["admin"]["data"])

    admin = {"Authorization": f"Bearer {done['tokens']['admin']}"}
    assert client.get("/api/v1/salaries?limit=1&count=exact", headers=admin).json["total"] == done["loaded"]["salaries"]
    # The database goes on counting where the demo stopped.
    client.post_json("/api/v1/departments", {"code": "NEW", "name": "New"}, headers=admin, status=201)
    database_of(client.app.registry).dispose()


def test_a_second_run_changes_nothing_and_says_how_to_get_a_token(tmp_path: Path, fresh_database_url: str) -> None:
    command = shell(tmp_path, fresh_database_url)
    first = command.run("demo", "--people", "300")
    assert first.stdout.count("clnd_") == 5

    second = command.run("demo")
    assert "clnd_" not in second.output
    assert "colonnade token add admin" in second.output
    assert len(command.json("token", "list", "admin")) == 1


def test_people_that_are_there_are_left_alone(tmp_path: Path, fresh_database_url: str) -> None:
    command = shell(tmp_path, fresh_database_url)
    command.run("migrate")
    app = start(colonnade__plugins=PLUGINS, sqlalchemy__url=fresh_database_url)
    with database_of(app.registry).sessions.begin() as session:
        session.add(Department(code="OWN", name="Our own"))
        create_user(session, "hr", ["staff"])
    database_of(app.registry).dispose()

    done = command.json("demo")

    assert done["loaded"] is None
    assert list(done["tokens"]) == ["admin"]
    assert [(each["name"], each["roles"]) for each in command.json("user", "list")] == [
        ("admin", ["admin"]),
        ("hr", ["staff"]),
    ]


def test_a_user_whose_name_is_taken_stays_as_they_are(tmp_path: Path, fresh_database_url: str) -> None:
    command = shell(tmp_path, fresh_database_url)
    command.run("migrate")
    command.run("user", "add", "manager", "--role", "staff")

    done = command.json("demo", "--people", "300")

    assert done["loaded"]["employees"] == 300
    assert "manager" not in done["tokens"]
    assert command.json("token", "list", "manager") == []


def test_production_has_no_demo(tmp_path: Path, fresh_database_url: str) -> None:
    url = fresh_database_url.replace("postgres@", "postgres:Xq7-safe@")
    refused = shell(tmp_path, url, environment="production").run("demo", exit_code=1)

    assert "production" in refused.stderr


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_half_a_demo_is_none(tmp_path: Path, fresh_database_url: str) -> None:
    command = shell(tmp_path, fresh_database_url)
    command.run("migrate")
    app = start(colonnade__plugins=PLUGINS, sqlalchemy__url=fresh_database_url)
    with database_of(app.registry).engine.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER no BEFORE INSERT ON salary BEGIN SELECT RAISE(FAIL, 'no'); END")
    command.run("demo", "--people", "300", exit_code=1)
    with database_of(app.registry).engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER no")
    database_of(app.registry).dispose()

    assert command.json("user", "list") == []
    assert command.json("demo", "--people", "300")["loaded"]["employees"] == 300
