"""Dates and times of PostgreSQL that Python does not have: infinity, years before 1 and after 9999, 24:00.

None of them comes in by us. A table that others write may hold them, and reading one must not fail the whole list.
"""

from __future__ import annotations

from typing import Any, ClassVar

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format


class Outside(str):
    """PostgreSQL's own text of a date or time that Python cannot hold; answers show it as it is."""

    __slots__ = ()


def register_loaders(context: AdaptContext) -> None:
    """Make a psycopg connection read such values as `Outside`, where psycopg raises DataError."""
    for loader in (_DateLoader, _TimeLoader, _TimestampLoader, _TimestampTzLoader):
        context.adapters.register_loader(loader.type_name, loader)


class _ForgivingLoader(Loader):
    """Asks psycopg's own loader, the fast one where there is one, and takes the text where that gives up."""

    type_name: ClassVar[str]

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        standard = psycopg.adapters.get_loader(psycopg.adapters.types[self.type_name].oid, Format.TEXT)
        assert standard is not None
        self._load = standard(oid, context).load

    def load(self, data: Buffer) -> Any:
        try:
            return self._load(data)
        except psycopg.DataError:
            return Outside(bytes(data).decode())


class _DateLoader(_ForgivingLoader):
    type_name = "date"


class _TimeLoader(_ForgivingLoader):
    type_name = "time"


class _TimestampLoader(_ForgivingLoader):
    type_name = "timestamp"


class _TimestampTzLoader(_ForgivingLoader):
    type_name = "timestamptz"
