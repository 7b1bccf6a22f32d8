"""The command: it finds verbs, says what is wrong in words and with an exit code, and never shows a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Shell, shell_in
from tests.core.stubs import Bench, bench_at

COLONNADE = Path(sys.executable).with_name("colonnade")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
def command(tmp_path: Path, url: str) -> Shell:
    return shell_in(tmp_path, url, "accounts")


@pytest.fixture
def bench(tmp_path: Path) -> object:
    with bench_at(tmp_path) as bench:
        yield bench


def in_a_shell(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COLONNADE_")}
    return subprocess.run(
        [COLONNADE, *arguments],
        cwd=folder,
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_lists_the_verbs_of_the_plug_ins_that_the_ini_file_names(tmp_path: Path, url: str) -> None:
    text = shell_in(tmp_path, url, "accounts").run("--help").stdout
    for verb in ("migrate", "plugins", "settings", "why", "user", "token"):
        assert f"\n  {verb} " in text
    assert "\n  demo " not in text

    assert "\n  demo " in shell_in(tmp_path, url, "accounts", "people").run("--help").stdout


def test_the_command_does_without_the_toolbar_that_a_server_has(tmp_path: Path, url: str) -> None:
    toolbar = "pyramid_debugtoolbar.toolbar_tween_factory"
    shell_in(tmp_path, url, "accounts", more="pyramid.includes = colonnade.core.toolbar")
    code = "from colonnade.cli.loading import application_of, compose; from pyramid.interfaces import ITweens;"
    code += f"print([{toolbar!r} in dict(made.getUtility(ITweens).implicit())"
    code += " for made in (compose('test.ini'), application_of('test.ini').registry)])"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "[False, True]\n"


def test_help_comes_even_if_the_ini_file_is_wrong_and_says_why_verbs_are_missing(tmp_path: Path, url: str) -> None:
    text = shell_in(tmp_path, url, "acounts").run("--help").stdout

    assert "\n  migrate " in text
    assert "\n  user " not in text
    assert "did you mean accounts?" in text


def test_the_ini_file_may_stand_after_help(command: Shell, tmp_path: Path) -> None:
    result = in_a_shell("--help", "-c", str(command.ini), folder=tmp_path)

    assert "\n  token " in result.stdout


def test_the_ini_file_is_that_of_the_option_then_of_the_environment_then_of_development(
    command: Shell, tmp_path: Path, url: str
) -> None:
    in_a_shell("-c", "test.ini", "migrate", folder=tmp_path)
    listing = ("user", "list", "--json")
    assert in_a_shell("-c", "test.ini", *listing, folder=tmp_path, COLONNADE_INI="none.ini").stdout == "[]\n"
    assert in_a_shell(*listing, folder=tmp_path, COLONNADE_INI="test.ini").stdout == "[]\n"
    missing = in_a_shell(*listing, folder=tmp_path)
    assert missing.returncode == 3
    (error,) = json.loads(missing.stdout)["errors"]
    assert error["where"] == "development.ini"
    assert "no such file" in error["detail"]
    command.ini.rename(tmp_path / "development.ini")
    assert in_a_shell(*listing, folder=tmp_path).stdout == "[]\n"


def test_a_section_of_another_name_is_named_after_the_file(tmp_path: Path, url: str) -> None:
    shell = shell_in(tmp_path, url)
    text = shell.ini.read_text()
    shell.ini.write_text(text + text.replace("[app:main]", "[app:second]").replace("plugins =", "plugins = accounts"))

    assert "accounts.last_used_every" not in shell.run("settings").stdout
    assert "accounts.last_used_every" in Shell(Path(f"{shell.ini}#second")).run("settings").stdout
    wrong = Shell(Path(f"{shell.ini}#third")).run("settings", exit_code=3)
    assert "third" in wrong.stderr


def test_an_unknown_verb_is_a_mistake_in_usage_that_names_the_nearest(command: Shell) -> None:
    result = command.run("usr", "list", exit_code=2)

    assert "there is no verb usr; did you mean user?" in result.stderr


def test_an_unknown_verb_on_a_wrong_ini_file_tells_what_is_wrong_with_the_file(tmp_path: Path, url: str) -> None:
    result = shell_in(tmp_path, url, "acounts").run("user", "list", exit_code=3)

    assert "did you mean accounts?" in result.stderr


def test_everything_that_is_wrong_with_the_configuration_is_told_at_once(tmp_path: Path, url: str) -> None:
    shell = shell_in(tmp_path, url, "accounts", more="accounts.last_used_evry = 1\ncolonnade.secrt = x")

    result = shell.run("settings", exit_code=3)
    assert "2 mistakes" in result.stderr
    assert "did you mean accounts.last_used_every?" in result.stderr
    assert "test.ini:" in result.stderr
    problem = shell.json("settings", exit_code=3)
    assert problem["type"] == "urn:colonnade:problem:configuration"
    assert len(problem["errors"]) == 2
    assert all("test.ini:" in each["where"] for each in problem["errors"])


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "[app:main]\nuse = egg:nothing-of-that-name\n",
        "[app:main\n",
        "[app:main]\nuse = egg:colonnade\nx = %(y)s\n",
        "[server:main]\nuse = egg:waitress\n",
        "\xff\xfe",
    ],
)
def test_a_file_that_is_no_ini_file_of_an_application_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.ini"
    path.write_text(text, encoding="latin-1")

    assert "wrong.ini" in Shell(path).run("settings", exit_code=3).stderr


def test_logging_that_cannot_be_set_up_is_a_configuration_error(tmp_path: Path, url: str) -> None:
    shell = shell_in(tmp_path, url, more="\n[loggers]\nkeys = root\n")

    assert "logging" in shell.run("settings", exit_code=3).stderr


def test_a_refusal_is_told_in_words_or_as_a_problem(command: Shell) -> None:
    command.run("migrate")
    command.run("user", "add", "ann")

    refused = command.run("user", "add", "ann", exit_code=1)
    assert refused.stderr == "There is a user ann already.\n"
    assert refused.stdout == ""
    problem = command.json("user", "add", "ann", exit_code=1)
    assert (problem["status"], problem["type"]) == (409, "urn:colonnade:problem:already-taken")


def test_a_database_that_is_not_migrated_or_not_there_has_an_exit_code_of_its_own(
    command: Shell, tmp_path: Path
) -> None:
    command.run("plugins")  # which needs no database
    (tmp_path / "test.db").touch()
    assert "colonnade migrate" in command.run("user", "list", exit_code=4).stderr

    nowhere = shell_in(tmp_path, f"sqlite:///{tmp_path}/no/such/folder/test.db", "accounts")
    assert nowhere.run("user", "list", exit_code=4).stderr
    assert nowhere.json("user", "list", exit_code=4)["status"] == 503


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_server_without_that_database_has_it_too(tmp_path: Path, fresh_database_url: str) -> None:
    shell = shell_in(tmp_path, fresh_database_url + "_not", "accounts")

    assert "does not exist" in shell.run("user", "list", exit_code=4).stderr


def test_verbs_of_a_stranger_run_with_the_application_and_a_transaction(bench: Bench, url: str, tmp_path: Path) -> None:
    bench.plugin(
        "stranger",
        """
        import click
        from colonnade.core.console import acting_option, pass_invocation, json_option, write_json
        from colonnade.plugins.accounts import create_user

        def includeme(config):
            config.add_plugin("stranger", requires=["accounts"])
            config.add_command("greet", ":greet")
            config.add_command("fail", ":fail")
            config.add_command("who", ":who")
            config.add_command("stop", ":stop")

        @click.command()
        @pass_invocation
        def greet(invocation):
            "Add somebody."
            with invocation.session() as session:
                create_user(session, "greeted")

        @click.command()
        @pass_invocation
        def fail(invocation):
            "Add somebody, and fail."
            with invocation.session() as session:
                create_user(session, "failed")
                raise ZeroDivisionError("a mistake in the verb")

        @click.command()
        def stop():
            "Be interrupted."
            raise KeyboardInterrupt

        @click.command()
        @acting_option
        @json_option
        @pass_invocation
        def who(invocation, as_json):
            "Say who acts."
            write_json([invocation.identity.name, invocation.identity.operator, sorted(invocation.identity.principals)])
        """,
    )
    shell = shell_in(tmp_path, url, "accounts", "stranger")
    shell.run("migrate")
    assert "Add somebody." in shell.run("--help").stdout

    shell.run("greet")
    with pytest.raises(AssertionError) as caught:
        shell.run("fail")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)  # a programmer needs its traceback
    assert [each["name"] for each in shell.json("user", "list")] == ["greeted"]

    assert shell.json("who")[:2] == ["operator", True]
    shell.run("user", "role", "add", "greeted", "staff")
    name, operator, principals = shell.json("who", "--as", "greeted")
    assert (name, operator) == ("greeted", False)
    assert "role:staff" in principals
    assert "did you mean greeted?" in shell.run("who", "--as", "greted", exit_code=1).stderr
    shell.run("user", "deactivate", "greeted")
    assert "not active" in shell.run("who", "--as", "greeted", exit_code=1).stderr
    assert shell.run("stop", exit_code=130).stderr == "Interrupted.\n"
    assert "No such option '--as'" in shell.run("user", "list", "--as", "greeted", exit_code=2).stderr


def test_a_verb_that_is_not_where_its_plug_in_says_is_told_of_with_its_place(
    bench: Bench, url: str, tmp_path: Path
) -> None:
    bench.plugin(
        "lost",
        """
        def includeme(config):
            config.add_plugin("lost")
            config.add_command("gone", "lost.nowhere:gone")
            config.add_command("wrong", "lost:includeme")
        """,
    )
    shell = shell_in(tmp_path, url, "lost")

    assert "lost.nowhere" in shell.run("gone", exit_code=3).stderr
    assert "click.Command" in shell.run("wrong", exit_code=3).stderr
    assert "lost.nowhere" in shell.run("--help").stdout
    shell.run("settings")


def test_a_plug_in_does_not_take_a_verb_of_ours(bench: Bench, url: str, tmp_path: Path) -> None:
    bench.plugin(
        "thief",
        """
        import click

        def includeme(config):
            config.add_plugin("thief")
            config.add_command("migrate", "thief:migrate")

        @click.command()
        def migrate():
            raise AssertionError
        """,
    )
    shell = shell_in(tmp_path, url, "thief")

    shell.run("migrate")
    assert "thief.py:5" in shell.run("nonsense", exit_code=3).stderr


def test_nothing_but_what_was_asked_for_is_written_to_a_pipe(command: Shell, tmp_path: Path) -> None:
    in_a_shell("-c", "test.ini", "migrate", folder=tmp_path)

    result = in_a_shell("-c", "test.ini", "plugins", folder=tmp_path)
    assert result.stderr == ""  # no warning of what is imported
    assert "\x1b" not in result.stdout
    assert in_a_shell("--version", folder=tmp_path).stdout.startswith("colonnade, version ")


def test_looking_for_help_imports_neither_pyramid_nor_sqlalchemy() -> None:
    program = "import sys, colonnade.cli; print({'pyramid', 'sqlalchemy', 'pydantic', 'rich'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "set()\n"


def test_without_users_nobody_acts_as_one(bench: Bench, url: str, tmp_path: Path) -> None:
    bench.plugin(
        "alone",
        """
        import click
        from colonnade.core.console import acting_option, pass_invocation

        def includeme(config):
            config.add_plugin("alone")
            config.add_command("who", ":who")

        @click.command()
        @acting_option
        @pass_invocation
        def who(invocation):
            click.echo(invocation.identity.name)
        """,
    )
    shell = shell_in(tmp_path, url, "alone")

    assert shell.run("who").stdout == "operator\n"
    assert "accounts, is not on" in shell.run("who", "--as", "ann", exit_code=1).stderr


def test_a_migration_that_cannot_be_is_told_in_words(bench: Bench, url: str, tmp_path: Path) -> None:
    bench.plugin("broken/__init__", "def includeme(config):\n    config.add_plugin('broken')\n")
    for name, revision in (("one", "0001"), ("two", "0002")):
        text = f"revision = '{revision}'\ndown_revision = None\ndef upgrade():\n    pass\n"
        bench.plugin(f"broken/migrations/{revision}_{name}", text)
    shell = shell_in(tmp_path, url, "broken")

    assert "form no line" in shell.run("migrate", exit_code=1).stderr
    assert "form no line" in shell.json("migrate", exit_code=1)["detail"]
