"""Whatever was written, by whatever requests: undone from the last one on, each gives exactly the state before it."""

from __future__ import annotations

from random import Random
from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from webtest import TestApp

from colonnade.plugins.history.models import Change
from tests.core.writing.ring import Badge, Club, Locker, Member, Remark, dump
from tests.core.writing.undone import batch, op, request_of, undo
from tests.harness.applications import Application
from tests.harness.counts import counts

WORDS = (None, "a", "b", "c")
MODELS: dict[str, Any] = {
    "clubs": Club,
    "badges": Badge,
    "members": Member,
    "remarks": Remark,
    "lockers": Locker,
}


class Writing:
    """Makes operations of what is there, and of what earlier operations of the same request have made."""

    def __init__(self, dice: Random, connection: sa.Connection) -> None:
        self.dice = dice
        self.connection = connection
        self.numbers = iter(range(1, 1_000_000))

    def request(self) -> list[dict[str, Any]]:
        """The operations of one request."""
        keys = {
            name: [row[0] for row in self.connection.execute(sa.select(*model.__mapper__.primary_key))]
            for name, model in MODELS.items()
        }
        self.known: dict[str, list[Any]] = {name: sorted(found, key=repr) for name, found in keys.items()}
        self.codes = set(keys["badges"])
        return [self.operation(index) for index in range(self.dice.randint(1, 6))]

    def operation(self, index: int) -> dict[str, Any]:
        """One that may well be refused."""
        resource = self.dice.choice(("clubs", "members", "members", "members", "badges", "remarks", "lockers"))
        known = self.known[resource]
        verb = self.dice.choice(("create", "create", "merge", "merge", "delete")) if known else "create"
        if verb == "create":
            name = f"n{index}"
            field = "code" if resource == "badges" else "id"
            made = op("create", resource, self.body(resource, new=True), **{"as": name})
            known.append({"$ref": f"{name}.{field}"})
            return made
        key = self.dice.choice(known)
        where = {"$ref": key["$ref"].partition(".")[0]} if isinstance(key, dict) else str(key)
        if verb == "delete":
            known.remove(key)
            self.codes -= {key if isinstance(key, str) else None}
            return op("delete", resource, key=where)
        return op("merge", resource, self.body(resource, new=False), key=where)

    def body(self, resource: str, *, new: bool) -> dict[str, Any]:
        """All that a creation needs, and some of the rest."""
        number = next(self.numbers)
        word = self.dice.choice(WORDS)
        match resource:
            case "clubs":
                needed: dict[str, Any] = {"name": f"club {number}"}
                more = {"motto": word, "leader_id": self.one("members")}
            case "badges":
                # Of a key that the session knows already SQLAlchemy warns, before the database refuses it.
                free = sorted(set("abcdef") - self.codes)
                needed = {"code": self.dice.choice(free) if free else f"b{number}"}
                self.codes |= {needed["code"]}
                more = {"colour": self.dice.choice(("red", "blue"))}
            case "members":
                needed = {"number": number, "club_id": self.one("clubs")}
                more = {
                    "nick": word,
                    "mentor_id": self.one("members"),
                    "badges": [key for key in self.known["badges"] if self.dice.random() < 0.4],
                    "pay": f"{number}.{self.dice.randint(10, 99)}",
                    "weight": self.dice.choice((None, 0.1, 1e300, -0.0, 5e-324)),
                    "born_on": self.dice.choice((None, "0001-01-01", "2026-11-22")),
                    "seen_at": self.dice.choice((None, "2026-11-22T09:00:00.123456Z")),
                    "data": self.dice.choice((None, {}, [], 0, False, "", {"a": [1, 1.5, None, {"ü": "é"}]}, 2**70)),
                }
            case "remarks":
                needed = {"text": str(number), "member_id": self.one("members")}
                more = {}
            case _:
                needed = {}
                more = {"member_id": self.one("members")}
        some = {name: value for name, value in more.items() if self.dice.random() < 0.4}
        return {**(needed if new else {k: v for k, v in needed.items() if self.dice.random() < 0.3}), **some}

    def one(self, resource: str) -> Any:
        """The key of a record that is there, or none."""
        known = self.known[resource]
        return self.dice.choice(known) if known and self.dice.random() < 0.9 else None


def write(client: TestApp, writing: Writing) -> str | None:
    """Send one request; of a batch that is refused, each operation by itself, until one is done."""
    operations = writing.request()
    for chosen in (operations, *([each] for each in operations)):
        answer = batch(client, *chosen, expect_errors=True)
        assert answer.status_int < 500, answer.text
        if answer.status_int == 200:
            return request_of(answer)
    return None


def logged(connection: sa.Connection, request_id: str) -> bool:
    """Whether a request has changed anything; another one is unknown to the log."""
    log = Change.__table__
    return connection.execute(sa.select(log.c.id).where(log.c.request_id == request_id)).first() is not None


@settings(max_examples=counts(15, 1_000))
@given(dice=st.randoms(use_true_random=True))  # evenly: hypothesis would rather repeat itself
def test_requests_are_undone_in_reverse_to_exactly_the_states_before(a_ring: Application, dice: Random) -> None:
    with a_ring.database.engine.connect() as connection:
        transaction = connection.begin()
        client = a_ring.client(connection, "hr")
        writing = Writing(dice, connection)
        done: list[tuple[str, dict[str, Any]]] = []
        for _ in range(dice.randint(3, 12)):
            before = dump(connection)
            if done and dice.random() < 0.2:  # an undo is a request like any other
                request_id: str | None = request_of(undo(client, done[-1][0]))
                assert dump(connection) == done[-1][1]
            else:
                request_id = write(client, writing)
            if request_id is not None and logged(connection, request_id):
                done.append((request_id, before))
            else:
                assert dump(connection) == before
        for request_id, before in reversed(done):
            answer = undo(client, request_id, expect_errors=True)
            assert answer.status_int == 200, answer.text
            assert dump(connection) == before
        transaction.rollback()
