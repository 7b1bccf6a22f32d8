"""The feed: ``GET /api/v1/changes?after=N&wait=20``, for programs that follow what happens.

A consumer asks for what came after the last position that it has dealt with, and misses nothing: positions are given in
the order of commits. It may be away for as long as the log is kept. What it is told is what it may see: a record that
leaves its sight is a deletion, with the key alone.
"""

from __future__ import annotations

import json
import time
from threading import BoundedSemaphore, Event
from typing import Final

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.changes.reading import ChangeReader, Told
from colonnade.core.database import database_of
from colonnade.core.negotiation import preferred_type
from colonnade.core.problems import BadRequest, Fault
from colonnade.core.resources import resources_of
from colonnade.core.settings import settings_of
from colonnade.plugins.rest.answers import JSON, private
from colonnade.plugins.rest.changes import as_json
from colonnade.plugins.rest.links import api_url

from .access import change_reader, kept_log
from .settings import HistorySettings

#: Seconds between two looks at the counter.
_BETWEEN: Final = 0.25
_MOST: Final = 1000
_DEFAULT: Final = 100
_WORDS: Final = ("after", "limit", "resource", "wait")
_KEY: Final = "colonnade.history.waiting"


def keep_places(registry: Registry) -> None:
    """Make room for those who wait."""
    registry[_KEY] = BoundedSemaphore(max(settings_of(registry, HistorySettings).max_waiting, 1))


def feed(request: Request) -> Response:
    """The changes after a position; where there is none yet, waits for one as long as the caller asked for."""
    preferred_type(request, [JSON])
    after, limit, resource, wait = _asked(request)
    if wait:
        after = _wait(request, after, limit, resource, wait)
    told, position = _read(change_reader(request), after, limit, resource)
    content = {
        "data": [as_json(each) for each in told],
        "position": position,
        "next": f"{api_url(request)}/changes?{_again(request, position)}",
    }
    response = Response(body=json.dumps(content, ensure_ascii=False, default=str).encode(), content_type=JSON)
    response.charset = None
    return private(response)


def _read(reader: ChangeReader, after: int, limit: int, resource: str | None) -> tuple[list[Told], int]:
    """The changes after a position, and how far they go."""
    last = reader.last_position()  # before the changes are read: all up to here are there to be seen
    told, reached = reader.after(after, limit, resource)
    # What was committed between the two statements was told already: never tell it again.
    return told, reached if reached is not None else max(after, last, *(each.position or 0 for each in told[-1:]))


def _wait(request: Request, after: int, limit: int, resource: str | None, wait: int) -> int:
    """Return when there is a change that the caller is told of, or nobody may wait (longer).

    That others happened is not to be seen by it.

    :returns: the position after which it comes.
    """
    settings = settings_of(request.registry, HistorySettings)
    places: BoundedSemaphore = request.registry[_KEY]
    if not settings.max_waiting or not places.acquire(blocking=False):
        return after
    try:
        ends = time.monotonic() + wait
        turn = Event()
        while True:
            # A connection for each look: one that is kept while waiting would be missed by others.
            with database_of(request.registry).read() as connection:
                reader = change_reader(request, connection)
                last = reader.last_position()
                told, position = _read(reader, after, limit, resource) if last > after else ([], after)
            if told or time.monotonic() >= ends:
                return after
            after = position
            if after >= last:
                turn.wait(_BETWEEN)
    finally:
        places.release()


def _asked(request: Request) -> tuple[int, int, str | None, int]:
    """What the query string asks for.

    :raises BadRequest: with each parameter that is not right.
    """
    known = [resource.name for resource in kept_log(request.registry).kept()]
    visible = [name for name in known if request.access.of(resources_of(request.registry)[name]).may("view")]
    most_wait = settings_of(request.registry, HistorySettings).max_wait
    faults: list[Fault] = []
    for name in dict.fromkeys(request.GET):
        if name not in _WORDS:
            faults.append(Fault("is no parameter of the feed", parameter=name, code="unknown", allowed=_WORDS))
        elif len(request.GET.getall(name)) > 1:
            faults.append(Fault("stands twice", parameter=name, code="duplicate"))
    resource = request.GET.get("resource")
    if resource is not None and resource not in visible:
        said = "is no resource whose changes are kept"
        faults.append(Fault(said, parameter="resource", code="unknown", allowed=tuple(visible)))
    numbers = {
        "after": _number(request, "after", 0, 2**63 - 1, faults),
        "limit": _number(request, "limit", _DEFAULT, _MOST, faults, least=1),
        "wait": _number(request, "wait", 0, most_wait, faults),
    }
    if faults:
        raise BadRequest("The feed is asked for by after, limit, resource and wait.", faults=faults)
    return numbers["after"], numbers["limit"], resource, numbers["wait"]


def _number(request: Request, name: str, default: int, most: int, faults: list[Fault], least: int = 0) -> int:
    text = request.GET.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    faults.append(Fault(f"must be a whole number from {least} to {most}", parameter=name, code="number"))
    return default


def _again(request: Request, position: int) -> str:
    kept = [f"{name}={request.GET[name]}" for name in ("limit", "resource", "wait") if name in request.GET]
    return "&".join([f"after={position}", *kept])
