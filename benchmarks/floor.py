"""The floor: a bare WSGI function that sends exactly the statements that the product sends, and nothing else.

It routes by the path, reads the one number that it needs, looks nothing up, checks nothing, and passes on the text that
the database made. Each thread has its connections; statements are prepared. What it sends was recorded from the product
(`recording`), and is read from the file that $BENCHMARK_FLOOR names.
"""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int8Dumper

from benchmarks.works import OURS

Start = Callable[..., Any]

_own = threading.local()


@dataclass(frozen=True)
class Origin:
    """Where the value of a parameter comes from, if it is not the same for all requests.

    kind: `body` (then `name` is the field), `key` and `text of key` (of the record), `now`, `identifier`, or `document`
        (then `parts` has the members of a JSON document, which is sent as such).
    """

    kind: str
    name: str = ""
    parts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Statement:
    """One that is sent: text with $1, $2 … and for each the value, or its `Origin`."""

    query: bytes
    arguments: tuple[Any, ...]
    autocommit: bool
    returns: bool


@dataclass(frozen=True)
class Program:
    """The statements of one work, in order; those that are not in autocommit are one transaction.

    enveloped: the text of the last answer is put into the envelope of a list.
    """

    work: str
    statements: tuple[Statement, ...]
    enveloped: bool


def connection(url: str, autocommit: bool) -> psycopg.Connection[Any]:
    """The thread's own, with the settings that the text of values depends on."""
    name = f"connection_{autocommit}"
    found: psycopg.Connection[Any] | None = getattr(_own, name, None)
    if found is None:
        styles = "-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=postgres -c extra_float_digits=1 -c jit=off"
        found = psycopg.connect(url, autocommit=autocommit, options=styles)
        found.adapters.register_dumper(int, Int8Dumper)
        setattr(_own, name, found)
    return found


def run(program: Program, url: str, body: dict[str, Any], key: int | None) -> bytes:
    """Send the statements of one request; the text of its answer."""
    seen = {"body": body, "key": key, "now": datetime.now(UTC), "identifier": str(uuid4())}
    text: str = ""
    transaction = None
    for statement in program.statements:
        one = connection(url, statement.autocommit)
        cursor = psycopg.RawCursor(one)
        cursor.execute(statement.query, [filled(each, seen) for each in statement.arguments], prepare=True)
        if statement.returns:
            rows = cursor.fetchall()
            if rows and isinstance(rows[0][0], str):
                text = rows[0][0]
            elif rows and seen["key"] is None and statement.query.startswith(b"INSERT"):
                seen["key"] = rows[0][0]
        if not statement.autocommit:
            transaction = one
    if transaction is not None:
        transaction.commit()
    return text.encode()


def filled(argument: Any, seen: dict[str, Any]) -> Any:
    """The value of a parameter for this request."""
    if isinstance(argument, list):
        return [filled(each, seen) for each in argument]
    if not isinstance(argument, Origin):
        return argument
    if argument.kind == "document":
        assert argument.parts is not None
        return Jsonb({name: filled(each, seen) for name, each in argument.parts.items()})
    if argument.kind == "body":
        return seen["body"][argument.name]
    if argument.kind == "text of key":
        return str(seen["key"])
    return seen[argument.kind]


def make(programs: Mapping[str, Program], url: str) -> Callable[[dict[str, Any], Start], list[bytes]]:
    """The function."""
    known = {OURS[name].partition("?")[0]: programs[name] for name in ("list", "one", "policy")}
    collection = OURS["create"]

    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/hello":
            return answer(start_response, "200 OK", b'{"hello": "world"}')
        if method == "GET":
            program = known[path]
            text = run(program, url, {}, None)
            return answer(start_response, "200 OK", b'{"data":[' + text + b"]}" if program.enveloped else text)
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        if method == "POST":
            return answer(start_response, "201 Created", run(programs["create"], url, body, None))
        return answer(
            start_response, "200 OK", run(programs["patch"], url, body, int(path.removeprefix(f"{collection}/")))
        )

    return app


def answer(start_response: Start, status: str, body: bytes) -> list[bytes]:
    """With the least of headers."""
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


if "BENCHMARK_FLOOR" in os.environ:
    app = make(
        pickle.loads(Path(os.environ["BENCHMARK_FLOOR"]).read_bytes()),
        os.environ["BENCHMARK_URL"].replace("postgresql+psycopg://", "postgresql://"),
    )
