"""Clients that go away in the middle: nobody else notices, nothing is left behind, and nothing half done."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import psycopg
import pytest

from tests.functional.company import Company, company
from tests.harness import counts
from tests.harness.databases import libpq_url
from tests.resilience.serving import PATIENCE, Client, eventually, served

LIST = "/api/v1/employees?expand=department,salaries&limit=1000"
LEAVING = counts(10, 200)


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company with two connections to read by, so that two that are lost are all."""
    with company(module_database_url, **{"sqlalchemy.pool_size": "2", "sqlalchemy.max_overflow": "0"}) as made:
        yield made


def sent(port: int, token: str, text: str) -> socket.socket:
    """A connection on which a request, or the beginning of one, was sent."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # so that the answer does not fit into it
    connection.settimeout(PATIENCE)
    connection.connect(("127.0.0.1", port))
    head, _, body = text.partition("\n\n")
    lines = [*head.splitlines(), "Host: 127.0.0.1", f"Authorization: Bearer {token}", "", body]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def leave(connection: socket.socket) -> None:
    """Go, and tell the other side by a reset: what it still sends is lost."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def assert_all_is_well(firm: Company, client: Client, body: bytes) -> None:
    """The same answer as before, and every connection is in its pool."""
    assert client.get(LIST).body == body
    pools = [firm.database.reader.pool, firm.database.engine.pool]
    eventually(lambda: not any(pool.checkedout() for pool in pools), "all connections are given back")  # type: ignore[attr-defined]


def test_clients_that_leave_in_the_middle_of_an_answer(firm: Company) -> None:
    with served(firm.app, threads=2) as port:
        client = Client(port, firm.tokens["hr"])
        body = client.get(LIST).body
        for _ in range(LEAVING):
            connection = sent(port, firm.tokens["hr"], f"GET {LIST} HTTP/1.1\n\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200")
            leave(connection)
        assert_all_is_well(firm, client, body)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_clients_that_leave_before_they_are_answered(firm: Company) -> None:
    with served(firm.app, threads=2) as port:
        client = Client(port, firm.tokens["hr"])
        body = client.get(LIST).body
        pool = firm.database.reader.pool
        with psycopg.connect(libpq_url(firm.database.url.render_as_string(hide_password=False))) as locking:
            locking.execute("LOCK TABLE employee IN ACCESS EXCLUSIVE MODE")
            asking = [sent(port, firm.tokens["hr"], f"GET {LIST} HTTP/1.1\n\n") for _ in range(2)]
            eventually(lambda: pool.checkedout() == 2, "both hold a connection")  # type: ignore[attr-defined]
            for connection in asking:
                leave(connection)
        assert_all_is_well(firm, client, body)


def test_clients_that_leave_in_the_middle_of_their_request_have_done_nothing(firm: Company) -> None:
    with served(firm.app, threads=2) as port:
        client = Client(port, firm.tokens["hr"])
        body = client.get(LIST).body
        whole = '{"code": "half", "name": "Half"}'
        head = "POST /api/v1/departments HTTP/1.1\nContent-Type: application/json\n"
        for _ in range(LEAVING):
            leave(sent(port, firm.tokens["hr"], f"{head}Content-Length: {len(whole)}\n\n{whole[:-5]}"))
        assert client.get("/api/v1/departments?code=half").json["data"] == []
        assert_all_is_well(firm, client, body)
