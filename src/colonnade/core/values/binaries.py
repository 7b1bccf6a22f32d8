"""Bytes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, LargeBinary, Text, func

from .sql_text import quoted, sql_number, sql_string
from .storage import Storage
from .value import EQUALITY, Value


@dataclass(frozen=True, kw_only=True)
class BytesValue(Value):
    """Bytes, at most `length`, in base64 (RFC 4648, section 4: with padding, without line breaks)."""

    name: ClassVar[str] = "bytes"
    operators: ClassVar[frozenset[str]] = EQUALITY
    length: int | None = None

    @property
    def python_type(self) -> type[bytes]:
        return bytes

    def check(self, value: object) -> bytes:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise ValueError('is not base64; write it as "Q29sb25uYWRl"')
        if self.length is not None and len(value) > self.length:
            raise ValueError(f"is too long: it has {len(value)} bytes; send at most {self.length}")
        return bytes(value)

    def parse(self, raw: object) -> bytes:
        return self.parse_text(raw) if isinstance(raw, str) else self.check(raw)

    def parse_text(self, text: str) -> bytes:
        try:
            return self.check(base64.b64decode(text.encode("ascii"), validate=True))
        except (UnicodeEncodeError, binascii.Error):
            raise ValueError('is not base64; write it as "Q29sb25uYWRl"') from None

    def to_json(self, value: Any) -> str:
        return f'"{self.to_text(value)}"'

    def to_text(self, value: Any) -> str:
        return base64.b64encode(value).decode("ascii")

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "contentEncoding": "base64"}
        if self.length is not None:
            schema["maxLength"] = -(-self.length // 3) * 4
        return schema

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # encode() breaks the lines, as MIME does.
        encoded = func.encode(column, sql_string("base64"), type_=Text())
        return quoted(func.translate(encoded, func.chr(sql_number(10)), sql_string(""), type_=Text()))

    # SQLite has no base64: rows there.


class Binary(Storage[bytes]):
    """BYTEA on PostgreSQL, BLOB on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    @property
    def value(self) -> BytesValue:
        """How it is read and written."""
        return BytesValue(length=self.length)
