"""Cells of tables of text: the same by either database and by Python, and they read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from colonnade.core.values import PlainText, Value, cell, storage_for, value_for
from tests.harness.counts import counts

from .samples import SAMPLES

metadata = sa.MetaData()
TABLES = {
    name: sa.Table(
        f"cell_{name}",
        metadata,
        sa.Column("id", storage_for(sa.Integer()), primary_key=True, autoincrement=False),
        sa.Column("held", storage_for(sample.declared)),
    )
    for name, sample in SAMPLES.items()
}
#: What somebody wrote, and what has a form of its own.
FREE = {"text", "string", "enum", "number_enum", "word_enum", "bytes"}


@pytest.fixture(scope="module", autouse=True)
def tables(engine: Engine) -> None:
    metadata.create_all(engine)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_cell_is_written_alike_by_the_database_and_by_python_and_reads_back(engine: Engine, name: str) -> None:
    value = value_for(TABLES[name].c.held.type)

    @settings(max_examples=counts(10, 300), suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(st.none(), SAMPLES[name].values), min_size=1, max_size=counts(20, 50)))
    def agrees(said: Sequence[Any]) -> None:
        by_database, by_python = written(engine, name, value, said)
        for given_value, text, other in zip(said, by_database, by_python, strict=True):
            assert (text is None) is (other is None) is (given_value is None)
            if given_value is None:
                continue
            if name != "jsonb":  # it makes 7.2e16 an integer, which is equal as a decimal only
                assert value.parse_text(str(text)) == value.parse_text(str(other)) == given_value
            if SAMPLES[name].equal_bytes:
                assert str(text) == other

    agrees()


def written(engine: Engine, name: str, value: Value, said: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Store values; the cells that the database writes of them, and those that Python does."""
    table = TABLES[name]
    made = cell(value, table.c.held, engine.dialect.name)
    python = cell(value, table.c.held, engine.dialect.name, python=True)
    assert python.column is table.c.held
    assert made.free is python.free is (name in FREE)
    with engine.connect() as connection:
        connection.execute(table.insert(), [{"id": index, "held": each} for index, each in enumerate(said)])
        question = sa.select(made.column, python.column).order_by(table.c.id)
        rows = connection.execute(question).all()
        connection.rollback()
    ours, theirs = zip(*rows, strict=True)
    return made.write(ours), python.write(theirs)


def test_a_type_of_ones_own_is_written_by_its_own_text() -> None:
    """What its value is made of has another text."""

    class Shouted(type(PlainText().value)):  # type: ignore[misc]
        def to_text(self, value: Any) -> str:
            return f"{value}!"

    made = cell(Shouted(), sa.column("held", PlainText()), "sqlite")
    assert not made.raw
    assert made.free
    assert made.write(["a", None]) == ["a!", None]
