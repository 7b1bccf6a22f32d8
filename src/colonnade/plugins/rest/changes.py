"""``Prefer: return=changes``: a write answers the changes that it made, as the change log tells them to who asks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.changes.access import ChangeAccess
from colonnade.core.changes.log import log_of
from colonnade.core.changes.reading import ChangeReader, Told
from colonnade.core.problems import BadRequest
from colonnade.core.resources import resources_of

from .answers import JSON


def changes_reader(request: Request) -> ChangeReader:
    """Who reads the log for the one who sent a request, in the transaction of its writing.

    :raises BadRequest: where no log is kept, or none that the caller may see anything of.
    """
    log = log_of(request.registry)
    resource = None if log is None else resources_of(request.registry).of_model(log.change)
    access = None if resource is None else request.access.of(resource)
    if log is None or not isinstance(access, ChangeAccess):
        raise BadRequest("No change log is kept here, so return=changes cannot be gone by; nothing was done.")
    return ChangeReader(log, access, request.identity_attributes, request.read_connection)


def changed(response: Response, told: Iterable[Told]) -> Response:
    """The same answer with the changes for its content."""
    content = {"changes": [as_json(each) for each in told]}
    body = json.dumps(content, ensure_ascii=False, default=str).encode()
    headers = [(name, value) for name, value in response.headerlist if name not in _OF_THE_OLD_BODY]
    status = response.status if response.status_int == 201 else "200 OK"
    answer = Response(body=body, status=status, content_type=JSON, charset=None)
    answer.headers.extend(headers)
    return answer


_OF_THE_OLD_BODY = frozenset({"Content-Type", "Content-Length", "ETag"})


def as_json(told: Told) -> Mapping[str, Any]:
    """One change, as an answer has it."""
    members: dict[str, Any] = {
        "position": told.position,
        "at": told.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "request_id": told.request_id,
        "actor": told.actor,
        "resource": told.resource,
        "key": told.key,
        "verb": told.verb,
    }
    return members if told.record is None else {**members, "record": told.record}
