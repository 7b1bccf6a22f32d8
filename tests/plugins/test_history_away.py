"""A consumer of the feed who was away for too long is told so: it would never hear of what has gone meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.changes import Log, Origin, log_of
from colonnade.plugins.history.sealing.pruning import prune
from colonnade.plugins.history.sealing.seals import SEAL, seal
from tests.functional.company import PLUGINS, Company, company

ORIGIN = Origin("a-request", actor="operator", channel="cli")


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    with company(fresh_database_url, **{"colonnade.plugins": "\n".join((*PLUGINS, "history"))}) as made:
        yield made


def log(firm: Company) -> Log:
    kept = log_of(firm.app.registry)
    assert kept is not None
    return kept


def prune_all(firm: Company) -> int:
    """Let all go that may; up to where."""
    seal(firm.database)
    last = firm.client("root").get("/api/v1/changes?after=0&limit=1000").json["position"]
    prune(firm.database, log(firm), last, ORIGIN)
    with firm.database.sessions() as session:
        return int(session.execute(sa.select(sa.func.max(SEAL.c.last)).where(SEAL.c.kept.is_not(None))).scalar_one())


class Consumer:
    """A copy of the departments, by the links of the feed."""

    def __init__(self, firm: Company, limit: int = 1) -> None:
        self.client = firm.client("root")
        self.limit = limit
        self.begin()

    def begin(self) -> None:
        """With an empty copy."""
        self.kept: dict[str, Any] = {}
        self.next = f"/api/v1/changes?after=0&resource=departments&limit={self.limit}"

    def step(self) -> int:
        """Take in a page; how many changes it had."""
        page = self.client.get(self.next).json
        for change in page["data"]:
            if change["verb"] == "delete":
                self.kept.pop(change["key"], None)
            else:
                self.kept[change["key"]] = change["record"]
        self.next = page["next"]
        return len(page["data"])

    def catch_up(self) -> None:
        """Up to where there is nothing more."""
        while self.step():
            pass

    def refusal(self) -> dict[str, Any]:
        """The problem that a page is."""
        problem: dict[str, Any] = self.client.get(self.next, status=410).json
        return problem


def departments(firm: Company) -> dict[str, Any]:
    """As they are."""
    return {str(each["id"]): each for each in firm.client("root").get("/api/v1/departments?limit=100").json["data"]}


def make(firm: Company, code: str) -> str:
    made = firm.client("root").post_json("/api/v1/departments", {"code": code, "name": code})
    return str(made.json["id"])


def remove(firm: Company, key: str) -> None:
    firm.client("root").delete(f"/api/v1/departments/{key}")


def test_who_was_away_while_a_deletion_was_pruned_is_told_to_begin_anew(firm: Company) -> None:
    key = make(firm, "short")
    consumer = Consumer(firm, limit=100)
    consumer.catch_up()
    remove(firm, key)
    pruned = prune_all(firm)
    problem = consumer.refusal()
    assert problem["type"].endswith("changes-pruned")
    assert problem["pruned"] == pruned
    assert f"position {pruned}" in problem["detail"]
    consumer.begin()
    consumer.catch_up()
    assert consumer.kept == departments(firm)
    assert key not in consumer.kept


def test_who_begins_after_the_pruning_goes_through_what_it_has_left(firm: Company) -> None:
    remove(firm, make(firm, "short"))
    prune_all(firm)
    consumer = Consumer(firm)
    consumer.catch_up()
    assert consumer.kept == departments(firm)
    make(firm, "later")
    assert consumer.step() == 1
    assert consumer.kept == departments(firm)


def test_who_is_on_the_way_when_more_is_pruned_begins_anew(firm: Company) -> None:
    keys = [make(firm, f"new{each}") for each in range(3)]
    prune_all(firm)
    consumer = Consumer(firm)
    while keys[0] not in consumer.kept:
        consumer.step()
    remove(firm, keys[0])
    prune_all(firm)
    consumer.refusal()
    consumer.begin()
    consumer.catch_up()
    assert consumer.kept == departments(firm)


def test_who_has_seen_all_that_was_pruned_goes_on(firm: Company) -> None:
    consumer = Consumer(firm)
    remove(firm, make(firm, "short"))
    consumer.catch_up()
    prune_all(firm)
    make(firm, "later")
    consumer.catch_up()
    assert consumer.kept == departments(firm)


def test_a_bare_position_from_before_is_refused(firm: Company) -> None:
    remove(firm, make(firm, "short"))
    pruned = prune_all(firm)
    client = firm.client("root")
    client.get(f"/api/v1/changes?after={pruned - 1}", status=410)
    client.get(f"/api/v1/changes?after={pruned - 1}&pruned={pruned}", status=200)
    client.get(f"/api/v1/changes?after={pruned}", status=200)
    refused = client.get("/api/v1/changes?after=1&pruned=-1", status=400)
    assert [each["parameter"] for each in refused.json["errors"]] == ["pruned"]
