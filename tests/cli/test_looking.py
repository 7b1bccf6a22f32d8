"""``colonnade settings`` and ``colonnade plugins``: what is in force, and what each plug-in adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Shell, shell_in
from tests.core.stubs import SECRET, Bench, bench_at


@pytest.fixture
def command(tmp_path: Path) -> Shell:
    return shell_in(tmp_path, f"sqlite:///{tmp_path}/x.db", "people", "rest", "accounts", more="rest.cors_max_age = 7")


def test_each_setting_is_shown_with_its_value_and_where_it_was_set(command: Shell) -> None:
    settings = {each["key"]: each for each in command.json("settings")}

    line = command.ini.read_text().splitlines().index("rest.cors_max_age = 7") + 1
    assert settings["rest.cors_max_age"]["value"] == "7"
    assert settings["rest.cors_max_age"]["origin"].endswith(f"test.ini:{line}")
    assert settings["rest.cors_origins"]["origin"] == "default"
    assert settings["sqlalchemy.pool_size"]["help"]
    text = command.run("settings").stdout
    assert any(row.startswith("rest.cors_max_age") and f"test.ini:{line}" in row for row in text.splitlines())


def test_the_environment_is_named_where_it_has_set_a_value(command: Shell) -> None:
    text = command.run("settings", "rest.", env={"COLONNADE_REST__CORS_MAX_AGE": "9"}).stdout

    assert "COLONNADE_REST__CORS_MAX_AGE" in text


def test_secrets_are_masked(tmp_path: Path) -> None:
    shell = shell_in(tmp_path, "postgresql://ann:hunter2hunter2@nowhere/db")
    for output in (shell.run("settings").output, shell.run("settings", "--json").output):
        assert SECRET not in output
        assert "hunter2" not in output


def test_one_may_ask_for_some_settings_only(command: Shell) -> None:
    assert {each["key"].partition(".")[0] for each in command.json("settings", "accounts")} == {"accounts"}
    assert "accounts" in command.run("settings", "acounts", exit_code=2).stderr


def test_plug_ins_are_shown_in_the_order_in_which_they_are_included_with_what_they_add(command: Shell) -> None:
    plugins = [each for each in command.json("plugins") if each["on"]]

    assert [each["name"] for each in plugins] == ["accounts", "people", "rest"]
    by_name = {each["name"]: each for each in plugins}
    assert by_name["people"]["requires"] == ["accounts"]
    assert by_name["people"]["origin"].endswith("test.ini:6")
    assert by_name["people"]["adds"]["resources"] == [
        "departments (Department)",
        "employees (Employee)",
        "salaries (Salary)",
    ]
    assert by_name["people"]["adds"]["verbs"] == ["demo"]
    assert by_name["accounts"]["adds"]["settings"] == ["accounts.last_used_every"]
    assert "/api/v1/employees" in by_name["rest"]["adds"]["routes"]
    assert any("rest list" in road for road in by_name["rest"]["adds"]["roads"])
    text = command.run("plugins").stdout
    assert text.index("accounts") < text.index("Departments, employees and their salaries") < text.index("rest ")


def test_plug_ins_that_are_off_say_what_they_would_be(command: Shell) -> None:
    off = {each["name"]: each for each in command.json("plugins") if not each["on"]}

    assert off["health"]["summary"]
    assert "people" not in off
    assert "health" in command.run("plugins").stdout
    assert "(off)" in command.run("plugins").stdout


def test_resources_that_are_kept_out_of_the_change_log_are_named(tmp_path: Path) -> None:
    plugins = ("accounts", "rest", "people", "history", "tests.core.changes.works")
    shell = shell_in(tmp_path, f"sqlite:///{tmp_path}/x.db", *plugins)

    added = {each["name"]: each["adds"] for each in shell.json("plugins")}

    assert added["works"]["not logged"] == ["scraps"]
    assert "scraps (Scrap)" in added["works"]["resources"]
    assert "not logged" not in added["people"]
    assert "  not logged   scraps\n" in shell.run("plugins").stdout


def test_what_a_directive_of_a_plug_in_registers_is_shown_with_who_called_it(tmp_path: Path) -> None:
    with bench_at(tmp_path) as bench:
        write_panels(bench)
        shell = shell_in(tmp_path, f"sqlite:///{tmp_path}/x.db", "panels", "charts")

        added = {each["name"]: each["adds"] for each in shell.json("plugins")}

    assert added["charts"]["panels"] == ["headcount"]
    assert "panels" not in added["panels"]


def write_panels(bench: Bench) -> None:
    """A plug-in with a directive of its own, and another that uses it."""
    bench.plugin(
        "panels",
        """
        def add_panel(config, name):
            introspectable = config.introspectable("panels", name, name, "panel")
            config.action(("panel", name), introspectables=(introspectable,))

        def includeme(config):
            config.add_plugin("panels")
            config.add_directive("add_panel", add_panel)
        """,
    )
    bench.plugin(
        "charts",
        """
        def includeme(config):
            config.add_plugin("charts", requires=["panels"])
            config.add_panel("headcount")
        """,
    )
