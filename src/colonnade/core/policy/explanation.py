"""Why somebody may or may not: the entries that were asked, in order, and the one that decided.

The same entries that are compiled to SQL are asked one by one here, their bare conditions each by a SELECT on the row.
It explains and decides nothing; a test holds it to what the compiled form decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from .access import Policy
from .acl import Entry
from .identity import Identity
from .terms import ME_PREFIX, me_names

Verdict = Literal["allowed", "denied", "some rows"]


@dataclass(frozen=True)
class Considered:
    """One entry that speaks of the permission and of the identity. ``matches`` is None where only a row could tell."""

    entry: Entry
    matches: bool | None


@dataclass(frozen=True)
class Explanation:
    """What was decided of one permission, and by which entry; without an entry, nobody allowed it."""

    permission: str
    field: str | None
    verdict: Verdict
    decided_by: Entry | None
    considered: tuple[Considered, ...]
    reason: str


#: Finds one row of a statement, or None.
Fetch = Callable[[sa.Select[*tuple[Any, ...]], Mapping[str, object]], Sequence[Any] | None]


def explain(
    policy: Policy,
    resource: Any,
    identity: Identity,
    me: Mapping[str, object],
    permission: str,
    *,
    key: tuple[object, ...] | None = None,
    field: str | None = None,
    fetch: Fetch,
) -> tuple[Explanation, ...]:
    """Explain a permission on a resource, one of its records, or a field of it.

    :param key: of the record; None for the collection.
    :param field: to be viewed, or written by the permission's action.
    :param fetch: runs a SELECT that reads past the policy.
    :returns: one explanation for each decision that was made, in order: every action but ``create`` requires ``view``,
        and a field requires its row.
    """
    asked: list[tuple[str, str | None]] = [] if permission == "create" else [("view", None)]
    asked.append((permission, None))
    if field is not None:
        asked.append((permission, field))
    explanations = []
    for name, of_field in dict.fromkeys(asked):
        one = _explain(policy, resource, identity, me, name, key, of_field, fetch)
        explanations.append(one)
        if one.verdict == "denied":
            break
    return tuple(explanations)


def _explain(
    policy: Policy,
    resource: Any,
    identity: Identity,
    me: Mapping[str, object],
    permission: str,
    key: tuple[object, ...] | None,
    field: str | None,
    fetch: Fetch,
) -> Explanation:
    if identity.operator:
        return Explanation(permission, field, "allowed", None, (), "the operator goes round the policy")
    if not identity.leaves(resource.name, permission):
        return Explanation(permission, field, "denied", None, (), "the token does not list this permission")
    speaking = [
        entry
        for entry in policy.entries(resource)
        if entry.principal in identity.principals
        and (entry.speaks_of_field(field, permission) if field else entry.speaks_of(permission))
    ]
    matches = _matches(resource, speaking, me, key, fetch)
    if matches is None:
        return Explanation(permission, field, "denied", None, (), "there is no such record")
    considered = tuple(Considered(entry, match) for entry, match in zip(speaking, matches, strict=True))
    maybe = False
    for each in considered:
        if each.matches is None:
            maybe = True
        elif each.matches and not maybe:
            verdict: Verdict = "allowed" if each.entry.allow else "denied"
            return Explanation(
                permission, field, verdict, each.entry, considered, "the first entry that matches decides"
            )
    if maybe and any(each.entry.allow for each in considered if each.matches is not False):
        return Explanation(
            permission, field, "some rows", None, considered, "it depends on the row; ask for one record"
        )
    return Explanation(permission, field, "denied", None, considered, "no entry that matches allows it")


def _matches(
    resource: Any,
    entries: Sequence[Entry],
    me: Mapping[str, object],
    key: tuple[object, ...] | None,
    fetch: Fetch,
) -> list[bool | None] | None:
    """Which entries match the record; None for all if there is no such record."""
    conditions = [entry.condition for entry in entries if entry.condition is not None]
    if key is None:
        return [True if entry.condition is None else None for entry in entries]
    columns = [sa.literal_column("1"), *(condition.is_(sa.true()) for condition in conditions)]
    keys = (getattr(resource.model, field.name) == part for field, part in zip(resource.key, key, strict=True))
    statement: sa.Select[*tuple[Any, ...]] = sa.select(*columns).select_from(resource.model).where(*keys)
    row = fetch(statement, {ME_PREFIX + name: me[name] for name in me_names(statement)})
    if row is None:
        return None
    found = iter(row[1:])
    return [True if entry.condition is None else bool(next(found)) for entry in entries]
