"""A statement that takes too long is ended: a clear problem, and the connection serves the next one."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import insert

from colonnade.plugins.people.models import Department
from tests.functional.company import company
from tests.harness import counts
from tests.harness.databases import libpq_url
from tests.resilience.serving import Client, assert_unavailable, served

ONE_CONNECTION = {"sqlalchemy.pool_size": "1", "sqlalchemy.max_overflow": "0"}
SHORT = "/api/v1/employees/7"


@pytest.mark.parametrize("written_by", ["database", "python"])
@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_postgresql_ends_a_statement_that_takes_too_long(fresh_database_url: str, written_by: str) -> None:
    short = {"sqlalchemy.statement_timeout": "500", "reading.written_by": written_by}
    with company(fresh_database_url, **ONE_CONNECTION, **short) as firm, served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        expected = client.get(SHORT)
        with psycopg.connect(libpq_url(firm.database.url.render_as_string(hide_password=False))) as locking:
            locking.execute("LOCK TABLE employee IN ACCESS EXCLUSIVE MODE")
            for _ in range(2):
                answer = client.get(SHORT)
                assert_unavailable(answer)
                assert "too long" in answer.json["detail"]
        assert client.get(SHORT).body == expected.body


@pytest.mark.parametrize("written_by", ["database", "python"])
@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_sqlite_ends_a_statement_that_takes_too_long(fresh_database_url: str, written_by: str) -> None:
    # The clock is looked at every so many steps of SQLite's machine: what takes fewer is never too long.
    short = {"sqlalchemy.statement_timeout": "1", "reading.written_by": written_by}
    with company(fresh_database_url, **ONE_CONNECTION, **short) as firm, served(firm.app) as port:
        client = Client(port, firm.tokens["hr"])
        expected = client.get(SHORT)
        assert expected.status == 200
        with firm.database.engine.begin() as connection:
            rows = [{"code": f"c{number}", "name": f"Name {number}"} for number in range(counts(30_000, 100_000))]
            connection.execute(insert(Department), rows)
        for _ in range(2):
            answer = client.get("/api/v1/departments?name__icontains=nobody&limit=1")
            assert_unavailable(answer)
            assert "too long" in answer.json["detail"]
        assert client.get(SHORT).body == expected.body
