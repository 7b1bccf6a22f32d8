"""What the desk keeps: tasks with teams and tags; folders that others refer to in every way; tours of stops."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import sqlalchemy as sa
from annotated_types import MinLen
from pydantic import Field
from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.harness.stored import TYPES, stored_metadata


class Kept(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()
    type_annotation_map = TYPES


class Team(Kept):
    """A closed one is seen by few."""

    __tablename__ = "desk_team"
    name: Mapped[str] = mapped_column(String(10), primary_key=True)
    closed: Mapped[bool] = mapped_column(default=False)


task_tag = sa.Table(
    "desk_task_tag",
    Kept.metadata,
    sa.Column("task", ForeignKey("desk_task.code"), primary_key=True),
    sa.Column("tag", ForeignKey("desk_tag.number"), primary_key=True),
)


class Tag(Kept):
    """A private one is seen by few."""

    __tablename__ = "desk_tag"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    private: Mapped[bool] = mapped_column(default=False)
    tasks: Mapped[list[Task]] = relationship(secondary=task_tag, back_populates="tags")


class Task(Kept):
    """Something with a field of every sort that the policy tells apart."""

    __tablename__ = "desk_task"
    __table_args__ = (
        CheckConstraint("points < 1000", name="points_below_thousand"),
        CheckConstraint("points >= bonus", name="points_at_least_bonus"),
        CheckConstraint("secret <> 'no'", name="secret_is_not_no"),
    )
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    title: Mapped[Annotated[str, MinLen(1)]] = mapped_column(String(20), unique=True)
    points: Mapped[Annotated[int | None, Field(ge=0)]]
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal(10))
    state: Mapped[str] = mapped_column(String(10), default="open")
    owner_id: Mapped[int | None]
    secret: Mapped[str | None] = mapped_column(String(20), unique=True)
    note: Mapped[str | None] = mapped_column(String(20))
    bonus: Mapped[int | None]
    grade: Mapped[str] = mapped_column(String(20), default="C")
    origin: Mapped[str | None] = mapped_column(String(20))
    data: Mapped[Any | None] = mapped_column(sa.JSON)
    made_by: Mapped[str] = mapped_column(String(20), default=lambda: "a function")
    team_name: Mapped[str | None] = mapped_column(ForeignKey(Team.name))
    twice: Mapped[int | None] = mapped_column(sa.Computed("points * 2", persisted=True))
    team: Mapped[Team | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=task_tag, back_populates="tasks")


class Step(Kept):
    """Refers to a task, and stands in the way of its deletion."""

    __tablename__ = "desk_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_code: Mapped[str | None] = mapped_column(ForeignKey(Task.code))


class Folder(Kept):
    """What others refer to in every way."""

    __tablename__ = "desk_folder"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    secret: Mapped[str | None]
    sheets: Mapped[list[Sheet]] = relationship()
    leaves: Mapped[list[Leaf]] = relationship()
    labels: Mapped[list[Label]] = relationship()
    pages: Mapped[list[Page]] = relationship(cascade="all, delete-orphan")
    loose: Mapped[list[Loose]] = relationship(
        primaryjoin="Folder.id == foreign(Loose.folder_id)", cascade="save-update"
    )


class Sheet(Kept):
    """The ORM would set the reference to null, of its own accord."""

    __tablename__ = "desk_sheet"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey(Folder.id))


class Leaf(Kept):
    """The database deletes it too."""

    __tablename__ = "desk_leaf"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int] = mapped_column(ForeignKey(Folder.id, ondelete="CASCADE"))


class Label(Kept):
    """The database sets the reference to null."""

    __tablename__ = "desk_label"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey(Folder.id, ondelete="SET NULL"))


class Page(Kept):
    """The ORM deletes it too: its author said so."""

    __tablename__ = "desk_page"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey(Folder.id))


class Loose(Kept):
    """Refers without a foreign key; only the ORM knows."""

    __tablename__ = "desk_loose"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None]


class Slip(Kept):
    """Refers by a foreign key of which the folder's class knows nothing."""

    __tablename__ = "desk_slip"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey(Folder.id))


tour_stop = sa.Table(
    "desk_tour_stop",
    Kept.metadata,
    sa.Column("tour", ForeignKey("desk_tour.id"), primary_key=True),
    sa.Column("line", String(5), primary_key=True),
    sa.Column("place", primary_key=True, type_=sa.Integer),
    sa.ForeignKeyConstraint(["line", "place"], ["desk_stop.line", "desk_stop.place"]),
)


class Stop(Kept):
    """A key of two parts."""

    __tablename__ = "desk_stop"
    line: Mapped[str] = mapped_column(String(5), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tours: Mapped[list[Tour]] = relationship(secondary=tour_stop, back_populates="stops")


class Tour(Kept):
    """Stops at several."""

    __tablename__ = "desk_tour"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10))
    stops: Mapped[list[Stop]] = relationship(secondary=tour_stop, back_populates="tours")


class Seat(Kept):
    """A reference of two parts, of which staff do not see one."""

    __tablename__ = "desk_seat"
    __table_args__ = (sa.ForeignKeyConstraint(["line", "place"], ["desk_stop.line", "desk_stop.place"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[int | None]


class Branch(Kept):
    """A tree that the database prunes."""

    __tablename__ = "desk_branch"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("desk_branch.id", ondelete="CASCADE"))
