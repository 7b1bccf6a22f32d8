"""Tables that are not ours: a base of somebody else's, an imperative mapping, and tables that are only reflected.

Their tables are called like the aliases of a statement.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship


class Foreign(DeclarativeBase):
    """Somebody else's base: their columns stay as SQLAlchemy has them."""

    type_annotation_map = {dict[str, Any]: sa.JSON}  # noqa: RUF012


class Mood(enum.Enum):
    """Stored by name, as SQLAlchemy does it: a native type on PostgreSQL."""

    GOOD = "good"
    BAD = "bad"


class Account(Foreign):
    """Values of every type, stored as others store them."""

    __tablename__ = "t0"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int | None]
    title: Mapped[str | None] = mapped_column(sa.String(60))
    balance: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    rate: Mapped[float | None]
    open: Mapped[bool | None]
    opened: Mapped[dt.datetime | None]
    due: Mapped[dt.date | None]
    at: Mapped[dt.time | None]
    every: Mapped[dt.timedelta | None]
    mood: Mapped[Mood | None]
    token: Mapped[uuid.UUID | None]
    blob: Mapped[bytes | None]
    payload: Mapped[dict[str, Any] | None]
    bookings: Mapped[list[Booking]] = relationship(back_populates="account")


class Booking(Foreign):
    """A to-many relation between tables called like aliases."""

    __tablename__ = "page1"
    __table_args__ = (sa.Index("ix_page1_account", "account_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("t0.id"))
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 2))
    account: Mapped[Account | None] = relationship(back_populates="bookings")


class Gadget:
    """Mapped imperatively, with names that a class body could not have."""


LONG = "so_long_that_a_label_of_it_is_cut_off_by_a_database_after_63_characters_"

gadgets = sa.Table(
    "level2",
    Foreign.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("one", sa.Integer),
    sa.Column("two", sa.Integer),
    sa.Column("shown", sa.String(20)),
    sa.Column("hidden", sa.String(20)),
    sa.Column("account_id", sa.ForeignKey("t0.id")),
)
Foreign.registry.map_imperatively(
    Gadget,
    gadgets,
    properties={
        LONG + "one": gadgets.c.one,
        LONG + "two": gadgets.c.two,
        "label": gadgets.c.shown,
        "LABEL": gadgets.c.hidden,
        "account": relationship(Account, backref="gadgets"),
    },
)


class Rich:
    """Mapped to a subquery."""


_accounts = sa.inspect(Account).local_table
riches = sa.select(_accounts.c.id, _accounts.c.owner, _accounts.c.balance).where(_accounts.c.balance > 0).subquery("t1")
Foreign.registry.map_imperatively(
    Rich,
    riches,
    primary_key=[riches.c.id],
    properties={
        "bookings": relationship(
            Booking,
            primaryjoin=riches.c.id == foreign(sa.inspect(Booking).local_table.c.account_id),
            viewonly=True,
        )
    },
)

FOREIGN = (Account, Booking, Gadget, Rich)

#: Tables that the application knows by reflection only. Two names differ from others by signs that SQL or URLs mean.
REFLECTED = sa.MetaData()
kinds = sa.Table(
    "ref kind",
    REFLECTED,
    sa.Column("code", sa.String(20), primary_key=True),
    sa.Column("a b", sa.String(40)),
)
parts = sa.Table(
    "ref%part",
    REFLECTED,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("per%cent", sa.Integer),
    sa.Column("q'\"\\uote:x", sa.String(40)),
    sa.Column("größe", sa.Numeric(8, 2)),
    sa.Column("kind", sa.ForeignKey("ref kind.code")),
    sa.Column("made", sa.DateTime),
    sa.Index("ix_ref_part_kind", "kind", "id"),
)


@dataclass(frozen=True)
class Reflected:
    """The classes that automap made for one application."""

    Kind: type[Any]
    Part: type[Any]


def reflect(engine: sa.Engine) -> Reflected:
    """Map what is found in a database."""

    def class_name(base: type[Any], name: str, table: sa.Table) -> str:
        return {"ref kind": "Kind", "ref%part": "Part"}[name]

    base = automap_base()
    base.prepare(
        engine,
        reflection_options={"only": ["ref kind", "ref%part"]},
        classname_for_table=class_name,
        name_for_scalar_relationship=lambda *_: "kind_of",
        name_for_collection_relationship=lambda *_: "parts",
    )
    return Reflected(base.classes.Kind, base.classes.Part)
