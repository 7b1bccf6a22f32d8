"""All connections are in use: who waits too long is told so, and nothing is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import text

from tests.functional.company import Company, company
from tests.harness.databases import libpq_url
from tests.resilience.serving import Answer, Client, assert_unavailable, eventually, served

LIST = "/api/v1/employees?sort=-salary&expand=department&limit=10"
CLIENTS = 16


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company with pools of two."""
    small = {"sqlalchemy.pool_size": "2", "sqlalchemy.max_overflow": "0", "sqlalchemy.pool_timeout": "0.3"}
    with company(module_database_url, **small) as made:
        yield made


def assert_nothing_leaked(firm: Company) -> None:
    """No connection is checked out any more."""
    pools = [firm.database.reader.pool, firm.database.engine.pool]
    eventually(lambda: not any(pool.checkedout() for pool in pools), "all connections are given back")  # type: ignore[attr-defined]


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_slow_statements_that_hold_all_connections_leave_others_a_503(firm: Company) -> None:
    with served(firm.app, CLIENTS) as port, ThreadPoolExecutor(CLIENTS) as threads:
        client = Client(port, firm.tokens["hr"])
        expected = client.get(LIST)
        assert expected.status == 200
        answers: list[Answer] = []
        url = libpq_url(firm.database.url.render_as_string(hide_password=False))
        with psycopg.connect(url) as locking:
            locking.execute("LOCK TABLE employee IN ACCESS EXCLUSIVE MODE")
            asking = [threads.submit(lambda: answers.append(client.get(LIST))) for _ in range(CLIENTS)]
            # Two hold the connections; all the others are answered although those two are not.
            eventually(lambda: len(answers) == CLIENTS - 2, "all but two are answered")
            for answer in answers:
                assert_unavailable(answer)
        for each in asking:
            each.result()
        assert Counter(answer.status for answer in answers) == {503: CLIENTS - 2, 200: 2}
        assert {answer.body for answer in answers if answer.status == 200} == {expected.body}
        assert_nothing_leaked(firm)
        assert client.get(LIST).body == expected.body


def test_a_full_pool_is_a_503_and_is_over_when_connections_come_back(firm: Company) -> None:
    with served(firm.app, CLIENTS) as port, ThreadPoolExecutor(CLIENTS) as threads:
        client = Client(port, firm.tokens["hr"])
        expected = client.get(LIST)
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(firm.database.read()).rows(text("SELECT 1"))
            for answer in threads.map(client.get, [LIST] * CLIENTS):
                assert_unavailable(answer)
                assert answer.json["type"] == "urn:colonnade:problem:busy"
        for answer in threads.map(client.get, [LIST] * CLIENTS):
            # A pool of two for sixteen who come at once, on a busy machine: some may have waited too long.
            if answer.status != 200:
                assert_unavailable(answer)
            else:
                assert answer.body == expected.body
        assert_nothing_leaked(firm)
        assert client.get(LIST).body == expected.body


def test_a_write_without_a_free_connection_is_a_503_and_has_done_nothing(firm: Company) -> None:
    with served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        with ExitStack() as held:
            for _ in range(2):
                # Without a transaction: on SQLite the second one would wait for the first.
                held.enter_context(firm.database.engine.connect())
            assert_unavailable(client.post("/api/v1/departments", {"code": "new", "name": "New"}))
        assert client.get("/api/v1/departments?code=new").json["data"] == []
        assert client.post("/api/v1/departments", {"code": "new", "name": "New"}).status == 201
        assert_nothing_leaked(firm)
