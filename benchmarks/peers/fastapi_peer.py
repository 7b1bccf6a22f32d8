"""FastAPI with SQLAlchemy's asyncio extension and asyncpg, under uvicorn with uvloop and httptools.

https://fastapi.tiangolo.com/tutorial/bigger-applications/, /tutorial/response-model/, /tutorial/query-param-models/,
/tutorial/body-updates/ and /tutorial/dependencies/dependencies-with-yield/ for the application;
https://docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html for the sessions. They say nothing of answering
conditional requests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload

from benchmarks.peers.models import POOL, Department, Employee, Salary, Token, User, in_order, seen_by, url

engine = create_async_engine(url("postgresql+asyncpg", "sqlite+aiosqlite"), pool_size=POOL)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


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


class EmployeeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

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


class DepartmentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    manager_id: int | None


class EmployeeWithDepartment(EmployeeOut):
    department: DepartmentOut


class SalaryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    employee_id: int
    amount: Decimal
    from_date: date
    to_date: date


class Employees(BaseModel):
    data: list[EmployeeWithDepartment]


class Salaries(BaseModel):
    data: list[SalaryOut]


class Page(BaseModel):
    limit: int = Field(50, ge=1, le=1000)
    sort: str = Field("id", pattern=r"^[a-z_]+(,[a-z_]+)*$")


class EmployeePage(Page):
    title: str | None = None


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def caller(session: Session, credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> User:
    found = select(Token).where(Token.key == credentials.credentials).options(joinedload(Token.user))
    token = await session.scalar(found)
    if token is None or not token.user.active:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return token.user


Caller = Annotated[User, Depends(caller)]


def order(model: type[Employee | Salary], sort: str) -> list[ColumnElement[object]]:
    try:
        return in_order(model, sort)
    except KeyError:
        raise HTTPException(422, "There is no such field to sort by.") from None


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/employees", response_model=Employees)
async def employees(session: Session, caller: Caller, page: Annotated[EmployeePage, Query()]) -> object:
    found = select(Employee).options(joinedload(Employee.department, innerjoin=True))
    if page.title is not None:
        found = found.where(Employee.title == page.title)
    found = found.order_by(*order(Employee, page.sort)).limit(page.limit)
    return {"data": (await session.scalars(found)).all()}


@app.get("/employees/{key}", response_model=EmployeeOut)
async def employee(session: Session, caller: Caller, key: int) -> object:
    found = await session.get(Employee, key)
    if found is None:
        raise HTTPException(404)
    return found


@app.post("/employees", response_model=EmployeeOut, status_code=201)
async def create(session: Session, caller: Caller, body: EmployeeIn) -> object:
    made = Employee(**body.model_dump())
    if await session.get(Department, body.department_id) is None:
        raise HTTPException(422, "There is no such department.")
    session.add(made)
    await session.commit()
    await session.refresh(made)
    return made


@app.patch("/employees/{key}", response_model=EmployeeOut)
async def patch(session: Session, caller: Caller, key: int, body: EmployeePatch) -> object:
    found = await session.get(Employee, key)
    if found is None:
        raise HTTPException(404)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(found, name, value)
    await session.commit()
    await session.refresh(found)
    return found


@app.get("/salaries", response_model=Salaries)
async def salaries(session: Session, caller: Caller, page: Annotated[Page, Query()]) -> object:
    found = select(Salary).where(Salary.employee_id.in_(seen_by(caller.id)))
    found = found.order_by(*order(Salary, page.sort)).limit(page.limit)
    return {"data": (await session.scalars(found)).all()}
