"""A small company of the people plug-in, committed, in which every salary is a number that stands nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from webtest import TestApp

from colonnade.core.database import Database, database_of
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import Department, Employee, Gender, Salary
from tests.harness import applications

PLUGINS = ("health", "accounts", "rest", "openapi", "transfer", "people")

#: Tokens are marked as used by every request: a test need not wait to see it.
EVERY_USE = {"accounts.last_used_every": "0"}

#: Who can sign in, and their roles. ann works in Sales; max leads Sales; eve works in Finance.
USERS = {
    "root": ("admin",),
    "hr": ("hr",),
    "auditor": ("auditor",),
    "ann": ("staff",),
    "max": ("staff",),
    "eve": ("staff",),
}


def settings(url: str, **more: str) -> dict[str, str]:
    """The settings of the application over a database."""
    return applications.settings(url, PLUGINS, **{**EVERY_USE, **more})


@dataclass
class Company:
    """The application, and the tokens of its users."""

    app: Any
    tokens: dict[str, str]

    @property
    def database(self) -> Database:
        """The database of the application."""
        return database_of(self.app.registry)

    def client(self, user: str | None, **environ: object) -> TestApp:
        """One who calls: a user with a token of theirs, or nobody."""
        client = TestApp(self.app, environ)
        if user is not None:
            client.authorization = ("Bearer", self.tokens[user])
        return client


@contextmanager
def company(url: str, **more: str) -> Iterator[Company]:
    """An application on an empty database, with the company in it."""
    with applications.application(url, PLUGINS, **{**EVERY_USE, **more}) as made:
        with made.database.sessions.begin() as session:
            tokens = found(session)
        yield Company(made.app, tokens)


def found(session: Any) -> dict[str, str]:
    """Make 3 departments and 30 employees with two salaries each, and who can sign in."""
    users = {name: create_user(session, name, roles) for name, roles in USERS.items()}
    departments = [
        Department(code=f"d{i}", name=name) for i, name in enumerate(("Sales", "Finance", "Research"), start=1)
    ]
    session.add_all(departments)
    employees = [employee(i, departments[i % 3]) for i in range(1, 31)]
    session.add_all(employees)
    session.flush()
    ann, max_, eve = employees[2], employees[5], employees[3]
    ann.user, max_.user, eve.user = users["ann"], users["max"], users["eve"]
    departments[0].manager = max_
    for each in employees:
        each.manager = max_ if each is not max_ and each.department is departments[0] else None
        for year in (2020, 2021):
            session.add(
                Salary(
                    employee=each,
                    amount=each.salary - (2021 - year),
                    from_date=date(year, 1, 1),
                    to_date=date(year, 12, 31),
                )
            )
    return {name: create_token(session, user)[1] for name, user in users.items()}


def employee(number: int, department: Department) -> Employee:
    """An employee whose salary is 71,000 and their number, twice: 71003.03."""
    names = ("O'Brien", "Null", "Ødegård", "李", "Nobody", 'Quo"te', "Percent%", "Under_score")
    return Employee(
        number=number,
        first_name=f"First{number}",
        last_name=names[number % len(names)],
        email=f"person{number}@example.com",
        birth_date=date(1960 + number % 30, 1, 1),
        gender=Gender.F if number % 2 else Gender.M,
        hired_on=date(1990 + number % 20, 5, 1),
        title="Engineer" if number % 3 else "Manager",
        salary=salary(number),
        department=department,
    )


def salary(number: int) -> Decimal:
    """What the employee of this number earns."""
    return (Decimal(71000 + number) + Decimal(number) / 100).quantize(Decimal("0.01"))
