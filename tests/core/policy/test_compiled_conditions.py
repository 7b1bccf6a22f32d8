"""A condition in a list is a whole: what it is compiled into asks of it nothing but whether it is true."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.authorization import Allow, Deny, Everyone

from colonnade.core.policy import rows
from colonnade.core.policy.acl import Entry, read_acl
from colonnade.core.policy.compiling import first_match
from tests.core.policy.decisions import Paper

CONDITIONS = {
    "not a boolean": sa.not_(Paper.open),
    "a boolean": Paper.open,
    "a comparison": Paper.size > 4,
    "not a comparison": sa.not_(Paper.size > 4),
    "one of two": sa.or_(Paper.open, Paper.size > 4),
    "neither": sa.not_(sa.or_(Paper.open, Paper.size > 4)),
    "a case": sa.case((Paper.size > 4, Paper.open), else_=sa.false()),
    "words of SQL": sa.literal_column("policy_paper.open OR policy_paper.size > 4", sa.Boolean()),
    "nothing": sa.not_(Paper.group.has()),
}


def entries(*acl: Any) -> list[Entry]:
    return list(read_acl(list(acl), resource="papers", names=["id", "size", "open"], keys=["id"]))


def ids(connection: sa.Connection, condition: Any) -> set[int]:
    """The papers for which it is true."""
    return set(connection.scalars(sa.select(Paper.id).where(condition)))


@pytest.mark.parametrize("name", CONDITIONS)
def test_null_is_no_match(connection: sa.Connection, name: str) -> None:
    condition = CONDITIONS[name]
    every, true = ids(connection, sa.true()), ids(connection, condition)
    assert true
    assert true < every
    allowed = first_match(entries((Allow, rows(condition), "view")))
    denied = first_match(entries((Deny, rows(condition), "view"), (Allow, Everyone, "view")))
    both = first_match(entries((Deny, rows(condition), "view"), (Allow, rows(Paper.id > 100), "view")))
    assert ids(connection, allowed) == true
    assert ids(connection, denied) == every - true
    assert ids(connection, both) == {each for each in every - true if each > 100}
    # As rooms ask that say what is hidden.
    for decision, shown in ((allowed, true), (denied, every - true)):
        assert isinstance(decision, sa.ColumnElement)
        assert ids(connection, decision.is_not(sa.true())) == every - shown
