"""A prepared statement gives what SQLAlchemy would, by the driver's own cursor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from psycopg import DataError
from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.exc import CompileError, ResourceClosedError

from colonnade.core.database import Database, Prepared
from colonnade.core.values import ExactDecimal


class Cents(TypeDecorator[Decimal]):
    """Money, stored as a number of cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String),
    Column("price", Cents),
    Column("data", JSON),
)


@pytest.fixture
def stocked(database: Database) -> Database:
    """Three things."""
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(things.delete())
        connection.execute(
            things.insert(),
            [
                {"id": 1, "name": "a%b", "price": Decimal("1.50"), "data": {"é": [1]}},
                {"id": 2, "name": "it's :here %(x)s $1 ?", "price": Decimal("2.00"), "data": None},
                {"id": 3, "name": None, "price": None, "data": "text"},
            ],
        )
    return database


def fetch(database: Database, statement: Any, **parameters: object) -> list[tuple[Any, ...]]:
    """What the statement gives by the raw road."""
    prepared = Prepared.compile(statement, database.dialect)
    with database.read() as connection:
        return connection.fetch(prepared, parameters)


def test_parameters_are_given_by_name_and_literals_keep_their_values(stocked: Database) -> None:
    statement = (
        select(things.c.id, literal("50% ?"), literal_column("'100% :x'"))
        .where(
            or_(things.c.id == bindparam("first"), things.c.id == 2), things.c.id < 100, things.c.id != bindparam("not")
        )
        .order_by(things.c.id)
        .limit(bindparam("most"))
    )
    assert fetch(stocked, statement, first=1, most=10, **{"not": 7}) == [
        (1, "50% ?", "100% :x"),
        (2, "50% ?", "100% :x"),
    ]
    assert fetch(stocked, statement, first=3, most=1, **{"not": 2}) == [(3, "50% ?", "100% :x")]


def test_a_parameter_may_stand_in_several_places(stocked: Database) -> None:
    statement = select(things.c.id).where(or_(things.c.id == bindparam("n"), things.c.id == bindparam("n") + 1))
    assert sorted(fetch(stocked, statement, n=2)) == [(2,), (3,)]


def test_characters_that_are_placeholders_elsewhere_are_text(stocked: Database) -> None:
    name = "it's :here %(x)s $1 ?"
    assert fetch(stocked, select(things.c.name).where(things.c.name == bindparam("name")), name=name) == [(name,)]
    assert fetch(stocked, select(things.c.id).where(things.c.name.like("a%"))) == [(1,)]


def test_a_types_own_processing_binds_parameters_and_literals(stocked: Database) -> None:
    assert fetch(stocked, select(things.c.id).where(things.c.price == bindparam("price")), price=Decimal("1.50")) == [
        (1,)
    ]
    assert fetch(stocked, select(things.c.id).where(things.c.price == Decimal("2.00"))) == [(2,)]


def test_values_come_as_the_driver_has_them(stocked: Database) -> None:
    assert fetch(stocked, select(things.c.price).where(things.c.id == 1)) == [(150,)]
    assert fetch(stocked, select(cast(literal(b"\0\xff"), LargeBinary))) == [(b"\0\xff",)]


def test_a_missing_parameter_is_named(stocked: Database) -> None:
    with pytest.raises(TypeError, match="'price'"):
        fetch(stocked, select(things.c.id).where(things.c.price == bindparam("price")))


def test_null_is_a_value(stocked: Database) -> None:
    statement = select(things.c.id).where(things.c.name.is_not_distinct_from(bindparam("name", type_=String)))
    assert fetch(stocked, statement, name=None) == [(3,)]


def test_a_default_of_a_named_parameter_holds_until_another_is_given(stocked: Database) -> None:
    statement = select(things.c.id).where(things.c.id == bindparam("n", 1))
    assert (fetch(stocked, statement), fetch(stocked, statement, n=2)) == ([(1,)], [(2,)])


def test_text_is_prepared_too(stocked: Database) -> None:
    assert fetch(stocked, text("SELECT name FROM things WHERE id = :n"), n=1) == [("a%b",)]


def test_a_list_that_stands_in_the_statement_is_part_of_its_text(stocked: Database) -> None:
    # As in a policy's rows(Leave.state.in_(["open", "closed"])), and in SQLAlchemy's own single-table inheritance.
    statement = select(things.c.id).where(
        things.c.id.in_([1, 2]), things.c.id.not_in([]), things.c.name.in_(["a%b", "z"]), things.c.id == bindparam("n")
    )
    assert (fetch(stocked, statement, n=1), fetch(stocked, statement, n=2)) == ([(1,)], [])


@pytest.mark.parametrize(
    "statement",
    [
        select(things.c.id).where(things.c.id.in_(bindparam("ids", expanding=True))),
        select(things.c.id).where(things.c.id == bindparam("n", 1, literal_execute=True)),
    ],
)
def test_a_text_that_depends_on_values_is_refused(database: Database, statement: Any) -> None:
    with pytest.raises(ValueError, match="cannot be prepared"):
        Prepared.compile(statement, database.dialect)


def test_a_value_that_would_be_computed_behind_our_back_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="by name"):
        Prepared.compile(select(bindparam("n", callable_=lambda: 1)), database.dialect)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_one_statement_is_prepared_once_whatever_the_width_of_its_integers(stocked: Database) -> None:
    prepared = Prepared.compile(
        select(things.c.id).where(things.c.id == bindparam("n", type_=Integer)), stocked.dialect
    )
    count = Prepared.compile(
        select(func.count()).select_from(text("pg_prepared_statements")).where(text("statement LIKE '%things%'")),
        stocked.dialect,
    )
    with stocked.read() as connection:
        for number in (1, 40_000, 2_000_000_000):
            connection.fetch(prepared, {"n": number})
        assert connection.fetch(count, {}) == [(2,)]  # this one, and the count itself


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kept, expected", [(3, range(1, 5)), (0, range(1))])
def test_a_connection_keeps_a_bounded_number_of_statements(
    stocked: Database, make_database: Any, kept: int, expected: range
) -> None:
    database = make_database(stocked.url.render_as_string(hide_password=False), prepared_statements=kept, pool_size=1)
    with database.read() as connection:
        for number in range(20):
            prepared = Prepared.compile(select(literal_column(str(number))), database.dialect)
            assert connection.fetch(prepared, {}) == [(number,)]
        count = Prepared.compile(text("SELECT count(*) FROM pg_prepared_statements"), database.dialect)
        assert connection.fetch(count, {})[0][0] in expected


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_what_the_server_has_forgotten_is_prepared_again(stocked: Database, make_database: Any) -> None:
    # As a pooler does between two that it lends a connection to.
    database = make_database(stocked.url.render_as_string(hide_password=False), pool_size=1)
    prepared = Prepared.compile(select(things.c.id).where(things.c.id == bindparam("n")), database.dialect)
    forget = text("DEALLOCATE ALL")
    with database.read() as connection:
        assert connection.fetch(prepared, {"n": 1}) == [(1,)]
        with pytest.raises(ResourceClosedError):  # it has no rows
            connection.rows(forget)
        assert connection.fetch(prepared, {"n": 2}) == [(2,)]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_statement_that_failed_leaves_its_connection_and_its_preparation_good(stocked: Database) -> None:
    tenth = Prepared.compile(
        select(literal_column("10", Integer).op("/")(bindparam("n", type_=Integer))), stocked.dialect
    )
    backend = Prepared.compile(select(func.pg_backend_pid()), stocked.dialect)
    with stocked.read() as connection:
        before = connection.fetch(backend, {})
        for _ in range(2):
            with pytest.raises(DataError):
                connection.fetch(tenth, {"n": 0})
            assert connection.fetch(tenth, {"n": 5}) == [(2,)]
        assert connection.fetch(backend, {}) == before


prices = Table(
    "prices",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("price", ExactDecimal(12, 2)),
    Column("n", Integer),
)


def test_our_own_types_are_bound_as_they_are_stored(database: Database) -> None:
    prices.create(database.engine, checkfirst=True)
    with database.engine.begin() as connection:
        connection.execute(prices.delete())
        connection.execute(prices.insert(), {"id": 1, "price": Decimal("1.50"), "n": 2})
    assert fetch(database, select(prices.c.id).where(prices.c.price > bindparam("p")), p=Decimal("1.49")) == [(1,)]
    assert fetch(database, select(prices.c.id).where(prices.c.price > bindparam("p")), p=Decimal("1.50")) == []


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_arithmetic_that_a_scaled_integer_gets_wrong_is_refused(database: Database) -> None:
    with pytest.raises(CompileError):
        Prepared.compile(select(prices.c.price * prices.c.price), database.dialect)
