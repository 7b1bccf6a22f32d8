"""The tables, for the peers that use SQLAlchemy: https://docs.sqlalchemy.org/en/21/orm/quickstart.html"""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, Select, String, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship


class Base(DeclarativeBase):
    """Of all tables."""


class User(Base):
    """Who may ask."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    active: Mapped[bool]


class Token(Base):
    """What requests carry."""

    __tablename__ = "benchmark_token"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))

    user: Mapped[User] = relationship()


class Department(Base):
    """A department."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id", use_alter=True), index=True)


class Employee(Base):
    """An employee."""

    __tablename__ = "employee"
    __table_args__ = (
        CheckConstraint("birth_date < hired_on"),
        CheckConstraint("salary >= 0"),
        Index("ix_employee_name", "last_name", "first_name", "id"),
        Index("ix_employee_hired_on", "hired_on", "id"),
        Index("ix_employee_salary", "salary", "id"),
        Index("ix_employee_department_id", "department_id", "id"),
        Index("ix_employee_manager_id", "manager_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    first_name: Mapped[str] = mapped_column(String(50))
    last_name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    birth_date: Mapped[date]
    gender: Mapped[str] = mapped_column(String(1))
    hired_on: Mapped[date]
    title: Mapped[str] = mapped_column(String(50))
    salary: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), unique=True)

    department: Mapped[Department] = relationship(foreign_keys=department_id)


class Salary(Base):
    """What an employee earns."""

    __tablename__ = "salary"
    __table_args__ = (
        Index("ix_salary_employee_id", "employee_id", "id"),
        Index("ix_salary_from_date", "from_date", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey(Employee.id))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    from_date: Mapped[date]
    to_date: Mapped[date]


def seen_by(user_id: int) -> Select[int]:
    """The filter by hand: the keys of the employees whose salaries a user may see, their own and those they lead."""
    leader = aliased(Employee)
    led = select(Department.id).join(leader, Department.manager_id == leader.id).where(leader.user_id == user_id)
    return select(Employee.id).where(or_(Employee.user_id == user_id, Employee.department_id.in_(led)))


def in_order(model: type[Base], sort: str) -> list[ColumnElement[object]]:
    """The columns that a list is sorted by.

    :raises KeyError: if there is no such column.
    """
    return [model.__table__.c[name] for name in (*sort.split(","), "id")]


def url(postgresql: str, sqlite: str) -> str:
    """Where the data are, with the driver that a peer wants: `postgresql+asyncpg`, `sqlite+aiosqlite`."""
    scheme, _, rest = os.environ["BENCHMARK_URL"].partition("://")
    return f"{sqlite if scheme.startswith('sqlite') else postgresql}://{rest}"


#: Connections that a pool keeps open: one for each connection of the load.
POOL = 16
