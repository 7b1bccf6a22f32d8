"""The feed: ``GET /api/v1/changes?after=N&wait=20``, for programs that follow what happens.

A consumer asks for what came after the last position that it has dealt with, and misses nothing: positions are given in
the order of commits. It may be away for as long as the log is kept; one for whom it is too late is told so (410), for
it would never hear of what has gone meanwhile. What it is told is what it may see: a record that leaves its sight is a
deletion, with the key alone.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from threading import BoundedSemaphore, Event
from typing import Final

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.changes.reading import ChangeReader, Told
from colonnade.core.database import database_of
from colonnade.core.negotiation import preferred_type
from colonnade.core.problems import BadRequest, Fault, Gone
from colonnade.core.resources import resources_of
from colonnade.core.settings import settings_of
from colonnade.plugins.rest.answers import JSON, private
from colonnade.plugins.rest.changes import as_json
from colonnade.plugins.rest.links import api_url

from .access import change_reader, kept_log
from .sealing.pruning import pruned_until_on
from .settings import HistorySettings

#: Seconds between two looks at the counter.
_BETWEEN: Final = 0.25
_MOST: Final = 1000
_DEFAULT: Final = 100
_WORDS: Final = ("after", "limit", "pruned", "resource", "wait")
_KEY: Final = "colonnade.history.waiting"


def keep_places(registry: Registry) -> None:
    """Make room for those who wait."""
    registry[_KEY] = BoundedSemaphore(max(settings_of(registry, HistorySettings).max_waiting, 1))


@dataclass(frozen=True)
class _Asked:
    """What the query string asks for.

    pruned: up to where the log had been pruned when the caller began, as the links say; 0 if the caller does not.
    """

    after: int
    limit: int
    resource: str | None
    wait: int
    pruned: int


def feed(request: Request) -> Response:
    """The changes after a position; where there is none yet, waits for one as long as the caller asked for.

    :raises Gone: if something was pruned of which the caller would have had to hear.
    """
    preferred_type(request, [JSON])
    asked = _asked(request)
    known = asked.pruned if asked.after else pruned_until_on(request.read_connection)
    after = _wait(request, asked) if asked.wait else asked.after
    told, position = _read(change_reader(request), after, asked)
    if asked.after:
        _require_kept(request, asked.after, known)
    content = {
        "data": [as_json(each) for each in told],
        "position": position,
        "next": f"{api_url(request)}/changes?{_again(request, position, known)}",
    }
    response = Response(body=json.dumps(content, ensure_ascii=False, default=str).encode(), content_type=JSON)
    response.charset = None
    return private(response)


def _require_kept(request: Request, after: int, known: int) -> None:
    """Refuse one who was away while changes after its position were pruned.

    Asked for after they were read: what is pruned from now on was among them.

    :param known: up to where the log had been pruned when the caller began.
    """
    pruned = pruned_until_on(request.read_connection)
    if after < pruned and known < pruned:
        raise Gone(
            f"The changes up to position {pruned} are not kept any longer. Begin anew, with an empty copy and after=0.",
            slug="changes-pruned",
            pruned=pruned,
        )


def _read(reader: ChangeReader, after: int, asked: _Asked) -> tuple[list[Told], int]:
    """The changes after a position, and how far they go."""
    last = reader.last_position()  # before the changes are read: all up to here are there to be seen
    told, reached = reader.after(after, asked.limit, asked.resource)
    # What was committed between the two statements was told already: never tell it again.
    return told, reached if reached is not None else max(after, last, *(each.position or 0 for each in told[-1:]))


def _wait(request: Request, asked: _Asked) -> int:
    """Return when there is a change that the caller is told of, or nobody may wait (longer).

    That others happened is not to be seen by it.

    :returns: the position after which it comes.
    """
    after = asked.after
    settings = settings_of(request.registry, HistorySettings)
    places: BoundedSemaphore = request.registry[_KEY]
    if not settings.max_waiting or not places.acquire(blocking=False):
        return after
    try:
        ends = time.monotonic() + asked.wait
        turn = Event()
        while True:
            # A connection for each look: one that is kept while waiting would be missed by others.
            with database_of(request.registry).read() as connection:
                reader = change_reader(request, connection)
                last = reader.last_position()
                told, position = _read(reader, after, asked) if last > after else ([], after)
            if told or time.monotonic() >= ends:
                return after
            after = position
            if after >= last:
                turn.wait(_BETWEEN)
    finally:
        places.release()


def _asked(request: Request) -> _Asked:
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
        "pruned": _number(request, "pruned", 0, 2**63 - 1, faults),
        "after": _number(request, "after", 0, 2**63 - 1, faults),
        "limit": _number(request, "limit", _DEFAULT, _MOST, faults, least=1),
        "wait": _number(request, "wait", 0, most_wait, faults),
    }
    if faults:
        raise BadRequest("The feed is asked for by after, limit, resource and wait.", faults=faults)
    return _Asked(**numbers, resource=resource)


def _number(request: Request, name: str, default: int, most: int, faults: list[Fault], least: int = 0) -> int:
    text = request.GET.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    faults.append(Fault(f"must be a whole number from {least} to {most}", parameter=name, code="number"))
    return default


def _again(request: Request, position: int, pruned: int) -> str:
    kept = [f"{name}={request.GET[name]}" for name in ("limit", "resource", "wait") if name in request.GET]
    if pruned:
        kept.append(f"pruned={pruned}")
    return "&".join([f"after={position}", *kept])
