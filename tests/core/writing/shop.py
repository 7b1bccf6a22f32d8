"""A shop: an application with a model, and a list of permissions, for each rule of writing; and who may ask.

Its tables have a base of their own, stored as `Model` stores them, so that no migration is looked for.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import sqlalchemy as sa
from annotated_types import MinLen
from pydantic import Field
from pyramid.config import Configurator
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Numeric, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    mapped_column,
    relationship,
    validates,
)

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, fields, me, rows
from tests.harness.applications import Application, application
from tests.harness.stored import TYPES, stored_metadata


class Stored(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()
    type_annotation_map = TYPES


class Kind(enum.Enum):
    """What an item is."""

    GOODS = "goods"
    GIFT = "gift"


class Box(Stored):
    """A box with a key that its author gives, and an owner on whom it depends who sees it.

    Of the one called "dark", staff do not see the label.
    """

    __tablename__ = "shop_box"
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    owner_id: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(String(20), unique=True)


class Item(Stored):
    """Something with a field of every sort that the policy tells apart.

    Staff do not see `reserve` and `batch`, and do not write `status`.
    """

    __tablename__ = "shop_item"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("price >= reserve", name="price_at_least_reserve"),
        CheckConstraint("size < 1000", name="size_below_thousand"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Annotated[str, MinLen(1)]] = mapped_column(String(20), unique=True)
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    size: Mapped[Annotated[int | None, Field(ge=1)]]
    kind: Mapped[Kind] = mapped_column(default=Kind.GOODS)
    made_on: Mapped[dt.date | None]
    sold_at: Mapped[dt.datetime | None]
    data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    status: Mapped[str] = mapped_column(String(10), default="new")
    reserve: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal(10))
    batch: Mapped[str | None] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int | None]
    box_code: Mapped[str | None] = mapped_column(ForeignKey(Box.code))
    twice: Mapped[int | None] = mapped_column(sa.Computed("size * 2", persisted=True))
    box: Mapped[Box | None] = relationship()


class Vault(Stored):
    """A required field that staff do not see, and one that guests see and do not write."""

    __tablename__ = "shop_vault"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    pin: Mapped[str]


class Ticket(Stored):
    """A unique value that nobody gives, and that staff do not see."""

    __tablename__ = "shop_ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    seat: Mapped[str] = mapped_column(unique=True, default="A1")


class Slot(Stored):
    """A key of two parts, both given."""

    __tablename__ = "shop_slot"
    row: Mapped[str] = mapped_column(String(5), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)


class Visit(Stored):
    """A foreign key of two parts, and a unique pair."""

    __tablename__ = "shop_visit"
    __table_args__ = (
        ForeignKeyConstraint(["row", "place"], [Slot.row, Slot.place]),
        UniqueConstraint("day", "row", "place"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    day: Mapped[dt.date]
    row: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[int | None]


class Node(Stored):
    """A tree: each refers to another of its own kind, by a key that its author gives."""

    __tablename__ = "shop_node"
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("shop_node.code"))
    rank: Mapped[int] = mapped_column(default=1)
    parent: Mapped[Node | None] = relationship(remote_side=code)


class Vehicle(Stored):
    """Joined inheritance: the table of all of them."""

    __tablename__ = "shop_vehicle"
    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(10))
    plate: Mapped[str] = mapped_column(String(10), unique=True)
    tows_id: Mapped[int | None] = mapped_column(ForeignKey("shop_vehicle.id"))
    tows: Mapped[Vehicle | None] = relationship(remote_side=id)
    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_identity": "vehicle"}  # noqa: RUF012


class Truck(Vehicle):
    """And of some."""

    __tablename__ = "shop_truck"
    id: Mapped[int] = mapped_column(ForeignKey(Vehicle.id), primary_key=True)
    load: Mapped[int]
    box_code: Mapped[str | None] = mapped_column(ForeignKey(Box.code))
    __mapper_args__ = {"polymorphic_identity": "truck"}  # noqa: RUF012


class Asset(Stored):
    """Joined tables again, with a key that is given, and nothing that tells which class a row is of."""

    __tablename__ = "shop_asset"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str]


class Tool(Asset):
    """One of them."""

    __tablename__ = "shop_tool"
    code: Mapped[str] = mapped_column(ForeignKey(Asset.code), primary_key=True)
    use: Mapped[str]


class Foreign(DeclarativeBase):
    """Somebody else's base: columns as SQLAlchemy has them, constraints without names."""


class Shout(sa.TypeDecorator[str]):
    """Somebody else's type, which takes no question."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is not None and value.endswith("?"):
            raise ValueError("is a question; make it an exclamation")
        return value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value


class Coin(MappedAsDataclass, Foreign):
    """A dataclass, with an `__init__` of its own making, and a version."""

    __tablename__ = "shop_coin"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    worth: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(init=False)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Person(Foreign):
    """An `__init__` that wants something else, a validator, a type that nobody knows, a rule without a name."""

    __tablename__ = "shop_person"
    __table_args__ = (CheckConstraint("age < 150"),)
    number: Mapped[int] = mapped_column("person number", primary_key=True, autoincrement=False)
    name: Mapped[str]
    age: Mapped[int | None]
    word: Mapped[str | None] = mapped_column(Shout)

    def __init__(self, full_name: str) -> None:
        raise NotImplementedError(full_name)

    @validates("name")
    def capital(self, _: str, value: str) -> str:
        if not value[:1].isupper():
            raise ValueError("begins with a capital letter")
        return value.strip()


class Plain(Foreign):
    """Nothing special, on somebody else's base."""

    __tablename__ = "shop_plain"
    id: Mapped[int] = mapped_column("no", primary_key=True)
    name: Mapped[str | None] = mapped_column("the name", String(10), unique=True)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    word: Mapped[str | None] = mapped_column(Shout)


class Note(Foreign):
    """A document that no two share."""

    __tablename__ = "shop_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[Any] = mapped_column(sa.JSON().with_variant(JSONB(), "postgresql"), unique=True)


class Crate(Stored):
    """A table with a column that is filled in, of which the class knows nothing; a note may be null."""

    __tablename__ = "shop_crate"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None] = mapped_column(String(10), default="none yet")
    __table_args__ = (sa.Column("stamp", String(10), default=lambda: "stamped"),)
    __mapper_args__: ClassVar[dict[str, Any]] = {"exclude_properties": ["stamp"]}


OPEN: list[Any] = [(Allow, "role:hr", ALL_PERMISSIONS), (Allow, "role:staff", ALL_PERMISSIONS)]


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("shop", summary="A shop")
    config.add_resource(
        Box,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Deny, rows(Box.code == "dark", who="role:staff"), fields("label").view),
            (Allow, rows(Box.owner_id == me.id, who="role:staff"), "view"),
            (Allow, "role:staff", "create"),
            (Allow, "role:packer", "view"),
        ],
    )
    config.add_resource(
        Item,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Deny, "role:staff", fields("reserve", "batch").view),
            (Deny, "role:staff", fields("status").write),
            (Allow, "role:staff", "view"),
            (Allow, rows(Item.price < 100, who="role:staff"), "create"),
            (Deny, rows(Item.kind == Kind.GIFT, who="role:intake"), fields("size").write),
            (Allow, "role:intake", "create"),
            (Allow, rows(Item.owner_id == me.id, who="role:intake"), "view"),
            (Allow, "role:clerk", "create"),
            (Allow, "role:reader", "view"),
            (Deny, "role:packer", fields("box_code").write),
            (Allow, "role:packer", ("view", "create")),
        ],
    )
    config.add_resource(
        Vault,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Deny, "role:staff", fields("pin").view),
            (Deny, "role:staff", fields("pin").write),
            (Deny, "role:guest", fields("pin").write),
            (Allow, "role:staff", ("view", "create")),
            (Allow, "role:guest", ("view", "create")),
        ],
    )
    config.add_resource(
        Ticket,
        acl=[
            (Allow, "role:hr", ALL_PERMISSIONS),
            (Deny, "role:staff", fields("seat").view),
            (Allow, "role:staff", ("view", "create")),
        ],
    )
    for model in (Slot, Visit, Node, Vehicle, Truck, Asset, Tool, Coin, Person, Plain, Note, Crate):
        config.add_resource(model, acl=[*OPEN, (Allow, Everyone, "create")] if model is Plain else OPEN)


@contextmanager
def shop(url: str) -> Iterator[Application]:
    """The application over a database that has its tables, and nothing in them but a few boxes."""
    plugins = ("rest", "transfer", __name__)
    tables = (Stored.metadata, Foreign.metadata)
    with application(url, plugins, *tables, **{"rest.max_body_bytes": "8192"}) as made:
        with Session(made.database.engine) as session, session.begin():
            session.add_all(
                [
                    Box(code="mine", owner_id=7, label="A"),
                    Box(code="dark", owner_id=7, label="B"),
                    Box(code="theirs", owner_id=8, label="C"),
                    Box(code="nobody's"),
                ]
            )
        yield made


def things_in(connection: sa.Connection, model: type[Any], *names: str) -> list[tuple[Any, ...]]:
    """What is stored of a model, past everything that is tested."""
    columns = [getattr(model, name) for name in names]
    return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))
