"""Tables of other people: ordinary types, types that the room does not know, values that Python does not have."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from colonnade.core.values import OpaqueValue, Outside, fold_sql, storage_for, value_for
from tests.harness.counts import counts

from .conftest import prepared_engine
from .samples import SAMPLES, Colour, Priority

#: The same declarations, as somebody stores them who does not know us; where the database does not write the answer.
ROWS_ON_SQLITE = {"float", "bytes", "time", "moment", "local", "interval", "money", "whole", "fraction", "rate", "json"}
ROWS_ON_POSTGRESQL = {"interval"}
LOSSY_ON_SQLITE = {"money", "whole", "fraction", "rate", "interval", "json"}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"jsonb"}))
def test_an_ordinary_type_is_written_alike_by_the_database_and_by_python(engine: Engine, name: str) -> None:
    sample, dialect = SAMPLES[name], engine.dialect.name
    table = sa.Table(f"foreign_{name}", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("held", sample.declared))
    value = value_for(table.c.held.type)
    expression = value.json_sql(table.c.held, dialect)
    assert (expression is None) == (name in (ROWS_ON_SQLITE if dialect == "sqlite" else ROWS_ON_POSTGRESQL))

    @settings(max_examples=counts(8, 300), suppress_health_check=list(HealthCheck))
    @given(st.lists(sample.values, min_size=1, max_size=20))
    def agrees(said: list[Any]) -> None:
        with engine.connect() as connection:
            connection.execute(table.insert(), [{"n": i, "held": each} for i, each in enumerate(said)])
            came = list(connection.scalars(sa.select(table.c.held).order_by(table.c.n)))
            texts = [value.to_json(each) for each in came]
            if expression is not None:
                written = list(connection.scalars(sa.select(expression).order_by(table.c.n)))
                assert written == texts or not sample.equal_bytes
                assert [sample.read(text) for text in written] == [sample.read(text) for text in texts]
            if dialect == "postgresql" or name not in LOSSY_ON_SQLITE:
                assert came == said or name == "moment"  # SQLite drops the zone, as its author has it
                assert [value.parse(json.loads(text)) for text in texts] == came or name == "moment"

    table.create(engine)
    agrees()


def test_a_moment_without_its_zone_is_shown_as_utc(connection: Connection) -> None:
    table = sa.Table("dropped_zone", sa.MetaData(), sa.Column("at", sa.DateTime(timezone=True)))
    value = value_for(table.c["at"].type)
    table.create(connection)
    connection.execute(table.insert(), {"at": value.parse("2026-11-22T10:00:00+01:00")})
    assert value.to_json(connection.scalar(sa.select(table.c["at"]))) == '"2026-11-22T09:00:00.000000Z"'


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_date_that_is_none_is_shown_as_it_stands_and_is_still_json(connection: Connection) -> None:
    table = sa.Table(
        "odd", sa.MetaData(), sa.Column("day", sa.Date), sa.Column("n", sa.Integer), sa.Column("s", sa.String)
    )
    table.create(connection)
    connection.exec_driver_sql("INSERT INTO odd VALUES ('yes\"ter\"day', 'many', 5)")
    for column, shown in ((table.c.day, 'yes"ter"day'), (table.c.n, "many"), (table.c.s, "5")):
        expression = value_for(column.type).json_sql(column, "sqlite")
        assert expression is not None
        assert json.loads(connection.scalar(sa.select(expression)) or "") == shown


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "kind, text",
    [
        ("date", "infinity"),
        ("date", "-infinity"),
        ("date", "0044-03-15 BC"),
        ("date", "10000-01-01"),
        ("time", "24:00:00"),
        ("timestamp", "infinity"),
        ("timestamp", "0044-03-15 12:00:00 BC"),
        ("timestamp", "294276-12-31 23:59:59.999999"),
        ("timestamptz", "-infinity"),
        ("timestamptz", "10000-01-01 00:00:00+00"),
        ("timestamptz", "0001-12-31 23:59:59.999999+00 BC"),
    ],
)
def test_what_python_cannot_hold_is_shown_as_the_database_has_it(connection: Connection, kind: str, text: str) -> None:
    types: dict[str, TypeEngine[Any]] = {
        "date": sa.Date(),
        "time": sa.Time(),
        "timestamp": sa.DateTime(),
        "timestamptz": sa.DateTime(timezone=True),
    }
    for type_ in (types[kind], storage_for(types[kind])):
        value = value_for(type_)
        table = sa.Table("outside", sa.MetaData(), sa.Column("held", type_))
        table.create(connection)
        connection.exec_driver_sql(f"INSERT INTO outside VALUES ('{text}')")
        came = connection.scalar(sa.select(table.c.held))
        expression = value.json_sql(table.c.held, "postgresql")
        assert expression is not None
        assert isinstance(came, Outside)
        assert connection.scalar(sa.select(expression)) == value.to_json(came) == f'"{text}"'
        assert value.to_text(came) == text
        with pytest.raises(ValueError):
            value.parse(text)
        table.drop(connection)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_the_last_and_first_moments_of_python_are_inside(connection: Connection) -> None:
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        value = value_for(sa.DateTime(timezone=True))
        expression = value.json_sql(sa.literal(moment, sa.DateTime(timezone=True)), "postgresql")
        assert expression is not None
        assert connection.scalar(sa.select(expression)) == value.to_json(moment)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_the_text_does_not_depend_on_the_session(module_database_url: str) -> None:
    moment = datetime(2026, 11, 22, 9, 0, 0, 500, UTC)
    said: list[tuple[TypeEngine[Any], Any]] = [
        (sa.Date(), date(2026, 11, 2)),
        (sa.Time(), time(9, 30)),
        (sa.DateTime(timezone=True), moment),
        (sa.DateTime(), moment.replace(tzinfo=None)),
        (sa.LargeBinary(), b"\x00\xff" * 60),
        (sa.Numeric(12, 2), Decimal("1.50")),
    ]
    styles = {
        "timezone": "America/New_York",
        "datestyle": "SQL, DMY",
        "intervalstyle": "iso_8601",
        "bytea_output": "escape",
    }
    with prepared_engine(module_database_url, **styles) as engine, engine.connect() as connection:
        for type_, each in said:
            value = value_for(type_)
            expression = value.json_sql(sa.literal(each, type_), "postgresql")
            assert expression is not None
            assert connection.scalar(sa.select(expression)) == value.to_json(each)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_numbers_of_postgresql_that_json_lacks_are_text(connection: Connection) -> None:
    for type_, python in ((sa.Double(), float), (sa.Numeric(), Decimal)):
        value = value_for(type_)
        for word in ("NaN", "Infinity", "-Infinity"):
            column = sa.cast(sa.literal_column(f"'{word}'"), type_)
            expression = value.json_sql(column, "postgresql")
            assert expression is not None
            assert connection.scalar(sa.select(expression)) == value.to_json(python(word)) == f'"{word}"'


def test_an_enum_that_is_stored_by_name_shows_its_values(connection: Connection) -> None:
    table = sa.Table(
        "named",
        sa.MetaData(),
        sa.Column("colour", sa.Enum(Colour, native_enum=False)),
        sa.Column("native", sa.Enum(Priority, name="foreign_priority")),
        sa.Column("point", sa.Enum(enum.Enum("Point", {"ORIGIN": (0, 0)}), native_enum=False)),
    )
    table.create(connection)
    connection.execute(table.insert(), {"colour": Colour.QUOTED, "native": Priority.HIGH, "point": "ORIGIN"})
    row = connection.execute(sa.select(table)).one()
    for column, came, shown in zip(table.c, row, (Colour.QUOTED.value, Priority.HIGH.value, "ORIGIN"), strict=True):
        value = value_for(column.type)
        expression = value.json_sql(column, connection.dialect.name)
        assert expression is not None
        assert connection.scalar(sa.select(expression)) == value.to_json(came)
        assert json.loads(value.to_json(came)) == shown
        assert value.parse(shown) == came
        found = sa.select(sa.func.count()).select_from(table).where(column == value.parse(shown))
        assert connection.scalar(found) == 1


def test_a_uuid_without_dashes_gets_them(connection: Connection) -> None:
    table = sa.Table("hexed", sa.MetaData(), sa.Column("id", sa.Uuid(native_uuid=False)))
    value = value_for(table.c.id.type)
    key = UUID("123e4567-e89b-12d3-a456-426614174000")
    table.create(connection)
    connection.execute(table.insert(), {"id": key})
    expression = value.json_sql(table.c.id, connection.dialect.name)
    assert expression is not None
    assert connection.scalar(sa.select(expression)) == f'"{key}"'


class LowerCase(sa.types.TypeDecorator[str]):
    impl = sa.String(30)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value and value.lower()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value and f"<{value}>"


def test_a_custom_type_goes_through_its_own_processing(connection: Connection) -> None:
    table = sa.Table("decorated", sa.MetaData(), sa.Column("mail", LowerCase()))
    value = value_for(table.c.mail.type)
    assert isinstance(value, OpaqueValue)
    assert value.json_sql(table.c.mail, connection.dialect.name) is None
    assert value.operators == {"exact", "ne", "in", "isnull"}
    assert not value.ordered
    table.create(connection)
    connection.execute(table.insert(), {"mail": value.parse("ANN@example.org")})
    assert value.to_json(connection.scalar(sa.select(table.c.mail))) == '"<ann@example.org>"'
    for wrong in ("x" * 31, 5, "\x00"):
        with pytest.raises(ValueError):
            value.parse(wrong)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_types_of_postgresql_only_are_written_by_what_python_makes_of_them(connection: Connection) -> None:
    said: list[tuple[TypeEngine[Any], Any, Any]] = [
        (postgresql.ARRAY(sa.Numeric(6, 2)), [Decimal("1.50"), None], ["1.50", None]),
        (
            postgresql.ARRAY(sa.DateTime(timezone=True)),
            [datetime(2026, 1, 1, tzinfo=UTC)],
            ["2026-01-01T00:00:00.000000Z"],
        ),
        (postgresql.INET(), "10.0.0.1", "10.0.0.1"),
        (postgresql.HSTORE(), None, None),
        (postgresql.INT4RANGE(), postgresql.Range(1, 5), "[1,5)"),
        (sa.Time(timezone=True), time(9, 30, tzinfo=UTC), "09:30:00.000000+00:00"),
        (postgresql.CITEXT(), None, None),
    ]
    for type_, held, shown in said:
        value = value_for(type_)
        if held is None:
            continue
        assert value.json_sql(sa.column("x", type_), "postgresql") is None
        came = connection.scalar(sa.select(sa.cast(sa.literal(held, type_), type_)))
        assert json.loads(value.to_json(came)) == shown


def test_an_opaque_value_of_any_kind_has_json() -> None:
    value = OpaqueValue()
    assert value.to_json({"a": [1, 2.5, None, True], "b": timedelta(seconds=1), "c": {Decimal("1.10")}}) == (
        '{"a":[1,2.5,null,true],"b":"PT1S","c":["1.10"]}'
    )
    assert value.to_json(datetime(2026, 1, 1)) == '"2026-01-01T00:00:00.000000"'  # noqa: DTZ001
    assert value.to_json(b"\x00") == '"AA=="'
    assert value.to_json(Colour.RED) == '"red"'
    assert value.to_json(Priority.LOW) == "-1"
    assert value.to_json(float("nan")) == '"NaN"'
    assert value.to_text("text") == "text"
    assert value.to_text(UUID(int=0)) == str(UUID(int=0))


def test_what_is_known_of_the_database_sharpens_the_value() -> None:
    assert value_for(sa.Integer()).schema()["maximum"] == 2**31 - 1
    assert value_for(sa.Integer(), "sqlite").schema()["maximum"] == 2**63 - 1
    column = sa.column("x", sa.String(9).with_variant(postgresql.INET(), "postgresql"))
    assert value_for(column.type).json_sql(column, "postgresql") is None
    assert value_for(column.type).json_sql(column, "sqlite") is None
    assert value_for(column.type, "sqlite").json_sql(column, "sqlite") is not None
    assert isinstance(value_for(column.type, "postgresql"), OpaqueValue)


def test_a_value_may_be_sent_through_python() -> None:
    column = sa.column("x", sa.Text())
    value = value_for(column.type)
    for dialect in ("sqlite", "postgresql"):
        assert value.json_sql(column, dialect) is not None
        assert value.through_python().json_sql(column, dialect) is None
    assert value.json_sql(column, "mysql") is None


def test_a_text_format_of_somebody_else_is_read_by_python() -> None:
    column = sa.column(
        "day", sqlite.DATE(storage_format="%(day)02d.%(month)02d.%(year)04d", regexp=r"(\d+).(\d+).(\d+)")
    )
    assert value_for(column.type).json_sql(column, "sqlite") is None
    assert value_for(sqlite.DATE()).json_sql(column, "sqlite") is not None


def test_a_foreign_text_is_folded_too(connection: Connection) -> None:
    table = sa.Table("folded", sa.MetaData(), sa.Column("name", sa.String(20)))
    table.create(connection)
    connection.execute(table.insert(), {"name": "Straße"})
    folded = fold_sql(table.c.name, connection.dialect.name)
    assert connection.scalar(sa.select(folded)) == "STRASSE"
