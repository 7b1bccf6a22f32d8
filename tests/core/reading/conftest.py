"""The house of odd models on each database, filled once for all tests that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness.databases import Databases

from .odd.house import House, house_at

#: Random questions nest relations as deep as they may; here are few rows.
MANY_ROWS = {"reading.max_rows": "1000000000"}


@pytest.fixture(scope="session")
def house_on(databases: Databases) -> Iterator[Callable[[str], House]]:
    """Gives the house on the database of a dialect. Nobody writes in it."""
    houses: dict[str, House] = {}
    with ExitStack() as stack:

        def house(dialect_name: str) -> House:
            if dialect_name not in houses:
                url = stack.enter_context(databases.empty(dialect_name))
                houses[dialect_name] = stack.enter_context(house_at(url, **MANY_ROWS))
            return houses[dialect_name]

        yield house


@pytest.fixture(scope="session")
def house(house_on: Callable[[str], House], dialect_name: str) -> House:
    """The house on each database in turn."""
    return house_on(dialect_name)
