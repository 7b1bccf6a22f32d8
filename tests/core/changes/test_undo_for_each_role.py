"""Random policies over random histories: an undo, a preview and a refusal tell each role what plain Python says of the
images that it sees, and nothing of others.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from tests.core.changes.test_changes_for_each_role import (
    ACL,
    PLUGINS,
    ROLES,
    Change,
    Rule,
    Told,
    filled,
    history,
    random_rules,
)
from tests.harness.applications import Application, unmigrated
from tests.harness.counts import counts

__all__ = ["filled"]
NOTHING = {"Prefer": "tx=rollback"}
CHANGES = {"Prefer": "tx=rollback, return=changes"}


class Asking:
    """What one role is answered, held to what the model says."""

    def __init__(self, client: TestApp, told: Told, done: list[Change], met: Counter[str]) -> None:
        self.client = client
        self.told = told
        self.done = done
        self.met = met
        self.said = ("; ".join(map(repr, told.rules)), told.role, done)
        shown = [(place, told.shown(before), told.shown(after)) for place, _, before, after in done]
        seen = {image["mark"] for _, *sides in shown for image in sides if image and "mark" in image}
        #: Values of no image that is seen, and the ids of requests of which no change is.
        self.hidden = {image["mark"] for _, _, *sides in done for image in sides if image and image["mark"]} - seen
        self.unseen = {request(place) for place, before, after in shown if before == after}

    def undo(self, change: Change) -> None:
        place, key, before, after = change
        was, now = self.told.shown(before), self.told.shown(after)
        for headers in (NOTHING, CHANGES):
            answer = self._send("POST", f"requests/{request(place)}/undo", None, headers, own=request(place))
            self.met[f"undo {answer.status_int}"] += 1
            assert (answer.status_int == 404) == (was == now), (self.said, place, answer.text)
            assert answer.status_int in (200, 403, 404, 409), (self.said, place, answer.text)
            if answer.status_int == 200 and headers is CHANGES:
                assert _told(answer) == expected(key, now, was), (self.said, place, answer.text)
            elif answer.status_int == 200:
                assert bool(answer.json["records"]) == (before is None or was is not None), (self.said, answer.text)

    def edit(self, key: int, image: dict[str, Any], size: int) -> None:
        was, now = self.told.shown(image), self.told.shown({**image, "size": size})
        if now and "mark" in now:
            self.hidden -= {now["mark"]}  # by another size it comes into sight
        answer = self._send("PATCH", f"things/{key}", {"size": size}, CHANGES)
        self.met[f"edit {answer.status_int}"] += 1
        if was is None:
            assert answer.status_int in (403, 404), (self.said, key, answer.text)
        if answer.status_int == 200:
            assert _told(answer) == expected(key, was, now), (self.said, key, answer.text)
        for body in ({"mark": "x", "nonsense": 1}, {"owner_id": "x"}, {"group_id": 999}):
            assert self._send("PATCH", f"things/{key}", body, NOTHING).status_int >= 400, self.said
        self._send("DELETE", f"things/{key}", None, CHANGES)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str], own: str = "") -> Any:
        url = f"/api/v1/{path}"
        if method == "PATCH":
            answer = self.client.patch_json(url, body, headers=headers, expect_errors=True)
        else:
            answer = self.client.request(url, method=method, headers=headers, expect_errors=True)
        assert answer.status_int < 500, (self.said, path, answer.text)
        text = f"{answer.headers} {answer.text}"
        assert not [mark for mark in self.hidden if f'"{mark}"' in text], (self.said, path, text)
        assert not [each for each in self.unseen - {own} if f"{each}" in text], (self.said, path, text)
        return answer


def request(place: int) -> str:
    """The id of the request that made a change; no one is the beginning of another."""
    return f"request-{place}-"


def _told(answer: Any) -> list[Any]:
    return [(int(each["key"]), each["verb"], each.get("record")) for each in answer.json["changes"]]


def expected(key: int, was: dict[str, Any] | None, now: dict[str, Any] | None) -> list[Any]:
    """A change as it is told to who sees these images."""
    if was == now:
        return []
    return [(key, "create" if was is None else "delete" if now is None else "update", now)]


def permissive(dice: random.Random) -> list[Rule]:
    """Random rules, by which somebody may write something more often than by chance."""
    rules = random_rules(dice)
    if dice.random() < 0.7:
        rules.insert(
            dice.randint(0, len(rules)), Rule(True, dice.choice("ab"), "everything", dice.choice((None, 1, 5)))
        )
    return rules


def test_undos_previews_and_refusals_show_each_role_what_it_may_see(filled: str) -> None:
    dice = random.Random(11)
    met: Counter[str] = Counter()
    for _ in range(counts(4, 400)):
        rules = permissive(dice)
        ACL[:] = [rule.entry() for rule in rules]
        with ExitStack() as stack:
            try:
                shop = stack.enter_context(unmigrated(filled, PLUGINS))
            except (ConfigurationError, ValueError):
                continue  # a list that is refused at start
            for _ in range(2):
                with shop.undone() as connection:
                    walk(dice, shop, connection, rules, met)
    assert min(met[each] for each in ("undo 200", "undo 403", "undo 404", "undo 409", "edit 200", "edit 404")) >= 3, met


def walk(
    dice: random.Random, shop: Application, connection: sa.Connection, rules: list[Rule], met: Counter[str]
) -> None:
    first = connection.scalar(sa.text("SELECT n FROM change_counter")) or 0
    done = [(first + 1 + place, *more) for place, *more in history(dice, shop, connection)]
    connection.execute(
        sa.text("UPDATE change SET request_id = 'request-' || position || '-' WHERE position > :first"),
        {"first": first},
    )
    there = {key: after for _, key, _, after in done}
    for role in ROLES:
        asking = Asking(shop.client(connection, role), Told(rules, role), done, met)
        for change in done:
            asking.undo(change)
        for key, image in there.items():
            if image is not None:
                asking.edit(key, image, dice.choice((0, 1, 2, 3)))


def test_one_who_names_what_is_hidden_is_noticed(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a model to which everything is hidden finds that something is shown."""
    monkeypatch.setattr(Told, "shown", lambda self, image: None)
    ACL[:] = [Rule(True, "a", "everything", None).entry()]
    with unmigrated(filled, PLUGINS) as shop, shop.undone() as connection, pytest.raises(AssertionError):
        walk(random.Random(1), shop, connection, [Rule(True, "a", "everything", None)], Counter())
