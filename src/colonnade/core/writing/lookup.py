"""Which of many combinations of values are stored: one statement, whose text does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from colonnade.core import values
from colonnade.core.database import Database, Prepared, fetch
from colonnade.core.policy import Condition
from colonnade.core.policy.terms import ME_PREFIX, me_names
from colonnade.core.resources import Resource

from .author import Author

Key = tuple[Any, ...]


def rows_of_keys(
    author: Author,
    resource: Resource,
    columns: Sequence[sa.ColumnElement[Any]],
    keys: Collection[Key],
    *,
    also: Sequence[sa.ColumnElement[Any]] = (),
    conditions: Sequence[Condition] = (),
) -> dict[Key, Key]:
    """The rows of a resource whose columns hold one of these combinations.

    :param keys: combinations of values, one for each column, none of them None.
    :param also: what else is wanted of each row.
    :param conditions: which rows count; nothing is found where one of them is False.
    :returns: for each combination that was found, the values of ``also``.
    """
    if not keys or any(condition is False for condition in conditions):
        return {}
    wanted, parameters = among(author.dialect, columns, keys)
    statement = sa.select(*columns, *also).select_from(resource.model).where(wanted)
    statement = statement.where(*(condition for condition in conditions if not isinstance(condition, bool)))
    width = len(columns)
    return {tuple(row[:width]): tuple(row[width:]) for row in author.rows(statement, parameters)}


def among(
    dialect: sa.Dialect, columns: Sequence[sa.ColumnElement[Any]], keys: Collection[Key]
) -> tuple[sa.ColumnElement[bool], dict[str, object]]:
    """The condition that the columns hold one of the combinations, and its parameters."""
    return values.among(dialect.name, columns), values.wanted(dialect.name, keys)


@dataclass(frozen=True)
class ByKey:
    """A prepared statement about the row of a key, of which the policy is a part.

    names: of the parameters that hold the key.
    me: the attributes of ``me`` that it asks for.
    """

    prepared: Prepared
    names: tuple[str, ...]
    me: tuple[str, ...]

    @classmethod
    def of(cls, database: Database, columns: Sequence[sa.ColumnElement[Any]], asked: sa.Select[Any]) -> Self:
        """Confine a statement to the row whose columns hold a key."""
        names = tuple(f"key_{index}" for index in range(len(columns)))
        asked = asked.where(
            *(column == sa.bindparam(name, type_=column.type) for name, column in zip(names, columns, strict=True))
        )
        return cls(Prepared.compile(asked, database.dialect), names, me_names(asked))

    def row(self, author: Author, key: Key) -> tuple[Any, ...] | None:
        """The first row; None if there is none.

        :param key: a value for each column, none of them None.
        """
        rows = fetch(author.reading, self.prepared, self.parameters(author, key))
        return rows[0] if rows else None

    def parameters(self, author: Author, key: Key) -> dict[str, object]:
        """What the statement is given."""
        parameters: dict[str, object] = dict(zip(self.names, key, strict=True))
        for name in self.me:
            parameters[ME_PREFIX + name] = author.me[name]
        return parameters


class Existence:
    """Whether a row has a key and passes what an author may see: for one key at a time, by prepared statements.

    :param columns: of the resource, that hold the key.
    :param conditions: which rows count for an author.
    """

    def __init__(
        self,
        database: Database,
        resource: Resource,
        columns: Sequence[sa.ColumnElement[Any]],
        conditions: Callable[[Author], Sequence[Condition]],
    ) -> None:
        self._database = database
        self._resource = resource
        self._columns = columns
        self._conditions = conditions

    def of(self, author: Author, key: Key) -> bool:
        """Tell it.

        :param key: a value for each column, none of them None.
        """
        asked = self._asked(author)
        return asked is not None and asked.row(author, key) is not None

    def is_open(self, author: Author) -> bool:
        """Tell whether any row may pass, whatever its key."""
        return self._asked(author) is not None

    def expect(self, author: Author, key: Key, check: Callable[[bool], object]) -> None:
        """Tell it to `check` before anybody hears of the next statement, with which it is found out.

        To one for whom it `is_open`.
        """
        asked = self._asked(author)
        assert asked is not None
        author.reading.fetch_with_next(asked.prepared, asked.parameters(author, key), lambda rows: check(bool(rows)))

    def _asked(self, author: Author) -> ByKey | None:
        """The statement for an author; None where nothing is found."""
        kept = author.access.of(self._resource).kept
        if self not in kept:
            kept[self] = self._made(self._conditions(author))
        asked: ByKey | None = kept[self]
        return asked

    def _made(self, conditions: Sequence[Condition]) -> ByKey | None:
        if any(condition is False for condition in conditions):
            return None
        asked: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(self._resource.model)
        asked = asked.where(*(condition for condition in conditions if not isinstance(condition, bool)))
        return ByKey.of(self._database, self._columns, asked)
