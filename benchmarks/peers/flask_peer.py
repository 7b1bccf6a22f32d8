"""Flask with SQLAlchemy's ORM, under gunicorn with threads.

https://flask.palletsprojects.com/en/stable/patterns/sqlalchemy/ (declarative, a scoped session, removed at the end),
/tutorial/views/ (`g.user`, a decorator for who must be signed in), /deploying/gunicorn/ for serving;
https://werkzeug.palletsprojects.com/en/stable/quickstart/#responses and /wrappers/ (`add_etag`, `make_conditional`) for
conditional requests. Flask validates no bodies; pydantic, which many take, does it here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import Any, Literal

from flask import Flask, Response, abort, g, jsonify, request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import create_engine, select
from sqlalchemy.orm import joinedload, scoped_session, sessionmaker

from benchmarks.peers.models import POOL, Department, Employee, Salary, Token, in_order, seen_by, url

engine = create_engine(url("postgresql+psycopg", "sqlite"), pool_size=POOL)
session = scoped_session(sessionmaker(engine, expire_on_commit=False))
app = Flask(__name__)
app.json.sort_keys = False  # type: ignore[attr-defined]


class EmployeeIn(BaseModel):
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


class EmployeePatch(BaseModel):
    title: str = Field(default="", min_length=1, max_length=50)
    email: str = Field(default="", max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    salary: Decimal = Field(default=Decimal(0), ge=0, max_digits=12, decimal_places=2)


@app.teardown_appcontext
def shutdown_session(exception: BaseException | None = None) -> None:
    session.remove()


def token_required(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def wrapped(**arguments: Any) -> Any:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = session.scalar(select(Token).where(Token.key == key).options(joinedload(Token.user)))
        if token is None or not token.user.active:
            abort(401)
        g.user = token.user
        return view(**arguments)

    return wrapped


def as_dict(each: Employee) -> dict[str, Any]:
    return {
        "id": each.id,
        "number": each.number,
        "first_name": each.first_name,
        "last_name": each.last_name,
        "email": each.email,
        "birth_date": each.birth_date.isoformat(),
        "gender": each.gender,
        "hired_on": each.hired_on.isoformat(),
        "title": each.title,
        "salary": each.salary,
        "department_id": each.department_id,
        "manager_id": each.manager_id,
        "user_id": each.user_id,
    }


def with_department(each: Employee) -> dict[str, Any]:
    its = each.department
    department = {"id": its.id, "code": its.code, "name": its.name, "manager_id": its.manager_id}
    return {**as_dict(each), "department": department}


def limit() -> int:
    return max(1, min(request.args.get("limit", 50, type=int), 1000))


def order(model: type[Employee | Salary]) -> list[Any]:
    try:
        return in_order(model, request.args.get("sort", "id"))
    except KeyError:
        abort(422)


def body(schema: type[BaseModel]) -> dict[str, Any]:
    try:
        return schema.model_validate(request.get_json()).model_dump(exclude_unset=True)
    except ValidationError:
        abort(422)


@app.get("/hello")
def hello() -> Any:
    return {"hello": "world"}


@app.get("/employees")
@token_required
def employees() -> Response:
    found = select(Employee).options(joinedload(Employee.department, innerjoin=True))
    if title := request.args.get("title"):
        found = found.where(Employee.title == title)
    rows = session.scalars(found.order_by(*order(Employee)).limit(limit()))
    answer = jsonify(data=[with_department(each) for each in rows])
    answer.add_etag()
    return answer.make_conditional(request)


@app.get("/employees/<int:key>")
@token_required
def employee(key: int) -> Any:
    found = session.get(Employee, key)
    return abort(404) if found is None else as_dict(found)


@app.post("/employees")
@token_required
def create() -> Any:
    made = Employee(**body(EmployeeIn))
    if session.get(Department, made.department_id) is None:
        abort(422)
    session.add(made)
    session.commit()
    session.refresh(made)
    return as_dict(made), 201


@app.patch("/employees/<int:key>")
@token_required
def patch(key: int) -> Any:
    found = session.get(Employee, key)
    if found is None:
        abort(404)
    for name, value in body(EmployeePatch).items():
        setattr(found, name, value)
    session.commit()
    session.refresh(found)
    return as_dict(found)


@app.get("/salaries")
@token_required
def salaries() -> Any:
    found = select(Salary).where(Salary.employee_id.in_(seen_by(g.user.id))).order_by(*order(Salary)).limit(limit())
    return {
        "data": [
            {
                "id": each.id,
                "employee_id": each.employee_id,
                "amount": each.amount,
                "from_date": each.from_date.isoformat(),
                "to_date": each.to_date.isoformat(),
            }
            for each in session.scalars(found)
        ]
    }
