"""However different the questions, however many the tokens: memory stays within its bounds.

What is bounded is filled first; what is measured then is how much more is held after as many questions again.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from colonnade import Allow, main
from colonnade.core.policy import Identity, Policy, policy_of
from colonnade.core.policy.access import MOST
from colonnade.core.policy.acl import read_entry
from colonnade.core.policy.identity import INJECTED
from colonnade.core.reading import reading_of
from colonnade.core.resources import resources_of
from tests.functional.company import Company, company, settings
from tests.harness import counts

KEPT = 5
QUESTIONS = counts(10, 1_500)

FILTERS = (
    *("number__gt", "number__lt", "number__ne", "salary__gte", "salary__lt", "id__gt", "id__lte"),
    *("first_name__icontains", "last_name__startswith", "email__endswith", "title__iexact", "title__ne"),
    *("department.name__contains", "department.code__ne", "manager.last_name__icontains", "salaries.amount__gt"),
)

#: What the server keeps prepared for this connection, without this question itself.
KEPT_BY_SERVER = text("SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%'")

#: Bytes, for what differs by chance. A statement of SQLAlchemy's own that is kept weighs some 200,000.
LITTLE = 400_000


def shapes_and_values() -> Iterator[str]:
    """Queries without end: each with another set of filters (until there are no more), and with other values."""
    sets = [each for size in (1, 2, 3, 4) for each in combinations(FILTERS, size)]
    for number, names in enumerate(cycle(sets)):
        yield urlencode(dict.fromkeys(names, number) | {"limit": 1 + number % 1000})


def values_alone() -> Iterator[str]:
    """Queries without end of one shape."""
    number = 0
    while True:
        number += 1
        yield urlencode({"number__gt": number, "last_name__icontains": f"name {number}", "limit": 5})


def mistakes() -> Iterator[str]:
    """Queries without end that are refused, each for another reason."""
    number = 0
    while True:
        number += 1
        yield from (f"unknown{number}=1", f"number=x{number}", f"sort=other{number}", f"cursor=c{number}")
        yield f"number__like{number}=1"


@contextmanager
def one_connection(url: str, **more: str) -> Iterator[Company]:
    """A company that is read on one connection, with little room for statements."""
    small = {
        "sqlalchemy.pool_size": "1",
        "sqlalchemy.max_overflow": "0",
        "sqlalchemy.prepared_statements": str(KEPT),
        "reading.statement_cache": str(KEPT),
    }
    with company(url, **{**small, **more}) as made:
        yield made


def growth(ask: Callable[[int], object], number: int) -> int:
    """How many bytes more are held after so many questions than after as many before them."""
    tracemalloc.start()
    try:
        for index in range(number):
            ask(index)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for index in range(number, 2 * number):
            ask(index)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


@pytest.mark.parametrize(
    "dialect_name, questions",
    [
        ("sqlite", shapes_and_values),
        ("postgresql", shapes_and_values),
        ("postgresql", values_alone),
        ("sqlite", mistakes),
    ],
    indirect=["dialect_name"],
)
def test_different_questions_do_not_fill_the_memory(
    fresh_database_url: str, questions: Callable[[], Iterator[str]]
) -> None:
    with one_connection(fresh_database_url) as firm:
        client, queries = firm.client("hr"), questions()
        refused = questions is mistakes
        grown = growth(
            lambda _: client.get(f"/api/v1/employees?{next(queries)}", status=400 if refused else 200),
            QUESTIONS if questions is shapes_and_values else 3 * QUESTIONS,
        )
        assert grown < LITTLE
        shapes = reading_of(firm.app.registry).shapes
        assert len(shapes) == {shapes_and_values: KEPT, values_alone: 1, mistakes: 0}[questions]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_postgresql_connection_keeps_so_many_statements_and_no_more(fresh_database_url: str) -> None:
    with one_connection(fresh_database_url) as firm:
        client = firm.client("hr")
        for query in islice(shapes_and_values(), 3 * KEPT):
            client.get(f"/api/v1/employees?{query}", status=200)
            with firm.database.read() as connection:
                ((kept,),) = connection.rows(KEPT_BY_SERVER)
            assert kept <= KEPT
        assert kept >= KEPT - 1  # one place may be taken by the question that has just been asked


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_what_python_writes_is_compiled_once_a_shape_whatever_the_values(fresh_database_url: str) -> None:
    with one_connection(fresh_database_url, **{"reading.written_by": "python"}) as firm:
        client, queries = firm.client("hr"), values_alone()
        for query in islice(queries, 3):
            client.get(f"/api/v1/employees?{query}", status=200)
        compiled = len(compiled_by(firm))
        for query in islice(queries, 20):
            client.get(f"/api/v1/employees?{query}", status=200)
        assert len(compiled_by(firm)) == compiled > 0


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_what_python_writes_does_not_fill_the_memory_either(fresh_database_url: str) -> None:
    with one_connection(fresh_database_url, **{"reading.written_by": "python"}) as firm:
        client, queries = firm.client("hr"), shapes_and_values()
        # SQLAlchemy keeps what it compiled itself: here so few that a small run fills its room, too.
        cache = compiled_by(firm)
        cache.capacity = KEPT
        grown = growth(lambda _: client.get(f"/api/v1/employees?{next(queries)}", status=200), QUESTIONS)
        assert grown < LITTLE
        assert len(cache) <= cache.capacity * (1 + cache.threshold)


def compiled_by(firm: Company) -> Any:
    """SQLAlchemy's cache of what the reading engine has compiled."""
    return firm.database.reader._compiled_cache


def test_any_number_of_roles_and_narrowed_tokens_leaves_the_policy_small(tmp_path: Path) -> None:
    with one_connection(f"sqlite:///{tmp_path}/db.sqlite") as firm:
        policy: Policy = policy_of(firm.app.registry)
        client = firm.client(None)
        for number in range(counts(20, 2_000)):
            narrowed = frozenset({("employees", "view"), (f"other{number}", "view"), ("employees", f"act{number}")})
            identity = Identity.signed_in(number, "x", roles=["hr", f"role{number}"], narrowed=narrowed)
            client.extra_environ[INJECTED] = identity  # type: ignore[assignment]
            client.get("/api/v1/employees?limit=1", status=200)
        # What no entry names makes no difference, so all of them share what was compiled.
        assert len(policy) == 1
        assert len(reading_of(firm.app.registry).shapes) == 1


def test_a_policy_of_many_principals_keeps_what_was_decided_for_so_many_and_no_more(tmp_path: Path) -> None:
    app = main({}, **settings(f"sqlite:///{tmp_path}/db.sqlite"))
    entries = tuple(read_entry((Allow, f"role:{number}", "view")) for number in range(12))
    resource, policy = replace(resources_of(app.registry)["employees"], acl=entries), Policy(())
    for number in range(MOST + 50):
        roles = [str(bit) for bit in range(12) if number >> bit & 1]
        identity = Identity.signed_in(1, "x", roles=roles)
        access = policy.resource_access(resource, identity)
        assert access.may("view") is bool(roles)
        assert policy.resource_access(resource, identity) is access
        assert len(policy) <= MOST
    assert len(policy) == MOST


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_unknown_tokens_leave_nothing_behind(fresh_database_url: str) -> None:
    with one_connection(fresh_database_url) as firm:
        client = firm.client(None)

        def ask(number: int) -> None:
            client.authorization = ("Bearer", f"clnd_{'abcdefgh'}_{number:043}")
            client.get("/api/v1/employees", status=401)

        assert growth(ask, counts(60, 5_000)) < LITTLE / 4
        assert len(reading_of(firm.app.registry).shapes) == 0
