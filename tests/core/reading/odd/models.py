"""Models of our own base that have whatever a model may have, and names chosen to meet the names inside a statement.

Nothing here is typical. Each table stands for something that reading has to survive, said where it stands.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, aliased, column_property, foreign, mapped_column, relationship, remote

from colonnade import Model


class Grade(enum.Enum):
    """Stored and shown by value; one of the values has to be escaped."""

    LOW = "low"
    QUOTED = 'hi"gh \\ é'
    HIGH = "high"


class Backwards(sa.TypeDecorator[str]):
    """A type that nobody knows: it is read as rows and written by Python."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value[::-1]


#: Many-to-many, with both sides governed.
worker_skill = sa.Table(
    "odd_worker_skill",
    Model.metadata,
    sa.Column("worker_id", ForeignKey("odd_worker.id"), primary_key=True),
    sa.Column("skill_code", ForeignKey("odd_skill.code"), primary_key=True),
    Index("ix_odd_worker_skill_skill", "skill_code", "worker_id"),
)

#: Many-to-many to the same table, known from one side only.
friendship = sa.Table(
    "odd_friendship",
    Model.metadata,
    sa.Column("one_id", ForeignKey("odd_worker.id"), primary_key=True),
    sa.Column("other_id", ForeignKey("odd_worker.id"), primary_key=True),
)


#: The same between two tables that nothing keeps from holding a pair twice.
visit = sa.Table(
    "odd_visit",
    Model.metadata,
    sa.Column("worker_id", ForeignKey("odd_worker.id"), index=True),
    sa.Column("place_id", ForeignKey("odd_place.id"), index=True),
)


class OddPlace(Model):
    """A place. Fields called like control words, like the labels of a statement, and unlike their columns."""

    __tablename__ = "odd_place"
    __table_args__ = (Index("ix_odd_place_parent", "parent_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    Name: Mapped[str | None] = mapped_column("name of the other kind")
    sort: Mapped[str | None]
    limit: Mapped[int | None]
    floor__level: Mapped[int | None]
    n: Mapped[int | None]
    j: Mapped[str | None]
    f_name: Mapped[str | None]
    s_name: Mapped[bool | None]
    key: Mapped[str | None] = mapped_column('it\'s 100% "q" ?:p')
    after: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("odd_place.id"))
    head_id: Mapped[int | None] = mapped_column(ForeignKey("odd_worker.id", use_alter=True))
    parent: Mapped[OddPlace | None] = relationship(remote_side=id, back_populates="children")
    children: Mapped[list[OddPlace]] = relationship(back_populates="parent")
    head: Mapped[OddWorker | None] = relationship(foreign_keys=head_id)
    workers: Mapped[list[OddWorker]] = relationship(back_populates="place", foreign_keys="OddWorker.place_id")
    visitors: Mapped[list[OddWorker]] = relationship(secondary=visit, back_populates="visited")


class OddWorker(Model):
    """One who works: a self-reference, all sorts of relations, a computed column and computed expressions."""

    __tablename__ = "odd_worker"
    __table_args__ = (
        Index("ix_odd_worker_place", "place_id", "id"),
        Index("ix_odd_worker_manager", "manager_id", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    user_id: Mapped[int | None]
    place_id: Mapped[int | None] = mapped_column(ForeignKey("odd_place.id"))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("odd_worker.id"))
    age: Mapped[int | None]
    salary: Mapped[Decimal | None] = mapped_column(sa.Numeric(12, 2))
    grade: Mapped[Grade | None]
    hired_on: Mapped[dt.date | None]
    seen_at: Mapped[dt.datetime | None]
    secret: Mapped[bool | None]
    doubled: Mapped[int | None] = mapped_column(sa.Computed("age * 2", persisted=True))
    place: Mapped[OddPlace | None] = relationship(back_populates="workers", foreign_keys=place_id)
    manager: Mapped[OddWorker | None] = relationship(remote_side=id, back_populates="reports")
    reports: Mapped[list[OddWorker]] = relationship(back_populates="manager")
    badge: Mapped[OddBadge | None] = relationship(back_populates="worker")
    skills: Mapped[list[OddSkill]] = relationship(secondary=worker_skill, back_populates="workers")
    friends: Mapped[list[OddWorker]] = relationship(
        secondary=friendship,
        primaryjoin=id == friendship.c.one_id,
        secondaryjoin=id == friendship.c.other_id,
    )
    visited: Mapped[list[OddPlace]] = relationship(secondary=visit, back_populates="visitors")
    old_reports: Mapped[list[OddWorker]] = relationship(
        primaryjoin=lambda: sa.and_(
            OddWorker.id == foreign(remote(OddWorker.manager_id)),
            remote(OddWorker.age).in_([50, 60, 64]),
        ),
        viewonly=True,
    )
    things: Mapped[list[OddThing]] = relationship(back_populates="worker")
    vehicles: Mapped[list[OddVehicle]] = relationship(back_populates="driver")
    bikes: Mapped[list[OddBike]] = relationship(viewonly=True)


class OddBadge(Model):
    """A key that is a UUID, and a unique foreign key: one-to-one."""

    __tablename__ = "odd_badge"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("odd_worker.id"), unique=True)
    bike_id: Mapped[int | None] = mapped_column(ForeignKey("odd_vehicle.id"))
    colour: Mapped[str | None]
    bike: Mapped[OddBike | None] = relationship()
    worker: Mapped[OddWorker | None] = relationship(back_populates="badge")


class OddSkill(Model):
    """A key that is any text."""

    __tablename__ = "odd_skill"
    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    title: Mapped[str | None]
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    workers: Mapped[list[OddWorker]] = relationship(secondary=worker_skill, back_populates="skills")


class OddReceipt(Model):
    """A key of two parts, a number and a text of what URLs find hard."""

    __tablename__ = "odd_receipt"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(primary_key=True)
    note: Mapped[str | None]
    lines: Mapped[list[OddLine]] = relationship(back_populates="receipt")


class OddLine(Model):
    """A key of three parts, one of them a date; a foreign key of two."""

    __tablename__ = "odd_line"
    __table_args__ = (ForeignKeyConstraint(["number", "code"], ["odd_receipt.number", "odd_receipt.code"]),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(18, 4))
    receipt: Mapped[OddReceipt] = relationship(back_populates="lines")


class OddThing(Model):
    """A value of every type, each of which may be null; two that the database cannot write."""

    __tablename__ = "odd_thing"
    __table_args__ = (Index("ix_odd_thing_worker", "worker_id", "id"),)
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("odd_worker.id"))
    a_text: Mapped[str | None]
    a_short_text: Mapped[str | None] = mapped_column(sa.String(20))
    a_small: Mapped[int | None] = mapped_column(sa.SmallInteger)
    a_big: Mapped[int | None] = mapped_column(sa.BigInteger)
    a_decimal: Mapped[Decimal | None] = mapped_column(sa.Numeric(18, 6))
    a_float: Mapped[float | None]
    a_bool: Mapped[bool | None]
    a_date: Mapped[dt.date | None]
    a_time: Mapped[dt.time | None]
    a_moment: Mapped[dt.datetime | None]
    a_local: Mapped[dt.datetime | None] = mapped_column(sa.DateTime)
    an_interval: Mapped[dt.timedelta | None]
    an_enum: Mapped[Grade | None]
    a_uuid: Mapped[uuid.UUID | None]
    some_bytes: Mapped[bytes | None]
    a_json: Mapped[Any | None] = mapped_column(sa.JSON)
    an_opaque: Mapped[str | None] = mapped_column(Backwards(40))
    an_array: Mapped[list[int] | None] = mapped_column(sa.JSON().with_variant(ARRAY(sa.Integer), "postgresql"))
    worker: Mapped[OddWorker | None] = relationship(back_populates="things")


class OddVehicle(Model):
    """A table that others extend, by a joined table and in the same one."""

    __tablename__ = "odd_vehicle"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    wheels: Mapped[int | None]
    driver_id: Mapped[int | None] = mapped_column(ForeignKey("odd_worker.id"))
    driver: Mapped[OddWorker | None] = relationship(back_populates="vehicles")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}  # noqa: RUF012


class OddTruck(OddVehicle):
    """Joined-table inheritance, with relations of its own to and fro."""

    __tablename__ = "odd_truck"
    id: Mapped[int] = mapped_column(ForeignKey("odd_vehicle.id"), primary_key=True)
    load: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    tows_id: Mapped[int | None] = mapped_column(ForeignKey("odd_truck.id"))
    tows: Mapped[OddTruck | None] = relationship(remote_side=id, foreign_keys=tows_id, back_populates="towed_by")
    towed_by: Mapped[list[OddTruck]] = relationship(foreign_keys=tows_id, back_populates="tows")
    __mapper_args__ = {"polymorphic_identity": "truck", "inherit_condition": id == OddVehicle.id}  # noqa: RUF012


class OddBike(OddVehicle):
    """Single-table inheritance."""

    gears: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "bike"}  # noqa: RUF012


_Report = aliased(OddWorker)
OddWorker.shout = column_property(OddWorker.name + "!")  # type: ignore[attr-defined]
OddWorker.report_count = column_property(  # type: ignore[attr-defined]
    sa.select(sa.func.count(_Report.id))
    .where(_Report.manager_id == OddWorker.id, _Report.age.in_([30, 50, 60, 64]))
    .correlate_except(_Report)
    .scalar_subquery()
)

OWN = (OddPlace, OddWorker, OddBadge, OddSkill, OddReceipt, OddLine, OddThing, OddVehicle, OddTruck, OddBike)
OWN_TABLES = [
    *dict.fromkeys(table for model in OWN for table in sa.inspect(model).tables),
    worker_skill,
    friendship,
    visit,
]
