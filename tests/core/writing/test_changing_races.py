"""Who change one record at the same time: on committed data, each in a transaction of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from webtest import TestResponse

from colonnade.plugins.history.models import Change
from tests.core.writing.bottles import BOTTLE
from tests.core.writing.cellar import Bottle, cellar, store
from tests.core.writing.editing import merged, operation, patched
from tests.core.writing.test_creating_races import at_once
from tests.harness.applications import Application


@contextmanager
def a_bottle(url: str) -> Iterator[Application]:
    """The application, and a bottle that is committed."""
    with cellar(url) as made:
        store(made, None, Bottle(id=1, text="old"))
        yield made


def stored_numbers(made: Application) -> list[int]:
    """What is committed."""
    with made.undone() as connection:
        return list(connection.scalars(sa.select(Bottle.number)))


def logged_numbers(made: Application) -> list[tuple[Any, Any]]:
    """The numbers before and after, in the order of positions."""
    with made.undone() as connection:
        rows = connection.execute(sa.select(Change.before, Change.after).order_by(Change.position)).all()
    return [tuple(image and image["number"] for image in row) for row in rows]


def test_of_two_patches_of_the_same_state_one_loses(fresh_database_url: str) -> None:
    with a_bottle(fresh_database_url) as made:
        tag = made.client(None, "hr").get(BOTTLE).headers["ETag"]
        for round_ in range(10):

            def patching(number: int, headers: Mapping[str, str]) -> Callable[[], TestResponse]:
                client = made.client(None, "hr")
                return lambda: merged(client, BOTTLE, {"number": number}, "*", **headers)

            calls = [patching(10 + round_ * 4 + each, {"If-Match": tag}) for each in range(4)]
            assert at_once(calls) == {200: 1, 412: 3}
            tag = made.client(None, "hr").get(BOTTLE).headers["ETag"]
        log = logged_numbers(made)
        assert len(log) == 10
        assert [before for before, _ in log[1:]] == [after for _, after in log[:-1]]


def test_counters_that_test_what_they_read_lose_nothing(fresh_database_url: str) -> None:
    with a_bottle(fresh_database_url) as made:

        def counting() -> Callable[[], TestResponse]:
            client = made.client(None, "hr")

            def count() -> TestResponse:
                for _ in range(5):
                    while True:
                        number = client.get(BOTTLE).json["number"]
                        steps = (
                            operation("test", "/number", value=number),
                            operation("replace", "/number", value=number + 1),
                        )
                        response = patched(client, BOTTLE, *steps, status="*")
                        if response.status_int != 409:
                            break
                return response

            return count

        assert at_once([counting() for _ in range(4)]) == {200: 4}
        assert stored_numbers(made) == [21]
        assert logged_numbers(made) == [(number, number + 1) for number in range(1, 21)]


def test_a_record_that_is_deleted_meanwhile_is_gone(fresh_database_url: str) -> None:
    with cellar(fresh_database_url) as made:
        for round_ in range(10):
            store(made, None, Bottle(id=1))
            deleting, patching = made.client(None, "hr"), made.client(None, "hr")
            statuses = at_once(
                [
                    lambda client=deleting: client.delete(BOTTLE, expect_errors=True),
                    lambda client=patching: merged(client, BOTTLE, {"number": 6}, "*"),
                ]
            )
            assert statuses in ({204: 1, 404: 1}, {204: 1, 200: 1}), round_
            expected = [(1, None)] if 404 in statuses else [(1, 6), (6, None)]
            assert stored_numbers(made) == []
            assert logged_numbers(made)[-len(expected) :] == expected
