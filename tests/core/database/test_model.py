"""What a class that is declared on Model becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, Numeric, String, Table, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.core.database import Database, Model
from colonnade.core.values import Storage


class ModelledOwner(Model):
    """What is owned by."""

    __tablename__ = "test_model_owner"
    code: Mapped[str] = mapped_column(primary_key=True)


class Modelled(Model):
    """A bit of everything."""

    __tablename__ = "test_model_thing"
    __table_args__ = (CheckConstraint("price > 0", name="price_positive"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2), index=True)
    name: Mapped[str | None] = mapped_column(String(40), unique=True)
    owner_code: Mapped[str | None] = mapped_column(ForeignKey("test_model_owner.code"))


between = Table(
    "test_model_between",
    Model.metadata,
    Column("thing_id", ForeignKey("test_model_thing.id"), primary_key=True),
    Column("owner_code", ForeignKey("test_model_owner.code"), primary_key=True),
    Column("price", Numeric(8, 3)),
)


class Foreign(DeclarativeBase):
    """Somebody else's base."""

    metadata = MetaData()


class ForeignThing(Foreign):
    """Stored as its author has it."""

    __tablename__ = "foreign_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[Decimal] = mapped_column(Numeric(12, 2))


def test_columns_are_stored_as_the_room_of_values_has_it() -> None:
    for table in (Modelled.__table__, ModelledOwner.__table__, between):
        assert isinstance(table, Table)
        for column in table.columns:
            assert isinstance(column.type, Storage), column


def test_classes_of_other_bases_are_left_as_they_are() -> None:
    assert type(ForeignThing.__table__.c.price.type) is Numeric
    assert type(ForeignThing.__table__.c.id.type) is Integer


def test_a_column_of_an_alias_or_an_expression_has_the_stored_type() -> None:
    assert isinstance(select(Modelled.price).subquery().c.price.type, Storage)
    assert isinstance((Modelled.price + Decimal(1)).type, Storage)


def test_every_constraint_has_a_name() -> None:
    table: Any = Modelled.__table__
    names = {str(rule.name) for rule in (*table.constraints, *table.indexes)}
    assert names == {
        "pk_test_model_thing",
        "ck_test_model_thing_price_positive",
        "ix_test_model_thing_price",
        "uq_test_model_thing_name",
        "fk_test_model_thing_owner_code",
    }


def test_a_decimal_without_its_digits_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match="digits"):
        type("Vague", (Model,), {"__tablename__": "vague", "price": mapped_column(Numeric, primary_key=True)})
    assert "vague" not in Model.metadata.tables


def test_what_is_stored_comes_back(own_database: Database) -> None:
    tables: list[Any] = [ModelledOwner.__table__, Modelled.__table__, between]
    Model.metadata.create_all(own_database.engine, tables=tables)
    moment = datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=UTC)
    with own_database.sessions.begin() as session:
        session.add(ModelledOwner(code="é"))
        session.flush()
        session.add(Modelled(made_at=moment, price=Decimal("12345678.91"), owner_code="é"))
        session.flush()
        session.execute(between.insert().values(thing_id=1, owner_code="é", price=Decimal("0.125")))
    with own_database.sessions() as session:
        thing = session.scalars(select(Modelled)).one()
        assert (thing.made_at, thing.price) == (moment, Decimal("12345678.91"))
        joined = select(between.c.price).join(ModelledOwner).join(Modelled)
        assert session.scalar(joined) == Decimal("0.125")
