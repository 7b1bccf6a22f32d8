"""A random value of every type that a model may declare."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


class Colour(enum.Enum):
    RED = "red"
    QUOTED = 'bl"ue\\ \t ü'
    AND = "R&D % :x '"


class Priority(enum.IntEnum):
    LOW = -1
    HIGH = 2**40


@dataclass(frozen=True)
class Sample:
    """A type as it is declared, values for it, and how two values that JSON has carried are compared."""

    declared: TypeEngine[Any]
    values: st.SearchStrategy[Any]
    equal_bytes: bool = True
    read: Callable[[str], Any] = json.loads


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    edges = st.sampled_from([0, 1, -1, most, -most, min(most, 10**scale), max(-most, -(10**scale)), 5, -5])
    return st.one_of(edges, st.integers(-most, most)).map(lambda units: Decimal(units).scaleb(-scale))


def exact_json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


# No surrogates and no NUL: the border refuses them.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
special = st.sampled_from('"\\/\b\f\n\r\t\x01\x1f\x7f\x80\x9f\u2028\u2029\ufeff\ufffe\uffff€😀\U0010ffff')
texts = st.text(st.one_of(characters, special))
documents = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**40), 10**40),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001
whole_moments = moments.map(lambda moment: moment.replace(microsecond=0))
longest = 2**63 - 1

SAMPLES: dict[str, Sample] = {
    "boolean": Sample(sa.Boolean(), st.booleans()),
    "smallint": Sample(sa.SmallInteger(), st.integers(-(2**15), 2**15 - 1)),
    "integer": Sample(sa.Integer(), st.integers(-(2**31), 2**31 - 1)),
    "bigint": Sample(sa.BigInteger(), st.integers(-(2**63), 2**63 - 1)),
    "money": Sample(sa.Numeric(12, 2), decimals(12, 2)),
    "whole": Sample(sa.Numeric(18, 0), decimals(18, 0)),
    "fraction": Sample(sa.Numeric(18, 18), decimals(18, 18)),
    "rate": Sample(sa.Numeric(9, 5), decimals(9, 5)),
    "float": Sample(sa.Float(), st.floats(allow_nan=False, allow_infinity=False), equal_bytes=False),
    "text": Sample(sa.Text(), texts),
    "string": Sample(sa.String(40), texts.filter(lambda text: len(text) <= 40)),
    "date": Sample(sa.Date(), st.dates()),
    "time": Sample(sa.Time(), st.one_of(st.times(), st.times().map(lambda time: time.replace(microsecond=0)))),
    "moment": Sample(
        sa.DateTime(timezone=True),
        st.one_of(
            moments,
            whole_moments,
            st.sampled_from(
                [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime.fromtimestamp(0, UTC)]
            ),
        ),
    ),
    "local": Sample(sa.DateTime(), st.datetimes()),
    "interval": Sample(
        sa.Interval(),
        st.one_of(
            st.integers(-longest, longest),
            st.integers(-(10**12), 10**12),
            st.builds(
                lambda *parts: sum(count * unit for count, unit in zip(parts, (864, 36, 0.6, 0.01, 1e-8), strict=True)),
                *[st.integers(-3, 3)] * 5,
            ).map(lambda hundreds: round(hundreds * 10**8)),
        ).map(lambda microseconds: timedelta(microseconds=microseconds)),
    ),
    "enum": Sample(sa.Enum(Colour), st.sampled_from(Colour)),
    "number_enum": Sample(sa.Enum(Priority), st.sampled_from(Priority)),
    "word_enum": Sample(sa.Enum("draft", "sent", "ré'né", name="word"), st.sampled_from(["draft", "sent", "ré'né"])),
    "uuid": Sample(sa.Uuid(), st.uuids()),
    "bytes": Sample(sa.LargeBinary(), st.one_of(st.binary(max_size=20), st.binary(min_size=58, max_size=200))),
    "json": Sample(sa.JSON(), documents.filter(lambda value: value is not None), equal_bytes=False, read=exact_json),
    "jsonb": Sample(JSONB(), documents.filter(lambda value: value is not None), equal_bytes=False, read=exact_json),
}
