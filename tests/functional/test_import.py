"""``colonnade import``: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from colonnade.cli import main
from colonnade.plugins.people.models import Department
from tests.cli.running import shell_in
from tests.functional.company import PLUGINS, Company, company, employee
from tests.functional.office import BY_CODE, Office, people
from tests.harness.counts import counts


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company of this module's own, for it grows."""
    with company(module_database_url) as made:
        yield made


def test_it_says_how_many_were_created(office: Office) -> None:
    before = office.count()
    result = office.shell.run("import", "employees", office.file(people(range(100, 103))), *BY_CODE)
    assert (result.stdout, result.stderr) == ("Created 3 employees.\n", "")
    assert office.count() == before + 3
    new = office.firm.client("hr").get("/api/v1/employees?number=102&expand=department").json["data"][0]
    assert (new["email"], new["salary"], new["department"]["code"]) == ("new102@example.com", "50000.50", "d1")


def test_it_reads_standard_input_and_other_delimiters(office: Office) -> None:
    before = office.count(Department)
    for sign, table in ((";", "code;name\ns1;One"), ("\\t", "code\tname\ns2\tTwo"), ("|", "code|name\ns3|Three")):
        arguments = ["-c", str(office.shell.ini), "import", "departments", "-", "--delimiter", sign]
        result = CliRunner().invoke(main, arguments, input=table.encode())
        assert result.stdout == "Created 1 departments.\n", result.output
    assert office.count(Department) == before + 3


def test_refused_rows_are_told_by_line_column_and_reason(office: Office) -> None:
    before = office.count()
    text = people(
        range(200, 206), salary={201: "much"}, dept={202: "d99"}, email={203: "person3@example.com", 204: "?"}
    )
    result = office.shell.run("import", "employees", office.file(text), *BY_CODE, exit_code=1)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "line 3: salary: 'much' is not a decimal; write it as \"12.50\"",
        "line 4: dept: 'd99' leads to no record of departments",
        "line 5: email: 'person3@example.com' is already taken, by a stored record",
        "line 6: email: '?' must match pattern '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'",
        "Nothing was created: 4 of 6 rows are not valid.",
    ]
    assert office.count() == before


def test_refused_rows_are_told_to_programs_as_json(office: Office) -> None:
    table = office.file(people(range(210, 213), hired_on={211: "1989-12-31"}))
    result = office.shell.json("import", "employees", table, *BY_CODE, exit_code=1)
    assert result == {
        "resource": "employees",
        "rows": 3,
        "created": 0,
        "refused": [
            {"line": 3, "column": "birth_date, hired_on", "reason": "The rule hired_after_birth does not hold."}
        ],
        "complete": True,
    }
    table = office.file(people(range(210, 212)))
    result = office.shell.json("import", "employees", table, *BY_CODE)
    assert result == {"resource": "employees", "rows": 2, "created": 2, "refused": [], "complete": True}


def test_500_bad_rows_among_10000_give_500_clear_lines_and_an_untouched_database(
    office: Office, dialect_name: str
) -> None:
    """Of every kind that there is: types, constraints, references, taken values, the rules of the database.

    On PostgreSQL in a thorough run; else the same of fewer rows.
    """
    before = office.count()
    size = 10_000 if dialect_name == "sqlite" else counts(2_000, 10_000)
    bad = range(1_000, 1_000 + size, 20)
    kinds = [
        ("salary", "much", "is not a decimal"),
        ("salary", "-1", "at least 0"),
        ("dept", "d99", "leads to no record of departments"),
        ("email", "person3@example.com", "is already taken, by"),
        ("hired_on", "1980-01-01", "The rule hired_after_birth does not hold."),
        ("title", "x" * 51, "is too long"),
        ("gender", "", "is required"),
        ("number", "1001", "is already taken, by line 3"),
    ]
    changes: dict[str, dict[int, str]] = {}
    for index, number in enumerate(bad, start=1):
        name, cell, _ = kinds[index % len(kinds)]
        changes.setdefault(name, {})[number] = cell
    result = office.shell.run(
        "import", "employees", office.file(people(range(1_000, 1_000 + size), **changes)), *BY_CODE, exit_code=1
    )
    told = result.stderr.splitlines()
    assert told.pop() == f"Nothing was created: {len(bad)} of {size:,} rows are not valid."
    assert len(told) == len(bad) >= 100
    for index, (number, line) in enumerate(zip(bad, told, strict=True), start=1):
        assert line.startswith(f"line {number - 1_000 + 2}: ")
        assert kinds[index % len(kinds)][2] in line
    assert office.count() == before


@pytest.mark.parametrize("user", ["ann", "auditor"])
def test_who_may_not_create_imports_nothing(office: Office, user: str) -> None:
    before = office.count()
    table = office.file(people(range(300, 302)))
    result = office.shell.run("import", "employees", table, *BY_CODE, "--as", user, exit_code=1)
    assert result.stderr == "You may not create records of employees.\n"
    problem = office.shell.json("import", "employees", table, *BY_CODE, "--as", user, exit_code=1)
    assert (problem["status"], problem["detail"]) == (403, "You may not create records of employees.")
    assert office.count() == before


def test_who_may_create_imports(office: Office) -> None:
    table = office.file(people(range(310, 312)))
    assert office.shell.run("import", "employees", table, *BY_CODE, "--as", "hr").stdout == "Created 2 employees.\n"


def test_managers_may_stand_before_or_after_their_people(office: Office) -> None:
    text = people(range(400, 404)).splitlines()
    bosses = ["manager", "403", "400", "401", "6"]
    table = office.file("\n".join(f"{line},{boss}" for line, boss in zip(text, bosses, strict=True)))
    office.shell.run("import", "employees", table, *BY_CODE, "--map", "manager=manager.number")
    answer = office.firm.client("hr").get("/api/v1/employees?number__in=400,401,402,403&expand=manager&sort=number")
    assert [each["manager"]["number"] for each in answer.json["data"]] == [403, 400, 401, 6]


@pytest.mark.parametrize(
    "arguments, exit_code, said",
    [
        (("employes", "{file}"), 2, "there is no resource employes; did you mean employees?"),
        (("employees",), 2, "FILE"),
        (("employees", "{file}", "--map", "dept"), 2, "is not HEADER=FIELD"),
        (("employees", "{file}", "--delimiter", ",,"), 2, "one character"),
        (("employees", "{file}", "--delimiter", '"'), 2, "one character"),
        (("employees", "absent.csv"), 1, "absent.csv cannot be read: No such file or directory."),
        (("employees", "."), 1, "Is a directory"),
        (("employees", "{file}"), 1, "dept: employees has no field 'dept'; did you mean email?"),
        (("employees", "{file}", "--map", "dept=departments.code"), 1, "employees has no relation 'departments'"),
        (("employees", "{file}", "--map", "dept=department.code", "--as", "nobody"), 1, "nobody"),
        (("employees", "{empty}"), 1, "The file is empty; its first line names the columns."),
    ],
)
def test_what_cannot_be_meant_is_told(office: Office, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    files = {"file": office.file(people(range(500, 502))), "empty": office.file("", "empty.csv")}
    result = office.shell.run("import", *(each.format(**files) for each in arguments), exit_code=exit_code)
    assert said.replace("; did you mean email?", "") in result.stderr
    assert result.stdout == ""


def test_a_database_that_is_away_is_another_exit_code(office: Office, tmp_path: Path) -> None:
    shell = shell_in(tmp_path, "postgresql://nobody@127.0.0.1:1/none", *PLUGINS, name="away.ini")
    result = shell.run("import", "departments", office.file("code,name\nx,X\n"), exit_code=4)
    assert "Traceback" not in result.output


def test_help_says_what_it_does(office: Office) -> None:
    assert "Create a record of RESOURCE for each row" in office.shell.run("import", "--help").stdout


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_what_another_takes_in_the_meantime_refuses_the_import(office: Office) -> None:
    """Another transaction has inserted the same number and not yet committed: the import waits, and is then refused."""
    before = office.count()
    results: list[Result] = []
    table = office.file(people(range(600, 610)))
    arguments = ["-c", str(office.shell.ini), "import", "employees", table, *BY_CODE, "--json"]
    with office.firm.database.sessions.begin() as session:
        department = session.scalars(sa.select(Department)).first()
        assert department is not None
        session.add(employee(605, department))
        session.flush()
        thread = threading.Thread(target=lambda: results.append(CliRunner().invoke(main, arguments)))
        thread.start()
        office.wait_for_a_lock(thread)
    thread.join()
    refused = json.loads(results[0].stdout)["refused"]
    assert refused == [
        {"line": 7, "column": "number", "reason": "'605' is already taken, by a stored record"},
    ]
    assert office.count() == before + 1
