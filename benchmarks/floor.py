"""The floor: a bare WSGI function that sends exactly the statements that the product sends, and nothing else.

It routes by the path, reads the one number that it needs, looks nothing up, checks nothing, and passes on the text that
the database made. Each thread has its connections; statements are prepared, and sent as the product sends them. What it
sends was recorded from the product (`recording`), and is read from the file that $BENCHMARK_FLOOR names.
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
from psycopg.types.numeric import Int8Dumper

from benchmarks.works import OURS
from colonnade.core.database.server_statements import ServerStatements

Start = Callable[..., Any]

_own = threading.local()


@dataclass(frozen=True)
class Origin:
    """Where the value of a parameter comes from, if it is not the same for all requests.

    kind: `body` (then `name` is the field), `key` and `text of key` (of the record), `returned` (what the database has
        told of the new record), `now`, `identifier`, or `document` (then `parts` has the members of a JSON
        document, which is sent as text).
    """

    kind: str
    name: str = ""
    parts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Statement:
    """One that is sent: text with $1, $2 … and for each the value, or its `Origin`.

    commits: whether COMMIT is sent together with it.
    with_next: whether the next one is.
    """

    query: bytes
    arguments: tuple[Any, ...]
    autocommit: bool
    commits: bool
    with_next: bool


@dataclass(frozen=True)
class Program:
    """The statements of one work, in order; those that are not in autocommit are one transaction.

    page: how many records of the last answer are put into the envelope of a list; None: it is one record.
    """

    work: str
    statements: tuple[Statement, ...]
    page: int | None


def statements_on(url: str, autocommit: bool) -> ServerStatements:
    """Those of the thread's own connection, which has the settings that the text of values depends on."""
    name = f"statements_{autocommit}"
    known: ServerStatements | None = getattr(_own, name, None)
    if known is None:
        styles = "-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=postgres -c extra_float_digits=1 -c jit=off"
        connection = psycopg.connect(url, autocommit=autocommit, options=styles)
        connection.adapters.register_dumper(int, Int8Dumper)
        known = ServerStatements(connection)
        setattr(_own, name, known)
    return known


def run(program: Program, url: str, body: dict[str, Any], key: int | None) -> bytes:
    """Send the statements of one request; the text of its answer."""
    seen = {"body": body, "key": key, "now": datetime.now(UTC), "identifier": str(uuid4())}
    text: str = ""
    waiting: list[tuple[bytes, list[Any], Callable[[Any], object]]] = []
    for statement in program.statements:
        statements = statements_on(url, statement.autocommit)
        bound = statement.query, [filled(each, seen) for each in statement.arguments]
        if statement.with_next:
            waiting.append((*bound, len))
            continue
        if waiting:
            rows, waiting = statements.rows_after(waiting, *bound), []
        else:
            rows = (statements.rows_and_commit if statement.commits else statements.rows)(*bound)
        if program.page is not None and statement is program.statements[-1]:
            return b'{"data":[' + ",".join([row[0] for row in rows[: program.page]]).encode() + b"]}"
        if rows and isinstance(rows[0][0], str):
            text = rows[0][0]
            if seen["key"] is None and statement.query.startswith(b"INSERT"):
                seen["returned"], seen["key"] = text, json.loads(text)["id"]
    return text.encode()


def filled(argument: Any, seen: dict[str, Any]) -> Any:
    """The value of a parameter for this request."""
    if isinstance(argument, list):
        return [filled(each, seen) for each in argument]
    if not isinstance(argument, Origin):
        return argument
    if argument.kind == "document":
        assert argument.parts is not None
        return json.dumps({name: filled(each, seen) for name, each in argument.parts.items()}, ensure_ascii=False)
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
            return answer(start_response, "200 OK", run(known[path], url, {}, None))
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
