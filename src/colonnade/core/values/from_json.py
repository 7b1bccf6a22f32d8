"""JSON back into columns: a member of a JSON object as the value that a column of some type would hold.

The change log keeps records as JSON; a policy is asked about them as if they were rows. PostgreSQL casts the text of a
member. SQLite, which has no types to cast to, calls back into Python for those that it stores in a form of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from .arithmetic import ExactSQLiteCompiler
from .binaries import Binary
from .booleans import StoredBoolean
from .dates import CalendarDate
from .documents import Document
from .enums import Choice
from .integers import StoredInteger
from .intervals import Duration
from .json_text import read_json
from .lookup import value_for
from .sql_text import sql_number, sql_string
from .texts import PlainText
from .uuids import CanonicalUuid

SQLITE_STORED: Final = "colonnade_stored"

#: What SQLite stores just as its JSON functions give it.
_ALIKE: Final = (CalendarDate, CanonicalUuid, Choice, PlainText, StoredBoolean, StoredInteger)
_SQLITE: Final = sqlite.dialect()
_SQLITE.statement_compiler = ExactSQLiteCompiler

_readers: list[Callable[[Any], Any]] = []
_places: dict[TypeEngine[Any], int] = {}


def member(image: ColumnElement[Any], name: str, type_: TypeEngine[Any], dialect_name: str) -> ColumnElement[Any]:
    """The value of a member, as a column of this type would hold it; NULL where it is null or not there.

    :param image: a column of JSON objects, JSONB on PostgreSQL, whose members are written as `Value.to_json` does.
    """
    if dialect_name == "postgresql":
        return sa.type_coerce(_postgresql(image, name, type_), type_)
    text, path = sa.type_coerce(image, sa.Text()), sql_string(f'$."{name}"')
    if isinstance(type_, _ALIKE):
        return sa.type_coerce(sa.func.json_extract(text, path), type_)
    # Of several paths it makes an array, as JSON: alone, true would be 1, a list the text of it, and digits would go.
    raw = sa.func.json_extract(text, path, path)
    return sa.type_coerce(getattr(sa.func, SQLITE_STORED)(sa.literal_column(str(_place(type_))), raw), type_)


def without(image: ColumnElement[Any], names: list[ColumnElement[str]], dialect_name: str) -> ColumnElement[Any]:
    """A JSON object without these members; a name that is NULL, or no member, changes nothing."""
    if not names:
        return image
    if dialect_name == "postgresql":
        present = sa.func.array_remove(postgresql.array[Any](names, type_=sa.Text()), sa.null())
        return sa.type_coerce(sa.type_coerce(image, sa.Text()).op("-")(present), image.type)
    paths = (sql_string('$."') + sa.func.coalesce(name, sql_string("")) + sql_string('"') for name in names)
    return sa.type_coerce(sa.func.json_remove(sa.type_coerce(image, sa.Text()), *paths), image.type)


def stored(place: int, raw: str | None) -> Any:
    """What SQLite calls back: the stored form of the first value of a JSON array."""
    value = None if raw is None else read_json(raw)[0]
    return None if value is None else _readers[place](value)


def _place(type_: TypeEngine[Any]) -> int:
    place = _places.get(type_)
    if place is None:
        value = value_for(type_)
        bind = type_.dialect_impl(_SQLITE).bind_processor(_SQLITE) or _as_it_is
        _readers.append(lambda raw: bind(value.parse(raw)))
        place = _places[type_] = len(_readers) - 1
    return place


def _postgresql(image: ColumnElement[Any], name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    if isinstance(type_, (Document, sa.JSON)):
        document = sa.type_coerce(image, sa.Text()).op("->")(sql_string(name))
        return sa.cast(sa.func.nullif(document, sa.cast(sql_string("null"), postgresql.JSONB())), type_)
    text = sa.type_coerce(image, sa.Text()).op("->>", return_type=sa.Text())(sql_string(name))
    if isinstance(type_, (Binary, sa.LargeBinary)):
        return sa.func.decode(text, sql_string("base64"))
    if isinstance(type_, Duration):  # PostgreSQL reads no sign before the P
        length = sa.cast(sa.func.ltrim(text, sql_string("-")), type_)
        sign = sa.case((text.like(sql_string("-%")), sql_number(-1)), else_=sql_number(1))
        return sa.type_coerce(length, sa.Text()).op("*", return_type=type_)(sign)
    return sa.cast(text, type_)


def _as_it_is(value: Any) -> Any:
    return value
