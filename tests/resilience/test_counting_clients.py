"""Clients that count together, each by reading and writing: no step is lost, and none is taken twice."""

from __future__ import annotations

import json
import random
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.functional.company import Company, company
from tests.harness import counts
from tests.resilience.serving import PATIENCE, Answer, Client, served

CLIENTS = 8
STEPS = counts(6, 100)
COUNTER = "/api/v1/employees/7"


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company whose database these tests write to."""
    with company(module_database_url) as made:
        yield made


@pytest.fixture(scope="module")
def client(firm: Company) -> Iterator[Client]:
    """One who may write, at a server with a thread for each."""
    with served(firm.app, CLIENTS) as port:
        yield Client(port, firm.tokens["hr"])


def counted(client: Client) -> Decimal:
    """How far they have counted."""
    return Decimal(client.get(COUNTER).json["salary"])


def steps_by_merging(client: Client) -> None:
    """Count on, each time from what was read, until nobody was faster."""
    for _ in range(STEPS):
        while True:
            read = client.get(COUNTER)
            patch = {"salary": str(Decimal(read.json["salary"]) + 1)}
            if succeeded(client.send("PATCH", COUNTER, patch, If_Match=read.headers["ETag"]), 412):
                break


def steps_by_testing(client: Client) -> None:
    """The same by JSON patches that test what they replace."""
    for _ in range(STEPS):
        while True:
            salary = client.get(COUNTER).json["salary"]
            patch: list[dict[str, Any]] = [
                {"op": "test", "path": "/salary", "value": salary},
                {"op": "replace", "path": "/salary", "value": str(Decimal(salary) + 1)},
            ]
            if succeeded(client.send("PATCH", COUNTER, patch, Content_Type="application/json-patch+json"), 409):
                break


def steps_by_batches(client: Client) -> None:
    """The same in a batch."""
    for _ in range(STEPS):
        while True:
            read = client.get(COUNTER)
            body = {"salary": str(Decimal(read.json["salary"]) + 1)}
            operation = {"op": "merge", "resource": "employees", "key": "7", "body": body}
            operations = [{**operation, "if_match": read.headers["ETag"]}]
            if succeeded(client.send("POST", "/api/v1/batch", {"operations": operations}), 412):
                break


def succeeded(answer: Answer, too_late: int) -> bool:
    """Whether it was done; if not, somebody was faster, or too many wrote at once."""
    assert answer.status in (200, too_late, 503), answer.body
    return answer.status == 200


@pytest.mark.parametrize("steps", [steps_by_merging, steps_by_testing, steps_by_batches])
def test_no_step_is_lost(client: Client, steps: Any) -> None:
    """Eight at once, each again until it was their turn."""
    before = counted(client)
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(steps, [client] * CLIENTS))
    assert counted(client) == before + CLIENTS * STEPS


def test_without_a_condition_a_step_is_lost(client: Client) -> None:
    """The control: two who have read the same and write unconditionally."""
    before = counted(client)
    for _ in range(2):
        assert client.send("PATCH", COUNTER, {"salary": str(before + 1)}).status == 200
    assert counted(client) == before + 1


def test_each_request_with_a_key_counts_once_however_often_it_is_sent(firm: Company, client: Client) -> None:
    """Clients whose connections break before they are answered, and who send the same again."""

    def send(number: int) -> list[str]:
        chance = random.Random(number)
        made = []
        for step in range(STEPS):
            key, body = f"{number}-{step}", {"code": f"c{number}x{step}"[:10], "name": f"Department {number}-{step}"}
            while True:
                if chance.random() < 0.6:
                    cut_off(client, body, key)
                    continue
                answer = client.send("POST", "/api/v1/departments", body, Idempotency_Key=key)
                assert answer.status in (201, 409, 503), answer.body
                if answer.status == 201:
                    break
                assert answer.status == 503 or "idempotency-key-in-use" in answer.json["type"]
            made.append(answer.json["id"])
        return made

    with ThreadPoolExecutor(CLIENTS) as clients:
        made = [key for keys in clients.map(send, range(CLIENTS)) for key in keys]
    listed = client.get("/api/v1/departments?name__startswith=Department&limit=1000&fields=id").json["data"]
    assert sorted(made) == sorted(each["id"] for each in listed)
    assert len(set(made)) == CLIENTS * STEPS


def cut_off(client: Client, body: object, key: str) -> None:
    """Send a whole request, and go by a reset without waiting for its answer."""
    content = json.dumps(body).encode()
    head = (
        "POST /api/v1/departments HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {client.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        f"Idempotency-Key: {key}",
        "",
        "",
    )
    with socket.create_connection(("127.0.0.1", client.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join(head).encode() + content)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
