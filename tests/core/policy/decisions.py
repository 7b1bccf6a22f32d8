"""Random policies over 300 rows with nulls, a self-reference and a relation; `colonnade.testing.policy` judges them."""

from __future__ import annotations

import random
from typing import Any

import sqlalchemy as sa
from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from colonnade.core.policy import Identity, Policy, Where, fields, me, rows
from colonnade.core.policy.acl import read_acl, read_root_acl
from colonnade.core.resources import Resource, Resources
from colonnade.core.resources.mapping import fields_of, relations_of
from colonnade.testing.policy import Case

ROWS = 300
PERMISSIONS = ("view", "create", "edit", "delete", "approve")
ROLES = ("role:hr", "role:staff", "role:admin", "user:7")


class Base(DeclarativeBase):
    """A base of our own, so that these tables are nobody else's."""


class Group(Base):
    """What a paper may belong to."""

    __tablename__ = "policy_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int | None]


class Paper(Base):
    """Something with nulls, a self-reference and a relation, of which lists may speak."""

    __tablename__ = "policy_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int | None]
    open: Mapped[bool | None]
    owner_id: Mapped[int | None]
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("policy_group.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("policy_paper.id"))
    group: Mapped[Group | None] = relationship()
    parent: Mapped[Paper | None] = relationship(remote_side="Paper.id")


def fill(connection: sa.Connection, seed: int = 7) -> None:
    """Make the tables and their 300 rows, nulls in every column that may have them."""
    Base.metadata.create_all(connection)
    dice = random.Random(seed)
    maybe = lambda value: None if dice.random() < 0.2 else value  # noqa: E731
    connection.execute(sa.insert(Group), [{"id": i, "level": maybe(dice.randrange(4))} for i in range(1, 9)])
    papers = [
        {
            "id": i,
            "size": maybe(dice.randrange(10)),
            "open": maybe(dice.random() < 0.5),
            "owner_id": maybe(dice.randrange(5, 10)),
            "group_id": maybe(dice.randrange(1, 9)),
            "parent_id": maybe(dice.randrange(1, i)) if i > 1 else None,
        }
        for i in range(1, ROWS + 1)
    ]
    connection.execute(sa.insert(Paper), papers)


def conditions() -> list[Any]:
    """Expressions of every kind that a list may hold; many of them are NULL on some rows."""
    return [
        Paper.owner_id == me.id,
        Paper.size > 4,
        Paper.size.is_(None),
        Paper.open,
        Paper.open == sa.true(),
        sa.not_(Paper.open),
        sa.and_(Paper.open, Paper.size < 3),
        sa.or_(Paper.owner_id == me.id, Paper.size == 9),
        Paper.group.has(Group.level > 1),
        ~Paper.group.has(Group.level == 0),
        Paper.parent.has(Paper.owner_id == me.id),
        Paper.group_id.in_(sa.select(Group.id).where(Group.level == me.level)),
        Paper.group_id.in_(me.groups),
        Paper.group_id == sa.null(),
        sa.literal(False),
    ]


def resource_with(acl: list[Any]) -> Resource:
    """A resource over Paper with this list. Raises ConfigurationError for a list that is refused at start."""
    mapper = sa.inspect(Paper)
    resource = Resource("papers", Paper, mapper, "", Where(__file__, 1), fields_of(mapper))
    resources = Resources()
    resources.add(resource)
    resource.relations = relations_of(resource, resources)
    resource.acl = read_acl(acl, resource="papers", names=resource.names, keys=["id"])
    return resource


def random_case(dice: random.Random) -> Case:
    """Draw a list for the resource, one for Root, and an identity; again, if the list is one that is refused."""
    while True:
        try:
            resource = resource_with([_entry(dice, rows_too=True) for _ in range(dice.randrange(1, 7))])
            root = read_root_acl([_entry(dice, rows_too=False) for _ in range(dice.randrange(3))])
        except ConfigurationError:
            continue
        roles = [role.removeprefix("role:") for role in ROLES if role.startswith("role:") and dice.random() < 0.5]
        user_id = dice.choice([5, 6, 7])
        identity = (
            Identity(None, "anonymous", frozenset({Everyone}))
            if dice.random() < 0.1
            else Identity.signed_in(user_id, "somebody", roles=roles)
        )
        attributes = {"id": identity.id, "level": dice.choice([0, 1, None]), "groups": dice.sample(range(1, 9), 3)}
        return Case(resource, Policy(root), identity, attributes)


def _entry(dice: random.Random, *, rows_too: bool) -> tuple[str, Any, Any]:
    effect = Allow if dice.random() < 0.6 else Deny
    who: Any = dice.choice([Everyone, Authenticated, *ROLES])
    if rows_too and dice.random() < 0.6:
        who = rows(dice.choice(conditions()), who=dice.choice([Everyone, Authenticated, *ROLES]))
    return effect, who, _permission(dice, rows_too)


def _permission(dice: random.Random, named: bool) -> Any:
    names = ("size", "open", "owner_id", "group")
    of_fields = fields(*dice.sample(names, dice.randrange(1, 3))) if named else fields()
    kinds: list[Any] = [
        ALL_PERMISSIONS,
        dice.choice(PERMISSIONS),
        dice.choice(PERMISSIONS),
        tuple(dice.sample(PERMISSIONS, 2)),
        of_fields.view,
        of_fields.write,
        ("edit", of_fields.view),
    ]
    return dice.choice(kinds)
