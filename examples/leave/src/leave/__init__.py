"""Days off: who asks for them, and who approves."""

from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, Model, fields, me, rows
from colonnade.plugins.people import Employee


class LeaveRequest(Model):
    """A request for days off."""

    __tablename__ = "leave_request"
    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    approved: Mapped[bool] = mapped_column(default=False)
    employee: Mapped[Employee] = relationship()


def includeme(config):
    config.add_plugin("leave", summary="Requests for days off", requires=["people"])
    mine = rows(LeaveRequest.employee.has(Employee.user_id == me.id), who="role:staff")
    hr, nobody = (Allow, "role:hr", ALL_PERMISSIONS), (Deny, Everyone, fields("approved").write)
    config.add_resource(LeaveRequest, acl=[hr, nobody, (Allow, mine, ("view", "create", "edit"))])
