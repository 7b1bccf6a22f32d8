"""An access control list, first match wins, as one boolean SQL expression."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, or_, true
from sqlalchemy.sql.expression import Grouping

from .acl import Entry

#: What an action may touch: everything (True), nothing (False), or the rows for which the expression is true.
Condition: TypeAlias = bool | ColumnElement[bool]


def first_match(entries: Iterable[Entry]) -> Condition:
    """Compile the entries that speak of one permission and match one identity.

    The form is ``OR(allow AND (earlier deny) IS NOT TRUE …)``: indexes serve it, which they do not serve a CASE. A
    leaf that is NULL is no match. Without a match the answer is no. Each stands in parentheses: SQLAlchemy writes
    ``NOT open IS NOT true``, which databases read as ``NOT (open IS NOT true)``.
    """
    ways: list[ColumnElement[bool]] = []
    denied: list[ColumnElement[bool]] = []
    for entry in entries:
        condition = None if entry.condition is None else Grouping(entry.condition)
        if not entry.allow:
            if condition is None:
                break
            denied.append(condition.is_not(true()))
            continue
        if condition is None:
            if not denied:
                return True
            ways.append(and_(*denied))
            break
        ways.append(and_(condition, *denied))
    return or_(*ways) if ways else False


def both(one: Condition, other: Condition) -> Condition:
    """The rows that both conditions allow."""
    if one is False or other is False:
        return False
    if one is True:
        return other
    if other is True:
        return one
    return and_(one, other)
