"""The tables of people: departments, employees, and what employees have earned.

No foreign key has an ON DELETE: a department with people in it, or a manager with reports, is not deleted, and what
does go with an employee (the salaries) is deleted by the ORM, so that whoever watches changes sees each row go.
"""

from __future__ import annotations

import enum
from datetime import date
from decimal import Decimal
from typing import Annotated

from annotated_types import MinLen
from pydantic import Field
from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from colonnade.core.database import Model
from colonnade.plugins.accounts import User

#: "Still", as a date: the end of a salary that is paid now.
STILL = date(9999, 1, 1)

NonEmpty = Annotated[str, MinLen(1)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Money = Annotated[Decimal, Field(ge=0)]


class Gender(enum.Enum):
    """As the records have it."""

    F = "F"
    M = "M"


class Department(Model):
    """A department of the company."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[NonEmpty] = mapped_column(String(10), unique=True, doc="Its code in the accounts, such as SAL.")
    name: Mapped[NonEmpty] = mapped_column(String(100), index=True)
    manager_id: Mapped[int | None] = mapped_column(
        # Employees refer to departments, too: the reference that closes the circle is added when both tables are there.
        ForeignKey("employee.id", use_alter=True),
        index=True,
        doc="The employee who leads it.",
    )

    manager: Mapped[Employee | None] = relationship(foreign_keys=manager_id, post_update=True)
    employees: Mapped[list[Employee]] = relationship(
        back_populates="department", foreign_keys="Employee.department_id", passive_deletes="all"
    )


class Employee(Model):
    """Somebody who works, or has worked, for the company."""

    __tablename__ = "employee"
    __table_args__ = (
        CheckConstraint("birth_date < hired_on", name="hired_after_birth"),
        CheckConstraint("salary >= 0", name="salary_not_negative"),
        # A page is as fast at any depth if an index has its order; the key is the last tie-break of every sort.
        Index(None, "last_name", "first_name", "id"),
        Index(None, "hired_on", "id"),
        Index(None, "salary", "id"),
        # The employees of a department, and those of a manager, page by page.
        Index(None, "department_id", "id"),
        Index(None, "manager_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[Annotated[int, Field(ge=1)]] = mapped_column(unique=True, doc="The personnel number.")
    first_name: Mapped[NonEmpty] = mapped_column(String(50))
    last_name: Mapped[NonEmpty] = mapped_column(String(50))
    email: Mapped[Email] = mapped_column(String(254), unique=True, doc="The address at work.")
    birth_date: Mapped[date]
    gender: Mapped[Gender]
    hired_on: Mapped[date]
    title: Mapped[NonEmpty] = mapped_column(String(50), doc="What they are, such as Senior Engineer.")
    salary: Mapped[Money] = mapped_column(Numeric(12, 2), doc="What they earn in a year, at present.")
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), doc="Where they work.")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), doc="Whom they report to.")
    user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), unique=True, doc="The user that they sign in as.")

    department: Mapped[Department] = relationship(back_populates="employees", foreign_keys=department_id)
    manager: Mapped[Employee | None] = relationship(back_populates="reports", remote_side="Employee.id")
    reports: Mapped[list[Employee]] = relationship(back_populates="manager", passive_deletes="all")
    salaries: Mapped[list[Salary]] = relationship(back_populates="employee", cascade="all, delete-orphan")
    user: Mapped[User | None] = relationship()


class Salary(Model):
    """What an employee earned in a year, from one day to another."""

    __tablename__ = "salary"
    __table_args__ = (
        UniqueConstraint("employee_id", "from_date"),
        CheckConstraint("from_date <= to_date", name="from_before_to"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index(None, "employee_id", "id"),
        Index(None, "from_date", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey(Employee.id))
    amount: Mapped[Money] = mapped_column(Numeric(12, 2), doc="A year's pay.")
    from_date: Mapped[date]
    to_date: Mapped[date] = mapped_column(default=STILL, doc="9999-01-01 while it is paid.")

    employee: Mapped[Employee] = relationship(back_populates="salaries")
