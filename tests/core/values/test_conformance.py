"""Whatever is stored comes out the same by either database's SQL and by Python, byte for byte, and reads back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from colonnade.core.values import EnumValue, Value, read_json, storage_for, value_for
from tests.harness.counts import counts

from .samples import SAMPLES

metadata = sa.MetaData()
TABLES = {
    name: sa.Table(
        f"value_{name}",
        metadata,
        sa.Column("id", storage_for(sa.Integer()), primary_key=True, autoincrement=False),
        sa.Column("held", storage_for(sample.declared)),
    )
    for name, sample in SAMPLES.items()
}
READ_AS_ROWS = {("float", "sqlite"), ("bytes", "sqlite")}


@pytest.fixture(scope="module", autouse=True)
def tables(engine: Engine) -> None:
    metadata.create_all(engine)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_stored_value_is_written_alike_by_the_database_and_by_python(engine: Engine, name: str) -> None:
    sample = SAMPLES[name]
    value = value_for(TABLES[name].c.held.type)

    @settings(max_examples=counts(10, 500), suppress_health_check=list(HealthCheck))
    @given(st.lists(sample.values, min_size=1, max_size=counts(20, 50)))
    def agrees(given_values: Sequence[Any]) -> None:
        by_python, by_database = stored_and_read(engine, name, given_values)
        texts = [value.to_json(each) for each in by_python]
        for said, came, text in zip(given_values, by_python, texts, strict=True):
            if name == "jsonb":  # it makes 7.2e16 an integer, which is equal as a decimal only
                assert sample.read(text) == sample.read(value.to_json(said))
                continue
            assert came == said
            assert json.loads(text) == expected_json(value, said)
            assert value.parse(json.loads(text)) == said
            assert value.parse(read_json(text)) == said
            assert value.parse_text(value.to_text(came)) == said
        if by_database is None:
            assert (name, engine.dialect.name) in READ_AS_ROWS
        elif sample.equal_bytes:
            assert by_database == texts
        else:
            assert [sample.read(text) for text in by_database] == [sample.read(text) for text in texts]

    agrees()


@pytest.mark.parametrize("name", SAMPLES)
def test_null_stays_null_for_the_caller_to_write(engine: Engine, name: str) -> None:
    table = TABLES[name]
    expression = value_for(table.c.held.type).json_sql(table.c.held, engine.dialect.name)
    if expression is None:
        assert (name, engine.dialect.name) in READ_AS_ROWS
        return
    with engine.connect() as connection:
        connection.execute(table.insert(), [{"id": 1, "held": None}])
        assert connection.scalar(sa.select(sa.func.coalesce(expression, "null"))) == "null"


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"json", "jsonb"}))
def test_rows_sort_as_python_sorts_on_either_database(engine: Engine, name: str) -> None:
    table = TABLES[name]
    value = value_for(table.c.held.type)

    @settings(max_examples=counts(5, 200), suppress_health_check=list(HealthCheck))
    @given(st.lists(SAMPLES[name].values, min_size=2, max_size=20))
    def sorts(given_values: Sequence[Any]) -> None:
        with engine.connect() as connection:
            connection.execute(table.insert(), [{"id": i, "held": each} for i, each in enumerate(given_values)])
            came = connection.scalars(sa.select(table.c.held).order_by(table.c.held)).all()
        if isinstance(value, EnumValue):
            assert [value.shown(each) for each in came] == sorted(value.shown(each) for each in given_values)
        else:
            assert came == sorted(given_values)

    sorts()


def stored_and_read(engine: Engine, name: str, values: Sequence[Any]) -> tuple[list[Any], list[str] | None]:
    """Store values in one transaction that is rolled back; what Python reads, and what the database writes."""
    table = TABLES[name]
    expression = value_for(table.c.held.type).json_sql(table.c.held, engine.dialect.name)
    with engine.connect() as connection:
        connection.execute(table.insert(), [{"id": i, "held": each} for i, each in enumerate(values)])
        by_python = list(connection.scalars(sa.select(table.c.held).order_by(table.c.id)))
        if expression is None:
            return by_python, None
        return by_python, list(connection.scalars(sa.select(expression).order_by(table.c.id)))


def expected_json(value: Value, said: Any) -> Any:
    """What a JSON reader must find: numbers and truth as themselves, all else as the text of `to_text`."""
    if value.name in ("boolean", "integer", "float", "json"):
        return said
    if isinstance(value, EnumValue):
        return value.shown(said)
    return value.to_text(said)
