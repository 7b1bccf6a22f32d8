"""The plug-in through the public road: its API, its description, its migrations, its policy."""

from datetime import date
from decimal import Decimal

import pytest
from leave import LeaveRequest

from colonnade.core.database import database_of
from colonnade.core.database.migrations import check
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_user
from colonnade.plugins.people.models import Department, Employee, Gender
from colonnade.testing.policy import check_policy


@pytest.fixture(scope="session")
def colonnade_settings():
    """An application with the plug-in."""
    return {"colonnade.plugins": ["accounts", "people", "rest", "openapi", "leave"]}


@pytest.fixture
def ann_and_bob(colonnade_session):
    """Two employees who sign in, and a request of each."""
    department = Department(code="d1", name="Sales")
    employees = []
    for number, name in enumerate(("Ann", "Bob"), start=1):
        user = create_user(colonnade_session, name.lower(), ["staff"])
        employee = Employee(
            number=number,
            first_name=name,
            last_name="Null",
            email=f"{name}@example.com",
            birth_date=date(1970, 1, 1),
            gender=Gender.F,
            hired_on=date(2000, 1, 1),
            title="Staff",
            salary=Decimal(1000),
            department=department,
            user=user,
        )
        request = LeaveRequest(employee=employee, starts_on=date(2026, 8, 1), ends_on=date(2026, 8, 9))
        colonnade_session.add(request)
        employees.append(employee)
    colonnade_session.commit()
    return employees


def test_staff_see_their_own_requests_only(colonnade_client, ann_and_bob):
    """The rows() entry decides the list, the detail and the count alike."""
    ann, bob = ann_and_bob
    client = colonnade_client(ann.user_id, "staff")
    answer = client.get("/api/v1/leave-requests?count=exact&expand=employee&fields=id,employee.first_name").json
    assert [each["employee"] for each in answer["data"]] == [{"first_name": "Ann"}]
    assert answer["total"] == 1
    everything = colonnade_client(99, "hr").get("/api/v1/leave-requests").json["data"]
    of_bob = next(each["id"] for each in everything if each["employee_id"] == bob.id)
    client.get(f"/api/v1/leave-requests/{of_bob}", status=404)


def test_nobody_approves_their_own_request(colonnade_client, ann_and_bob):
    """A field that may be seen and not written is a 403; without it the request is made."""
    ann, bob = ann_and_bob
    client = colonnade_client(ann.user_id, "staff")
    body = {"employee_id": ann.id, "starts_on": "2026-12-01", "ends_on": "2026-12-02"}
    client.post_json("/api/v1/leave-requests", {**body, "approved": True}, status=403)
    client.post_json("/api/v1/leave-requests", {**body, "employee_id": bob.id}, status=403)
    assert client.post_json("/api/v1/leave-requests", body, status=201).json["approved"] is False


def test_it_is_described(colonnade_client):
    """The document of the running application has its paths."""
    paths = colonnade_client().get("/openapi.json").json["paths"]
    assert {"/api/v1/leave-requests", "/api/v1/leave-requests/{key}"} <= set(paths)


def test_models_and_migrations_agree(colonnade_app):
    """The migration makes what the class says."""
    comparison = check(database_of(colonnade_app.registry), plugins_of(colonnade_app.registry))
    assert not comparison.differences


def test_the_policy_decides_as_pyramid_does(colonnade_app, colonnade_connection, ann_and_bob):
    """Every list of the application, on every row, for everybody whom the lists tell apart."""
    ann, bob = ann_and_bob
    assert check_policy(colonnade_app.registry, colonnade_connection, [ann.user_id, bob.user_id]) > 100
