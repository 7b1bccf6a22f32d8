"""Rows as they are stored, read for the log: by key, and locked where they are about to be changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database import execute

Identity = tuple[Any, ...]

#: Rows of one statement.
_BATCH: Final = 500


def read_rows(
    session: Session, mapper: Mapper[Any], names: Sequence[str], keys: Sequence[Identity], *, lock: bool = False
) -> dict[Identity, dict[str, Any]]:
    """The rows of a class, and of those that inherit from it, by key: the values of some attributes.

    :param lock: whether nobody else may change them until the transaction ends.
    """
    columns = [mapper.attrs[name].columns[0] for name in names]
    statement = sa.select(*columns, *mapper.primary_key).select_from(mapper.persist_selectable)
    if mapper.single and mapper.polymorphic_on is not None:
        kinds = [each.polymorphic_identity for each in mapper.self_and_descendants]
        statement = statement.where(mapper.polymorphic_on.in_(kinds))
    if lock:
        statement = statement.order_by(*mapper.primary_key)
        statement = statement.with_for_update(of=tables) if (tables := inner_tables(mapper)) else statement
    found: dict[Identity, dict[str, Any]] = {}
    for few in batched(keys):
        for row in execute(session, statement.where(restricted(mapper.primary_key, few))):
            values = tuple(row)
            found[values[len(names) :]] = dict(zip(names, values, strict=False))
    return found


def restricted(columns: Sequence[ColumnElement[Any]], keys: Sequence[Identity]) -> ColumnElement[bool]:
    """The rows in which columns have the values of one of these keys."""
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys]) if len(keys) > 1 else columns[0] == keys[0][0]
    ways = (sa.and_(*(column == value for column, value in zip(columns, key, strict=True))) for key in keys)
    return sa.or_(*ways)


def inner_tables(mapper: Mapper[Any]) -> list[sa.Table]:
    """The tables whose rows make a record, but for those of which an outer join may find none."""
    return list(dict.fromkeys(table for each in mapper.iterate_to_root() for table in _inner(each.local_table)))


def _inner(selectable: sa.FromClause) -> Iterator[sa.Table]:
    if isinstance(selectable, sa.Join):
        if not selectable.full:
            yield from _inner(selectable.left)
            yield from () if selectable.isouter else _inner(selectable.right)
    elif isinstance(selectable, sa.Table):
        yield selectable


def batched(keys: Iterable[Identity]) -> Iterator[list[Identity]]:
    """As many keys at a time as one statement may ask for."""
    left = iter(keys)
    while few := list(islice(left, _BATCH)):
        yield few
