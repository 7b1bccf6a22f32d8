"""`colonnade migrate`, as it is typed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyramid.registry import Registry

from colonnade.cli.migrate import migrate
from colonnade.core.console import Invocation
from colonnade.core.database import keep_database
from colonnade.core.plugins import keep_plugins
from tests.core.database.conftest import MakeDatabase
from tests.core.database.migrations.conftest import Workshop, workshop

__all__ = ["workshop"]

PERSON = """
class Person(Model):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
"""


@pytest.fixture
def run(workshop: Workshop, fresh_database_url: str, make_database: MakeDatabase) -> Any:
    """Types `colonnade migrate …` where the plug-in people is on."""
    registry = Registry()
    keep_plugins(registry, [workshop.plugin("people", PERSON)])
    keep_database(registry, make_database(fresh_database_url))
    invocation = Invocation("no.ini", compose=lambda ini: registry, find_identity=lambda registry, name: None)  # type: ignore[arg-type, return-value]

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(migrate, list(arguments), obj=invocation)

    return run


def test_a_plug_ins_life(run: Any) -> None:
    assert run("--check").exit_code == 1
    written = run("--new", "people", "People, and nothing else")
    assert written.exit_code == 0
    assert "0001_people_and_nothing_else.py" in written.output
    assert (run("--check").exit_code, run("--check").output) == (0, "Model classes and migrations agree.\n")
    assert run().output == "people 0001  People, and nothing else.\n"
    assert (run().exit_code, run().output) == (0, "The database is up to date.\n")
    assert run("--pending").exit_code == 0
    assert "nothing to write" in run("--new", "people", "Again").output
    run("--new", "people", "By hand", "--empty")
    assert (run("--pending").exit_code, run("--pending").output) == (1, "people 0002  By hand.\n")
    assert run().output == "people 0002  By hand.\n"


def test_a_program_gets_json(run: Any) -> None:
    assert json.loads(run("--check", "--json").output)["differences"][0]["plugin"] == "people"
    assert json.loads(run("--new", "people", "First", "--json").output)["file"].endswith("0001_first.py")
    steps = [{"plugin": "people", "revision": "0001", "summary": "First."}]
    assert json.loads(run("--json").output) == steps
    assert json.loads(run("--json").output) == []
    assert json.loads(run("--pending", "--json").output) == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--new", "peple", "First"], "people"),
        (["--new", "people"], "2 arguments"),
        (["--new", "people", "First", "--check"], "say one of them"),
        (["--check", "--pending"], "say one of them"),
        (["--empty"], "--new"),
    ],
)
def test_what_cannot_be_meant_is_told(run: Any, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output
