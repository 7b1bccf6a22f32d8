"""What the product sends to PostgreSQL for one request, taken down at the driver, as a program that `floor` repeats.

A write is sent twice with other values; where a parameter differs between the two, it is known from the request (a
field of the body, the key in the path), or from an answer of the database (the new key), or it is a moment or an
identifier of the request's own. So the floor binds what the product binds, and knows nothing of it.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.answers import bearer, filled
from benchmarks.application import make
from benchmarks.data import Seed
from benchmarks.floor import Origin, Program, Statement
from benchmarks.in_process import call, environ
from benchmarks.works import OURS, WORKS, Work
from colonnade.core.database import database_of, statements_of

_NAMED = re.compile(r"%\((\w+)\)s")
#: The two requests that are compared: another number, another record.
_FIRST, _SECOND = (900_001, 701), (900_002, 702)


class RecordingError(Exception):
    """Something is sent that the floor could not repeat."""


# -- Recording


@dataclass(frozen=True)
class _Sent:
    query: bytes
    arguments: list[Any]
    autocommit: bool
    returns: bool


@contextmanager
def _listening() -> Iterator[list[_Sent]]:
    """All that psycopg's cursors execute while the block lasts."""
    heard: list[_Sent] = []
    usual = psycopg.Cursor.execute

    def execute(cursor: psycopg.Cursor[Any], query: Any, params: Any = None, **options: Any) -> Any:
        answer = usual(cursor, query, params, **options)
        text, arguments = _numbered(query, params)
        heard.append(_Sent(text, arguments, cursor.connection.autocommit, cursor.description is not None))
        return answer

    def unknown(*_: Any, **__: Any) -> Any:
        raise RecordingError("The floor knows neither executemany nor pipelines.")

    others = {(psycopg.Cursor, "executemany"): unknown, (psycopg.Connection, "pipeline"): unknown}
    before = {(owner, name): getattr(owner, name) for owner, name in others}
    psycopg.Cursor.execute = execute  # type: ignore[method-assign,assignment]
    for (owner, name), other in others.items():
        setattr(owner, name, other)
    try:
        yield heard
    finally:
        psycopg.Cursor.execute = usual  # type: ignore[method-assign]
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
    find = _finder(body, other_body, key, other_key)
    statements = tuple(
        Statement(a.query, tuple(map(find, a.arguments, b.arguments)), a.autocommit, a.returns)
        for a, b in zip(first, second, strict=True)
    )
    return Program(work.name, statements, work.name in ("list", "policy"))


def _finder(
    body: Mapping[str, Any], other_body: Mapping[str, Any], key: Any, other_key: Any
) -> Callable[[Any, Any], Any]:
    def find(a: Any, b: Any) -> Any:
        """The value, or its origin where two requests had different ones."""
        if isinstance(a, Jsonb) and isinstance(b, Jsonb):
            return Origin("document", parts={name: find(a.obj[name], b.obj[name]) for name in a.obj})
        if isinstance(a, datetime):
            return Origin("now")
        if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            return [find(one, other) for one, other in zip(a, b, strict=True)]
        if a == b:
            return a
        for name in body:
            if (a, b) == (body[name], other_body[name]):
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
