"""django-ninja, under gunicorn with threads.

https://django-ninja.dev/tutorial/other/crud/, /guides/response/ (schemas), /guides/input/filtering/ (`FilterSchema`),
/guides/authentication/ (`HttpBearer`). Conditional requests are Django's: see `django_settings`.
"""

# No `from __future__ import annotations`: ninja reads the types of views.

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import Field, FilterSchema, NinjaAPI, Query, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer

from benchmarks.peers import django_models as models


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> models.User | None:
        found = models.Token.objects.select_related("user").filter(key=token).first()
        return found.user if found is not None and found.user.active else None


api = NinjaAPI(auth=Bearer())


class EmployeeIn(Schema):
    number: int = Field(ge=1)
    first_name: str = Field(min_length=1, max_length=50)
    last_name: str = Field(min_length=1, max_length=50)
    email: str = Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    birth_date: date
    gender: Literal["F", "M"]
    hired_on: date
    title: str = Field(min_length=1, max_length=50)
    salary: Decimal = Field(ge=0, max_digits=12, decimal_places=2)
    department_id: int
    manager_id: int | None = None
    user_id: int | None = None


class EmployeePatch(Schema):
    title: str = Field("", min_length=1, max_length=50)
    email: str = Field("", max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    salary: Decimal = Field(Decimal(0), ge=0, max_digits=12, decimal_places=2)


class DepartmentOut(Schema):
    id: int
    code: str
    name: str
    manager_id: int | None


class EmployeeOut(Schema):
    id: int
    number: int
    first_name: str
    last_name: str
    email: str
    birth_date: date
    gender: str
    hired_on: date
    title: str
    salary: Decimal
    department_id: int
    manager_id: int | None
    user_id: int | None


class ListedEmployee(EmployeeOut):
    department: DepartmentOut


class Employees(Schema):
    data: list[ListedEmployee]


class SalaryOut(Schema):
    id: int
    employee_id: int
    amount: Decimal
    from_date: date
    to_date: date


class Salaries(Schema):
    data: list[SalaryOut]


class Filters(FilterSchema):
    title: str | None = None


Limit = Query(50, ge=1, le=1000)


def order(sort: str, known: set[str]) -> list[str]:
    names = [*sort.split(","), "id"]
    if not known.issuperset(names):
        raise HttpError(422, "There is no such field to sort by.")
    return names


@api.get("/hello", auth=None)
def hello(request: HttpRequest) -> dict[str, str]:
    return {"hello": "world"}


@api.get("/employees", response=Employees)
def employees(
    request: HttpRequest,
    filters: Query[Filters],
    limit: int = Limit,
    sort: str = "id",
) -> Any:
    found = filters.filter(models.Employee.objects.select_related("department"))
    return {"data": found.order_by(*order(sort, {"id", "last_name", "first_name"}))[:limit]}


@api.get("/employees/{int:key}", response=EmployeeOut)
def employee(request: HttpRequest, key: int) -> Any:
    return get_object_or_404(models.Employee, id=key)


@api.post("/employees", response={201: EmployeeOut})
def create(request: HttpRequest, payload: EmployeeIn) -> Any:
    get_object_or_404(models.Department, id=payload.department_id)
    return 201, models.Employee.objects.create(**payload.dict())


@api.patch("/employees/{int:key}", response=EmployeeOut)
def patch(request: HttpRequest, key: int, payload: EmployeePatch) -> Any:
    found = get_object_or_404(models.Employee, id=key)
    for name, value in payload.dict(exclude_unset=True).items():
        setattr(found, name, value)
    found.save()
    return found


@api.get("/salaries", response=Salaries)
def salaries(request: HttpRequest, limit: int = Limit, sort: str = "id") -> Any:
    seen = models.Salary.objects.filter(employee__in=models.seen_by(request.auth))
    return {"data": seen.order_by(*order(sort, {"id", "from_date"}))[:limit]}


urlpatterns = [path("", api.urls)]
