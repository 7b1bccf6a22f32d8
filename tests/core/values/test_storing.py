"""The storage types of our own models: what columns they make, how migrations see them, and what they refuse to be."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeEngine

from colonnade.core.values import Choice, Document, PlainText, Storage, adopt_column, storage_for

from .samples import SAMPLES, Colour

DECLARED: dict[str, TypeEngine[Any]] = {
    **{name: sample.declared for name, sample in SAMPLES.items()},
    "german": sa.String(20, collation="de-x-icu"),
    "any_case": sa.String(20, collation="NOCASE"),
}


def table_of(metadata: sa.MetaData, made: Callable[[Any], TypeEngine[Any]]) -> sa.Table:
    key = sa.Column("id", made(storage_for(sa.BigInteger())), primary_key=True)
    return sa.Table("every_type", metadata, key, *(sa.Column(n, made(storage_for(t))) for n, t in DECLARED.items()))


def plain(type_: Storage[Any]) -> TypeEngine[Any]:
    return type_.plain


def test_the_plain_type_makes_the_same_column(engine: Engine) -> None:
    ours, ordinary = (table_of(sa.MetaData(), made) for made in (lambda type_: type_, plain))
    for table in (ours, ordinary):
        assert all(isinstance(column.type, Storage) == (table is ours) for column in table.columns)
    assert ddl(ours, engine) == ddl(ordinary, engine)


def test_alembic_finds_nothing_to_do_and_writes_what_makes_the_same_table(engine: Engine) -> None:
    ours, ordinary = sa.MetaData(), sa.MetaData()
    table_of(ours, lambda type_: type_)
    table_of(ordinary, plain)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, ordinary).upgrade_ops
        assert operations is not None
        written = render_python_code(operations, migration_context=context)
        assert "colonnade" not in written
        exec(
            "\n".join(line.removeprefix("    ") for line in written.splitlines()),
            {"sa": sa, "postgresql": postgresql, "op": Operations(context)},
        )
        assert compare_metadata(context, ours) == []
        assert compare_metadata(context, ordinary) == []
        connection.rollback()


def test_text_sorts_by_code_point_unless_a_collation_is_declared(engine: Engine) -> None:
    table = sa.Table(
        "sorted_text",
        sa.MetaData(),
        sa.Column("plain", storage_for(sa.String(10))),
        sa.Column("german", storage_for(sa.String(10, collation="de-x-icu"))),
        sa.Column("any_case", storage_for(sa.String(10, collation="NOCASE"))),
    )
    words = ["b", "B", "a", "ä"]
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(table.insert(), [dict.fromkeys(("plain", "german", "any_case"), word) for word in words])
        came = {
            name: list(connection.scalars(sa.select(column).order_by(column, table.c.plain)))
            for name, column in table.c.items()
        }
        connection.rollback()
    assert came["plain"] == sorted(words)
    assert came["german"] == (["a", "ä", "b", "B"] if engine.dialect.name == "postgresql" else sorted(words))
    assert came["any_case"] == (["a", "B", "b", "ä"] if engine.dialect.name == "sqlite" else sorted(words))


def test_a_big_integer_key_counts_by_itself_on_either_database(engine: Engine) -> None:
    table = sa.Table(
        "counted",
        sa.MetaData(),
        sa.Column("id", storage_for(sa.BigInteger()), primary_key=True),
        sa.Column("n", sa.Text),
    )
    with engine.connect() as connection:
        table.create(connection)
        keys = [connection.execute(table.insert().values(n="x")).inserted_primary_key for _ in range(3)]
        connection.rollback()
    assert [tuple(key or ()) for key in keys] == [(1,), (2,), (3,)]


def test_objects_with_our_keys_are_inserted_in_bulk_and_find_themselves(engine: Engine) -> None:
    class Base(DeclarativeBase):
        pass

    class Thing(Base):
        __tablename__ = "bulk_thing"
        id: Mapped[uuid.UUID] = mapped_column(storage_for(sa.Uuid()), primary_key=True, default=uuid.uuid4)
        number: Mapped[int] = mapped_column(storage_for(sa.Integer()))
        drawn: Mapped[datetime] = mapped_column(storage_for(sa.DateTime(timezone=True)), server_default=sa.func.now())

    with engine.connect() as connection:
        Base.metadata.create_all(connection)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            things = [Thing(number=i) for i in range(50)]
            session.add_all(things)
            session.flush()
            session.expire_all()
            assert [thing.number for thing in things] == list(range(50))
            assert {thing.drawn.tzinfo for thing in things} == {UTC}
            assert session.get(Thing, things[7].id) is things[7]
        connection.rollback()


def test_a_moment_that_the_database_drew_equals_itself_when_it_is_bound_again(engine: Engine) -> None:
    moments = sa.Table(
        "drawn",
        sa.MetaData(),
        sa.Column("n", sa.Integer),
        sa.Column("at", storage_for(sa.DateTime(timezone=True)), server_default=sa.func.now()),
        sa.Column("local", storage_for(sa.DateTime()), server_default=sa.func.now()),
        sa.Column("clock", storage_for(sa.Time()), server_default=sa.func.current_time()),
    )
    with engine.connect() as connection:
        moments.create(connection)
        connection.execute(moments.insert(), {"n": 1})
        row = connection.execute(sa.select(moments.c["at", "local", "clock"])).one()
        for column, value in zip(moments.c["at", "local", "clock"], row, strict=True):
            assert connection.scalar(sa.select(moments.c.n).where(column == value)) == 1
            assert connection.scalar(sa.select(moments.c.n).where(column < value)) is None
        at = row[0]
        assert connection.scalar(sa.select(moments.c.n).where(moments.c["at"] < at + timedelta(microseconds=1))) == 1
        assert connection.scalar(sa.select(moments.c.n).where(moments.c["at"] > at - timedelta(microseconds=1))) == 1
        assert connection.scalar(sa.select(moments.c.n).where(moments.c["at"] <= sa.func.now())) == 1
        connection.rollback()


@pytest.mark.parametrize(
    "declared, says",
    [
        (sa.Numeric(), "Numeric(12, 2)"),
        (sa.Numeric(10), "Numeric(12, 2)"),
        (sa.Numeric(19, 2), "1 to 18 digits"),
        (sa.Numeric(4, 5), "scale between 0 and the precision"),
        (sa.Numeric(12, 2, asdecimal=False), "loses digits"),
        (sa.Float(asdecimal=True), "invents digits"),
        (sa.Time(timezone=True), "cannot have a time zone"),
        (sa.Uuid(as_uuid=False), "declare Uuid"),
        (sa.Enum(Colour, create_constraint=True), "leave it out"),
        (sa.Enum(enum.Enum("Mixed", {"A": 1, "B": "b"})), "all text or all integers"),
        (sa.Enum(enum.Enum("Tuples", {"A": (1, 2)})), "all text or all integers"),
    ],
)
def test_what_cannot_be_stored_exactly_is_refused_when_the_column_is_made(declared: Any, says: str) -> None:
    with pytest.raises(TypeError) as refusal:
        adopt_column(sa.Column("salary", declared))
    assert says in str(refusal.value)
    assert "'salary'" in str(refusal.value)


def test_types_of_one_database_and_custom_types_stay_as_their_author_has_them() -> None:
    class Upper(sa.types.TypeDecorator[str]):
        impl = sa.String
        cache_ok = True

    with_variant = sa.String(10).with_variant(sa.String(10, collation="de-x-icu"), "postgresql")
    for declared in (Upper(), postgresql.ARRAY(sa.Integer), postgresql.INET(), with_variant, sa.types.NullType()):
        assert storage_for(declared) is declared
    by_name = sa.Enum(Colour, values_callable=lambda members: [member.name for member in members])
    assert storage_for(by_name) is by_name


def test_idioms_for_two_databases_are_seen_through() -> None:
    assert ddl_type(storage_for(sa.BigInteger().with_variant(sa.Integer(), "sqlite")), "postgresql") == "BIGINT"
    document = storage_for(sa.JSON().with_variant(postgresql.JSONB(), "postgresql"))
    assert isinstance(document, Document)
    assert ddl_type(document, "postgresql") == "JSONB"
    assert isinstance(storage_for(sa.Enum(Colour, values_callable=lambda e: [each.value for each in e])), Choice)


def test_an_adopted_enum_leaves_no_type_in_the_database(engine: Engine) -> None:
    column: sa.Column[Any] = sa.Column("colour", sa.Enum(Colour, name="leftover"))
    adopt_column(column)
    metadata = sa.MetaData()
    sa.Table("coloured", metadata, column)
    with engine.connect() as connection:
        metadata.create_all(connection)
        if engine.dialect.name == "postgresql":
            assert connection.scalar(sa.text("SELECT count(*) FROM pg_type WHERE typname = 'leftover'")) == 0
        connection.rollback()


def test_server_defaults_are_stored_as_the_type_stores(engine: Engine) -> None:
    columns = [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("debt", sa.Numeric(12, 2), server_default="0.00"),
        sa.Column("waited", sa.Interval(), server_default="PT0S"),
        sa.Column("active", sa.Boolean(), server_default="true"),
        sa.Column("closed", sa.Boolean(), server_default="0"),
        sa.Column("word", sa.String(5), server_default="new"),
    ]
    for column in columns:
        adopt_column(column)
    table = sa.Table("defaulted", sa.MetaData(), *columns)
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(table.insert(), {"id": 1})
        assert tuple(connection.execute(sa.select(*columns[1:])).one()) == (Decimal(0), timedelta(), True, False, "new")
        connection.rollback()


@pytest.mark.parametrize(
    "column",
    [
        sa.Column("debt", sa.Numeric(12, 2), server_default="1.50"),
        sa.Column("debt", sa.Numeric(12, 2), server_default=sa.text("100")),
        sa.Column("debt", sa.Interval(), server_default="P1D"),
    ],
)
def test_a_server_default_that_would_be_unscaled_is_refused(column: sa.Column[Any]) -> None:
    with pytest.raises(TypeError, match=r"'debt'.*write default= instead"):
        adopt_column(column)


def test_an_engine_that_was_not_prepared_is_told_so_before_it_reckons_wrong(module_database_url: str) -> None:
    engine = sa.create_engine(module_database_url)
    money = sa.Table("unprepared", sa.MetaData(), sa.Column("amount", storage_for(sa.Numeric(12, 2))))
    with engine.connect() as connection:
        money.create(connection)
        if engine.dialect.name == "sqlite":
            for statement in (sa.insert(money).values(amount=1), sa.select(money.c.amount)):
                with pytest.raises((RuntimeError, sa.exc.StatementError), match="prepare_dialect"):
                    connection.execute(statement)
        else:
            connection.execute(sa.insert(money).values(amount=1))
        connection.rollback()
    engine.dispose()


def test_statements_over_our_types_are_cached() -> None:
    column = sa.column("held", storage_for(sa.Numeric(12, 2)))
    other = sa.column("held", storage_for(sa.Numeric(12, 3)))
    keys = [sa.select(each)._generate_cache_key() for each in (column, other, column)]
    assert keys[0] is not None
    assert keys[0] == keys[2] != keys[1]
    for declared in DECLARED.values():
        assert sa.select(sa.column("held", storage_for(declared)))._generate_cache_key() is not None
    assert PlainText(5)._static_cache_key != PlainText(6)._static_cache_key


def ddl(table: sa.Table, engine: Engine) -> str:
    return str(sa.schema.CreateTable(table).compile(dialect=engine.dialect))


def ddl_type(type_: TypeEngine[Any], dialect_name: str) -> str:
    return type_.compile(dialect=sa.create_mock_engine(f"{dialect_name}://", executor=lambda *_: None).dialect)
