"""Clubs and members that refer to each other in a circle, with everything that makes an undo hard; and a log of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from colonnade import ALL_PERMISSIONS, Allow, Deny, fields, me, rows
from tests.harness.applications import Application, application
from tests.harness.stored import TYPES, stored_metadata


class Ringed(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()
    type_annotation_map = TYPES


class Club(Ringed):
    """Led by one of its members; staff do not see the one called "dark"."""

    __tablename__ = "ring_club"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    motto: Mapped[str | None] = mapped_column(String(20), unique=True)
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("ring_member.id", use_alter=True))


member_badge = sa.Table(
    "ring_member_badge",
    Ringed.metadata,
    sa.Column("member", ForeignKey("ring_member.id"), primary_key=True),
    sa.Column("badge", ForeignKey("ring_badge.code"), primary_key=True),
)


class Badge(Ringed):
    """A key that its author gives, and may change."""

    __tablename__ = "ring_badge"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    colour: Mapped[str] = mapped_column(String(10), default="grey")


class Member(Ringed):
    """Of a club; no relationship of the ORM tells so."""

    __tablename__ = "ring_member"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    nick: Mapped[str | None] = mapped_column(String(20), unique=True)
    club_id: Mapped[int] = mapped_column(ForeignKey(Club.id))
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("ring_member.id"))
    owner_id: Mapped[int | None]
    pay: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal(10))
    weight: Mapped[float | None]
    born_on: Mapped[dt.date | None]
    seen_at: Mapped[dt.datetime | None]
    data: Mapped[Any | None] = mapped_column(sa.JSON)
    grade: Mapped[str] = mapped_column(String(5), default="C")
    pin: Mapped[str | None] = mapped_column(String(20), info={"secret": True})
    twice: Mapped[int | None] = mapped_column(sa.Computed("number * 2", persisted=True))
    badges: Mapped[list[Badge]] = relationship(secondary=member_badge)


class Remark(Ringed):
    """Goes with its member: the database deletes it."""

    __tablename__ = "ring_remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey(Member.id, ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(20))


class Locker(Ringed):
    """Loses its member: the database sets it to null. Two columns that may be null are something else if left out."""

    __tablename__ = "ring_locker"
    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey(Member.id, ondelete="SET NULL"))
    tone: Mapped[str | None] = mapped_column(String(10), default="plain")
    shade: Mapped[str | None] = mapped_column(String(10), server_default="grey")


class Account(Ringed):
    """What needs a secret that the log does not keep; and what counts its versions."""

    __tablename__ = "ring_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    password: Mapped[str] = mapped_column(String(20), info={"secret": True})
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


MODELS: tuple[type[Any], ...] = (Club, Badge, Member, Remark, Locker, Account)


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("ring", summary="A ring")
    hr = (Allow, "role:hr", ALL_PERMISSIONS)
    config.add_resource(
        Club,
        acl=[
            hr,
            (Deny, rows(Club.name == "dark", who="role:staff"), "view"),
            (Allow, "role:staff", ("view", "create", "edit")),
            (Allow, "role:reader", "view"),
        ],
    )
    config.add_resource(Badge, acl=[hr, (Allow, "role:staff", "view"), (Allow, "role:owner", "view")])
    config.add_resource(
        Member,
        acl=[
            hr,
            (Deny, "role:staff", fields("pay").view),
            (Deny, "role:staff", fields("grade").write),
            (Deny, rows(Member.number >= 900, who="role:staff"), "edit"),
            (Deny, rows(Member.owner_id == 9, who="role:staff"), "view"),
            (Deny, rows(Member.number < 100, who="role:staff"), "delete"),
            (Deny, rows(Member.grade == "A", who="role:staff"), fields("nick").write),
            (Allow, "role:staff", ("view", "create", "edit", "delete")),
            (Allow, rows(Member.owner_id == me.id, who="role:owner"), ("view", "edit", "delete")),
            (Allow, "role:reader", "view"),
        ],
    )
    for model in (Remark, Locker, Account):
        config.add_resource(model, acl=[hr])


@contextmanager
def ring(url: str, *plugins: str) -> Iterator[Application]:
    """The application on an empty database."""
    names = ("accounts", "rest", "transfer", "history", *plugins, __name__)
    with application(url, names, Ringed.metadata) as made:
        yield made


def dump(connection: sa.Connection, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, past everything that is tested.

    :param without: names of columns that are left out.
    """
    return {
        table.name: sorted(
            (tuple(row) for row in connection.execute(sa.select(*(c for c in table.c if c.name not in without)))),
            key=repr,
        )
        for table in Ringed.metadata.tables.values()
    }
