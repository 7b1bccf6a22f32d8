"""Nothing wrong reaches a driver: every storage type refuses it with ValueError, or stores it exactly."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from colonnade.core.values import storage_for, value_for

from .samples import SAMPLES, Colour, Priority

metadata = sa.MetaData()
TABLES = {
    name: sa.Table(f"bound_{name}", metadata, sa.Column("held", storage_for(sample.declared)))
    for name, sample in SAMPLES.items()
}


class Text(str):
    __slots__ = ()


class Worded(enum.StrEnum):
    WORD = "word"


NAIVE = datetime(2026, 11, 22, 9)  # noqa: DTZ001
ANYTHING = [
    True, 0, -1, 5, 2**15, 2**31, 2**63, -(2**63) - 1, 10**22, 10**5000, 1.5, 0.1 + 0.2, -0.0, 1e300, 1e15, 2.0**53,
    float("nan"), float("inf"), float("-inf"),
    Decimal("1.50"), Decimal("1.505"), Decimal("-0.00"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"),
    Decimal("1e30"), Decimal("1e-30"), Decimal("1e999999"), Decimal("1e-999999"), Decimal("123456789012345678.91"),
    "", "text", "draft", "x" * 41, "nul\x00", "\ud800", "\udfff half", "5", "red", "2026-11-22", "PT1S", "é😀",
    Text("own"), Worded.WORD,
    b"", b"\x00\xff", bytearray(b"ab"), memoryview(b"cd"),
    date(2026, 11, 22), date.min, date.max, NAIVE, NAIVE.replace(tzinfo=UTC), datetime.min, datetime.max,  # noqa: DTZ901
    datetime.min.replace(tzinfo=timezone(timedelta(hours=2))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=2))),
    time(9, 30), time(9, 30, tzinfo=UTC), time.max,
    timedelta(0), timedelta(microseconds=-1), timedelta.max, timedelta.min, timedelta(days=106_751_991),
    uuid.UUID(int=5), Colour.RED, Priority.HIGH, [], [1, "a", None], {}, {"a": {"b": [1.5]}}, {1: 2}, {"nul\x00": 1},
    ["\ud800"], [float("nan")], [Decimal("1.5")], {"d": date.min}, object(), object, (), set(), 1j, range(3),
]  # fmt: skip


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
        connection.rollback()


@pytest.mark.parametrize("name", SAMPLES)
def test_any_python_value_is_stored_as_checked_or_refused_in_words(connection: Connection, name: str) -> None:
    table = TABLES[name]
    value = value_for(table.c.held.type)
    stored = refused = 0
    for said in ANYTHING:
        came, refusal = outcome(lambda said=said: stored_and_read(connection, table, said))
        if refusal is None:
            if name == "jsonb" and isinstance(said, (float, Decimal)):
                came = float(came)  # it has no floats, only decimals
            assert came == value.check(said), said
            stored += 1
        else:
            assert isinstance(refusal, sa.exc.StatementError)
            assert type(refusal.orig) is ValueError, (said, refusal)
            _, told = outcome(lambda said=said: value.check(said))
            assert str(told) == str(refusal.orig)
            refused += 1
    assert stored
    assert refused


@pytest.mark.parametrize("name", SAMPLES)
def test_any_json_value_is_read_or_refused_in_words(name: str) -> None:
    value = value_for(TABLES[name].c.held.type)
    for said in [*ANYTHING, None]:
        for read in (value.parse, *([value.parse_text] if isinstance(said, str) else [])):
            came, refusal = outcome(lambda read=read, said=said: read(said))
            if refusal is None:
                assert value.check(came) == came or came is None
            else:
                assert type(refusal) is ValueError, said
                assert str(refusal)[0].islower(), said  # a predicate, to be put after the field's name


def stored_and_read(connection: Connection, table: sa.Table, said: Any) -> Any:
    with connection.begin_nested():
        connection.execute(table.insert(), {"held": said})
        came = connection.scalar(sa.select(table.c.held))
        connection.execute(table.delete())
    return came


def outcome(attempt: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What came of it: a value, or an error."""
    try:
        return attempt(), None
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        return None, error


def test_an_instant_is_stored_whatever_its_zone(connection: Connection) -> None:
    table = TABLES["moment"]
    nine = datetime(2026, 11, 22, 9, tzinfo=UTC)
    for hours in (-11, 0, 5.75, 14):
        connection.execute(table.insert(), {"held": nine.astimezone(timezone(timedelta(hours=hours)))})
    assert set(connection.scalars(sa.select(table.c.held))) == {nine}
    assert connection.scalar(sa.select(sa.func.count()).where(table.c.held == nine)) == 4


def test_text_is_compared_with_text_of_any_length(connection: Connection) -> None:
    column = TABLES["string"].c.held
    for condition in (column == "x" * 100, column.contains("x" * 100), column.in_(["x" * 100]), column < "x" * 100):
        connection.execute(sa.select(column).where(condition)).all()
    with pytest.raises(sa.exc.StatementError, match="lone surrogate"):
        connection.execute(sa.select(column).where(column == "\ud800"))


def test_numbers_are_compared_with_numbers_of_any_kind(connection: Connection) -> None:
    column = TABLES["smallint"].c.held
    connection.execute(TABLES["smallint"].insert(), {"held": 7})
    for condition in (column < 100_000, column < 7.5, column > Decimal("6.9"), column + 100_000 == 100_007):
        assert connection.scalar(sa.select(column).where(condition)) == 7
    with pytest.raises(sa.exc.StatementError, match="is not an integer"):
        connection.execute(sa.select(column).where(column == "7"))
