"""Departments, employees, salaries: who sees what, on both databases."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pyramid.router import Router
from webtest import TestApp

from colonnade.core.database import Database, database_of, statements_of
from colonnade.core.database.migrations import check
from colonnade.core.plugins import plugins_of
from colonnade.core.resources import resources_of
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people import Department, Employee, Salary
from colonnade.plugins.people.models import STILL, Gender
from colonnade.testing.policy import check_policy
from tests.functional.company import EVERY_USE
from tests.harness.applications import application

#: number → name; 1 leads Sales, 5 leads Research.
EVERYBODY = {1: "Lena", 2: "Sam", 3: "Sue", 4: "Ruth", 5: "Rolf"}


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[Router]:
    with application(module_database_url, ("accounts", "rest", "people"), **EVERY_USE) as made:
        yield made.app


@pytest.fixture(scope="module")
def tokens(app: Router) -> dict[str, str]:
    """A company of five in two departments; the tokens of those who ask, by name."""
    roles = {
        "admin": "admin",
        "hr": "hr",
        "auditor": "auditor",
        "lena": "staff",
        "sam": "staff",
        "rolf": "staff",
        "outsider": "staff",
        "guest": "nothing",
    }
    with database_of(app.registry).sessions.begin() as session:
        users = {name: create_user(session, name, [role]) for name, role in roles.items()}
        sales, research = Department(code="SAL", name="Sales"), Department(code="RES", name="Research")
        people = {
            number: employee(number, name, sales if number < 4 else research, users.get(name.lower()))
            for number, name in EVERYBODY.items()
        }
        session.add_all([*people.values(), *(paid(each) for each in people.values())])
        session.flush()
        people[2].manager = people[1]
        people[3].manager = people[1]
        sales.manager, research.manager = people[1], people[5]
        return {name: create_token(session, user)[1] for name, user in users.items()}


def employee(number: int, name: str, department: Department, user: Any) -> Employee:
    return Employee(
        number=number,
        first_name=name,
        last_name="O'Brien",
        email=f"{name.lower()}@example.com",
        birth_date=date(1980, 2, 29),
        gender=Gender.F,
        hired_on=date(2010, 1, number),
        title="Clerk",
        salary=Decimal(1000 * number),
        department=department,
        user=user,
    )


def paid(employee: Employee) -> Salary:
    return Salary(employee=employee, amount=employee.salary, from_date=employee.hired_on, to_date=STILL)


Caller = Callable[[str], Any]


@pytest.fixture
def ask(app: Router, tokens: dict[str, str]) -> Callable[..., Any]:
    """GET as somebody: `ask("sam", "employees?sort=salary")`."""

    def get(name: str, path: str, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        return TestApp(app).get(f"/api/v1/{path}", headers=headers, status=status).json

    return get


@pytest.fixture
def database(app: Router, tokens: dict[str, str]) -> Database:
    return database_of(app.registry)


def salaries_seen(answer: Any) -> dict[int, str]:
    """number → salary, of those rows that have one."""
    return {each["number"]: each["salary"] for each in answer["data"] if "salary" in each}


def numbers(answer: Any) -> list[int]:
    return [each["number"] for each in answer["data"]]


ALL = {number: f"{1000 * number}.00" for number in EVERYBODY}


@pytest.mark.parametrize(
    "name, seen",
    [
        ("admin", {1, 2, 3, 4, 5}),
        ("hr", {1, 2, 3, 4, 5}),
        ("lena", {1, 2, 3}),
        ("rolf", {4, 5}),
        ("sam", {2}),
        ("outsider", set()),
        ("auditor", set()),
    ],
)
def test_everybody_is_listed_and_salaries_are_shown_to_whom_they_concern(
    ask: Callable[..., Any], name: str, seen: set[int]
) -> None:
    answer = ask(name, "employees")

    assert numbers(answer) == [1, 2, 3, 4, 5]
    assert salaries_seen(answer) == {number: ALL[number] for number in seen}
    for each in answer["data"]:
        assert ask(name, f"employees/{each['id']}") == each


@pytest.mark.parametrize(
    "name, seen",
    [("hr", [1, 2, 3, 4, 5]), ("lena", [1, 2, 3]), ("rolf", [4, 5]), ("sam", [2]), ("outsider", [])],
)
def test_the_history_of_salaries_is_shown_to_the_same(ask: Callable[..., Any], name: str, seen: list[int]) -> None:
    answer = ask(name, "salaries?count=exact&expand=employee&sort=employee.number")

    assert [each["employee"]["number"] for each in answer["data"]] == seen
    assert answer["total"] == len(seen)
    expanded = ask(name, "employees?expand=salaries")["data"]
    assert [each["number"] for each in expanded if each["salaries"]["data"]] == seen


def test_a_salary_that_one_may_not_see_sorts_and_filters_as_none(ask: Callable[..., Any]) -> None:
    assert numbers(ask("lena", "employees?sort=salary")) == [1, 2, 3, 4, 5]
    assert numbers(ask("lena", "employees?sort=-salary"))[2:] == [3, 2, 1]
    assert numbers(ask("lena", "employees?salary__gte=0")) == [1, 2, 3]
    assert numbers(ask("lena", "employees?salary__isnull=true")) == [4, 5]
    assert numbers(ask("sam", "employees?salary=4000")) == []


def test_for_an_auditor_there_is_no_salary(ask: Callable[..., Any]) -> None:
    for query in ("sort=salary", "salary__gt=1", "fields=salary", "expand=salaries"):
        path = f"employees?{query}"
        unknown = path.replace("salaries", "nonsense").replace("salary", "nonsense")
        refused, expected = ask("auditor", path, 400), ask("auditor", unknown, 400)
        assert refused["detail"].replace("salaries", "nonsense").replace("salary", "nonsense") == expected["detail"]
        assert "salary" not in refused["errors"][0].get("allowed", [])
    ask("auditor", "salaries", 403)
    ask("auditor", "salaries/1", 404)


def test_a_user_without_a_role_sees_nothing(ask: Callable[..., Any]) -> None:
    for path in ("departments", "employees", "salaries"):
        ask("guest", path, 403)
        ask("guest", f"{path}/1", 404)


def test_nobody_sees_anything_without_a_token(app: Router, tokens: dict[str, str]) -> None:
    for path in ("departments", "employees", "salaries", "employees/1"):
        TestApp(app).get(f"/api/v1/{path}", status=401)


def test_a_list_with_departments_is_one_statement_beside_that_for_the_token(
    ask: Callable[..., Any], database: Database
) -> None:
    with statements_of(database) as statements:
        answer = ask("lena", "employees?department.name=Sales&sort=-salary&expand=department,manager&limit=2")

    assert numbers(answer) == [3, 2]
    assert [each["department"]["code"] for each in answer["data"]] == ["SAL", "SAL"]
    assert [each["manager"]["first_name"] for each in answer["data"]] == ["Lena", "Lena"]
    assert len(statements) == 2


def test_departments_and_employees_lead_to_each_other(ask: Callable[..., Any]) -> None:
    (sales,) = ask("sam", "departments?code=SAL&expand=manager,employees(sort=-number)")["data"]

    assert sales["manager"]["number"] == 1
    assert numbers(sales["employees"]) == [3, 2, 1]
    assert numbers(ask("sam", f"employees/{sales['manager_id']}/reports")) == [2, 3]


def test_the_policy_decides_as_aclhelper_would(app: Router, database: Database) -> None:
    with database.engine.connect() as connection:
        assert check_policy(app.registry, connection, user_ids=range(1, 9)) > 0
        connection.rollback()


def test_classes_and_migrations_agree(app: Router, database: Database) -> None:
    assert check(database, plugins_of(app.registry)).differences == ()


@pytest.fixture
def post(app: Router, tokens: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """POST as somebody, in a transaction that is rolled back."""
    with database_of(app.registry).engine.connect() as connection, connection.begin() as transaction:
        client = TestApp(app, {"app.connection": connection})

        def send(name: str, path: str, body: dict[str, object], status: int = 201) -> Any:
            headers = {"Authorization": f"Bearer {tokens[name]}"}
            return client.post_json(f"/api/v1/{path}", body, headers=headers, status=status).json

        yield send
        transaction.rollback()


@pytest.fixture
def newcomer(ask: Callable[..., Any]) -> dict[str, object]:
    (sales,) = ask("hr", "departments?code=SAL")["data"]
    return {
        "number": 99,
        "first_name": "伟",
        "last_name": "李",
        "email": "li.99@example.com",
        "birth_date": "1990-01-01",
        "gender": "M",
        "hired_on": "2020-01-01",
        "title": "Clerk",
        "salary": "1234.50",
        "department_id": sales["id"],
    }


def test_hr_adds_people_departments_and_salaries(post: Callable[..., Any], newcomer: dict[str, object]) -> None:
    made = post("hr", "employees", newcomer)
    assert {name: made[name] for name in newcomer} == newcomer
    assert post("hr", "departments", {"code": "LEG", "name": "Legal"})["manager_id"] is None

    paid = post("hr", "salaries", {"employee_id": made["id"], "amount": "1234.50", "from_date": "2020-01-01"})
    assert paid["to_date"] == "9999-01-01"


@pytest.mark.parametrize("name", ["lena", "auditor", "outsider", "guest"])
def test_others_add_nobody(post: Callable[..., Any], newcomer: dict[str, object], name: str) -> None:
    post(name, "employees", newcomer, status=403)
    post(name, "departments", {"code": "LEG", "name": "Legal"}, status=403)


@pytest.mark.parametrize(
    "field, value, status",
    [
        ("email", "nobody", 422),
        ("email", "a b@example.com", 422),
        ("salary", "-0.01", 422),
        ("salary", "10000000000.00", 422),
        ("salary", "1.005", 422),
        ("gender", "X", 422),
        ("number", 0, 422),
        ("first_name", "", 422),
        ("department_id", 10**6, 422),
        ("hired_on", "1989-12-31", 422),
        ("number", 1, 409),
        ("email", "sam@example.com", 409),
    ],
)
def test_a_record_that_cannot_be_is_refused(
    post: Callable[..., Any], newcomer: dict[str, object], field: str, value: object, status: int
) -> None:
    problem = post("hr", "employees", {**newcomer, field: value}, status=status)

    places = [error.get("pointer") for error in problem.get("errors", [])]
    assert places == [f"/{field}"] or "hired_after_birth" in problem["detail"]


def test_two_salaries_of_one_employee_do_not_begin_on_one_day(
    post: Callable[..., Any], newcomer: dict[str, object]
) -> None:
    salary = {"employee_id": post("hr", "employees", newcomer)["id"], "amount": 1, "from_date": "2020-01-01"}
    post("hr", "salaries", salary)
    post("hr", "salaries", salary, status=409)
    post("hr", "salaries", {**salary, "from_date": "2021-01-01", "to_date": "2020-01-01"}, status=422)


def test_the_sample_data_fit(app: Router, employees_data: Path) -> None:
    """Rows from all over the files that are imported, read as an import reads them, but for the references."""
    resources = resources_of(app.registry)
    renamed = {"dept_no": "code", "dept_name": "name", "emp_no": "employee_id", "department": "department_id"}
    for file, name in (("departments", "departments"), ("people", "employees"), ("salaries", "salaries")):
        resource = resources[name]
        assert resource.create_schema is not None
        with (employees_data / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
            for row in islice(csv.DictReader(lines), 0, None, 7 if file == "salaries" else 1):
                fields = {renamed.get(header, header): text for header, text in row.items()}
                fields |= {"department_id": "1"} if "department" in row else {}
                values = {name: resource.fields[name].value.parse_text(text) for name, text in fields.items()}
                resource.create_schema.model_validate(values)
