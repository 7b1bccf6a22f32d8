"""What the archive keeps: a class for each way in which rows come, change and go without being told to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    WriteOnlyMapped,
    deferred,
    mapped_column,
    relationship,
)

from tests.harness.stored import TYPES, stored_metadata


class Kept(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()
    type_annotation_map = TYPES


class Lower(sa.TypeDecorator[str]):
    """Somebody else's type, which stores something else than it is given."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.lower()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value


class Room(Kept):
    """No resource: nobody records what becomes of it, but of what it takes along."""

    __tablename__ = "archive_room"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Cupboard(Kept):
    """No resource either, and between two things of which one goes with the other."""

    __tablename__ = "archive_cupboard"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shelf_code: Mapped[str | None] = mapped_column(ForeignKey("archive_shelf.code", ondelete="CASCADE"))


class Shelf(Kept):
    """A key that its author gives and may change; the database takes others along."""

    __tablename__ = "archive_shelf"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))
    room_id: Mapped[int | None] = mapped_column(ForeignKey(Room.id, ondelete="SET NULL"))


book_tag = sa.Table(
    "archive_book_tag",
    Kept.metadata,
    sa.Column("book", ForeignKey("archive_book.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", ForeignKey("archive_tag.id", ondelete="CASCADE"), primary_key=True),
)
book_topic = sa.Table(
    "archive_book_topic",
    Kept.metadata,
    sa.Column("book", ForeignKey("archive_book.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", ForeignKey("archive_tag.id", ondelete="CASCADE"), primary_key=True),
)


class Tag(Kept):
    """Of many books."""

    __tablename__ = "archive_tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10))
    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags", passive_deletes=True)


class Book(Kept):
    """A column of every sort: read late, made by the database, by SQLAlchemy, by others; secret; personal."""

    __tablename__ = "archive_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column("the title", String(20))
    n: Mapped[int | None]
    text: Mapped[str | None] = deferred(mapped_column(sa.Text()))
    word: Mapped[str | None] = mapped_column(Lower)
    data: Mapped[Any | None] = mapped_column(sa.JSON)
    made: Mapped[int] = mapped_column(server_default="7")
    stamp: Mapped[int | None] = mapped_column(default=1, onupdate=2)
    touched: Mapped[int | None] = mapped_column(server_default="0", onupdate=sa.text("touched + 1"))
    twice: Mapped[int | None] = mapped_column(sa.Computed("n * 2", persisted=True))
    version: Mapped[int] = mapped_column()
    pin: Mapped[str | None] = mapped_column(String(20), info={"secret": True})
    owner: Mapped[str | None] = mapped_column(String(20), info={"personal": True})
    shelf_code: Mapped[str | None] = mapped_column(ForeignKey(Shelf.code, ondelete="SET NULL", onupdate="CASCADE"))
    first_id: Mapped[int | None] = mapped_column(
        ForeignKey("archive_page.id", use_alter=True, name="fk_archive_book_first")
    )
    shelf: Mapped[Shelf | None] = relationship(passive_deletes="all")
    pages: Mapped[list[Page]] = relationship(
        back_populates="book", cascade="all, delete-orphan", foreign_keys="Page.book_id"
    )
    first: Mapped[Page | None] = relationship(post_update=True, foreign_keys=first_id)
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books", passive_deletes=True)
    topics: WriteOnlyMapped[Tag] = relationship(secondary=book_topic, passive_deletes=True)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Page(Kept):
    """Goes with its book by the ORM's doing."""

    __tablename__ = "archive_page"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]
    book_id: Mapped[int | None] = mapped_column(ForeignKey(Book.id))
    book: Mapped[Book | None] = relationship(back_populates="pages", foreign_keys=book_id)
    lines: Mapped[list[Line]] = relationship(back_populates="page", cascade="all", passive_deletes=True)


class Line(Kept):
    """A key of two parts, which goes with its page by the database's doing."""

    __tablename__ = "archive_line"
    page_id: Mapped[int] = mapped_column(ForeignKey(Page.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str | None] = mapped_column(String(20))
    page: Mapped[Page] = relationship(back_populates="lines")


class Remark(Kept):
    """Goes with its line, and loses its cupboard; both by the database's doing, and no relation says so."""

    __tablename__ = "archive_remark"
    __table_args__ = (
        ForeignKeyConstraint(
            ["page_id", "line_number"],
            [Line.page_id, Line.number],
            ondelete="CASCADE",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int | None]
    line_number: Mapped[int | None]
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("archive_remark.id", ondelete="SET NULL"))
    cupboard_id: Mapped[int | None] = mapped_column(ForeignKey(Cupboard.id, ondelete="SET NULL"))
    shelf_code: Mapped[str | None] = mapped_column(
        String(10),
        ForeignKey(Shelf.code, ondelete="SET DEFAULT", onupdate="SET NULL"),
        server_default=sa.null(),
    )
    text: Mapped[str | None] = mapped_column(String(20))


class Label(Kept):
    """Its key is in part another's, which changes by the database's doing."""

    __tablename__ = "archive_label"
    shelf_code: Mapped[str] = mapped_column(
        ForeignKey(Shelf.code, ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str | None] = mapped_column(String(20))


class Vehicle(Kept):
    """Joined tables, each class a resource."""

    __tablename__ = "archive_vehicle"
    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(10))
    plate: Mapped[str | None] = mapped_column(String(10))
    shelf_code: Mapped[str | None] = mapped_column(ForeignKey(Shelf.code, ondelete="CASCADE", onupdate="CASCADE"))
    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_identity": "vehicle"}  # noqa: RUF012


class Truck(Vehicle):
    """A vehicle; a record of both resources."""

    __tablename__ = "archive_truck"
    id: Mapped[int] = mapped_column(ForeignKey(Vehicle.id, ondelete="CASCADE"), primary_key=True)
    load: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "truck"}  # noqa: RUF012


class Bus(Vehicle):
    """A vehicle of a class that is no resource."""

    __tablename__ = "archive_bus"
    id: Mapped[int] = mapped_column(ForeignKey(Vehicle.id), primary_key=True)
    seats: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "bus"}  # noqa: RUF012


class Event(Kept):
    """One table for several classes."""

    __tablename__ = "archive_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(10))
    shelf_code: Mapped[str | None] = mapped_column(ForeignKey(Shelf.code, ondelete="SET NULL", onupdate="CASCADE"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "event"}  # noqa: RUF012


class Talk(Event):
    """One of them."""

    speaker: Mapped[str | None] = mapped_column(String(10))
    __mapper_args__ = {"polymorphic_identity": "talk"}  # noqa: RUF012


class Quiet(Kept):
    """Its author keeps it out of the log; others refer to it."""

    __tablename__ = "archive_quiet"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(10))


class Heard(Kept):
    """Refers to one of which nothing is kept."""

    __tablename__ = "archive_heard"
    id: Mapped[int] = mapped_column(primary_key=True)
    quiet_id: Mapped[int | None] = mapped_column(ForeignKey(Quiet.id, ondelete="SET NULL"))
