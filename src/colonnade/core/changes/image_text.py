"""The image of a row, written by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import ColumnElement, func, null

from colonnade.core.resources import Field
from colonnade.core.values import Form, json_string
from colonnade.core.values.concatenation import concatenated
from colonnade.core.values.sql_text import sql_string


def image_text(fields: Mapping[str, Field], dialect_name: str) -> ColumnElement[str] | None:
    """The JSON text of a row's fields, by name; None where Python has to write one of them."""
    members: list[ColumnElement[str] | str] = []
    for name, field in fields.items():
        written = field.value.json_sql(field.column, dialect_name) if field.value.form is Form.OWN else None
        if written is None:
            return None
        members += [("," if members else "{") + json_string(name) + ":", func.coalesce(written, sql_string("null"))]
    return concatenated([*members, "}"])


def returned_text(fields: Mapping[str, Field], dialect_name: str) -> ColumnElement[str] | None:
    """The same, for a statement that writes the row and returns it."""
    if dialect_name == "sqlite":
        # SQLite 3.40 takes x IS NULL for false there, whatever a column x holds; not so what is made of it.
        fields = {name: replace(each, column=func.coalesce(each.column, null())) for name, each in fields.items()}
    return image_text(fields, dialect_name)
