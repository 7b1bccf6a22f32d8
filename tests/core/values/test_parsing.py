"""What requests may write for each type, and what they are told where it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from colonnade.core.values import Value, read_json, storage_for, value_for

from .samples import Colour, Priority

KEY = UUID("123e4567-e89b-12d3-a456-426614174000")
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


def value_of(declared: Any) -> Value:
    return value_for(storage_for(declared))


@pytest.mark.parametrize(
    "declared, json_text, expected",
    [
        (sa.Boolean(), "true", True),
        (sa.Integer(), "42", 42),
        (sa.Integer(), "42.0", 42),
        (sa.Integer(), "4.2e1", 42),
        (sa.BigInteger(), "9007199254740993", 2**53 + 1),
        (sa.BigInteger(), "9223372036854775807", 2**63 - 1),
        (sa.Numeric(12, 2), '"12.50"', Decimal("12.5")),
        (sa.Numeric(12, 2), "12.50", Decimal("12.5")),
        (sa.Numeric(12, 2), "12", Decimal(12)),
        (sa.Numeric(12, 2), "1.25e3", Decimal(1250)),
        (sa.Numeric(12, 2), '"12.5000"', Decimal("12.5")),
        (sa.Numeric(12, 2), '"-0.00"', Decimal(0)),
        (sa.Numeric(18, 2), "1234567890123456.78", Decimal("1234567890123456.78")),
        (sa.Float(), "1", 1.0),
        (sa.Float(), "0.1", 0.1),
        (sa.Float(), "5e-324", 5e-324),
        (sa.String(3), '"é😀\\u0041"', "é😀A"),
        (sa.String(), '""', ""),
        (sa.Date(), '"2026-11-22"', date(2026, 11, 22)),
        (sa.Date(), '"9999-01-01"', date(9999, 1, 1)),
        (sa.Time(), '"09:30"', time(9, 30)),
        (sa.Time(), '"09:30:00.5"', time(9, 30, 0, 500_000)),
        (sa.DateTime(timezone=True), '"2026-11-22T09:00:00Z"', NINE),
        (sa.DateTime(timezone=True), '"2026-11-22t09:00:00.000000000z"', NINE),
        (sa.DateTime(timezone=True), '"2026-11-22 10:30+01:30"', NINE),
        (sa.DateTime(timezone=True), '"2026-11-22T04:00:00-0500"', NINE),
        (sa.DateTime(), '"2026-11-22T09:00:00"', NINE.replace(tzinfo=None)),
        (sa.Interval(), '"P1DT2H30M"', timedelta(days=1, hours=2, minutes=30)),
        (sa.Interval(), '"-PT0.000001S"', timedelta(microseconds=-1)),
        (sa.Interval(), '"P2W"', timedelta(weeks=2)),
        (sa.Interval(), '"PT36H"', timedelta(days=1, hours=12)),
        (sa.Enum(Colour), '"red"', Colour.RED),
        (sa.Enum(Priority), "-1", Priority.LOW),
        (sa.Enum("draft", "sent"), '"sent"', "sent"),
        (sa.Uuid(), f'"{KEY}"', KEY),
        (sa.Uuid(), f'"{KEY.hex.upper()}"', KEY),
        (sa.LargeBinary(), '"AP8="', b"\x00\xff"),
        (sa.LargeBinary(), '""', b""),
        (sa.JSON(), '{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
    ],
)
def test_a_request_may_write(declared: Any, json_text: str, expected: Any) -> None:
    value = value_of(declared)
    for raw in (read_json(json_text), *([json.loads(json_text)] if len(json_text) < 18 else [])):
        came = value.parse(raw)
        assert came == expected
        assert type(came) is type(expected)
    if isinstance(raw, str):
        assert value.parse_text(raw) == expected
    elif not isinstance(value.python_type, object):
        assert value.parse_text(json_text) == expected


@pytest.mark.parametrize(
    "declared, raw, says",
    [
        (sa.Boolean(), 1, "is not a boolean; write it as true or false"),
        (sa.Boolean(), "true", "is not a boolean"),
        (sa.Integer(), True, "is not an integer; write it as 42"),
        (sa.Integer(), "42", "is not an integer; write it as 42"),
        (sa.Integer(), 4.5, "is not an integer"),
        (sa.Integer(), 2**31, "is out of range; write an integer between -2147483648 and 2147483647"),
        (sa.SmallInteger(), -(2**15) - 1, "between -32768 and 32767"),
        (sa.BigInteger(), 10**22, "between -9223372036854775808 and 9223372036854775807"),
        (sa.BigInteger(), Decimal("1e400"), "is not an integer"),
        (sa.Numeric(12, 2), "12,50", 'is not a decimal; write it as "12.50"'),
        (sa.Numeric(12, 2), "1_000", "is not a decimal"),
        (sa.Numeric(12, 2), "NaN", "is not a decimal"),
        (sa.Numeric(12, 2), True, "is not a decimal"),
        (sa.Numeric(12, 2), "1.005", "too many digits after the point; write at most 2"),
        (sa.Numeric(12, 2), "1e-99999", "too many digits after the point"),
        (sa.Numeric(12, 2), "12345678901", "out of range; write at most 10 digits before the point"),
        (sa.Numeric(12, 2), "1e999999", "out of range"),
        (sa.Numeric(18, 2), 1234567890123456.78, "more digits than a floating-point number keeps; write it as text"),
        (sa.Float(), "1.5", "is not a number; write it as 1.5"),
        (sa.Float(), 10**400, "is not a finite number"),
        (sa.Float(), Decimal("1e400"), "is not a finite number"),
        (sa.String(3), "abcd", "is too long: it has 4 characters; write at most 3"),
        (sa.String(3), 5, 'is not text; write it in quotes, as "text"'),
        (sa.Text(), "a\x00b", "NUL character (U+0000)"),
        (sa.Text(), "ab\ud800", "lone surrogate) at place 3"),
        (sa.Date(), "22.11.2026", "is not a date; write it as 2026-11-22"),
        (sa.Interval(), "-P999999999DT23H", "is out of range; write a duration of less than 106751991 days"),
        (sa.Date(), "2026-02-29", "is not a date of the calendar (day is out of range for month)"),
        (sa.Date(), "2026-11-22T00:00:00Z", "is not a date; write it as 2026-11-22"),
        (sa.Date(), "0000-01-01", "is not a date of the calendar"),
        (sa.Date(), "٢٠٢٦-11-22", "is not a date; write it as"),
        (sa.Date(), 20261122, "is not a date; write it as"),
        (sa.Time(), "9:30", "is not a time of day; write it as 09:30:00"),
        (sa.Time(), "24:00", "hour must be in 0..23"),
        (sa.Time(), "09:30:00Z", "is not a time of day"),
        (sa.DateTime(timezone=True), "2026-11-22T09:00:00", "has no time zone; write it as 2026-11-22T09:00:00Z"),
        (sa.DateTime(timezone=True), "2026-11-22", "is not a date with a time; write it as 2026-11-22T09:00:00Z"),
        (sa.DateTime(timezone=True), "2026-11-22T09:00:00 02:00", "in a URL, write + as %2B"),
        (sa.DateTime(timezone=True), "0001-01-01T00:00:00+01:00", "is out of range"),
        (sa.DateTime(timezone=True), "2026-11-22T09:00:60Z", "second must be in 0..59"),
        (sa.DateTime(timezone=True), "2026-11-22T09:00:00.1234567Z", "more than six digits"),
        (sa.DateTime(timezone=True), "2026-11-22T09:00:00+25:00", "is not a date with a time"),
        (sa.DateTime(), "2026-11-22T09:00:00Z", "has a time zone, which the field does not keep"),
        (sa.Interval(), "1 day", "is not a duration; write it as P1DT2H30M"),
        (sa.Interval(), "P1M", "counts years or months, which have no fixed length; write days"),
        (sa.Interval(), "P", "is not a duration"),
        (sa.Interval(), "P1DT", "is not a duration"),
        (sa.Interval(), "PT0.0000001S", "more than six digits"),
        (sa.Interval(), "P999999999D", "is out of range"),
        (sa.Interval(), "P99999999999999999999D", "is out of range"),
        (sa.Interval(), 60, "is not a duration"),
        (sa.Enum(Colour), "RED", "is not one of red,"),
        (sa.Enum(Priority), True, "is not one of -1, 1099511627776"),
        (sa.Enum("draft", "sent"), ["draft"], "is not one of draft, sent"),
        (sa.Enum(*(f"c{i}" for i in range(30))), "d", "c19, …"),
        (sa.Uuid(), "123", "is not a UUID; write it as 123e4567-"),
        (sa.LargeBinary(), "AP8", "is not base64"),
        (sa.LargeBinary(), "é", "is not base64"),
        (sa.LargeBinary(2), "AAAA", "it has 3 bytes; send at most 2"),
        (sa.JSON(), {"a": float("nan")}, "not finite"),
        (sa.JSON(), {"a\x00": 1}, "NUL character"),
        (sa.JSON(), ["\ud800"], "lone surrogate"),
        (sa.JSON(), [10**1001], "more than 1000 digits"),
    ],
)
def test_a_wrong_request_is_told_what_would_be_right(declared: Any, raw: Any, says: str) -> None:
    with pytest.raises(ValueError) as refusal:
        value_of(declared).parse(raw)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    "declared, text, expected",
    [
        (sa.Boolean(), "TRUE", True),
        (sa.Boolean(), "0", False),
        (sa.Integer(), " 007 ", 7),
        (sa.Integer(), "+5", 5),
        (sa.Numeric(12, 2), " .5 ", Decimal("0.5")),
        (sa.Float(), "1e3", 1000.0),
        (sa.Date(), " 2026-11-22", date(2026, 11, 22)),
        (sa.Enum(Priority), "-1", Priority.LOW),
        (sa.String(), " kept ", " kept "),
        (sa.JSON(), '[1, "a"]', [1, "a"]),
    ],
)
def test_a_cell_or_parameter_may_say(declared: Any, text: str, expected: Any) -> None:
    assert value_of(declared).parse_text(text) == expected


@pytest.mark.parametrize(
    "declared, text, says",
    [
        (sa.Boolean(), "yes", "is not a boolean; write it as true or false"),
        (sa.Integer(), "4.2", "is not an integer; write it as 42"),
        (sa.Integer(), "1_000", "is not an integer"),
        (sa.Integer(), "٤٢", "is not an integer"),
        (sa.Integer(), "9" * 10_000, "is out of range"),
        (sa.Numeric(12, 2), "9" * 10_000, "is not a decimal"),
        (sa.Float(), "inf", "is not a number"),
        (sa.Float(), "1e999", "is not a finite number"),
        (sa.Enum(Priority), "high", "is not one of -1, 1099511627776"),
        (sa.JSON(), "{", "is not JSON"),
        (sa.JSON(), "NaN", "no JSON"),
    ],
)
def test_a_wrong_cell_or_parameter_is_told_what_would_be_right(declared: Any, text: str, says: str) -> None:
    with pytest.raises(ValueError) as refusal:
        value_of(declared).parse_text(text)
    assert says in str(refusal.value)


def test_a_body_keeps_every_digit_and_refuses_what_is_no_json() -> None:
    assert value_of(sa.Numeric(18, 2)).parse(read_json("1234567890123456.78")) == Decimal("1234567890123456.78")
    assert read_json(b'{"a": 1}') == {"a": 1}
    for body, says in [
        (b"\xff", "is not UTF-8"),
        ("[1,]", "is not JSON"),
        ("Infinity", "holds Infinity, which is no JSON"),
        ("[" * 100_000, "nested too deep"),
        ("1" * 5000, "more than 1000 digits"),
        ("0." + "1" * 5000, "more than 1000 digits"),
        ("1e99999999999999999999", "exponent"),
    ]:
        with pytest.raises(ValueError) as refusal:
            read_json(body)
        assert says in str(refusal.value)


def test_a_document_may_be_nested_a_hundred_deep() -> None:
    document: Any = 1
    for _ in range(100):
        document = [document]
    assert value_of(sa.JSON()).parse(document) == document
    with pytest.raises(ValueError, match="100 levels"):
        value_of(sa.JSON()).parse([document])
