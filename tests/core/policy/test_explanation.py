"""An explanation names the entry that decided, and says what the compiled form does."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pyramid.authorization import Allow, Deny, Everyone

from colonnade.core.policy import Identity, Policy, fields, me, rows
from colonnade.core.policy.explanation import Explanation, explain
from colonnade.testing.policy import Case
from tests.core.policy import decisions
from tests.harness.counts import counts


def explained(
    case: Case, connection: sa.Connection, permission: str, key: tuple[int] | None, name: str | None = None
) -> tuple[Explanation, ...]:
    """Ask why."""

    def fetch(statement: Any, parameters: Mapping[str, object]) -> Sequence[Any] | None:
        return connection.execute(statement, parameters).first()

    return explain(case.policy, case.resource, case.identity, case.me, permission, key=key, field=name, fetch=fetch)


def test_it_says_what_the_compiled_form_decides(connection: sa.Connection) -> None:
    """For random policies, permissions, fields and rows."""
    dice = random.Random(3)
    for _ in range(counts(40, 1000)):
        case = decisions.random_case(dice)
        permission, name = dice.choice(list(case.questions()))
        allowed = case.compiled((permission, name), connection)
        for key in [(dice.randrange(1, decisions.ROWS + 1),) for _ in range(5)]:
            if permission == "create" and name is None:
                continue
            told = explained(case, connection, permission, key, name)
            if permission == "create":
                # Creating does not require view; its explanation is of the action and the field alone.
                assert told[0].permission == "create"
            assert (told[-1].verdict == "allowed") == (key in allowed), (case.entries, permission, name, key, told)


def _case(acl: list[Any], *roles: str) -> Case:
    resource = decisions.resource_with(acl)
    return Case(resource, Policy(()), Identity.signed_in(7, "ann", roles=roles), {"id": 7})


def test_the_deciding_entry_is_named(connection: sa.Connection) -> None:
    """The first that matches, though a later one would say otherwise."""
    case = _case([(Deny, rows(decisions.Paper.id == 3), "view"), (Allow, Everyone, "view")])
    refused, allowed = (explained(case, connection, "view", key)[-1] for key in ((3,), (4,)))
    assert (refused.verdict, refused.decided_by) == ("denied", case.entries[0])
    assert (allowed.verdict, allowed.decided_by) == ("allowed", case.entries[1])
    assert [each.matches for each in allowed.considered] == [False, True]


def test_an_action_is_explained_by_view_where_view_refuses(connection: sa.Connection) -> None:
    """Every action but create requires view."""
    case = _case([(Allow, "role:hr", "edit")], "hr")
    told = explained(case, connection, "edit", (1,))
    assert [(each.permission, each.verdict) for each in told] == [("view", "denied")]


def test_a_collection_may_depend_on_its_rows(connection: sa.Connection) -> None:
    """Without a record, a rows() entry is a maybe."""
    case = _case([(Allow, rows(decisions.Paper.owner_id == me.id), "view")])
    assert explained(case, connection, "view", None)[-1].verdict == "some rows"
    assert explained(case, connection, "delete", None)[-1].verdict == "denied"


def test_a_field_is_explained_after_its_row(connection: sa.Connection) -> None:
    """The row first, then the field, each with its own entry."""
    case = _case([(Deny, Everyone, fields("size").view), (Allow, Everyone, "view")])
    told = explained(case, connection, "view", (1,), "size")
    assert [(each.field, each.verdict) for each in told] == [(None, "allowed"), ("size", "denied")]


def test_a_row_that_is_not_there_is_said_so(connection: sa.Connection) -> None:
    """The operator may know."""
    told = explained(_case([(Allow, Everyone, "view")]), connection, "view", (99999,))
    assert told[-1].reason == "there is no such record"
