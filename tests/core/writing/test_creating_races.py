"""Two who create the same at the same time: on committed data, each in a transaction of their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.shop import Item, Slot, shop, things_in


def posting(client: TestApp, path: str, body: Any) -> Callable[[], TestResponse]:
    """A call that is made later."""
    return lambda: client.post_json(path, body, expect_errors=True)


def at_once(calls: list[Callable[[], TestResponse]]) -> Counter[int]:
    """Make all calls at the same moment, each on a thread of its own; count their statuses."""
    ready = threading.Barrier(len(calls))
    statuses: list[int] = []

    def run(call: Callable[[], TestResponse]) -> None:
        ready.wait()
        statuses.append(call().status_int)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(statuses)


def test_of_those_who_give_the_same_unique_value_one_succeeds(fresh_database_url: str) -> None:
    with shop(fresh_database_url) as made:
        for round_ in range(5):
            body = {"name": f"lamp {round_}", "price": 20}
            clients = [made.client(None, "hr") for _ in range(4)]
            assert at_once([posting(client, "/api/v1/items", body) for client in clients]) == {201: 1, 409: 3}
        with made.undone() as connection:
            assert len(things_in(connection, Item, "name")) == 5


def test_of_those_who_give_the_same_key_one_succeeds(fresh_database_url: str) -> None:
    with shop(fresh_database_url) as made:
        body = {"row": "a", "place": 1}
        clients = [made.client(None, "hr") for _ in range(4)]
        assert at_once([posting(client, "/api/v1/slots", body) for client in clients]) == {201: 1, 409: 3}
        with made.undone() as connection:
            assert things_in(connection, Slot, "row", "place") == [("a", 1)]


def test_of_two_arrays_with_the_same_values_in_opposite_orders_one_succeeds(fresh_database_url: str) -> None:
    with shop(fresh_database_url) as made:
        bodies = [{"name": f"lamp {number}", "price": 20} for number in range(30)]
        orders = (bodies, bodies[::-1])
        calls = [posting(made.client(None, "hr"), "/api/v1/items", order) for order in orders]
        assert at_once(calls) == {201: 1, 409: 1}
        with made.undone() as connection:
            assert len(things_in(connection, Item, "name")) == 30


def importing(client: TestApp, path: str, text: str) -> Callable[[], TestResponse]:
    """An import that is made later, with a body that can be read again, as waitress gives it."""
    again = TestApp(client.app, client.extra_environ, lint=False)
    return lambda: again.post(path, text, headers={"Content-Type": "text/csv"}, expect_errors=True)


def test_of_imports_by_key_that_race_all_succeed(fresh_database_url: str) -> None:
    """Of those who create the same records at the same moment, all but the first change them."""
    with shop(fresh_database_url) as made:
        for round_ in range(5):
            lines = [f"{round_} {number}" for number in range(30)]
            texts = ["name,price\n" + "".join(f"{line},{price}\n" for line in lines) for price in range(20, 24)]
            calls = [importing(made.client(None, "hr"), "/api/v1/items/import?key=name", text) for text in texts]
            assert at_once(calls) == {200: 4}
            with made.undone() as connection:
                prices = [price for name, price in things_in(connection, Item, "name", "price") if name in lines]
            assert len(prices) == 30
            assert len(set(prices)) == 1


def test_a_refused_creation_leaves_nothing_for_others(fresh_database_url: str) -> None:
    """What was flushed before the policy looked at the result is gone with the answer."""
    with shop(fresh_database_url) as made:
        made.client(None, "staff").post_json("/api/v1/items", {"name": "x", "price": 500}, status=403)
        made.client(None, "staff").post_json("/api/v1/items?fields=none", {"name": "x", "price": 50}, status=400)
        with made.database.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(Item)) == 0
        made.client(None, "staff").post_json("/api/v1/items", {"name": "x", "price": 50}, status=201)
        with made.database.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(Item)) == 1
