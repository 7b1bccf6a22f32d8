"""People: departments, employees, salaries. The reference plug-in, and what a first visitor sees.

It is written as any plug-in is: classes (`models`), and here who may do what with their rows. REST, documentation,
import and whatever else is on read these declarations; nothing of that is said twice. `demo` makes a company to try
things on.
"""

from __future__ import annotations

from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import aliased

from colonnade import ALL_PERMISSIONS, Allow, Deny, fields, me, rows

from .models import Department, Employee, Salary

__all__ = ["Department", "Employee", "Salary", "includeme"]

#: Which employees are the one who asks, and which work in a department that they lead.
Leader = aliased(Employee)
IS_ME = Employee.user_id == me.id
IS_LED_BY_ME = Employee.department_id.in_(
    select(Department.id).join(Leader, Department.manager_id == Leader.id).where(Leader.user_id == me.id)
)


def includeme(config: Configurator) -> None:
    """Declare the three resources.

    ``role:hr`` edits all. ``role:staff`` see everybody, but of salaries only their own and, where they lead a
    department, those in it; of themselves they may edit how to reach them. ``role:auditor`` reads everything but
    salaries.
    """
    config.add_plugin("people", summary="Departments, employees and their salaries", requires=["accounts"])
    config.add_resource(
        Department,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Allow, "role:staff", "view"),
            (Allow, "role:auditor", "view"),
        ],
    )
    config.add_resource(
        Employee,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Allow, rows(IS_ME | IS_LED_BY_ME, who="role:staff"), fields("salary").view),
            (Deny, "role:staff", fields("salary").view),
            (Deny, "role:auditor", fields("salary").view),
            (Allow, "role:staff", "view"),
            (Allow, "role:auditor", "view"),
            (Allow, rows(IS_ME, who="role:staff"), fields("email").write),
            (Deny, "role:staff", fields().write),
            (Allow, rows(IS_ME, who="role:staff"), "edit"),
        ],
    )
    config.add_resource(
        Salary,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (
                Allow,
                rows(Salary.employee_id.in_(select(Employee.id).where(IS_ME | IS_LED_BY_ME)), who="role:staff"),
                "view",
            ),
        ],
    )
    config.add_command("demo", ".demo.command:demo")
