"""Text folded for comparisons that ignore case, alike in Python, PostgreSQL and SQLite."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Text, collate, func, type_coerce

SQLITE_FOLD: Final = "colonnade_fold"
"""The name under which `fold` is registered on every SQLite connection."""


def fold(text: Any) -> Any:
    """Fold the case of a text, by Unicode's full upper-case mapping: ``straße`` and ``STRASSE`` are one.

    Anything but text, which only a foreign SQLite column holds, is given back as it is.
    """
    return text.upper() if isinstance(text, str) else text


def fold_sql(column: ColumnElement[Any], dialect_name: str) -> ColumnElement[str]:
    """Give the SQL expression of `fold` over a column, to compare with a folded parameter; it compares by code point.

    Raises ValueError for a database that has no such function.
    """
    text = type_coerce(column, Text())
    if dialect_name == "sqlite":
        return func.colonnade_fold(text, type_=Text())
    if dialect_name == "postgresql":
        # ICU's root locale maps as Unicode says, whatever the database's own locale; then back to code points, in which
        # indexes and LIKE work.
        return collate(func.upper(collate(text, "und-x-icu"), type_=Text()), "C")
    raise ValueError(f"cannot fold case on {dialect_name}")
