"""A cellar: classes of whose rows something else is made when they change, one with fields of many types; and a log.

Its tables have a base of their own, stored as `Model` stores them, so that no migration is looked for.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any

import sqlalchemy as sa
from annotated_types import MaxLen
from pyramid.config import Configurator
from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, composite, mapped_column, relationship, validates

from colonnade import ALL_PERMISSIONS, Allow, Deny, fields, me, rows
from colonnade.plugins.history.models import Change
from tests.harness.applications import Application, application
from tests.harness.stored import TYPES, stored_metadata


class Stored(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()
    type_annotation_map = TYPES


class Colour(enum.Enum):
    """Of a wine."""

    RED = "red"
    WHITE = "white"


class Rack(Stored):
    """Bottles refer to it by its letter, which may change: the database changes theirs."""

    __tablename__ = "cellar_rack"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter: Mapped[str] = mapped_column(String(5), unique=True)
    word: Mapped[str | None] = mapped_column(String(20))
    dark: Mapped[bool] = mapped_column(default=False)
    pin: Mapped[str | None] = mapped_column(String(20), info={"secret": True})


class Bottle(Stored):
    """A field of every type of which both databases write the image. Some have names of other things as well."""

    __tablename__ = "cellar_bottle"
    __table_args__ = (
        sa.CheckConstraint("number < 1000", name="number_below_thousand"),
        sa.UniqueConstraint("key_0", "row"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=1)
    text: Mapped[str | None] = mapped_column("the text", String(20), unique=True)
    key_0: Mapped[str | None] = mapped_column(sa.Text())
    row: Mapped[int | None] = mapped_column(sa.BigInteger())
    record: Mapped[bool | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    bought_on: Mapped[dt.date | None]
    seen_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime())
    opens_at: Mapped[dt.time | None]
    rests: Mapped[dt.timedelta | None]
    mark: Mapped[uuid.UUID | None]
    colour: Mapped[Colour | None]
    data: Mapped[Any | None] = mapped_column(sa.JSON)
    paper: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    owner_id: Mapped[int | None]
    pin: Mapped[str | None] = mapped_column(String(20), info={"secret": True})
    code: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON, info={"secret": True})
    grade: Mapped[str] = mapped_column(String(5), default="C")
    twice: Mapped[int | None] = mapped_column(sa.Computed("number * 2", persisted=True))
    counted: Mapped[int] = mapped_column(default=0, onupdate=sa.literal_column("counted + 1"))
    rack_letter: Mapped[str | None] = mapped_column(ForeignKey(Rack.letter, onupdate="CASCADE"))
    rack: Mapped[Rack | None] = relationship(backref="bottles")


class Jar(Stored):
    """A key of two parts; nobody keeps a log of it."""

    __tablename__ = "cellar_jar"
    shelf: Mapped[str] = mapped_column(String(5), primary_key=True)
    place: Mapped[Decimal] = mapped_column(Numeric(6, 2), primary_key=True)
    label: Mapped[str | None] = mapped_column(String(20))
    pin: Mapped[str | None] = mapped_column(String(20), info={"secret": True})


class Stamped(Stored):
    """Python makes a value at each change."""

    __tablename__ = "cellar_stamped"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str | None] = mapped_column(String(20))
    changed: Mapped[int] = mapped_column(default=0, onupdate=lambda: 7)
    by: Mapped[str] = mapped_column(String(20), default="nobody", onupdate="somebody")


class Watched(Stored):
    """A trigger makes a value at each change."""

    __tablename__ = "cellar_watched"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str | None] = mapped_column(String(20))
    loud: Mapped[str | None] = mapped_column(String(20), server_onupdate=sa.FetchedValue())


class Mild(Stored):
    """A trigger of which the class says nothing; on PostgreSQL it comes before the row is written."""

    __tablename__ = "cellar_mild"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str | None] = mapped_column(String(20))
    loud: Mapped[str | None] = mapped_column(String(20))


class Tagged(Stored):
    """A trigger makes a value after a row was made."""

    __tablename__ = "cellar_tagged"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str | None] = mapped_column(String(20))
    tag: Mapped[str | None] = mapped_column(String(20), server_default=sa.FetchedValue())


class Strict(Stored):
    """A validator."""

    __tablename__ = "cellar_strict"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str | None] = mapped_column(String(20))

    @validates("word")
    def lower(self, _: str, value: str) -> str:
        return value.lower()


class Paired(Stored):
    """Two columns that are one value to Python."""

    __tablename__ = "cellar_paired"
    id: Mapped[int] = mapped_column(primary_key=True)
    left: Mapped[int] = mapped_column(default=1)
    right: Mapped[int] = mapped_column(default=2)
    both: Mapped[tuple[int, int]] = composite(lambda left, right: (left, right), "left", "right")


class Weighed(Stored):
    """Fields of which SQLite does not write the image."""

    __tablename__ = "cellar_weighed"
    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[float | None]
    seal: Mapped[Annotated[bytes | None, MaxLen(100)]]


def _trigger(table: str, dialect_name: str) -> Iterator[str]:
    """What makes `loud` of `word` whenever a row of a table changes; on PostgreSQL "stay" keeps it as it is."""
    if dialect_name == "sqlite":
        yield (
            f"CREATE TRIGGER {table}_loud AFTER UPDATE OF word ON {table} "
            f"BEGIN UPDATE {table} SET loud = upper(new.word) WHERE id = new.id; END"
        )
        return
    made = "IF NEW.word = 'stay' THEN RETURN NULL; END IF; NEW.loud := upper(NEW.word); RETURN NEW;"
    yield f"CREATE FUNCTION {table}_loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {made} END $$"
    yield f"CREATE TRIGGER {table}_loud BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_loud()"


def _after(table: str, dialect_name: str) -> Iterator[str]:
    """What makes `tag` of `word` after a row was made."""
    made = f"UPDATE {table} SET tag = upper(NEW.word) WHERE id = NEW.id;"
    if dialect_name == "sqlite":
        yield f"CREATE TRIGGER {table}_tag AFTER INSERT ON {table} BEGIN {made} END"
        return
    yield f"CREATE FUNCTION {table}_tag() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {made} RETURN NULL; END $$"
    yield f"CREATE TRIGGER {table}_tag AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_tag()"


for _dialect in ("sqlite", "postgresql"):
    for _text in _after(str(Tagged.__table__), _dialect):
        sa.event.listen(Tagged.__table__, "after_create", sa.DDL(_text).execute_if(dialect=_dialect))
for _table in (Watched.__table__, Mild.__table__):
    for _dialect in ("sqlite", "postgresql"):
        for _text in _trigger(str(_table), _dialect):
            sa.event.listen(_table, "after_create", sa.DDL(_text).execute_if(dialect=_dialect))


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("cellar", summary="A cellar")
    hr = (Allow, "role:hr", ALL_PERMISSIONS)
    config.add_resource(
        Rack, acl=[hr, (Deny, rows(Rack.dark, who="role:staff"), "view"), (Allow, "role:staff", ("view", "edit"))]
    )
    config.add_resource(
        Bottle,
        acl=[
            hr,
            (Deny, "role:staff", fields("price").view),
            (Deny, "role:staff", fields("grade").write),
            (Deny, rows(Bottle.number >= 900, who="role:staff"), "edit"),
            (Deny, rows(Bottle.owner_id == 9, who="role:staff"), "view"),
            (Deny, rows(Bottle.grade == "A", who="role:staff"), fields("text").view),
            (Deny, rows(Bottle.grade == "A", who="role:staff"), fields("key_0").write),
            (Deny, rows(Bottle.row > 50, who="role:staff"), fields("colour").write),
            (Allow, "role:staff", ("view", "create", "edit")),
            (Allow, rows(Bottle.owner_id == me.id, who="role:owner"), ("view", "edit")),
            (Deny, rows(Bottle.rack.has(Rack.dark), who="role:guest"), "edit"),
            (Allow, "role:guest", ("view", "edit")),
            (Deny, rows(Bottle.grade == "A", who="role:clerk"), fields("text").view),
            (Allow, "role:clerk", ("view", "create", "edit")),
            (Allow, "role:reader", "view"),
            (Allow, "role:blind", "edit"),
        ],
    )
    config.add_resource(Jar, acl=[hr], logged=False)
    for model in (Stamped, Watched, Mild, Tagged, Strict, Paired, Weighed):
        config.add_resource(model, acl=[hr])


@contextmanager
def cellar(url: str) -> Iterator[Application]:
    """The application on an empty database."""
    with application(url, ("accounts", "rest", "history", __name__), Stored.metadata) as made:
        yield made


def store(made: Application, connection: sa.Connection | None, *records: Any) -> None:
    """Store records, and forget that they are new: the log has nothing of it.

    :param connection: a transaction that goes on; without one it is committed.
    """
    more: dict[str, Any] = {} if connection is None else {"bind": connection}
    with made.database.sessions(**more, join_transaction_mode="create_savepoint") as session:
        session.add_all(records)
        session.commit()
        session.execute(sa.delete(Change))
        session.commit()


def dump(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, past everything that is tested."""
    return {
        table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
        for table in Stored.metadata.tables.values()
    }
