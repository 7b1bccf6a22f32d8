"""What the room promises of every type."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

from sqlalchemy import ColumnElement

from .constraints import annotated

EQUALITY: Final = frozenset({"exact", "ne", "in", "isnull"})
ORDER: Final = EQUALITY | {"gt", "gte", "lt", "lte"}
TEXT: Final = ORDER | {
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "iexact",
}
PRESENCE: Final = frozenset({"isnull"})


class Form(enum.Enum):
    """Who wrote the column, which is what its SQL text may be trusted to look like."""

    OWN = "a storage type of this room"
    PLAIN = "an ordinary SQLAlchemy type, on a base of somebody else"
    ROWS = "unknown: it is read as rows and written by Python"


@dataclass(frozen=True, kw_only=True)
class Value(ABC):
    """How the values of one column are read from requests, written into answers, and described.

    A value is immutable, compares by what it says, and knows neither its column nor a database. NULL is the caller's
    business: no method is ever given None, but for a JSON column inside a document.

    Every reading method raises ValueError, whose text is a predicate that says what would be right, to be put after the
    name of what was wrong: ``is not a date; write it as 2026-11-22``.
    """

    name: ClassVar[str]
    """The type's name in documentation and messages, such as ``date``."""
    ordered: ClassVar[bool] = True
    """Whether a list may be sorted by it, with the same result on both databases."""
    textual: ClassVar[bool] = False
    """Whether it is text, which may be searched in."""
    operators: ClassVar[frozenset[str]] = ORDER
    """The operators of the query grammar that suit it."""

    form: Form = Form.OWN

    @property
    @abstractmethod
    def python_type(self) -> type[Any]:
        """The class of the Python values; ``object`` where there is no one class."""

    @abstractmethod
    def check(self, value: object) -> Any:
        """Take a Python value, from whatever road, to the one form that is stored. Raises ValueError."""

    @abstractmethod
    def parse(self, raw: object) -> Any:
        """Read a JSON value, as ``read_json`` or ``json.loads`` give it. Raises ValueError."""

    @abstractmethod
    def parse_text(self, text: str) -> Any:
        """Read what stands in a query string, a URL's key, a CSV cell or a command line. Raises ValueError."""

    @abstractmethod
    def to_json(self, value: Any) -> str:
        """Write the JSON text of one value: compact, non-ASCII unescaped, byte for byte what ``json_sql`` gives."""

    @abstractmethod
    def to_text(self, value: Any) -> str:
        """Write the form for CSV and URLs: ``parse_text(to_text(value)) == value``."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Describe the JSON of answers, as JSON Schema 2020-12."""

    def request_schema(self) -> dict[str, Any]:
        """Describe the JSON that requests may send, as JSON Schema 2020-12; more than answers hold, for some types."""
        return self.schema()

    def json_sql(self, column: ColumnElement[Any], dialect_name: str) -> ColumnElement[str] | None:
        """Give the SQL expression of ``to_json``'s text; None where the column has to be read as rows.

        Of NULL it gives NULL or the JSON text ``null``: write ``coalesce(…, 'null')`` around a column that may be NULL.
        """
        if self.form is Form.ROWS:
            return None
        if dialect_name == "postgresql":
            return self._postgresql_json(column)
        if dialect_name == "sqlite":
            return self._sqlite_json(column)
        return None

    def through_python(self) -> Self:
        """Give the same value, read as rows and written by Python on every database."""
        return replace(self, form=Form.ROWS)

    def annotation(self, constraints: Sequence[object] = ()) -> Any:
        """Give the type for a pydantic field: it reads by ``parse``, then holds the constraints of the column.

        Constraints are those of annotated-types and pydantic (``Field(ge=16)``, ``MaxLen(20)``, an ``AfterValidator``).
        """
        return annotated(self.python_type, self.parse, self.schema(), self.request_schema(), constraints)

    def _postgresql_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        return None

    def _sqlite_json(self, column: ColumnElement[Any]) -> ColumnElement[str] | None:
        return None
