"""A list of values is one parameter, whatever its type and length."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from colonnade.core.values import listed, storage_for
from tests.harness.counts import counts

from .samples import SAMPLES


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"json", "jsonb"}))
def test_a_row_is_found_by_a_list_that_holds_its_value(engine: Engine, name: str) -> None:
    table = sa.Table(
        f"listed_{name}",
        sa.MetaData(),
        sa.Column("n", sa.Integer),
        sa.Column("held", storage_for(SAMPLES[name].declared)),
    )
    statement = sa.select(table.c.held).where(listed(table.c.held, "wanted")).order_by(table.c.n)

    @settings(max_examples=counts(6, 200), suppress_health_check=list(HealthCheck))
    @given(st.lists(SAMPLES[name].values, min_size=1, max_size=10), st.lists(SAMPLES[name].values, max_size=3))
    def finds(held: list[object], others: list[object]) -> None:
        wanted = [*held[::2], *others]
        with engine.connect() as connection:
            connection.execute(table.insert(), [{"n": i, "held": each} for i, each in enumerate(held)])
            came = list(connection.scalars(statement, {"wanted": wanted}))
            assert came == [each for each in held if each in wanted]
            assert list(connection.scalars(statement, {"wanted": []})) == []

    table.create(engine)
    finds()


def test_a_list_is_looked_up_in_the_index(engine: Engine) -> None:
    table = sa.Table("indexed", sa.MetaData(), sa.Column("n", storage_for(sa.Integer()), primary_key=True))
    statement = sa.select(table.c.n).where(listed(table.c.n, "wanted"))
    with engine.connect() as connection:
        table.create(connection)
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
        compiled = statement.compile(engine)
        values = compiled.construct_params({"wanted": [1]})
        bound = {name: process(values[name]) for name, process in compiled._bind_processors.items()} or values
        parameters = tuple(bound.values()) if compiled.positional else bound
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + str(compiled), parameters))
        connection.rollback()
    assert "SEARCH indexed USING INTEGER PRIMARY KEY" in plan or "Index" in plan


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"json", "jsonb"}))
def test_whether_null_is_listed_and_whether_anything_is_in_no_list_at_all_is_unknown(engine: Engine, name: str) -> None:
    table = sa.Table(
        f"unlisted_{name}",
        sa.MetaData(),
        sa.Column("n", sa.Integer),
        sa.Column("held", storage_for(SAMPLES[name].declared)),
    )
    value = find(SAMPLES[name].values, lambda _: True)
    statement = sa.select(table.c.n).where(~listed(table.c.held, "wanted"))
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"n": 1, "held": None}, {"n": 2, "held": value}])
        assert connection.scalars(statement, {"wanted": [value]}).all() == []
        assert connection.scalars(statement, {"wanted": None}).all() == []
        assert set(connection.scalars(statement, {"wanted": []})) >= {2}
        connection.rollback()
