"""``colonnade export``: what it writes and where, and that an import of it changes nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.plugins.people.models import Department, Employee, Salary
from tests.cli.running import Shell, shell_in
from tests.functional.company import PLUGINS, Company, company
from tests.harness.databases import Databases

TEXTS = ["=1+1", "'=1+1", "-1", "'", "a,b", 'a"b', "a\r\nb\rc\nd", "\t", "Ødegård 李 😀", "null", " "]


@dataclass(frozen=True)
class Office:
    """The company, and a shell on it."""

    firm: Company
    shell: Shell
    folder: Path

    def rows(self, *arguments: str) -> list[dict[str, str]]:
        """What is written to standard output, a CSV file."""
        written = self.shell.run("export", *arguments).stdout_bytes.decode()
        return list(csv.DictReader(io.StringIO(written, newline=""), strict=True))

    def stored(self) -> list[Any]:
        """All that is in the three tables, versions of rows included where the database tells them."""
        with self.firm.database.engine.connect() as connection:
            tables: list[Any] = [model.__table__ for model in (Department, Employee, Salary)]
            return [connection.execute(sa.select(each).order_by(each.c.id)).all() for each in tables]


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company with departments of odd names."""
    with company(module_database_url) as made:
        with made.database.sessions.begin() as session:
            session.add_all([Department(code=f"t{index:02}", name=text) for index, text in enumerate(TEXTS)])
        yield made


@pytest.fixture
def office(firm: Company, tmp_path: Path) -> Office:
    """Its office."""
    return Office(firm, shell_in(tmp_path, url_of(firm), *PLUGINS), tmp_path)


def url_of(firm: Company) -> str:
    """Where its data are."""
    return firm.database.url.render_as_string(hide_password=False)


def test_standard_output_gets_a_table_of_all_records(office: Office) -> None:
    rows = office.rows("employees")
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 31)]
    assert office.rows("employees", "-") == rows


def test_the_ending_of_a_file_says_what_it_is(office: Office) -> None:
    for name, form in {"a.csv": "csv", "a.jsonl": "jsonl", "a.NDJSON": "jsonl", "a.txt": "csv"}.items():
        file = office.folder / name
        result = office.shell.run("export", "departments", str(file))
        assert result.stdout == ""
        assert result.stderr == f"Wrote departments to {file}.\n"
        assert file.read_text().startswith("id,code" if form == "csv" else '{"id":')
    office.shell.run("export", "departments", str(office.folder / "a.txt"), "--format", "jsonl")
    assert json.loads((office.folder / "a.txt").read_text().splitlines()[0])["code"] == "d1"
    assert not list(office.folder.glob("*.part"))


def test_filters_orders_and_fields_are_those_of_the_api(office: Office) -> None:
    condition = '{"or": [{"number": 6}, {"first_name": "First7"}]}'
    arguments = ["--query", "department.name__in=Sales,Finance", "--query", "number__gte=5", "--where", condition]
    rows = office.rows("employees", *arguments, "--sort", "-number", "--fields", "number,department.code")
    assert rows == [{"number": "7", "department.code": "d2"}, {"number": "6", "department.code": "d1"}]
    assert len(office.rows("employees", "--limit", "3")) == 3
    lines = office.shell.run("export", "departments", "--format", "jsonl", "--expand", "manager", "--limit", "1").stdout
    assert json.loads(lines)["manager"]["number"] == 6


def test_a_user_gets_what_that_user_may_see(office: Office) -> None:
    assert "salary" in office.rows("employees")[0]
    assert "salary" not in office.rows("employees", "--as", "auditor")[0]
    assert [row["employee_id"] for row in office.rows("salaries", "--as", "ann")] == ["3", "3"]
    refused = office.shell.run("export", "salaries", "--as", "auditor", exit_code=1)
    assert "You may not view records of salaries." in refused.stderr


def test_what_cannot_be_meant_is_said_and_leaves_no_file(office: Office) -> None:
    file = office.folder / "people.csv"
    for arguments, code, words in [
        (["employes"], 2, "there is no resource employes; did you mean employees?"),
        (["employees", "--fields", "salry"], 1, "has no field or relation 'salry'"),
        (["employees", "--query", "salary"], 2, "'salary' is not NAME=VALUE"),
        (["employees", "--query", "page=2"], 1, "has no meaning for a whole list"),
        (["employees", "--expand", "reports"], 1, "a table has no place"),
        (["employees", "--format", "jsonl", "--raw"], 2, "--raw is for CSV"),
    ]:
        result = office.shell.run("export", *arguments[:1], str(file), *arguments[1:], exit_code=code)
        assert words in result.stderr, result.stderr
        assert not list(office.folder.glob("people*"))
    nowhere = office.shell.run("export", "employees", str(office.folder / "no" / "where.csv"), exit_code=1)
    assert "No such file or directory" in nowhere.stderr


def test_a_file_that_was_there_is_replaced_by_a_whole_one_or_kept(office: Office) -> None:
    file = office.folder / "people.csv"
    file.write_text("old")
    office.shell.run("export", "employees", str(file), "--fields", "salry", exit_code=1)
    assert file.read_text() == "old"
    office.shell.run("export", "employees", str(file))
    assert file.read_text().count("\n") == 31


def test_a_pipe_is_written_into(office: Office) -> None:
    pipe = office.folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reading:
        office.shell.run("export", "departments", str(pipe))
        written, _ = reading.communicate()
    assert written.startswith(b"id,code,name")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_who_goes_away_hears_of_no_mistake(office: Office) -> None:
    """As `head` does, in `colonnade export salaries | head -1`."""
    command = [str(Path(sys.executable).with_name("colonnade")), "-c", str(office.shell.ini), "export", "salaries"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        _, said = running.communicate()
    assert said == b""


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_importing_what_was_exported_changes_nothing(office: Office, ending: str) -> None:
    before = office.stored()
    for name, keys in {"departments": ("id", "code"), "employees": ("id", "number"), "salaries": ("id",)}.items():
        file = str(office.folder / f"{name}.{ending}")
        office.shell.run("export", name, file)
        for key in keys:
            said = office.shell.run("import", name, file, "--key", key).stdout
            assert said.startswith(f"Created 0, changed 0 {name}; "), said
    assert office.stored() == before


def test_raw_texts_come_back_by_a_raw_import(office: Office) -> None:
    before = office.stored()
    file = str(office.folder / "departments.csv")
    office.shell.run("export", "departments", file, "--raw")
    said = office.shell.run("import", "departments", file, "--raw", "--key", "id").stdout
    assert said.startswith("Created 0, changed 0 "), said
    assert office.stored() == before


def test_another_database_gets_the_same_records(office: Office, databases: Databases, dialect_name: str) -> None:
    """By the fields that name a record everywhere, where keys are drawn anew."""
    asked = {
        "departments": "code,name",
        "employees": "number,first_name,last_name,email,birth_date,gender,hired_on,title,salary,department.code",
        "salaries": "employee.number,amount,from_date,to_date",
    }
    with databases.empty(dialect_name) as url:
        other = shell_in(office.folder, url, *PLUGINS, name="other.ini")
        other.run("migrate")
        for name, fields in asked.items():
            file = str(office.folder / f"{name}.csv")
            office.shell.run("export", name, file, "--fields", fields)
            other.run("import", name, file)
            written = other.run("export", name, "--fields", fields).stdout_bytes
            assert written == (office.folder / f"{name}.csv").read_bytes()
