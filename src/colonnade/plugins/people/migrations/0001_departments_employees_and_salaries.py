"""Departments, employees and salaries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "department",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=10).with_variant(sa.String(length=10, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "name",
            sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("code", name=op.f("uq_department_code")),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_department_name"), ["name"], unique=False)

    op.create_table(
        "employee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "first_name",
            sa.String(length=50).with_variant(sa.String(length=50, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "last_name",
            sa.String(length=50).with_variant(sa.String(length=50, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "email",
            sa.String(length=254).with_variant(sa.String(length=254, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("gender", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("hired_on", sa.Date(), nullable=False),
        sa.Column(
            "title",
            sa.String(length=50).with_variant(sa.String(length=50, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("salary", sa.Numeric(precision=12, scale=2).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("birth_date < hired_on", name=op.f("ck_employee_hired_after_birth")),
        sa.CheckConstraint("salary >= 0", name=op.f("ck_employee_salary_not_negative")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_employee_department_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["employee.id"], name=op.f("fk_employee_manager_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_employee_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee")),
        sa.UniqueConstraint("email", name=op.f("uq_employee_email")),
        sa.UniqueConstraint("number", name=op.f("uq_employee_number")),
        sa.UniqueConstraint("user_id", name=op.f("uq_employee_user_id")),
    )
    with op.batch_alter_table("employee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employee_department_id_id"), ["department_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employee_hired_on_id"), ["hired_on", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_employee_last_name_first_name_id"), ["last_name", "first_name", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_employee_manager_id_id"), ["manager_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_employee_salary_id"), ["salary", "id"], unique=False)

    op.create_table(
        "salary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_salary_amount_not_negative")),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_salary_from_before_to")),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_salary_employee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_salary")),
        sa.UniqueConstraint("employee_id", "from_date", name=op.f("uq_salary_employee_id_from_date")),
    )
    with op.batch_alter_table("salary", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_salary_employee_id_id"), ["employee_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_salary_from_date_id"), ["from_date", "id"], unique=False)

    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_department_manager_id"), "employee", ["manager_id"], ["id"])
