"""`colonnade migrate --new`: what it writes makes what the classes say, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from colonnade.core.database import Database
from colonnade.core.database.migrations import check, new_migration, pending, upgrade
from tests.core.database.conftest import MakeDatabase
from tests.core.database.migrations.conftest import Workshop

EVERYTHING = """
class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

class Box(Model):
    __tablename__ = "box"
    __table_args__ = (
        sa.CheckConstraint("height > 0", name="height_positive"),
        sa.UniqueConstraint("name", "height"),
        sa.Index("ix_box_tall", "height", "name", postgresql_where=sa.text("height > 7")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), index=True)
    note: Mapped[str | None]
    height: Mapped[float]
    count: Mapped[int] = mapped_column(sa.BigInteger, default=1, server_default="1")
    small: Mapped[int | None] = mapped_column(sa.SmallInteger)
    price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2), server_default="0")
    open: Mapped[bool] = mapped_column(server_default=sa.true())
    shut: Mapped[bool] = mapped_column(server_default=sa.false())
    color: Mapped[Color | None]
    made_on: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    local: Mapped[datetime | None] = mapped_column(sa.DateTime)
    at: Mapped[time | None]
    lasting: Mapped[timedelta | None]
    token: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    image: Mapped[bytes | None]
    data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("box.id", ondelete="SET NULL"))
    ribbons: Mapped[list[Ribbon]] = relationship(secondary=lambda: box_ribbon)

class Ribbon(Model):
    __tablename__ = "ribbon"
    code: Mapped[str] = mapped_column(primary_key=True)

class Knot(Model):
    __tablename__ = "knot"
    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    )

box_ribbon = sa.Table(
    "box_ribbon",
    Model.metadata,
    sa.Column("box_id", sa.ForeignKey("box.id"), primary_key=True),
    sa.Column("ribbon_code", sa.ForeignKey("ribbon.code"), primary_key=True),
)
"""

CIRCLE = """
class Team(Model):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int | None] = mapped_column(sa.ForeignKey("player.id"))

class Player(Model):
    __tablename__ = "player"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
"""


@pytest.fixture
def empty(fresh_database_url: str, make_database: MakeDatabase) -> Database:
    """A database without tables."""
    return make_database(fresh_database_url)


@pytest.fixture
def other(databases, dialect_name, make_database):  # type: ignore[no-untyped-def]
    """An empty database of the other kind."""
    with databases.empty({"sqlite": "postgresql", "postgresql": "sqlite"}[dialect_name]) as url:
        database = make_database(url)
        yield database
        database.dispose()


@pytest.mark.parametrize("models", [EVERYTHING, CIRCLE], ids=["everything", "circle"])
def test_one_migration_makes_what_the_classes_say_on_both_databases(
    workshop: Workshop, empty: Database, other: Database, models: str
) -> None:
    plugin = workshop.plugin("shelf", models)
    assert check(empty, [plugin]).differences
    path = new_migration(empty, plugin, [plugin], "Shelves, and what is on them").path
    assert path is not None
    assert path.name == "0001_shelves_and_what_is_on_them.py"
    assert "colonnade" not in path.read_text().replace("Model", "")
    for database in (empty, other):
        assert [step.revision for step in upgrade(database, [plugin])] == ["0001"]
        assert check(database, [plugin]).differences == ()
    assert new_migration(empty, plugin, [plugin], "Nothing").path is None
    assert new_migration(other, plugin, [plugin], "Nothing").path is None
    assert workshop.names(plugin) == ["0001_shelves_and_what_is_on_them.py"]


def test_a_circle_of_references_is_closed(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("games", CIRCLE)
    new_migration(empty, plugin, [plugin], "Teams")
    upgrade(empty, [plugin])
    with empty.engine.connect() as connection:
        found = {
            (name, key["referred_table"])
            for name in ("team", "player")
            for key in inspect(connection).get_foreign_keys(name)
        }
    assert found == {("team", "player"), ("player", "team")}


BEFORE = """
class Shelf(Model):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    old: Mapped[str | None] = mapped_column(index=True)
    width: Mapped[int]

class Book(Model):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(sa.ForeignKey("shelf.id", ondelete="CASCADE"))
"""
AFTER = """
class Room(Model):
    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)

class Shelf(Model):
    __tablename__ = "shelf"
    __table_args__ = (sa.UniqueConstraint("name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(30))
    width: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 2))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"))

class Book(Model):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shelf.id", ondelete="SET NULL"))
"""


def test_a_changed_class_is_followed_and_the_rows_stay(workshop: Workshop, empty: Database, other: Database) -> None:
    plugin = workshop.plugin("library", BEFORE)
    new_migration(empty, plugin, [plugin], "First")
    for database in (empty, other):
        upgrade(database, [plugin])
        with database.engine.begin() as connection:
            connection.execute(text("INSERT INTO shelf (id, name, old, width) VALUES (1, 'a', 'x', 7)"))
            connection.execute(text("INSERT INTO book (id, shelf_id) VALUES (1, 1)"))
    plugin = workshop.plugin("library", AFTER)
    path = new_migration(empty, plugin, [plugin], "Second").path
    assert path is not None
    assert path.name == "0002_second.py"
    for database in (empty, other):
        assert [step.summary for step in pending(database, [plugin])] == ["Second."]
        upgrade(database, [plugin])
        assert check(database, [plugin]).differences == ()
        with database.read() as connection:
            assert connection.rows(text("SELECT id, name, width, price, room_id FROM shelf")) == [
                (1, "a", 7, None, None)
            ]
            assert connection.rows(text("SELECT id, shelf_id FROM book")) == [(1, 1)]
        assert pending(database, [plugin]) == ()


@pytest.mark.parametrize(
    "before, after",
    [
        ("Decimal] = mapped_column(sa.Numeric(12, 2))", "Decimal] = mapped_column(sa.Numeric(12, 3))"),
        ("int]", "int] = mapped_column(sa.BigInteger)"),
        ("str] = mapped_column(sa.String(30))", "str] = mapped_column(sa.String(40))"),
        ("str]", "str | None]"),
        ("int]", "int] = mapped_column(server_default='7')"),
        ("int] = mapped_column(server_default='6')", "int] = mapped_column(server_default='7')"),
        ("timedelta]", "int] = mapped_column(sa.BigInteger)"),
        ("uuid.UUID]", "str] = mapped_column(sa.String(36))"),
    ],
)
@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_change_that_makes_no_other_table_on_sqlite_is_seen_there_too(
    workshop: Workshop, empty: Database, before: str, after: str
) -> None:
    models = """
    class Shelf(Model):
        __tablename__ = "shelf"
        id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
        size: Mapped[{}
    """
    plugin = workshop.plugin("library", models.format(before))
    new_migration(empty, plugin, [plugin], "First")
    upgrade(empty, [plugin])
    assert check(empty, [plugin]).differences == ()
    plugin = workshop.plugin("library", models.format(after))
    assert [each.plugin for each in check(empty, [plugin]).differences] == ["library"]
    assert new_migration(empty, plugin, [plugin], "Second").path is not None
    assert check(empty, [plugin]).differences == ()
    upgrade(empty, [plugin])


def test_an_empty_migration_waits_for_its_author(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("library", BEFORE)
    new_migration(empty, plugin, [plugin], "First")
    path = new_migration(empty, plugin, [plugin], 'The "data" \\ of """all""" 50% {books}\nand more', empty=True).path
    assert path is not None
    assert path.name == "0002_the_data_of_all_50_books_and_more.py"
    assert [step.revision for step in upgrade(empty, [plugin])] == ["0001", "0002"]


@pytest.mark.parametrize("message", ["", "…", "é" * 300])
def test_any_message_makes_a_name_for_a_file(workshop: Workshop, empty: Database, message: str) -> None:
    plugin = workshop.plugin("library", BEFORE)
    path = new_migration(empty, plugin, [plugin], message).path
    assert path is not None
    assert path.name.startswith("0001_")
    assert len(path.name) < 80
    assert len(upgrade(empty, [plugin])) == 1


def test_the_applications_own_database_is_not_looked_at(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory, make_database: MakeDatabase
) -> None:
    path = tmp_path_factory.mktemp("absent") / "absent.sqlite"
    plugin = workshop.plugin("library", BEFORE)
    assert new_migration(make_database(f"sqlite:///{path}"), plugin, [plugin], "First").path is not None
    assert not path.exists()
