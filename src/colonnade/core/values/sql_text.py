"""The pieces of SQL that write JSON text. Constants stand in the statement: they are of its shape, not its values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, func, literal_column, type_coerce


def sql_string(text: str) -> ColumnElement[str]:
    """A constant of the statement. For text of our own, never of a request."""
    return literal_column("'" + text.replace("'", "''") + "'", Text())


def sql_number(number: int) -> ColumnElement[int]:
    """A whole number that stands in the statement."""
    return literal_column(str(number), BigInteger())


def text_of(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column's own text, by a CAST."""
    return cast(column, Text())


def bare(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column taken for text as it is stored, without a CAST."""
    return type_coerce(column, Text())


def quoted(text: ColumnElement[str]) -> ColumnElement[str]:
    """A JSON string of text in which nothing needs an escape."""
    return sql_string('"') + text + sql_string('"')


def postgresql_json(column: ColumnElement[Any]) -> ColumnElement[str]:
    """What PostgreSQL's to_json writes: text escaped; dates in ISO 8601 whatever the session's style is."""
    return cast(func.to_json(column), Text())


def sqlite_json(column: ColumnElement[Any]) -> ColumnElement[str]:
    """What SQLite's json_quote writes: JSON whatever is in the column, of which its declared type says little."""
    return func.json_quote(type_coerce(column, Text()), type_=Text())


def or_own_text(
    column: ColumnElement[Any], holds: ColumnElement[bool], written: ColumnElement[str]
) -> ColumnElement[str]:
    """`written` where `holds`, else the database's own text of the column, such as "infinity"; NULL stays NULL."""
    return case((holds, written), else_=postgresql_json(text_of(column)))


def to_char(moment: ColumnElement[Any], pattern: str) -> ColumnElement[str]:
    """PostgreSQL's to_char, with the quotes of a JSON string around it."""
    return func.to_char(moment, sql_string(rf"\"{pattern}\""), type_=Text())
