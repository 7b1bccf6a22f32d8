"""Write the demo company into empty tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from colonnade.core.changes import insert, recorder_of
from colonnade.core.database import execute
from colonnade.plugins.people.models import Department, Employee, Gender, Salary

from .company import DEPARTMENTS, Person

BATCH = 2_000


@dataclass(frozen=True)
class Loaded:
    """How many rows of each kind were written."""

    departments: int
    employees: int
    salaries: int


def is_empty(session: Session) -> bool:
    """Whether there is nobody yet: no department, no employee."""
    return all(execute(session, select(each.id).limit(1)).first() is None for each in (Department, Employee))


def load_company(
    session: Session, everybody: Sequence[Person], users: Mapping[int, int], report: Callable[[int], object]
) -> Loaded:
    """Write departments, people and salaries by bulk inserts, in the session's transaction.

    :param users: which employees sign in as which users: number → id of a user.
    :param report: told of each batch, how many rows it wrote.
    """
    _insert(session, Department, ({"code": each.code, "name": each.name} for each in DEPARTMENTS), report)
    departments = {row.code: row.id for row in execute(session, select(Department.code, Department.id))}
    employees: dict[int, int] = {}
    # Those of one rank report to those of the rank before, whose ids the database has made by then.
    for _, rank in groupby(sorted(everybody, key=lambda each: each.rank), key=lambda each: each.rank):
        rows = (_employee(each, departments, employees, users) for each in rank)
        _insert(session, Employee, rows, report)
        employees = {row.number: row.id for row in execute(session, select(Employee.number, Employee.id))}
    for head in (each for each in everybody if each.rank == 0):
        department = session.get_one(Department, departments[head.department])
        department.manager_id = employees[head.number]
    _insert(session, Salary, (row for each in everybody for row in _salaries(each, employees)), report)
    for model in (Department, Employee, Salary):
        # So much at once, and neither database would look at it soon by itself: let their planners know it.
        execute(session, text(f"ANALYZE {model.__tablename__}"))
    return Loaded(len(departments), len(employees), sum(len(each.pay) for each in everybody))


def rows_of(everybody: Sequence[Person]) -> int:
    """How many rows `load_company` will report."""
    return len(DEPARTMENTS) + sum(1 + len(each.pay) for each in everybody)


def _insert(
    session: Session, model: type[Any], rows: Iterable[dict[str, object]], report: Callable[[int], object]
) -> None:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        insert(session, recorder_of(session), inspect(model), batch)
        report(len(batch))


def _employee(
    person: Person, departments: Mapping[str, int], managers: Mapping[int, int], users: Mapping[int, int]
) -> dict[str, object]:
    return {
        "number": person.number,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "birth_date": person.birth_date,
        "gender": Gender(person.gender),
        "hired_on": person.hired_on,
        "title": person.title,
        "salary": person.pay[-1].amount,
        "department_id": departments[person.department],
        "manager_id": None if person.manager is None else managers[person.manager],
        "user_id": users.get(person.number),
    }


def _salaries(person: Person, employees: Mapping[int, int]) -> Iterable[dict[str, object]]:
    for pay in person.pay:
        yield {
            "employee_id": employees[person.number],
            "amount": pay.amount,
            "from_date": pay.from_date,
            "to_date": pay.to_date,
        }
