"""What the product sends to PostgreSQL for one request, taken down at the driver, as a program that `floor` repeats.

A write is sent twice with other values; where a parameter differs between the two, it is known from the request (a
field of the body, the key in the path), or from an answer of the database (the new key), or it is a moment or an
identifier of the request's own. So the floor binds what the product binds, and knows nothing of it.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.answers import bearer, filled
from benchmarks.application import make
from benchmarks.data import Seed
from benchmarks.floor import Origin, Program, Statement
from benchmarks.in_process import call, environ
from benchmarks.works import OURS, PAGE, WORKS, Work
from colonnade.core.database import database_of, statements_of
from colonnade.core.database.sending import Rows
from colonnade.core.database.server_statements import ServerStatements

_NAMED = re.compile(r"%\((\w+)\)s")
#: The two requests that are compared: another number, another record.
_FIRST, _SECOND = (900_001, 701), (900_002, 702)


class RecordingError(Exception):
    """Something is sent that the floor could not repeat."""


# -- Recording


@dataclass(frozen=True)
class _Sent:
    """A statement, whether COMMIT or the next one was sent with it, and the first value that it returned, as text."""

    query: bytes
    arguments: list[Any]
    autocommit: bool
    returned: str | None
    commits: bool = False
    with_next: bool = False


@contextmanager
def _listening() -> Iterator[list[_Sent]]:
    """All that is sent while the block lasts, by psycopg's cursors and without them."""
    heard: list[_Sent] = []
    by_cursor = psycopg.Cursor.execute
    together = ServerStatements.rows_after
    without_cursor = {True: ServerStatements.rows_and_commit, False: ServerStatements.rows}

    def execute(cursor: psycopg.Cursor[Any], query: Any, params: Any = None, **options: Any) -> Any:
        answer = by_cursor(cursor, query, params, **options)
        text, arguments = _numbered(query, params)
        result = cursor.pgresult
        value = result.get_value(0, 0) if result is not None and result.ntuples else None
        returned = None if value is None else value.decode()
        heard.append(_Sent(text, arguments, cursor.connection.autocommit, returned))
        return answer

    def take_down(
        statements: ServerStatements, query: bytes, arguments: Sequence[object], found: Rows, **how: bool
    ) -> None:
        returned = found[0][0] if found and isinstance(found[0][0], str) else None
        heard.append(_Sent(query, list(arguments), statements.connection.autocommit, returned, **how))

    def sending(commits: bool) -> Callable[..., Any]:
        def rows(statements: ServerStatements, query: bytes, arguments: Sequence[object]) -> Rows:
            found = without_cursor[commits](statements, query, arguments)
            take_down(statements, query, arguments, found, commits=commits)
            return found

        return rows

    def rows_after(statements: ServerStatements, awaited: Any, *other: Any) -> Rows:
        before: list[Rows] = []

        def checking(check: Callable[[Rows], object]) -> Callable[[Rows], object]:
            return lambda rows: (before.append(rows), check(rows))

        found = together(statements, [(*bound, checking(check)) for *bound, check in awaited], *other)
        for (*bound, _), rows in zip(awaited, before, strict=True):
            take_down(statements, *bound, rows, with_next=True)
        take_down(statements, *other, found)
        return found

    def unknown(*_: Any, **__: Any) -> Any:
        raise RecordingError("The floor knows neither executemany nor pipelines.")

    others: dict[tuple[Any, str], Callable[..., Any]] = {
        (psycopg.Cursor, "execute"): execute,
        (ServerStatements, "rows"): sending(commits=False),
        (ServerStatements, "rows_and_commit"): sending(commits=True),
        (ServerStatements, "rows_after"): rows_after,
        (psycopg.Cursor, "executemany"): unknown,
        (psycopg.Connection, "pipeline"): unknown,
    }
    before = {(owner, name): getattr(owner, name) for owner, name in others}
    for (owner, name), other in others.items():
        setattr(owner, name, other)
    try:
        yield heard
    finally:
        for (owner, name), each in before.items():
            setattr(owner, name, each)


def _numbered(query: Any, params: Any) -> tuple[bytes, list[Any]]:
    """With the server's own placeholders, as psycopg sends it."""
    if isinstance(query, bytes):
        return query, list(params or ())
    if not isinstance(query, str):
        raise RecordingError(f"A statement of a kind of its own: {query!r}")
    if not params:
        return query.encode(), []
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    text = _NAMED.sub(number, query).replace("%%", "%")
    return text.encode(), [params[name] for name in names]


def record(url: str, tokens: Mapping[str, str]) -> dict[str, Program]:
    """The programs of all works that touch the database.

    :raises RecordingError: if something cannot be repeated.
    """
    app: Any = make(url)
    programs = {}
    for work in WORKS:
        if work.user is not None and not work.conditional:
            headers = bearer(tokens[work.user])
            _send(app, work, headers, (900_000, 700))  # what is looked up once is no habit
            programs[work.name] = _program(work, *(_sent_by(app, work, headers, each) for each in (_FIRST, _SECOND)))
    database_of(app.registry).dispose()
    return programs


def recorded(data: Seed) -> Path:
    """The file that `floor` reads, with the programs of all works; it goes with the folder of the data."""
    file = data.folder / "floor.pickle"
    with data.copy(ours=True) as url:
        file.write_bytes(pickle.dumps(record(url, data.tokens)))
    return file


def _sent_by(
    app: Any, work: Work, headers: Mapping[str, str], numbers: tuple[int, int]
) -> tuple[list[_Sent], dict[str, Any], Any]:
    """What is sent for one request, its body, and the key of its record."""
    with statements_of(database_of(app.registry)) as told, _listening() as heard:
        body, answer = _send(app, work, headers, numbers)
    if len(told) != len(heard):
        raise RecordingError(f"{work.name}: the product tells of {len(told)} statements, psycopg of {len(heard)}")
    return heard, json.loads(body or "{}"), answer.get("id")


def _send(app: Any, work: Work, headers: Mapping[str, str], numbers: tuple[int, int]) -> tuple[str, dict[str, Any]]:
    body = filled(work.body, *numbers)
    return body, json.loads(call(app, environ(filled(OURS[work.name], *numbers), work.method, body, headers)))


def _program(
    work: Work, one: tuple[list[_Sent], dict[str, Any], Any], other: tuple[list[_Sent], dict[str, Any], Any]
) -> Program:
    (first, body, key), (second, other_body, other_key) = one, other
    if [each.query for each in first] != [each.query for each in second]:
        raise RecordingError(f"{work.name}: the statements are not the same each time")
    returned = {(a.returned, b.returned) for a, b in zip(first, second, strict=True) if a.query.startswith(b"INSERT")}
    find = _finder(body, other_body, key, other_key, returned)
    statements = tuple(
        Statement(a.query, tuple(map(find, a.arguments, b.arguments)), a.autocommit, a.commits, a.with_next)
        for a, b in zip(first, second, strict=True)
    )
    return Program(work.name, statements, PAGE if work.name in ("list", "policy") else None)


def _is_document(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("{")


def _finder(
    body: Mapping[str, Any],
    other_body: Mapping[str, Any],
    key: Any,
    other_key: Any,
    returned: Set[tuple[str | None, str | None]],
) -> Callable[[Any, Any], Any]:
    def find(a: Any, b: Any) -> Any:
        """The value, or its origin where two requests had different ones."""
        if _is_document(a) and _is_document(b):
            if (a, b) in returned:
                return Origin("returned")
            one, other = json.loads(a), json.loads(b)
            return Origin("document", parts={name: find(one[name], other[name]) for name in one})
        if isinstance(a, datetime):
            return Origin("now")
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            return [find(one, other) for one, other in zip(a, b, strict=True)]
        if a == b:
            return a
        if (name := next((each for each in body if (a, b) == (body[each], other_body[each])), None)) is not None:
            return Origin("body", name)
        if (a, b) == (key, other_key):
            return Origin("key")
        if (a, b) == (str(key), str(other_key)):
            return Origin("text of key")
        if isinstance(a, str) and len(a) == 36:
            return Origin("identifier")
        if isinstance(a, (str, int)) and key != other_key:
            return a  # what the record had before: any other value is as long to send
        raise RecordingError(f"Nobody knows where {a!r} and {b!r} come from")

    return find
