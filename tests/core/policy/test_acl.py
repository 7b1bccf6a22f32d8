"""Lists that cannot be meant are refused at start, each with what is wrong and where; tokens narrow, never widen."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
from pyramid.exceptions import ConfigurationError

from colonnade.core.policy import OPERATOR, Identity, Policy, fields, me, rows
from colonnade.core.policy.acl import read_root_acl
from tests.core.policy.decisions import Paper, resource_with


@pytest.mark.parametrize(
    "acl, said",
    [
        ([("Permit", Everyone, "view")], "begins with Allow or Deny"),
        ([(Allow, Everyone)], r"an entry is \(Allow \| Deny, principal, permission\)"),
        ([(Allow, 7, "view")], "a principal is a string"),
        ([(Allow, Everyone, 7)], "a permission is a string"),
        ([(Allow, Everyone, fields("sise").view)], "papers has no field 'sise'"),
        ([(Deny, "role:staff", fields("id").view), (Allow, Everyone, "view")], "hides the key id of papers"),
        ([(Deny, "role:staff", fields().view), (Allow, Everyone, "view")], "hides the key id of papers"),
        ([(Allow, Everyone, "view"), (Deny, "role:staff", fields("size").view)], "never decides anything"),
        ([(Allow, Authenticated, ALL_PERMISSIONS), (Deny, "role:staff", fields("size").write)], "never decides"),
        ([(Deny, Everyone, fields("size").view), (Allow, "role:hr", fields("size").view)], "never decides anything"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(acl: list[Any], said: str) -> None:
    """With what is wrong, in words."""
    with pytest.raises(ConfigurationError, match=said):
        resource_with(acl)


@pytest.mark.parametrize(
    "acl",
    [
        # A list of what may be seen: the key and two fields, and nothing else.
        [(Allow, Everyone, fields("id", "size").view), (Deny, Everyone, fields().view), (Allow, Everyone, "view")],
        # An entry that some earlier entry shadows on some rows only.
        [
            (Allow, rows(Paper.owner_id == me.id), "view"),
            (Deny, Everyone, fields("size").view),
            (Allow, Everyone, "view"),
        ],
        [(Allow, "role:hr", ALL_PERMISSIONS), (Deny, Everyone, fields("size").write), (Allow, Everyone, "edit")],
        # `edit` comes before, `create` does not.
        [(Allow, Everyone, "edit"), (Deny, Everyone, fields("size").write), (Allow, Everyone, "create")],
    ],
)
def test_a_list_that_decides_is_taken(acl: list[Any]) -> None:
    """No false alarm."""
    assert resource_with(acl).acl


@pytest.mark.parametrize("entry", [(Allow, rows(Paper.id > 1), "view"), (Deny, Everyone, fields("size").view)])
def test_roots_list_speaks_of_no_resource(entry: Any) -> None:
    """It holds for every resource."""
    with pytest.raises(ConfigurationError, match="Root's list holds for every resource"):
        read_root_acl([entry])


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Two mistakes, two lines."""
    with pytest.raises(ConfigurationError) as caught:
        resource_with([(Deny, Everyone, fields("id").view), (Allow, Everyone, fields("sise").view)])
    assert len(str(caught.value).splitlines()) == 2


def test_a_token_narrows_its_owners_permissions() -> None:
    """What the pairs list is left, if the owner has it; nothing is added."""
    acl = [(Allow, "role:hr", ("view", "edit"))]
    resource = resource_with(acl)
    policy = Policy(())

    def may(*pairs: tuple[str, str]) -> set[str]:
        identity = Identity.signed_in(7, "ann", roles=["hr"], narrowed=frozenset(pairs))
        access = policy.resource_access(resource, identity)
        return {name for name in ("view", "create", "edit", "delete") if access.may(name)}

    assert may() == set()
    assert may(("papers", "view")) == {"view"}
    assert may(("papers", "edit")) == set()  # every action but create requires view
    assert may(("papers", "view"), ("papers", "edit"), ("papers", "delete")) == {"view", "edit"}
    assert may(("others", "view")) == set()


def test_the_operator_goes_round_the_policy() -> None:
    """The command line may do what no list allows."""
    access = Policy(()).resource_access(resource_with([(Deny, Everyone, ALL_PERMISSIONS)]), OPERATOR)
    assert access.decides("delete") is True
    assert access.field("size", "edit") is True


def test_those_for_whom_the_same_entries_match_share_what_was_compiled() -> None:
    """It is the policy's part of a statement's shape, so it must not depend on who asks."""
    policy = Policy(())
    resource = resource_with([(Allow, rows(Paper.owner_id == me.id, who="role:staff"), "view")])
    ann, bob = (Identity.signed_in(number, "x", roles=["staff"]) for number in (1, 2))
    assert policy.resource_access(resource, ann) is policy.resource_access(resource, bob)
