"""Arithmetic over decimals, durations and times: right on both databases, or refused when compiled for SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, case, cast, func, literal, tuple_

from colonnade.core.values import ExactDecimal, storage_for, utc_now

MONEY = storage_for(sa.Numeric(12, 2))
paid = sa.Table(
    "paid",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("amount", MONEY),
    sa.Column("bonus", storage_for(sa.Numeric(10, 2))),
    sa.Column("rate", storage_for(sa.Numeric(9, 4))),
    sa.Column("count", storage_for(sa.Integer())),
    sa.Column("lasted", storage_for(sa.Interval())),
    sa.Column("at", storage_for(sa.DateTime(timezone=True))),
    sa.Column("day", storage_for(sa.Date())),
)
c = paid.c
ROWS: list[dict[str, Any]] = [
    {
        "id": i,
        "amount": Decimal(amount),
        "bonus": Decimal("0.50"),
        "rate": Decimal("1.2500"),
        "count": 3,
        "lasted": timedelta(seconds=i, microseconds=1),
        "at": datetime(2026, 1, i, tzinfo=UTC),
        "day": date(2026, 1, i),
    }
    for i, amount in enumerate(["-0.05", "100.00", "99999999.99"], 1)
]


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        paid.create(connection)
        connection.execute(paid.insert(), ROWS)
        yield connection
        connection.rollback()


RIGHT: dict[str, tuple[Any, Any]] = {
    "sum": (sa.select(func.sum(c.amount)), Decimal("100000099.94")),
    "min": (sa.select(func.min(c.amount)), Decimal("-0.05")),
    "max": (sa.select(func.max(c.amount)), Decimal("99999999.99")),
    "count": (sa.select(func.count(c.amount)), 3),
    "column plus column": (sa.select(c.amount + c.bonus).where(c.id == 2), Decimal("100.50")),
    "three summands": (sa.select(c.amount + c.bonus + c.amount).where(c.id == 2), Decimal("200.50")),
    "column minus number": (sa.select(c.amount - 1).where(c.id == 2), Decimal("99.00")),
    "number minus column": (sa.select(1 - c.amount).where(c.id == 1), Decimal("1.05")),
    "plus a decimal": (sa.select(c.amount + Decimal("0.01")).where(c.id == 2), Decimal("100.01")),
    "negative": (sa.select(-c.amount).where(c.id == 2), Decimal("-100.00")),
    "abs, typed": (sa.select(func.abs(c.amount, type_=MONEY)).where(c.id == 1), Decimal("0.05")),
    "coalesce with a literal": (sa.select(func.coalesce(c.amount, literal(5, MONEY))).where(c.id == 2), Decimal(100)),
    "coalesce with null": (sa.select(func.coalesce(c.amount, sa.null())).where(c.id == 2), Decimal(100)),
    "case": (sa.select(case((c.id == 2, c.amount), else_=literal(0, MONEY))).where(c.id == 2), Decimal(100)),
    "cast to itself": (sa.select(cast(7, MONEY)).where(c.id == 2), Decimal(7)),
    "compare with int": (sa.select(c.id).where(c.amount == 100), 2),
    "compare with float": (sa.select(c.id).where(c.amount == -0.05), 1),
    "compare with decimal": (sa.select(c.id).where(c.amount == Decimal("99999999.99")), 3),
    "compare two": (sa.select(c.id).where(c.amount < c.bonus), 1),
    "compare a sum": (sa.select(c.id).where(c.amount + c.bonus == Decimal("100.5")), 2),
    "between": (sa.select(c.id).where(c.amount.between(1, 100)), 2),
    "in": (sa.select(c.id).where(c.amount.in_([1, Decimal(100)])), 2),
    "in a subquery": (sa.select(c.id).where(c.amount.in_(sa.select(func.max(c.amount)))), 3),
    "a scalar subquery": (sa.select(c.id).where(c.amount == sa.select(func.max(c.amount)).scalar_subquery()), 3),
    "is distinct from": (sa.select(func.count()).where(c.amount.is_distinct_from(100)), 2),
    "in a list of rows": (sa.select(c.id).where(tuple_(c.amount, c.id).in_([(100, 2), (1, 1)])), 2),
    "rows": (sa.select(c.id).where(tuple_(c.amount, c.id) > tuple_(literal(100, MONEY), 2)), 3),
    "order and group": (sa.select(func.max(c.id)).group_by(c.amount).order_by(c.amount.desc()).limit(1), 3),
    "window": (
        sa.select(func.sum(c.amount).over(order_by=c.id)).order_by(c.id.desc()).limit(1),
        Decimal("100000099.94"),
    ),
    "durations": (sa.select(c.lasted + timedelta(seconds=1)).where(c.id == 2), timedelta(seconds=3, microseconds=1)),
    "sum of durations": (sa.select(func.sum(c.lasted)), timedelta(seconds=6, microseconds=3)),
    "compare durations": (sa.select(c.id).where(c.lasted > timedelta(seconds=3)), 3),
    "newest": (sa.select(func.max(c["at"])), datetime(2026, 1, 3, tzinfo=UTC)),
    "not in the future": (sa.select(func.count()).where(c["at"] < utc_now()), 3),
    "longer ago than": (sa.select(func.count()).where(c["at"] < utc_now(-timedelta(days=36500))), 0),
    "will be": (sa.select(func.count()).where(c["at"] < utc_now(timedelta(days=36500))), 3),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_compiles_is_right(connection: Connection, name: str) -> None:
    statement, expected = RIGHT[name]
    result = connection.scalar(statement)
    assert result == expected
    assert type(result) is type(expected)


WRONG: dict[str, Callable[[], Any]] = {
    "times a number": lambda: c.amount * 2,
    "a number times": lambda: 2 * c.amount,
    "times a decimal": lambda: c.amount * Decimal("1.1"),
    "times a column": lambda: c.amount * c.rate,
    "times an integer column": lambda: c.amount * c.count,
    "divided": lambda: c.amount / 2,
    "divided down": lambda: c.amount // 2,
    "remainder": lambda: c.amount % 7,
    "average": lambda: func.avg(c.amount),
    "average in a window": lambda: func.avg(c.amount).over(),
    "total": lambda: func.total(c.amount),
    "round": lambda: func.round(c.amount),
    "abs without a type": lambda: func.abs(c.amount),
    "another scale added": lambda: c.amount + c.rate,
    "another scale compared": lambda: c.amount > c.rate,
    "an integer column added": lambda: c.amount + c.count,
    "an integer column compared": lambda: c.amount > c.count,
    "an integer in coalesce": lambda: func.coalesce(c.amount, 100),
    "an integer in case": lambda: case((c.id == 1, c.amount), else_=5),
    "a case about an amount": lambda: case((100, 1), value=c.amount),
    "cast to integer": lambda: cast(c.amount, sa.Integer),
    "cast to text": lambda: cast(c.amount, sa.Text),
    "cast to another scale": lambda: cast(c.amount, ExactDecimal(9, 4)),
    "cast from integer": lambda: cast(c.count, MONEY),
    "like": lambda: cast(c.amount, sa.Text).like("1%"),
    "concatenated": lambda: c.amount.concat("x"),
    "in a subquery of integers": lambda: c.amount.in_(sa.select(c.count)),
    "rows of other types": lambda: tuple_(c.amount, c.id) > tuple_(c.rate, c.id),
    "a sum divided": lambda: func.sum(c.amount) / func.count(),
    "a duration times": lambda: c.lasted.op("*")(2),
    "a duration and a decimal": lambda: c.lasted == c.amount,
    "average duration": lambda: func.avg(c.lasted),
    "a duration later": lambda: c["at"] + c.lasted,
    "a moment later": lambda: c["at"] + timedelta(days=1),
    "before now": lambda: func.now() - timedelta(days=1),
    "since": lambda: func.now() - c["at"],
    "the next day": lambda: c.day + timedelta(days=1),
}


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", WRONG)
def test_what_a_scaled_integer_would_get_wrong_does_not_compile_for_sqlite(connection: Connection, name: str) -> None:
    expression = WRONG[name]()
    condition = expression if isinstance(expression.type, sa.Boolean) else expression.is_not(None)
    for statement in (sa.select(expression), sa.select(c.id).where(condition), sa.select(c.id).order_by(expression)):
        with pytest.raises(sa.exc.CompileError, match="SQLite"):
            connection.execute(statement)


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        paid.update().values(amount=c.count),
        paid.update().values({c.count: c.amount}),
        paid.update().values(amount=c.rate),
        paid.insert().values(amount=sa.select(func.max(c.count)).scalar_subquery()),
        paid.insert().from_select(["id", "amount"], sa.select(c.id + 10, c.count)),
    ],
)
def test_an_unscaled_number_is_not_put_into_a_decimal_by_sql(connection: Connection, statement: Any) -> None:
    with pytest.raises(sa.exc.CompileError, match="an assignment"):
        connection.execute(statement)


def test_a_decimal_is_put_into_a_decimal_by_sql(connection: Connection) -> None:
    copy = sa.select(c.id + 10, c.bonus, c.bonus).where(c.id == 1)
    connection.execute(paid.insert().from_select(["id", "amount", "bonus"], copy))
    connection.execute(paid.update().values(amount=c.amount + c.bonus, rate=1, bonus=None).where(c.id == 11))
    row = connection.execute(sa.select(c.amount, c.rate, c.bonus).where(c.id == 11)).one()
    connection.execute(paid.delete().where(c.id == 11))
    assert tuple(row) == (Decimal(1), Decimal(1), None)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_postgresql_calculates_with_decimals_as_ever(connection: Connection) -> None:
    row = c.id == 2
    assert connection.scalar(sa.select(c.amount * 2).where(row)) == 200
    assert connection.scalar(sa.select(c.amount * c.rate).where(row)) == 125
    assert connection.scalar(sa.select(func.avg(c.bonus))) == Decimal("0.5")
    assert connection.scalar(sa.select(c["at"] + timedelta(days=1)).where(row)) == datetime(2026, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_sum_beyond_64_bits_is_an_error_and_no_other_number(connection: Connection) -> None:
    wide = sa.Table("wide", sa.MetaData(), sa.Column("n", storage_for(sa.Numeric(18, 0))))
    wide.create(connection)
    connection.execute(wide.insert(), [{"n": 10**18 - 1}] * 10)
    with pytest.raises(sa.exc.OperationalError, match="overflow"):
        connection.scalar(sa.select(func.sum(wide.c.n)))
    with pytest.raises(ValueError, match="out of range"):
        connection.scalar(sa.select(sum([wide.c.n] * 9, wide.c.n)))


def test_an_update_counts_on_in_the_same_scale(connection: Connection) -> None:
    counted = sa.Table("counted_on", sa.MetaData(), sa.Column("n", MONEY))
    counted.create(connection)
    connection.execute(counted.insert(), {"n": Decimal("1.25")})
    connection.execute(counted.update().values(n=counted.c.n + Decimal("0.75")))
    assert connection.scalar(sa.select(counted.c.n)) == 2
