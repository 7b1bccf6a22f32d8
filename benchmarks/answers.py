"""Whether all give equal answers: the same JSON values with the same members, and refuse who has no good token."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

from benchmarks.systems import System
from benchmarks.works import WORKS, Work

#: A new employee's number, and the record that is changed: nobody else's.
NUMBER, RECORD = 900_000, 777


class AnswerError(Exception):
    """Two systems do not answer alike, so their speed says nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> object:
        """The JSON, without the link to the next page, which only the product makes."""
        if not self.body:
            return None
        value = json.loads(self.body)
        if isinstance(value, dict) and "data" in value:
            value.pop("next", None)
        return value


def send(address: str, method: str = "GET", body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """One request, whatever its answer."""
    sent = dict(headers or {})
    if body:
        sent["Content-Type"] = "application/json"
    request = urllib.request.Request(address, body.encode() or None, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Answer(response.status, _named(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _named(error.headers), error.read())


def _named(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def filled(template: str, number: int = NUMBER, row: int = RECORD) -> str:
    """A path or a body for one request."""
    return template.replace("{n}", str(number)).replace("{row}", str(row))


def bearer(token: str | None) -> dict[str, str]:
    """The header that says who asks."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def answers_of(address: str, system: System, tokens: Mapping[str, str]) -> Iterator[tuple[Work, Answer]]:
    """What a system answers to each work that it has.

    :raises AnswerError: if it is no good answer, or one that needs a token is given without.
    """
    for work in WORKS:
        if work.name not in system.paths:
            continue
        path = address + filled(system.paths[work.name])
        headers = bearer(tokens.get(work.user or ""))
        if work.conditional:
            headers["If-None-Match"] = send(path, headers=headers).headers["etag"]
        answer = send(path, work.method, filled(work.body), headers)
        if answer.status != work.status:
            raise AnswerError(f"{system.title}, {work.name}: {answer}")
        yield work, answer
        if work.user is None or not system.compared:
            continue
        for wrong in (None, "clnd_aaaaaaaa_" + "b" * 43):
            refused = send(path, work.method, filled(work.body, NUMBER + 1), bearer(wrong))
            if refused.status not in (401, 403):
                raise AnswerError(f"{system.title}, {work.name}: {refused.status} with the token {wrong}")


def compare(system: System, answers: Mapping[str, Answer], expected: Mapping[str, Answer]) -> None:
    """Hold the answers of one to those of another.

    :raises AnswerError: naming what differs.
    """
    for name, answer in answers.items():
        ours, theirs = expected[name].value, answer.value
        if ours != theirs:
            raise AnswerError(f"{system.title}, {name}:\n{_first_difference(theirs, ours)}")


def _first_difference(one: object, other: object, path: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name, ...) != other.get(name, ...):
                return _first_difference(one.get(name, "nothing"), other.get(name, "nothing"), f"{path}/{name}")
    if isinstance(one, list) and isinstance(other, list):
        for place, (a, b) in enumerate(zip(one, other, strict=False)):
            if a != b:
                return _first_difference(a, b, f"{path}/{place}")
        return f"at {path}: {len(one)} items, not {len(other)}"
    return f"at {path}: {one!r}, not {other!r}"
