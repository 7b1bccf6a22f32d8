"""Litestar with its SQLAlchemy plug-in and asyncpg, under uvicorn with uvloop and httptools.

https://docs.litestar.dev/2/usage/databases/sqlalchemy/plugins/sqlalchemy_plugin.html for sessions, models as answers;
https://docs.litestar.dev/2/usage/dto/1-abstract-dto.html (wrapping returned data) for what of a model is shown,
https://docs.litestar.dev/2/usage/security/abstract-authentication-middleware.html for tokens. Bodies are msgspec's
structs. It says nothing of answering conditional requests.
"""

# No `from __future__ import annotations`: Litestar reads the types of handlers.

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyDTO,
    SQLAlchemyDTOConfig,
    SQLAlchemyPlugin,
)
from litestar import Litestar, Request, get, patch, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, NotFoundException, ValidationException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult, DefineMiddleware
from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType, structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from benchmarks.peers.models import POOL, Department, Employee, Salary, Token, in_order, seen_by, url

alchemy = SQLAlchemyAsyncConfig(
    connection_string=url("postgresql+asyncpg", "sqlite+aiosqlite"),
    session_config=AsyncSessionConfig(expire_on_commit=False),
    engine_config=EngineConfig(pool_size=POOL),
)

Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Text = Annotated[str, Meta(min_length=1, max_length=50)]
T = TypeVar("T")


class NewEmployee(Struct):
    number: Annotated[int, Meta(ge=1)]
    first_name: Text
    last_name: Text
    email: Email
    birth_date: date
    gender: Literal["F", "M"]
    hired_on: date
    title: Text
    salary: Decimal
    department_id: int
    manager_id: int | None = None
    user_id: int | None = None


class ChangedEmployee(Struct):
    title: Text | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    salary: Decimal | UnsetType = UNSET


@dataclass
class Page(Generic[T]):
    data: list[T]


class EmployeeOut(SQLAlchemyDTO[Employee]):
    config = SQLAlchemyDTOConfig(exclude={"department"})


class EmployeeWithDepartment(SQLAlchemyDTO[Employee]):
    config = SQLAlchemyDTOConfig(max_nested_depth=1)


class SalaryOut(SQLAlchemyDTO[Salary]):
    config = SQLAlchemyDTOConfig()


class Authentication(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        key = connection.headers.get("Authorization", "").removeprefix("Bearer ")
        session = alchemy.provide_session(connection.app.state, connection.scope)
        token = await session.scalar(select(Token).where(Token.key == key).options(joinedload(Token.user)))
        if token is None or not token.user.active:
            raise NotAuthorizedException
        return AuthenticationResult(user=token.user, auth=token)


def order(model: type[Employee | Salary], sort: str) -> list[Any]:
    try:
        return in_order(model, sort)
    except KeyError:
        raise ValidationException("There is no such field to sort by.") from None


Limit = Annotated[int, Parameter(ge=1, le=1000)]


@get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@get("/employees", return_dto=EmployeeWithDepartment)
async def employees(
    db_session: AsyncSession, limit: Limit = 50, sort: str = "id", title: str | None = None
) -> Page[Employee]:
    found = select(Employee).options(joinedload(Employee.department, innerjoin=True))
    if title is not None:
        found = found.where(Employee.title == title)
    return Page(list(await db_session.scalars(found.order_by(*order(Employee, sort)).limit(limit))))


@get("/employees/{key:int}", return_dto=EmployeeOut)
async def employee(db_session: AsyncSession, key: int) -> Employee:
    found = await db_session.get(Employee, key)
    if found is None:
        raise NotFoundException
    return found


@post("/employees", return_dto=EmployeeOut)
async def create(db_session: AsyncSession, data: NewEmployee) -> Employee:
    if await db_session.get(Department, data.department_id) is None:
        raise ValidationException("There is no such department.")
    made = Employee(**structs.asdict(data))
    db_session.add(made)
    await db_session.commit()
    await db_session.refresh(made)
    return made


@patch("/employees/{key:int}", return_dto=EmployeeOut)
async def change(db_session: AsyncSession, key: int, data: ChangedEmployee) -> Employee:
    found = await db_session.get(Employee, key)
    if found is None:
        raise NotFoundException
    for name, value in structs.asdict(data).items():
        if value is not UNSET:
            setattr(found, name, value)
    await db_session.commit()
    await db_session.refresh(found)
    return found


@get("/salaries", return_dto=SalaryOut)
async def salaries(
    request: Request[Any, Any, Any], db_session: AsyncSession, limit: Limit = 50, sort: str = "id"
) -> Page[Salary]:
    found = select(Salary).where(Salary.employee_id.in_(seen_by(request.user.id)))
    return Page(list(await db_session.scalars(found.order_by(*order(Salary, sort)).limit(limit))))


app = Litestar(
    [hello, employees, employee, create, change, salaries],
    plugins=[SQLAlchemyPlugin(config=alchemy)],
    middleware=[DefineMiddleware(Authentication, exclude="^/hello$")],
)
