"""The real data: loaded by one command each, then read as somebody with a token does; the files are the oracle."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade import main
from colonnade.core.database import Database, database_of, statements_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import Department, Employee, Gender, Salary
from tests.cli.running import Shell, shell_in
from tests.functional.company import PLUGINS, settings

SALES = "/api/v1/employees?department.name=Sales&sort=-salary&expand=department&limit=20"


@dataclass(frozen=True)
class RealCompany:
    """The application with all of the data in it, and one who may read it."""

    app: Any
    token: str
    folder: Path
    said: list[str]

    @property
    def database(self) -> Database:
        """Its database."""
        return database_of(self.app.registry)

    @property
    def client(self) -> TestApp:
        """One who calls, with a token."""
        client = TestApp(self.app)
        client.authorization = ("Bearer", self.token)
        return client

    def rows(self, name: str) -> list[dict[str, str]]:
        """A file, as it is."""
        with (self.folder / name).open(newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def real(
    module_database_url: str, employees_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealCompany]:
    """Everything is imported once, by the commands that the documents show."""
    app = main({}, **settings(module_database_url))
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    with database.sessions.begin() as session:
        token = create_token(session, create_user(session, "hr", ["hr"]))[1]
    shell = shell_in(tmp_path_factory.mktemp("real"), module_database_url, *PLUGINS)
    said = [
        _imported(shell, "departments", employees_data / "departments.csv", "dept_no=code", "dept_name=name"),
        _imported(shell, "employees", employees_data / "people.csv", "department=department.code"),
        _imported(shell, "salaries", employees_data / "salaries.csv", "emp_no=employee.number"),
    ]
    yield RealCompany(app, token, employees_data, said)
    database.dispose()


def _imported(shell: Shell, resource: str, file: Path, *renamed: str) -> str:
    options = (part for each in renamed for part in ("--map", each))
    return shell.run("import", resource, str(file), *options).stdout


def test_each_file_loads_by_one_command(real: RealCompany) -> None:
    assert real.said == ["Created 9 departments.\n", "Created 10,000 employees.\n", "Created 94,917 salaries.\n"]
    for resource, number in (("departments", 9), ("employees", 10_000), ("salaries", 94_917)):
        assert real.client.get(f"/api/v1/{resource}?count=exact&limit=1").json["total"] == number


def test_every_row_of_the_files_is_stored_as_it_stands_there(real: RealCompany) -> None:
    with real.database.read() as connection:
        departments = connection.rows(sa.select(Department.code, Department.name))
        people = connection.rows(
            sa.select(
                Employee.number,
                Employee.first_name,
                Employee.last_name,
                Employee.email,
                Employee.birth_date,
                Employee.gender,
                Employee.hired_on,
                Department.code,
                Employee.title,
                Employee.salary,
            ).join(Employee.department)
        )
        salaries = connection.rows(
            sa.select(Employee.number, Salary.amount, Salary.from_date, Salary.to_date).join(Salary.employee)
        )
    assert {tuple(row) for row in departments} == {tuple(row.values()) for row in real.rows("departments.csv")}
    assert {tuple(_text(part) for part in row) for row in people} == {
        tuple(row.values()) for row in real.rows("people.csv")
    }
    assert {tuple(_text(part) for part in row) for row in salaries} == {
        tuple(row.values()) for row in real.rows("salaries.csv")
    }


def _text(part: object) -> str:
    """A value as the files have it: whole amounts, and genders by their letter."""
    if isinstance(part, Decimal):
        return f"{part:.0f}"
    return str(part.value if isinstance(part, Gender) else part)


@pytest.fixture(scope="module")
def in_sales(real: RealCompany) -> list[tuple[int, Decimal]]:
    """Number and salary of the people in Sales, the best paid first; of equals, the last in the file."""
    code = next(row["dept_no"] for row in real.rows("departments.csv") if row["dept_name"] == "Sales")
    people = [
        (Decimal(row["salary"]), place, int(row["number"]))
        for place, row in enumerate(real.rows("people.csv"))
        if row["department"] == code
    ]
    return [(number, salary) for salary, _, number in sorted(people, reverse=True)]


def test_a_page_of_people_with_their_department_is_one_statement(
    real: RealCompany, in_sales: list[tuple[int, Decimal]]
) -> None:
    """Beside the one that finds out who asks."""
    for _ in range(2):
        with statements_of(real.database) as statements:
            answer = real.client.get(SALES).json
        assert [(each["number"], Decimal(each["salary"])) for each in answer["data"]] == in_sales[:20]
        assert {each["department"]["name"] for each in answer["data"]} == {"Sales"}
        assert answer["next"]
        about_people = [text for text in statements if "FROM employee" in text]
        assert len(about_people) == 1
        assert len(statements) == 2, statements


def walk(client: TestApp, url: str | None) -> Iterator[list[dict[str, Any]]]:
    """The pages, from one to the next."""
    while url:
        answer = client.get(url).json
        yield answer["data"]
        url = answer["next"]


def test_following_next_visits_each_matching_person_once_in_order(
    real: RealCompany, in_sales: list[tuple[int, Decimal]]
) -> None:
    pages = list(walk(real.client, SALES))
    assert [(each["number"], Decimal(each["salary"])) for page in pages for each in page] == in_sales
    assert {len(page) for page in pages[:-1]} == {20}


@dataclass
class Others:
    """They hire people into Sales and let them go again, each time in a transaction of their own."""

    database: Database
    changes: int = 0
    over: bool = False
    news: threading.Condition = field(default_factory=threading.Condition)

    def run(self) -> None:
        """Go on until it is over."""
        numbers = count(1_000_000)
        with self.database.engine.connect() as connection:
            sales = connection.scalar(sa.select(Department.id).where(Department.name == "Sales"))
        while not self.over:
            number = next(numbers)
            with self.database.sessions.begin() as session:
                self._change(session, number, sales)
            with self.news:
                self.changes += 1
                self.news.notify_all()

    def _change(self, session: Session, number: int, sales: int | None) -> None:
        """Hire one, of a salary that stands somewhere in the list; every other time, one leaves."""
        session.add(
            Employee(
                number=number,
                first_name="New",
                last_name="Comer",
                email=f"{number}@example.com",
                birth_date=date(1990, 1, 1),
                gender=Gender.F,
                hired_on=date(2020, 1, 1),
                title="Staff",
                salary=Decimal(38_000 + number * 7_919 % 110_000),
                department_id=sales,
            )
        )
        if number % 2:
            session.execute(sa.delete(Employee).where(Employee.number == number - 1))

    def wait_for_another(self) -> None:
        """Return once they have changed something more."""
        with self.news:
            seen = self.changes
            assert self.news.wait_for(lambda: self.changes > seen, timeout=60)

    def leave(self) -> None:
        """Undo what they did, for whoever comes next."""
        with self.database.sessions.begin() as session:
            session.execute(sa.delete(Employee).where(Employee.number >= 1_000_000))


def test_following_next_visits_each_matching_person_once_while_others_insert_and_delete(
    real: RealCompany, in_sales: list[tuple[int, Decimal]]
) -> None:
    others = Others(real.database)
    thread = threading.Thread(target=others.run)
    thread.start()
    met: list[tuple[int, Decimal]] = []
    try:
        for page in walk(real.client, SALES):
            met += [(each["number"], Decimal(each["salary"])) for each in page]
            others.wait_for_another()
    finally:
        others.over = True
        thread.join()
        others.leave()
    assert [each for each in met if each[0] < 1_000_000] == in_sales
    assert len(set(met)) == len(met)
    assert [salary for _, salary in met] == sorted((salary for _, salary in met), reverse=True)
    assert len(met) > len(in_sales), "nobody was hired where the walk had yet to come"
