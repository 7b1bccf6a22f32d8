"""The compiled policy of an application held against Pyramid's own ACLHelper, row by row.

For each row, the identity gains a principal for each ``rows()`` entry whose bare condition a SELECT of its own finds
true; field entries are projected to one permission name; ACLHelper then decides. What the compiled form selects must be
the same. Random lists are held to it in Colonnade's own suite; `check_policy` holds any application's lists to it, on
the rows that are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import sqlalchemy as sa
from pyramid.authorization import ALL_PERMISSIONS, ACLHelper, Allow, Authenticated, Deny, Everyone
from pyramid.registry import Registry

from colonnade.core.policy import ANONYMOUS, Identity, Policy, policy_of
from colonnade.core.policy.acl import PERMISSIONS, Entry
from colonnade.core.policy.compiling import Condition, both
from colonnade.core.policy.terms import ME_PREFIX
from colonnade.core.resources import Resource, resources_of

Key: TypeAlias = tuple[Any, ...]
Question: TypeAlias = tuple[str, str | None]


@dataclass
class Case:
    """One resource with its policy, and one who asks.

    me: what ``me`` says of the identity, every attribute that the lists name.
    """

    resource: Resource
    policy: Policy
    identity: Identity
    me: Mapping[str, object]
    _places: dict[Key, frozenset[int]] = field(default_factory=dict)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The list that decides: the resource's own, then Root's."""
        return self.policy.entries(self.resource)

    def questions(self) -> Iterator[Question]:
        """Every permission that the lists speak of, and every field under each action that it knows."""
        own = {name for entry in self.entries for name in entry.names}
        for permission in sorted({*PERMISSIONS, *own}):
            yield permission, None
        for name in self.resource.names:
            for permission in ("view", "create", "edit"):
                yield permission, name

    def compiled(self, question: Question, connection: sa.Connection) -> set[Key]:
        """The keys of the rows that the compiled form selects."""
        permission, name = question
        access = self.policy.resource_access(self.resource, self.identity)
        condition: Condition = access.decides(permission)
        if name is not None:
            condition = both(condition, access.field(name, permission))
        if isinstance(condition, bool):
            return set(self.places(connection)) if condition else set()
        return self._keys(condition, connection)

    def expected(self, question: Question, connection: sa.Connection) -> set[Key]:
        """The keys of the rows for which ACLHelper permits it.

        Rows that match the same entries are alike to it, so it is asked once for all of them.
        """
        permission, name = question
        asked: list[Question] = [(permission, None)]
        if permission not in ("view", "create"):
            asked.append(("view", None))
        if name is not None:
            asked.append(question)
        alike: dict[frozenset[int], set[Key]] = defaultdict(set)
        for key, places in self.places(connection).items():
            alike[places].add(key)
        permitted = (keys for places, keys in alike.items() if all(self._permits(each, places) for each in asked))
        return set().union(*permitted)

    def places(self, connection: sa.Connection) -> dict[Key, frozenset[int]]:
        """For each row, the places in the list of the ``rows()`` entries whose bare condition is true of it."""
        if not self._places:
            found: dict[Key, set[int]] = {key: set() for key in self._keys(None, connection)}
            for place, entry in enumerate(self.entries):
                if entry.condition is not None:
                    for key in self._keys(entry.condition, connection):
                        found[key].add(place)
            self._places = {key: frozenset(places) for key, places in found.items()}
        return self._places

    def _keys(self, condition: sa.ColumnElement[bool] | None, connection: sa.Connection) -> set[Key]:
        columns = [getattr(self.resource.model, each.name) for each in self.resource.key]
        statement = sa.select(*columns)
        if condition is not None:
            statement = statement.where(condition)
        parameters = {ME_PREFIX + name: value for name, value in self.me.items()}
        return {tuple(row) for row in connection.execute(statement, parameters)}

    def _permits(self, question: Question, places: frozenset[int]) -> bool:
        """Ask ACLHelper about a row of which the conditions at these places are true."""
        principals = set(self.identity.principals)
        acl = []
        for place, entry in enumerate(self.entries):
            who = entry.principal
            if entry.condition is not None:
                who = f"rows:{place}"
                if entry.principal in self.identity.principals and place in places:
                    principals.add(who)
            acl.append((Allow if entry.allow else Deny, who, _projected(entry, question)))
        return bool(ACLHelper().permits(_Context(acl), principals, "asked"))


class _Context:
    def __init__(self, acl: list[Any]) -> None:
        self.__acl__ = acl


def _projected(entry: Entry, question: Question) -> Any:
    """The entry's permissions as names; the one that is asked about is called "asked"."""
    if entry.every_permission:
        return ALL_PERMISSIONS
    permission, name = question
    names = {"asked" if each == permission else each for each in entry.names}
    mode = "view" if permission == "view" else "write"
    if name is not None and any(
        each.mode == mode and (each.names is None or name in each.names) for each in entry.fields
    ):
        names.add("asked")
    return tuple(names)


def disagreements(case: Case, connection: sa.Connection) -> Iterator[str]:
    """Each question to which the compiled form and ACLHelper give different answers, as a line to read."""
    for question in case.questions():
        expected, compiled = case.expected(question, connection), case.compiled(question, connection)
        if expected != compiled:
            permission, name = question
            of_field = f" of {name}" if name else ""
            said = "; ".join(" ".join(str(entry).split()) for entry in case.entries)
            yield (
                f"{permission}{of_field} on {case.resource.name} for {sorted(case.identity.principals)}: "
                f"they differ on {sorted(expected ^ compiled)[:5]}; the list is {said}"
            )


def identities_of(registry: Registry, user_ids: Iterable[int | str]) -> Iterator[Identity]:
    """Whom the lists of an application tell apart: nobody, and each user with each role alone and with all of them."""
    named = {entry.principal for resource in resources_of(registry).values() for entry in resource.acl}
    named |= {entry.principal for entry in policy_of(registry).root}
    roles = sorted(principal.removeprefix("role:") for principal in named if principal.startswith("role:"))
    yield ANONYMOUS
    others = frozenset(each for each in named if not each.startswith("role:")) - {Everyone, Authenticated}
    for user_id in user_ids:
        everything = Identity.signed_in(user_id, f"user {user_id}", roles=roles)
        yield everything
        yield from (
            Identity.signed_in(user_id, f"user {user_id}", roles=mine) for mine in ((), *zip(roles, strict=True))
        )
        if others:
            yield replace(everything, principals=everything.principals | others)


def check_policy(registry: Registry, connection: sa.Connection, user_ids: Iterable[int | str] = (1, 2)) -> int:
    """Hold the policy of every resource of an application to ACLHelper, on the rows that are in the database.

    :param user_ids: who may ask; choose some to whom rows belong.
    :returns: how many questions were asked.
    :raises AssertionError: with each disagreement.
    """
    asked = 0
    wrong: list[str] = []
    for identity in identities_of(registry, user_ids):
        for resource in resources_of(registry).values():
            case = Case(resource, policy_of(registry), identity, {"id": identity.id, "name": identity.name})
            wrong += disagreements(case, connection)
            asked += sum(1 for _ in case.questions())
    assert not wrong, "\n".join(wrong)
    return asked
