"""``colonnade import`` in its further ways: by key, from JSON Lines, as a dry run, past bad rows; and export again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from colonnade.cli import main
from colonnade.plugins.people.models import Department, Employee, Salary
from tests.functional.company import Company, company
from tests.functional.office import BY_CODE, Office, people
from tests.harness.counts import counts


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company of each test's own."""
    with company(fresh_database_url) as made:
        yield made


def everything(office: Office) -> list[Any]:
    """All that is stored of people."""
    with office.firm.database.engine.connect() as connection:
        models: list[Any] = [Department, Employee, Salary]
        return [
            tuple(row)
            for model in models
            for row in connection.execute(sa.select(model.__table__).order_by(model.__table__.c.id))
        ]


def test_a_key_says_what_was_created_changed_and_left(office: Office) -> None:
    table = office.file("code,name\nd1,Selling\nd2,Finance\nx1,One\n")
    result = office.shell.run("import", "departments", table, "--key", "code")
    assert (result.stdout, result.stderr) == ("Created 1, changed 1 departments; 1 unchanged.\n", "")
    result = office.shell.run("import", "departments", table, "--key", "code")
    assert result.stdout == "Created 0, changed 0 departments; 3 unchanged.\n"
    told = office.shell.json("import", "departments", table, "--key", "code")
    assert told == {
        "resource": "departments",
        "rows": 3,
        "created": 0,
        "changed": 0,
        "unchanged": 3,
        "refused": [],
        "complete": True,
    }


def test_a_key_of_a_relation_and_a_date(office: Office) -> None:
    table = office.file("emp,amount,from_date\n3,71002.03,2020-01-01\n3,5,2021-01-01\n3,6,2022-01-01\n")
    options = ("--map", "emp=employee.number", "--key", "emp,from_date")
    assert office.shell.run("import", "salaries", table, *options).stdout == (
        "Created 1, changed 1 salaries; 1 unchanged.\n"
    )
    options = ("--map", "emp=employee.number", "--key", "employee_id,from_date")
    assert office.shell.run("import", "salaries", table, *options).stdout == (
        "Created 0, changed 0 salaries; 3 unchanged.\n"
    )


def test_json_lines_are_known_by_their_name_or_the_option(office: Office) -> None:
    text = '{"code": "j1", "name": "One"}\n{"name": "Two", "code": "j2"}\n'
    for name in ("a.jsonl", "b.ndjson", "c.JSONL"):
        file = office.file(text, name)
        assert "departments" in office.shell.run("import", "departments", file, "--key", "code").stdout
    assert office.count(Department) == 5
    office.shell.run("import", "departments", office.file(text, "d.txt"), "--format", "jsonl", "--key", "code")
    refused = office.shell.run("import", "departments", office.file(text, "d.txt"), exit_code=1)
    assert "The columns do not fit" in refused.stderr
    arguments = ["-c", str(office.shell.ini), "import", "departments", "-", "--format", "jsonl"]
    result = CliRunner().invoke(main, arguments, input='{"code": "j3", "name": "Three"}\n')
    assert result.stdout == "Created 1 departments.\n", result.output


def test_a_dry_run_says_what_would_be_done(office: Office) -> None:
    before = everything(office)
    table = office.file("code,name\nd1,Selling\nx1,One\n")
    result = office.shell.run("import", "departments", table, "--key", "code", "--dry-run")
    assert result.stdout == (
        "Would have created 1, changed 1 departments; 0 unchanged. Nothing was written: this was a dry run.\n"
    )
    assert office.shell.json("import", "departments", table, "--key", "code", "--dry-run")["dry_run"] is True
    bad = office.file("code,name\nd1,Selling\nx1,\n")
    refused = office.shell.run("import", "departments", bad, "--dry-run", exit_code=1)
    assert "Nothing was created: 2 of 2 rows are not valid." in refused.stderr
    assert everything(office) == before


def test_bad_rows_go_to_a_file_and_the_others_are_written(office: Office) -> None:
    text = people(range(200, 206), salary={201: "much"}, dept={202: "d99"}, email={204: "?"}, title={204: ""})
    table = office.file(text)
    result = office.shell.run("import", "employees", table, *BY_CODE, "--continue", exit_code=5)
    assert result.stdout == "Created 3 employees.\n"
    assert result.stderr.splitlines()[-1] == (
        f"3 of 6 rows are not valid; they are in {table}.rejected.csv, each with its reason."
    )
    with Path(f"{table}.rejected.csv").open(newline="") as stream:
        rejected = list(csv.DictReader(stream))
    lines = text.splitlines()
    assert [each.pop("_line") for each in rejected] == ["3", "4", "6"]
    assert [each.pop("_reason") for each in rejected] == [
        "salary: 'much' is not a decimal; write it as \"12.50\"",
        "dept: 'd99' leads to no record of departments",
        "email: '?' must match pattern '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'; title: must have at least 1 character",
    ]
    assert [",".join(each.values()) for each in rejected] == [lines[2], lines[3], lines[5]]


def test_a_file_of_rejected_rows_can_be_mended_and_imported(office: Office) -> None:
    table = office.file(people(range(200, 204), salary={201: "much"}))
    rejected = str(office.folder / "mend.csv")
    office.shell.run("import", "employees", table, *BY_CODE, "--continue", "--rejected", rejected, exit_code=5)
    Path(rejected).write_text(Path(rejected).read_text().replace("much", "50000", 1))
    assert office.shell.run("import", "employees", rejected, *BY_CODE).stdout == "Created 1 employees.\n"


def test_rejected_lines_of_json_stay_as_they_are(office: Office) -> None:
    kept = ['{"code":"d1",  "name":"Ein\\u00e9", "x": 1.50}', "{}", "[1]", '{"code": "j2", "name": "Two"']
    table = office.file("\n".join(['{"code": "j1", "name": "One"}', *kept]), "some.jsonl")
    office.shell.run("import", "departments", table, "--continue", exit_code=5)
    rejected = Path(f"{table}.rejected.jsonl").read_text().splitlines()
    assert rejected[0].startswith('{"code":"d1",  "name":"Ein\\u00e9", "x": 1.50, "_line": 2, "_reason": "')
    told = [json.loads(line) for line in rejected]
    assert [each["_line"] for each in told] == [2, 3, 4, 5]
    assert told[2]["_text"] == "[1]"
    again = office.file("\n".join(rejected[:2]), "again.jsonl")
    office.shell.run("import", "departments", again, "--continue", exit_code=5)
    once_more = Path(f"{again}.rejected.jsonl").read_text().splitlines()
    assert [json.loads(line)["_line"] for line in once_more] == [1, 2]


def test_rows_that_cannot_be_read_are_rejected_as_they_stand(office: Office) -> None:
    table = office.file(b'code,name\nx1,caf\xe9\nx2\nx3,a,b\n"x4,""y"""\nx5,Five\n', "odd.csv")
    office.shell.run("import", "departments", table, "--continue", exit_code=5)
    lines = Path(f"{table}.rejected.csv").read_bytes().splitlines()
    assert lines[1].startswith(b"x1,caf\xe9,2,")
    assert lines[2].startswith(b"x2,,3,")
    assert lines[3].startswith(b"x3,a,b,4,")
    assert office.count(Department) == 4


def test_with_nothing_to_reject_there_is_no_file(office: Office) -> None:
    table = office.file("code,name\nx1,One\n")
    told = office.shell.json("import", "departments", table, "--continue")
    assert "rejected" not in told
    assert not list(office.folder.glob("*.rejected.*"))


def test_where_rejected_rows_cannot_be_kept_nothing_is_written(office: Office) -> None:
    before = everything(office)
    table = office.file("code,name\nx1,One\nd1,Two\n")
    nowhere = str(office.folder / "absent" / "rejected.csv")
    result = office.shell.run("import", "departments", table, "--continue", "--rejected", nowhere, exit_code=1)
    assert "cannot be written, so nothing was" in result.stderr
    assert everything(office) == before


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("-", "--continue"), "--continue with standard input needs --rejected FILE"),
        (("{file}", "--rejected", "x.csv"), "--rejected is for --continue"),
        (("{file}", "--key", ","), "is not FIELD[,FIELD]"),
        (("{file}", "--format", "xml"), "'xml' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_told(office: Office, arguments: tuple[str, ...], said: str) -> None:
    file = office.file("code,name\n")
    result = office.shell.run("import", "departments", *(each.format(file=file) for each in arguments), exit_code=2)
    assert said in result.stderr


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("user", [None, "hr", "ann"])
def test_what_is_exported_is_imported_as_it_is(office: Office, form: str, user: str | None) -> None:
    """With a key: nothing is created, nothing changed, whoever does it."""
    before = everything(office)
    acting = () if user is None else ("--as", user)
    for resource, number in (("employees", 30), ("departments", 3), ("salaries", 60)):
        file = str(office.folder / f"{resource}.{form}")
        office.shell.run("export", resource, file, *acting)
        if user == "ann" and (resource != "employees" or form == "csv"):
            continue  # she edits employees alone; a cell cannot say that what it stands for is hidden
        result = office.shell.run("import", resource, file, "--key", "id", *acting)
        assert result.stdout == f"Created 0, changed 0 {resource}; {number} unchanged.\n"
    assert everything(office) == before


def test_an_export_comes_back_after_what_was_changed(office: Office) -> None:
    before = everything(office)
    file = str(office.folder / "employees.csv")
    office.shell.run("export", "employees", file)
    with office.firm.database.engine.begin() as connection:
        connection.execute(sa.update(Employee).values(title="=Nobody", salary=1, manager_id=None))
    changed = str(office.folder / "changed.csv")
    office.shell.run("export", "employees", changed)
    office.shell.run("import", "employees", file, "--key", "id")
    assert everything(office) == before
    office.shell.run("import", "employees", changed, "--key", "number")
    with office.firm.database.engine.connect() as connection:
        assert connection.scalars(sa.select(Employee.title).distinct()).all() == ["=Nobody"]


def test_bad_rows_among_real_people_give_a_clear_line_each(office: Office, employees_data: Path) -> None:
    """Created from CSV, by key from JSON Lines; and the database is as it was. All 10,000: test_import.py."""
    number = counts(1_000, 10_000)
    office.shell.run(
        "import",
        "departments",
        str(employees_data / "departments.csv"),
        "--map",
        "dept_no=code",
        "--map",
        "dept_name=name",
    )
    with (employees_data / "people.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))[:number]
    kinds = [
        ("salary", "much", "is not a decimal"),
        ("salary", "-1", "at least 0"),
        ("department", "d099", "leads to no record of departments"),
        ("email", "person3@example.com", "is already taken, by"),
        ("hired_on", "1900-01-01", "The rule hired_after_birth does not hold."),
        ("title", "x" * 51, "is too long"),
        ("gender", "X", "is not one of"),
        ("birth_date", "1953-02-30", "is not a date"),
    ]
    bad = {}
    for index, place in enumerate(range(7, number, 20)):
        name, value, said = kinds[index % len(kinds)]
        rows[place][name] = value
        bad[place] = said
    assert len(bad) == number // 20
    before = everything(office)
    table, lines = office.folder / "people.csv", office.folder / "people.jsonl"
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    lines.write_text("".join(json.dumps({**row, "number": int(row["number"])}) + "\n" for row in rows))
    for file, first, options in ((table, 2, ()), (lines, 1, ("--key", "number"))):
        mapped = ("--map", "department=department.code", *options)
        result = office.shell.run("import", "employees", str(file), *mapped, exit_code=1)
        told = result.stderr.splitlines()
        assert told.pop().endswith(f": {len(bad)} of {number:,} rows are not valid.")
        assert len(told) == len(bad)
        for (place, said), line in zip(bad.items(), told, strict=True):
            assert line.startswith(f"line {place + first}: ")
            assert said in line
    assert everything(office) == before
