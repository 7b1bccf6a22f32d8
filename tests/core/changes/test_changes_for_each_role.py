"""Random policies over random histories: what each role is told of the log is what plain Python says, and no more.

`/changes`, the history of a record, a record as it was and the feed are asked by everybody after every history; the
model knows the list of permissions as plain predicates on images.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, fields, me, rows
from colonnade.core.changes import unlogged
from tests.harness.applications import Application, application, unmigrated
from tests.harness.counts import counts
from tests.harness.stored import stored_metadata

ROLES = ("a", "b", "admin", "none")
NAMES = ("id", "size", "mark", "open", "owner_id", "price", "day", "group_id")
GROUPS = {1: 0, 2: 5}


class Kept(DeclarativeBase):
    """A base whose columns are stored as those of `Model`."""

    metadata = stored_metadata()


class Group(Kept):
    """What a thing belongs to; read as it is now."""

    __tablename__ = "roles_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int]


class Thing(Kept):
    """Something of which lists may say anything."""

    __tablename__ = "roles_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int | None]
    mark: Mapped[str | None] = mapped_column(String(20))
    open: Mapped[bool | None]
    owner_id: Mapped[int | None]
    price: Mapped[Any | None] = mapped_column(sa.Numeric(8, 2))
    day: Mapped[Any | None] = mapped_column(sa.Date)
    group_id: Mapped[int | None] = mapped_column(ForeignKey(Group.id))
    group: Mapped[Group | None] = relationship()


@dataclass(frozen=True)
class Rule:
    """One entry, in both languages."""

    allow: bool
    role: str | None
    what: str  # everything, view, or a field
    where: int | None  # a place in CONDITIONS

    def entry(self) -> tuple[Any, Any, Any]:
        who: Any = Everyone if self.role is None else f"role:{self.role}"
        if self.where is not None:
            who = rows(CONDITIONS[self.where][0](), who=who)
        permission = {"everything": ALL_PERMISSIONS, "view": "view"}.get(self.what) or fields(self.what).view
        return (Allow if self.allow else Deny), who, permission

    def speaks(self, role: str, image: dict[str, Any]) -> bool:
        return self.role in (None, role) and (self.where is None or CONDITIONS[self.where][1](image) is True)


def _compared(name: str, test: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool | None]:
    return lambda image: None if image[name] is None else test(image[name])


CONDITIONS: list[tuple[Callable[[], Any], Callable[[dict[str, Any]], bool | None]]] = [
    (lambda: Thing.owner_id == me.id, _compared("owner_id", lambda value: value == 7)),
    (lambda: Thing.size > 1, _compared("size", lambda value: value > 1)),
    (lambda: Thing.size.is_(None), lambda image: image["size"] is None),
    (lambda: sa.not_(Thing.open), _compared("open", lambda value: not value)),
    (lambda: Thing.price >= 2, _compared("price", lambda value: float(value) >= 2)),
    (lambda: Thing.day < _DAY, _compared("day", lambda v: v < "2026-06-01")),
    (lambda: Thing.group.has(Group.level > 1), lambda image: GROUPS.get(image["group_id"], 0) > 1),
    (lambda: Thing.mark.startswith("mark-1"), _compared("mark", lambda value: value.startswith("mark-1"))),
]
_DAY = datetime(2026, 6, 1, tzinfo=UTC).date()

ACL: list[Any] = []
PLUGINS = ("rest", "history", __name__)


def includeme(config: Configurator) -> None:
    """Declare a thing with the list that is tried."""
    config.add_plugin("roles", summary="For tests")
    config.add_resource(Thing, acl=list(ACL))


@pytest.fixture(scope="module")
def filled(module_database_url: str) -> str:
    """A database with the tables."""
    ACL[:] = []
    with (
        application(module_database_url, PLUGINS, Kept.metadata) as made,
        made.database.engine.begin() as connection,
    ):
        connection.execute(sa.insert(Group), [{"id": id_, "level": level} for id_, level in GROUPS.items()])
    return module_database_url


def random_rules(dice: random.Random) -> list[Rule]:
    where = [None, *range(len(CONDITIONS))]
    return [
        Rule(
            dice.random() < 0.65,
            dice.choice((None, "a", "b", "a", "b", "admin")),
            dice.choice(
                ("everything", "view", "view", "size", "mark", "mark", "open", "owner_id", "price", "group_id")
            ),
            dice.choice(where),
        )
        for _ in range(dice.randint(1, 6))
    ]


@dataclass
class Told:
    """What the model says."""

    rules: list[Rule]
    role: str

    def first(self, image: dict[str, Any], *whats: str) -> bool:
        own = [*self.rules, Rule(True, "admin", "everything", None)]
        return next(
            (rule.allow for rule in own if rule.what in ("everything", *whats) and rule.speaks(self.role, image)), False
        )

    def shown(self, image: dict[str, Any] | None) -> dict[str, Any] | None:
        """An image as it is to the role; None if it is not."""
        if image is None or not self.first(image, "view"):
            return None
        return {name: value for name, value in image.items() if name == "id" or self.first(image, "view", name)}

    def ever(self) -> bool:
        """Whether there could be an image that is seen."""
        own = [*self.rules, Rule(True, "admin", "everything", None)]
        speaking = [rule for rule in own if rule.role in (None, self.role) and rule.what in ("everything", "view")]
        for rule in speaking:
            if rule.allow:
                return True
            if rule.where is None:
                return False
        return False


Change = tuple[int, int, dict[str, Any] | None, dict[str, Any] | None]


def history(dice: random.Random, shop: Application, connection: sa.Connection) -> list[Change]:
    """Do things, each in a transaction of its own; the positions, keys and images of what was done."""
    done: list[Change] = []
    with shop.database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
        for _ in range(dice.randint(4, 14)):
            there = session.scalars(sa.select(Thing).order_by(Thing.id)).all()
            thing = dice.choice(there) if there and dice.random() < 0.7 else Thing(id=dice.randint(1, 10**6))
            before = None if thing not in there else image(thing)
            if before is not None and dice.random() < 0.2:
                session.delete(thing)
            else:
                session.add(thing)
                for name, values in VALUES.items():
                    if dice.random() < 0.4:
                        setattr(thing, name, dice.choice(values))
                if dice.random() < 0.7:
                    thing.mark = f"mark-{dice.randint(0, 10**9)}"
            key = thing.id
            session.commit()
            after = None if sa.inspect(thing).was_deleted or thing not in session else image(thing)
            if before != after:
                done.append((len(done), key, before, after))
    return done


VALUES: dict[str, tuple[Any, ...]] = {
    "size": (None, 0, 1, 2, 3),
    "open": (None, True, False),
    "owner_id": (None, 7, 8),
    "price": (None, Decimal("1.50"), Decimal("2.00"), Decimal("10.25")),
    "day": (None, datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2026, 12, 1, tzinfo=UTC).date()),
    "group_id": (None, 1, 2),
}


def image(thing: Thing) -> dict[str, Any]:
    values = {name: getattr(thing, name) for name in NAMES}
    price, day = values["price"], values["day"]
    return {**values, "price": None if price is None else f"{float(price):.2f}", "day": day and day.isoformat()}


def test_random_policies_over_random_histories(filled: str) -> None:
    dice = random.Random(3)
    for _ in range(counts(6, 600)):
        rules = random_rules(dice)
        ACL[:] = [rule.entry() for rule in rules]
        with ExitStack() as stack:
            try:
                shop = stack.enter_context(unmigrated(filled, PLUGINS))
            except (ConfigurationError, ValueError):
                continue  # a list that is refused at start
            for _ in range(3):
                with shop.undone() as connection:
                    first = connection.scalar(sa.text("SELECT n FROM change_counter")) or 0
                    done = history(dice, shop, connection)
                    numbered = [(first + 1 + place, key, before, after) for place, key, before, after in done]
                    for role in ROLES:
                        ask(shop, connection, Told(rules, role), numbered, first)


def ask(shop: Application, connection: sa.Connection, told: Told, done: list[Change], first: int) -> None:
    """Everything, as one role; hold each answer to the model."""
    client = shop.client(connection, told.role)
    said = ("; ".join(map(repr, told.rules)), told.role, done)
    heard: list[str] = []

    def get(path: str) -> Any:
        answer = client.get(f"/api/v1/{path}", expect_errors=True)
        assert answer.status_int < 500, (path, answer.text)
        heard.append(f"{answer.headers} {answer.text}")
        return answer

    shown = [(place, key, told.shown(before), told.shown(after)) for place, key, before, after in done]
    visible = [row for row in shown if row[2] != row[3]]
    listing = get(f"changes?limit=100&count=exact&sort=position&position__gt={first}")
    if not told.ever():
        assert listing.status_int == 403, said
        assert get(f"changes?after={first}").status_int in (403, 404), said
    else:
        assert listing.json["total"] == len(visible), said
        rows_ = [(r["position"], int(r["key"]), r.get("before"), r.get("after")) for r in listing.json["data"]]
        assert rows_ == visible, said
        for side in (2, 3):
            name = ("before", "after")[side - 2]
            found = get(f"changes?limit=100&sort=position&position__gt={first}&{name}__isnull=true").json["data"]
            assert [each["position"] for each in found] == [row[0] for row in visible if row[side] is None], said
        feed(get, told, visible, first, said)
    for key in {row[1] for row in shown}:
        of_it = [row for row in shown if row[1] == key]
        answer = get(f"things/{key}/history?limit=100&sort=position")
        expected = [row for row in visible if row[1] == key]
        if answer.status_int == 200:
            assert [each["position"] for each in answer.json["data"]] == [row[0] for row in expected], said
        else:
            assert not expected, said
        for place, _, _, after in of_it:
            past = get(f"things/{key}?as_of={place}")
            assert past.status_int == (404 if after is None else 200), (said, key, place, past.text)
            if after is not None:
                assert past.json == after, said
    seen = {row[side]["mark"] for row in shown for side in (2, 3) if row[side] and "mark" in row[side]}
    hidden = {i["mark"] for row in done for i in row[2:] if i and i["mark"]} - seen
    assert not [mark for mark in hidden for text in heard if f'"{mark}"' in text], said


def feed(get: Callable[[str], Any], told: Told, visible: list[Change], first: int, said: object) -> None:
    """Follow the feed in small pages."""
    expected = [
        (place, key, "create" if before is None else "delete" if after is None else "update", after)
        for place, key, before, after in visible
    ]
    found: list[Any] = []
    after, limit = first, 2
    while True:
        answer = get(f"changes?after={after}&limit={limit}").json
        found += [(r["position"], int(r["key"]), r["verb"], r.get("record")) for r in answer["data"]]
        if answer["position"] == after:
            break
        after = answer["position"]
    assert found == expected, (said, json.dumps(found, default=str))


def test_what_went_past_the_log_is_told_to_those_alone_who_may_see_every_record(filled: str) -> None:
    """Of such a row nothing is a record; a condition that holds of nothing would hold of it."""
    ACL[:] = [(Allow, rows(Thing.size.is_(None), who="role:a"), "view"), (Allow, "role:b", "view")]
    with unmigrated(filled, PLUGINS) as shop, shop.undone() as connection:
        with shop.database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
            unlogged(session, sa.update(Thing).values(size=1), "a reason")
            session.commit()
        for role, told in (("a", False), ("b", True), ("admin", True)):
            client = shop.client(connection, role)
            listed = client.get("/api/v1/changes?sort=-position&limit=1").json["data"]
            followed = client.get("/api/v1/changes?after=0&limit=1000").json["data"]
            assert ["a reason" in str(listed), "unlogged" in str(followed)] == [told, told], role


def test_a_change_of_a_hidden_field_alone_is_told_if_the_record_leaves_sight_by_it(filled: str) -> None:
    """What came of it is seen in every list; of another such change nothing is."""
    ACL[:] = [
        (Deny, "role:a", fields("owner_id").view),
        (Allow, rows(Thing.owner_id.in_([7, 8]), who="role:a"), "view"),
    ]
    with unmigrated(filled, PLUGINS) as shop, shop.undone() as connection:
        with shop.database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
            thing = Thing(id=5, owner_id=7)
            session.add(thing)
            session.commit()
            for owner in (8, 9, 7):
                thing.owner_id = owner
                session.commit()
        client = shop.client(connection, "a")
        listed = client.get("/api/v1/things/5/history?sort=position").json["data"]
        record = {name: None for name in NAMES if name != "owner_id"} | {"id": 5}
        assert [(each.get("before"), each.get("after")) for each in listed] == [
            (None, record),
            (record, None),
            (None, record),
        ]
        followed = client.get("/api/v1/changes?after=0&resource=things&limit=1000").json["data"]
        assert [each["verb"] for each in followed if each["key"] == "5"] == ["create", "delete", "create"]
