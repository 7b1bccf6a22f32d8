"""Pyramid with Cornice and SQLAlchemy's ORM, as usually written, under waitress.

https://docs.pylonsproject.org/projects/pyramid/en/latest/tutorials/wiki2/ (pyramid_tm, zope.sqlalchemy, `dbsession` on
the request, a security policy with a cache) and /narr/renderers.html (the JSON renderer's adapters);
https://cornice.readthedocs.io/en/latest/quickstart.html and /en/latest/schema.html for services and colander's
validators; https://docs.pylonsproject.org/projects/webob/en/stable/api/response.html (`md5_etag`,
`conditional_response`) for conditional requests.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import colander
import zope.sqlalchemy
from cornice import Service
from cornice.validators import colander_body_validator
from pyramid.authorization import ACLHelper, Allow, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPUnprocessableEntity
from pyramid.renderers import JSON
from pyramid.request import Request, RequestLocalCache
from pyramid.response import Response
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, joinedload, sessionmaker

from benchmarks.peers.models import POOL, Department, Employee, Salary, Token, User, in_order, seen_by, url


class EmployeeIn(colander.MappingSchema):
    number = colander.SchemaNode(colander.Integer(), validator=colander.Range(min=1))
    first_name = colander.SchemaNode(colander.String(), validator=colander.Length(1, 50))
    last_name = colander.SchemaNode(colander.String(), validator=colander.Length(1, 50))
    email = colander.SchemaNode(colander.String(), validator=colander.All(colander.Length(max=254), colander.Email()))
    birth_date = colander.SchemaNode(colander.Date())
    gender = colander.SchemaNode(colander.String(), validator=colander.OneOf(["F", "M"]))
    hired_on = colander.SchemaNode(colander.Date())
    title = colander.SchemaNode(colander.String(), validator=colander.Length(1, 50))
    salary = colander.SchemaNode(colander.Decimal(quant="0.01"), validator=colander.Range(min=0))
    department_id = colander.SchemaNode(colander.Integer())
    manager_id = colander.SchemaNode(colander.Integer(), missing=None)
    user_id = colander.SchemaNode(colander.Integer(), missing=None)


class EmployeePatch(colander.MappingSchema):
    title = colander.SchemaNode(colander.String(), validator=colander.Length(1, 50), missing=colander.drop)
    email = colander.SchemaNode(colander.String(), validator=colander.Email(), missing=colander.drop)
    salary = colander.SchemaNode(colander.Decimal(), validator=colander.Range(min=0), missing=colander.drop)


class Root:
    __acl__ = [(Allow, Authenticated, ("view", "create", "edit"))]  # noqa: RUF012 as Pyramid's tutorial has it

    def __init__(self, request: Request) -> None:
        self.request = request


class SecurityPolicy:
    def __init__(self) -> None:
        self.identity_cache = RequestLocalCache(self.load_identity)
        self.acl = ACLHelper()

    def load_identity(self, request: Request) -> User | None:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = request.dbsession.scalar(select(Token).where(Token.key == key).options(joinedload(Token.user)))
        return token.user if token is not None and token.user.active else None

    def identity(self, request: Request) -> User | None:
        return self.identity_cache.get_or_create(request)

    def authenticated_userid(self, request: Request) -> int | None:
        user = self.identity(request)
        return None if user is None else user.id

    def permits(self, request: Request, context: Any, permission: str) -> Any:
        principals = {Everyone}
        if self.identity(request) is not None:
            principals.add(Authenticated)
        return self.acl.permits(context, principals, permission)


hello = Service("hello", "/hello", renderer="json")
employees = Service("employees", "/employees", factory=Root, renderer="json")
employee = Service("employee", r"/employees/{id:\d+}", factory=Root, renderer="json")
salaries = Service("salaries", "/salaries", factory=Root, renderer="json")


def as_dict(each: Employee) -> dict[str, Any]:
    return {column.name: getattr(each, column.name) for column in Employee.__table__.columns}


def with_department(each: Employee) -> dict[str, Any]:
    columns = Department.__table__.columns
    return {**as_dict(each), "department": {column.name: getattr(each.department, column.name) for column in columns}}


def order(model: type[Employee | Salary], request: Request) -> list[Any]:
    try:
        return in_order(model, request.GET.get("sort", "id"))
    except KeyError:
        raise HTTPUnprocessableEntity from None


def limit(request: Request) -> int:
    try:
        return max(1, min(int(request.GET.get("limit", "50")), 1000))
    except ValueError:
        raise HTTPUnprocessableEntity from None


@hello.get()
def say_hello(request: Request) -> dict[str, str]:
    return {"hello": "world"}


def with_etag(response: Response) -> None:
    response.conditional_response = True
    response.md5_etag()


@employees.get(permission="view")
def list_employees(request: Request) -> dict[str, Any]:
    found = select(Employee).options(joinedload(Employee.department, innerjoin=True))
    if title := request.GET.get("title"):
        found = found.where(Employee.title == title)
    found = found.order_by(*order(Employee, request)).limit(limit(request))
    request.add_response_callback(lambda _, response: with_etag(response))
    return {"data": [with_department(each) for each in request.dbsession.scalars(found)]}


@employee.get(permission="view")
def one_employee(request: Request) -> dict[str, Any]:
    return as_dict(find(request))


def find(request: Request) -> Employee:
    found: Employee | None = request.dbsession.get(Employee, int(request.matchdict["id"]))
    if found is None:
        raise HTTPNotFound
    return found


@employees.post(permission="create", schema=EmployeeIn(), validators=(colander_body_validator,))
def create_employee(request: Request) -> dict[str, Any]:
    if request.dbsession.get(Department, request.validated["department_id"]) is None:
        raise HTTPUnprocessableEntity
    made = Employee(**request.validated)
    request.dbsession.add(made)
    request.dbsession.flush()
    request.dbsession.refresh(made)
    request.response.status_code = 201
    return as_dict(made)


@employee.patch(permission="edit", schema=EmployeePatch(), validators=(colander_body_validator,))
def patch_employee(request: Request) -> dict[str, Any]:
    found = find(request)
    for name, value in request.validated.items():
        setattr(found, name, value)
    request.dbsession.flush()
    request.dbsession.refresh(found)
    return as_dict(found)


@salaries.get(permission="view")
def list_salaries(request: Request) -> dict[str, Any]:
    found = select(Salary).where(Salary.employee_id.in_(seen_by(request.identity.id)))
    found = found.order_by(*order(Salary, request)).limit(limit(request))
    columns = Salary.__table__.columns
    rows = request.dbsession.scalars(found)
    return {"data": [{column.name: getattr(each, column.name) for column in columns} for each in rows]}


def application() -> Any:
    engine = create_engine(url("postgresql+psycopg", "sqlite"), pool_size=POOL)
    factory = sessionmaker(engine)

    def dbsession(request: Request) -> Session:
        session = factory(info={"request": request})
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return session

    config = Configurator(settings={"tm.manager_hook": "pyramid_tm.explicit_manager"}, security_policy=SecurityPolicy())
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    config.include("cornice")
    config.add_request_method(dbsession, reify=True)
    renderer = JSON()
    renderer.add_adapter(date, lambda value, _: value.isoformat())
    renderer.add_adapter(Decimal, lambda value, _: str(value))
    config.add_renderer("json", renderer)
    for service in (hello, employees, employee, salaries):
        config.add_cornice_service(service)
    return config.make_wsgi_app()


app = application()
