"""A member of a stored image is to SQL what the column that it is of would be, for every type and on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from colonnade.core.values import read_json, storage_for, value_for
from colonnade.core.values.from_json import member, without
from colonnade.plugins.history.models import Change
from tests.harness.counts import counts

from .samples import SAMPLES

metadata = sa.MetaData()
TABLES = {
    name: sa.Table(
        f"image_{name}",
        metadata,
        sa.Column("id", storage_for(sa.Integer()), primary_key=True, autoincrement=False),
        sa.Column("held", storage_for(sample.declared)),
        sa.Column("other", storage_for(sample.declared)),
        sa.Column("image", Change.__table__.c.after.type),
    )
    for name, sample in SAMPLES.items()
}
#: What a database does not compare with `=`, or by order.
UNEQUAL = {"json"}
UNORDERED = {"json", "jsonb", "bytes", "boolean", "enum", "word_enum", "number_enum", "uuid"}
NAME = "held"


@pytest.fixture(scope="module", autouse=True)
def tables(engine: Engine) -> None:
    metadata.create_all(engine)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_member_is_what_the_column_is(engine: Engine, name: str) -> None:
    """The value itself, whether it is null, and what it is compared with and how."""
    sample, table = SAMPLES[name], TABLES[name]
    value = value_for(table.c.held.type)

    @settings(max_examples=counts(8, 500), suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(st.none(), sample.values), min_size=2, max_size=counts(10, 30)))
    def agrees(held: Sequence[Any]) -> None:
        with engine.connect() as connection:
            stored = fill(connection, held)
            said = member(table.c.image, NAME, table.c.held.type, engine.dialect.name)
            questions: list[tuple[Any, Any]] = [(said.is_(None), table.c.held.is_(None))]
            if name not in UNEQUAL:
                questions.append((said == table.c.other, table.c.held == table.c.other))
                # as a policy says it: a column and a value of the author's or of ``me``
                some = next((each for each in stored if each is not None), None)
                if some is not None and name != "jsonb":
                    questions += [(said == some, table.c.held == some), (said.in_([some]), table.c.held.in_([some]))]
            if name not in UNORDERED:
                questions += [
                    (said < table.c.other, table.c.held < table.c.other),
                    (said >= table.c.other, table.c.held >= table.c.other),
                ]
            if name in ("text", "string"):
                questions.append((sa.func.length(said), sa.func.length(table.c.held)))
                questions.append((said.startswith("a"), table.c.held.startswith("a")))
            for of_image, of_column in questions:
                for image, column in connection.execute(sa.select(of_image, of_column).order_by(table.c.id)):
                    assert image == column
            if name in ("json", "jsonb"):
                rows = connection.execute(sa.select(said.label("said"), table.c.held).order_by(table.c.id)).all()
                assert [each.said is None for each in rows] == [each.held is None for each in rows]
                texts = [[sample.read(value.to_json(each)) for each in row] for row in rows if row.said is not None]
                assert all(said == held for said, held in texts)
            else:
                assert list(connection.scalars(sa.select(said).order_by(table.c.id))) == list(stored)

    def fill(connection: sa.Connection, held: Sequence[Any]) -> list[Any]:
        others = [*held[1:], held[0]]
        connection.execute(
            table.insert(),
            [{"id": n, "held": one, "other": other} for n, (one, other) in enumerate(zip(held, others, strict=True))],
        )
        stored = list(connection.scalars(sa.select(table.c.held).order_by(table.c.id)))
        for number, each in enumerate(stored):
            image = {"held": None if each is None else read_json(value.to_json(each)), "x": 1}
            connection.execute(sa.update(table).where(table.c.id == number).values(image=image))
        return stored

    agrees()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_member_that_is_not_there_is_null(engine: Engine, name: str) -> None:
    table = TABLES[name]
    with engine.connect() as connection:
        connection.execute(table.insert(), [{"id": 1, "image": {"heldd": 1}}, {"id": 2, "image": None}])
        said = member(table.c.image, NAME, table.c.held.type, engine.dialect.name)
        assert connection.scalars(sa.select(said.is_(None))).all() == [True, True]


@pytest.mark.parametrize("name", ["held", "naïve", "李", "_x1", "select"])
def test_names_are_taken_as_they_are(engine: Engine, name: str) -> None:
    table = TABLES["integer"]
    with engine.connect() as connection:
        connection.execute(table.insert(), [{"id": 1, "image": {name: 5, "other": 6}}])
        assert connection.scalar(sa.select(member(table.c.image, name, table.c.held.type, engine.dialect.name))) == 5
        quoted = sa.literal(name, sa.Text())
        rest = without(table.c.image, [quoted, sa.null()], engine.dialect.name)
        assert connection.scalar(sa.select(rest)) == {"other": 6}
