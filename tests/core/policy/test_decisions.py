"""Random policies decide exactly as Pyramid's ACLHelper does, and a compiler that is broken on purpose does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
import sqlalchemy as sa

from colonnade.core.policy import access, compiling
from colonnade.core.policy.acl import Entry
from colonnade.core.policy.compiling import Condition
from colonnade.testing.policy import disagreements
from tests.core.policy import decisions
from tests.harness.counts import counts


def some_disagreement(connection: sa.Connection, cases: int) -> str | None:
    """The first question on which the compiled form and ACLHelper differ."""
    dice = random.Random(1)
    cases_ = (decisions.random_case(dice) for _ in range(cases))
    return next((said for case in cases_ for said in disagreements(case, connection)), None)


def test_random_policies_decide_as_aclhelper_does(connection: sa.Connection) -> None:
    """Deny, rows, fields, Root's entries, nulls, ``me``: 200 policies over 300 rows, thousands in the thorough run."""
    assert some_disagreement(connection, counts(80, 5000)) is None


def _deny_forgotten(entries: Iterable[Entry]) -> Condition:
    return compiling.first_match([entry for entry in entries if entry.allow])


def _allow_without_end(entries: Iterable[Entry]) -> Condition:
    return compiling.first_match(sorted(entries, key=lambda entry: not entry.allow))


def _null_denies(entries: Iterable[Entry]) -> Condition:
    ways, denied = [], []
    for entry in entries:
        condition = sa.true() if entry.condition is None else entry.condition
        if entry.allow:
            ways.append(sa.and_(condition, *denied))
        else:
            denied.append(sa.not_(condition))
    return sa.or_(*ways) if ways else False


def _denied_by_later_entries(entries: Iterable[Entry]) -> Condition:
    return compiling.first_match(sorted(entries, key=lambda entry: entry.allow))


def _last_match(entries: Iterable[Entry]) -> Condition:
    return compiling.first_match(reversed(list(entries)))


def _rows_ignored(entries: Iterable[Entry]) -> Condition:
    kept = list(entries)
    return next((entry.allow for entry in kept), False)


def _default_allow(entries: Iterable[Entry]) -> Condition:
    kept = list(entries)
    return compiling.first_match(kept) if kept else True


@pytest.mark.parametrize(
    "broken",
    [
        _deny_forgotten,
        _allow_without_end,
        _null_denies,
        _denied_by_later_entries,
        _last_match,
        _rows_ignored,
        _default_allow,
    ],
)
def test_a_broken_compiler_is_noticed(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Iterable[Entry]], Condition]
) -> None:
    """Each branch of the compiler, broken on purpose, makes the property fail."""
    monkeypatch.setattr(access, "first_match", broken)
    assert some_disagreement(connection, 200) is not None


def test_a_field_that_ignores_the_rows_action_is_noticed(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field's list holds the row's action too: leaving it out hides fields that the row's permission shows."""
    speaks = Entry.speaks_of_field
    monkeypatch.setattr(
        Entry, "speaks_of_field", lambda self, name, permission: bool(self.fields) and speaks(self, name, permission)
    )
    assert some_disagreement(connection, 200) is not None


def test_an_action_without_view_is_noticed(connection: sa.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every action but create requires view."""
    monkeypatch.setattr(access.ResourceAccess, "decides", access.ResourceAccess._own)
    assert some_disagreement(connection, 200) is not None
