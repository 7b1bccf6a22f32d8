"""What a database selects for a column of a table of text, and how what comes of it is written into cells.

The text of a cell is ``to_text``'s. Where the JSON text of a type is that text, perhaps in quotes, the database writes
it; other types are read as Python values. Cells are written a column at a time: that is several times faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, ColumnElement, type_coerce

from .binaries import BytesValue
from .booleans import BooleanValue
from .dates import DateValue
from .datetimes import DateTimeValue
from .decimals import DecimalValue
from .documents import JsonValue
from .enums import EnumValue
from .floats import FloatValue
from .integers import IntegerValue
from .intervals import IntervalValue
from .sql_text import bare, text_of
from .texts import TextValue
from .times import TimeValue
from .uuids import UuidValue
from .value import Form, Value

Write: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""Writes the cells of a run of rows: texts, or numbers whose ``str`` is the text; None is a null."""


@dataclass(frozen=True)
class Cell:
    """One column of a table of text.

    column: what is selected; NULL stays NULL.
    write: makes the cells of what came.
    free: its text may begin with any sign, because somebody wrote it.
    raw: what the driver gives will do; otherwise it needs the processing of SQLAlchemy's types.
    """

    column: ColumnElement[Any]
    write: Write
    free: bool
    raw: bool = True


def cell(value: Value, column: ColumnElement[Any], dialect_name: str, *, python: bool = False) -> Cell:
    """How a column of this value becomes cells.

    :param python: have Python write it in any case.
    """
    # By the very class: one that was made of it may have a text of its own.
    kind = type(value)
    free = kind not in _FIXED
    if not python and value.form is not Form.ROWS:
        if (stored := _stored(value, column, dialect_name)) is not None:
            return Cell(stored, _as_it_is, free)
        written = value.json_sql(column, dialect_name) if kind in _WRITERS else None
        if written is not None:
            return Cell(written, _WRITERS[kind], free)
    return Cell(column, _by_python(value), free, raw=False)


def _stored(value: Value, column: ColumnElement[Any], dialect_name: str) -> ColumnElement[Any] | None:
    """What is stored, where it is the text already."""
    match value:
        case TextValue() if type(value) is TextValue:
            # What SQLite keeps in a column of text may be something else.
            return text_of(column) if dialect_name == "sqlite" else bare(column)
        case IntegerValue(form=Form.OWN):
            return type_coerce(column, BigInteger())
        case DateValue(form=Form.OWN) if dialect_name == "sqlite":
            return bare(column)
    return None


def _by_python(value: Value) -> Write:
    to_text = value.to_text
    return lambda values: [None if each is None else to_text(each) for each in values]


def _as_it_is(texts: Sequence[Any]) -> Sequence[Any]:
    return texts


def _bare(texts: Sequence[Any]) -> Sequence[str | None]:
    """JSON that is the text itself."""
    return [None if text == "null" else text for text in texts]


def _unquoted(texts: Sequence[Any]) -> Sequence[str | None]:
    """JSON strings in which nothing is escaped; numbers, too, where others put one into the column."""
    return [text[1:-1] if text and text[0] == '"' else None if text == "null" else text for text in texts]


def _unescaped(texts: Sequence[Any]) -> Sequence[str | None]:
    """Any JSON of which few different ones come."""
    known: dict[str | None, str | None] = {None: None, "null": None}
    for text in texts:
        if text not in known:
            known[text] = str(json.loads(text))
    return [known[text] for text in texts]


_FIXED: Final = frozenset(
    {BooleanValue, DateTimeValue, DateValue, DecimalValue, FloatValue, IntegerValue, IntervalValue, JsonValue}
    | {TimeValue, UuidValue}
)
"""Types whose text begins with a digit, a sign before one, or what JSON begins with."""

_WRITERS: Final[dict[type[Value], Write]] = {
    BooleanValue: _bare,
    BytesValue: _unquoted,
    DateTimeValue: _unquoted,
    DateValue: _unquoted,
    DecimalValue: _unquoted,
    EnumValue: _unescaped,
    FloatValue: _unquoted,
    IntegerValue: _unquoted,
    IntervalValue: _unquoted,
    JsonValue: _bare,
    TimeValue: _unquoted,
    UuidValue: _unquoted,
}
