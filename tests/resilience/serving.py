"""A real server for an application, and a client that keeps what it was answered."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

#: Seconds. It catches what hangs, and measures nothing.
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """Its content."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """One who calls a server of this machine; a connection for each request."""

    port: int
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._ask("GET", path)

    def post(self, path: str, content: object) -> Answer:
        """Send something, as JSON."""
        return self._ask("POST", path, json.dumps(content).encode())

    def send(self, method: str, path: str, content: object, **headers: str) -> Answer:
        """Send something as JSON, with these headers: ``If_Match="…"``."""
        body = None if content is None else json.dumps(content).encode()
        return self._ask(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def _ask(self, method: str, path: str, body: bytes | None = None, more: Mapping[str, str] | None = None) -> Answer:
        headers = {**self.headers, **({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(more or {})}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@contextmanager
def served(app: Any, threads: int = 8) -> Iterator[int]:
    """Serve an application by waitress while the block lasts; gives the port."""
    channels: dict[int, Any] = {}
    over = Event()
    server = create_server(app, map=channels, host="127.0.0.1", port=0, threads=threads)

    def serve() -> None:
        while not over.is_set():
            wasyncore.loop(timeout=0.1, map=channels, count=1)

    serving = Thread(target=serve, name="server", daemon=True)
    serving.start()
    try:
        yield int(server.effective_port)
    finally:
        over.set()
        serving.join()
        server.task_dispatcher.shutdown()
        for channel in list(channels.values()):
            channel.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Return as soon as something holds; fail if it never does."""
    end = time.monotonic() + PATIENCE
    turn = Event()
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE} seconds"
        turn.wait(0.01)


def assert_unavailable(answer: Answer) -> None:
    """It says 503, as a problem, when to come again, and nothing of what went on inside."""
    assert answer.status == 503, (answer.status, answer.body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json["detail"]
    for word in (b"Traceback", b"psycopg", b"sqlalche", b"sqlite3", b"SELECT"):
        assert word not in answer.body
