"""``colonnade user`` and ``colonnade token``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pyramid.router import Router
from webtest import TestApp

from colonnade.core.database import database_of
from tests.cli.running import Shell, shell_in
from tests.core.stubs import start

NUMBERS = itertools.count()
PLUGINS = ("accounts", "rest", "people")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Shell:
    folder = tmp_path_factory.mktemp("accounts")
    shell = shell_in(folder, module_database_url, *PLUGINS, more="accounts.last_used_every = 0")
    shell.run("migrate")
    return shell


@pytest.fixture(scope="module")
def app(command: Shell, module_database_url: str) -> Iterator[Router]:
    app = start(colonnade__plugins=PLUGINS, sqlalchemy__url=module_database_url, accounts__last_used_every="0")
    yield app
    database_of(app.registry).dispose()


@pytest.fixture
def ann() -> str:
    """A name that no other test uses."""
    return f"ann{next(NUMBERS)}"


@pytest.fixture(scope="module")
def bob(command: Shell) -> str:
    """A user who never gets a token."""
    command.run("user", "add", "bob")
    return "bob"


def get(app: Router, path: str, token: str, status: int) -> None:
    TestApp(app).get(path, headers={"Authorization": f"Bearer {token}"}, status=status)


def test_a_user_is_added_with_roles_and_signs_in_by_a_token(command: Shell, app: Router, ann: str) -> None:
    command.run("user", "add", ann, "--role", "staff", "--role", "hr")
    token = command.run("token", "add", ann).stdout.strip()

    (added,) = (each for each in command.json("user", "list") if each["name"] == ann)
    assert (added["roles"], added["active"]) == (["hr", "staff"], True)
    get(app, "/api/v1/salaries", token, 200)


def test_a_deactivated_user_is_let_in_no_more_until_activated(command: Shell, app: Router, ann: str) -> None:
    command.run("user", "add", ann, "--role", "hr")
    token = command.run("token", "add", ann).stdout.strip()

    command.run("user", "deactivate", ann)
    get(app, "/api/v1/salaries", token, 401)
    assert "not active" in command.run("token", "add", ann).stderr
    command.run("user", "activate", ann)
    get(app, "/api/v1/salaries", token, 200)


def test_roles_are_given_and_taken(command: Shell, app: Router, ann: str) -> None:
    command.run("user", "add", ann)
    token = command.run("token", "add", ann).stdout.strip()
    get(app, "/api/v1/salaries", token, 403)

    command.run("user", "role", "add", ann, "hr")
    get(app, "/api/v1/salaries", token, 200)
    assert command.json("user", "role", "add", ann, "hr")["roles"] == ["hr"]
    command.run("user", "role", "remove", ann, "hr")
    get(app, "/api/v1/salaries", token, 403)
    assert "does not have the role hr" in command.run("user", "role", "remove", ann, "hr", exit_code=1).stderr


def test_a_role_that_no_list_names_is_remarked_upon(command: Shell, ann: str) -> None:
    assert "did you mean staff?" in command.run("user", "add", ann, "--role", "staf").stderr
    assert command.run("user", "add", f"{ann}.b", "--role", "staff").stderr == ""


def test_somebody_who_is_not_there_is_told_with_the_nearest(command: Shell) -> None:
    command.run("user", "add", "hannelore")
    for verb in ("activate", "deactivate"):
        said = command.run("user", verb, "hanelore", exit_code=1).stderr
        assert "There is no user hanelore; did you mean hannelore?" in said


def test_a_token_is_shown_once_and_recognised_by_its_prefix_ever_after(command: Shell, ann: str) -> None:
    command.run("user", "add", ann)
    made = command.json("token", "add", ann, "--label", "the report on Mondays")

    listed = command.run("token", "list", ann).output
    (shown,) = command.json("token", "list", ann)
    assert made["token"].startswith(made["prefix"] + "_")
    assert made["token"] not in listed
    assert made["token"].split("_")[2] not in listed
    assert shown == {name: value for name, value in made.items() if name != "token"}
    assert shown["label"] == "the report on Mondays"


def test_the_token_alone_stands_on_standard_output(command: Shell, ann: str) -> None:
    command.run("user", "add", ann)

    assert command.run("token", "add", ann).stdout.startswith("clnd_")
    assert len(command.run("token", "add", ann).stdout.splitlines()) == 1


def test_a_revoked_token_is_refused(command: Shell, app: Router, ann: str) -> None:
    command.run("user", "add", ann, "--role", "hr")
    made = command.json("token", "add", ann)
    get(app, "/api/v1/salaries", made["token"], 200)

    command.run("token", "revoke", made["prefix"])
    get(app, "/api/v1/salaries", made["token"], 401)
    assert command.json("token", "list", ann)[0]["revoked"] is not None
    assert "no such token" in command.run("token", "revoke", "clnd_nothing1", exit_code=1).stderr


@pytest.mark.parametrize(
    "text, ahead",
    [("30d", timedelta(days=30)), ("12h", timedelta(hours=12)), ("4w", timedelta(weeks=4))],
)
def test_a_token_expires_after_so_long(command: Shell, ann: str, text: str, ahead: timedelta) -> None:
    command.run("user", "add", ann)
    made = command.json("token", "add", ann, "--expires", text)

    assert moment(made["expires"]) - moment(made["created"]) - ahead < timedelta(minutes=1)
    assert moment(made["expires"]) > datetime.now(UTC) + ahead - timedelta(minutes=5)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_token_that_expires_on_a_day_is_good_all_of_it(command: Shell, ann: str) -> None:
    command.run("user", "add", ann)

    assert command.json("token", "add", ann, "--expires", "2222-12-31")["expires"] == "2223-01-01T00:00:00.000000Z"


NEVER = ["", "soon", "30", "-1d", "0d", "2026-02-30", "1999-12-31", "999999w", "9999-12-31", "1d\n"]


@pytest.mark.parametrize("text", NEVER)
def test_a_token_that_would_expire_at_no_time_to_come_is_not_made(command: Shell, bob: str, text: str) -> None:
    with pytest.raises(AssertionError, match=r"exit code [12]:"):
        command.run("token", "add", bob, "--expires", text)
    assert command.json("token", "list", bob) == []


def test_a_narrowed_token_leaves_what_it_lists(command: Shell, app: Router, ann: str) -> None:
    command.run("user", "add", ann, "--role", "hr")
    made = command.json("token", "add", ann, "--allow", "employees:view", "--allow", "departments:view")

    assert made["allowed"] == ["departments:view", "employees:view"]
    get(app, "/api/v1/employees", made["token"], 200)
    get(app, "/api/v1/salaries", made["token"], 403)


@pytest.mark.parametrize(
    "pair, said",
    [
        ("employee:view", "did you mean employees?"),
        ("employees:veiw", "did you mean view?"),
        ("employees", "write resource:permission"),
        (":view-", "did you mean view?"),
    ],
)
def test_a_token_is_not_narrowed_to_what_there_is_not(command: Shell, bob: str, pair: str, said: str) -> None:
    assert said in command.run("token", "add", bob, "--allow", "employees:view", "--allow", pair, exit_code=1).stderr
    assert command.json("token", "list", bob) == []


def test_lists_are_columns_that_stand_one_below_the_other_whatever_the_script(command: Shell, ann: str) -> None:
    command.run("user", "add", f"{ann}.李伟", "--role", "staff")
    command.run("user", "add", f"{ann}.b", "--role", "staff")

    lines = [line for line in command.run("user", "list").stdout.splitlines() if line.startswith(ann)]
    assert [line.split()[:3] for line in lines] == [[f"{ann}.b", "staff", "yes"], [f"{ann}.李伟", "staff", "yes"]]
    one, other = (line.index("staff") for line in lines)
    assert one == other + 2  # two signs of double width

    command.run("token", "add", ann, exit_code=1)
    command.run("token", "add", f"{ann}.b", "--label", "two\nlines", "--allow", "employees:view")
    _, row = command.run("token", "list", f"{ann}.b").stdout.splitlines()
    assert "two lines" in row
    assert row.endswith("employees:view")
