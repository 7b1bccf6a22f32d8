"""Requests without a server, and ways to do something, timed in turn: what the benchmarks in one process share."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any


class RequestError(Exception):
    """The answer is none that should be measured."""


def environ(
    path: str, method: str = "GET", body: str | bytes = "", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a server hands over."""
    path, _, query = path.partition("?")
    sent = body.encode() if isinstance(body, str) else body
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "6543",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:6543",
        "HTTP_ACCEPT": "*/*",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if sent:
        made |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent))}
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        made[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return made


def chunks(app: Any, made: Mapping[str, Any]) -> tuple[Iterable[bytes], Mapping[str, str]]:
    """A good answer as a server takes it, and its headers.

    :raises RequestError: for any other answer.
    """
    said: list[tuple[str, list[tuple[str, str]]]] = []
    answer: Iterable[bytes] = app(dict(made), lambda status, headers, exc_info=None: said.append((status, headers)))
    status, headers = said[0]
    if not status.startswith("2"):
        raise RequestError(f"{status}: {b''.join(answer).decode()}")
    return answer, dict(headers)


def call(app: Any, made: Mapping[str, Any]) -> bytes:
    """The body of a good answer, to its end.

    :raises RequestError: for any other answer.
    """
    answer, _ = chunks(app, made)
    body = b"".join(answer)
    if close := getattr(answer, "close", None):
        close()
    return body


def in_turn(
    ways: Mapping[str, Callable[[], object]], rounds: int, before: Callable[[str], object] = lambda name: None
) -> dict[str, list[float]]:
    """Seconds of each way, round by round; `before` is done before each, given its name, and not timed."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            before(name)
            start = time.perf_counter()
            way()
            if turn:  # the first one warms up
                taken[name].append(time.perf_counter() - start)
    return taken
