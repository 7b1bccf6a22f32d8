"""A record's past: the changes of it, and the record as it was at a time or position."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.changes.reading import Unchanged
from colonnade.core.negotiation import preferred_type
from colonnade.core.problems import BadRequest, Fault
from colonnade.core.reading import Query, reader_of, reading_of
from colonnade.core.reading.grammar import And, Compare, parse
from colonnade.core.resources import Resource, resources_of
from colonnade.core.tree import Record, absent
from colonnade.core.values import UtcDateTime
from colonnade.plugins.rest.answers import JSON, document, page
from colonnade.plugins.rest.links import api_url

from .access import CHANGES, change_reader


def history(request: Request) -> Response:
    """The changes of one record, as a list of the log: with its filters, its order and its pages."""
    preferred_type(request, [JSON])
    record: Record = request.context
    asked = parse(request.query_string, reading_of(request.registry).limits)
    own = [_is("resource", record.resource.name), _is("key", record.__name__)]
    where = And((*own, *([asked.where] if asked.where is not None else [])))
    reader = reader_of(request, api_url(request))
    changes = resources_of(request.registry)[CHANGES]
    query = replace(asked, where=where)
    listing = reader.list(changes, query)
    if not listing.data and asked.where is None and not reader.exists(record.resource, record.key):
        raise absent()
    return page(request, listing)


def as_of(request: Request) -> Response:
    """A record as it was.

    :raises NotFound: if there was none then, or none that the caller may see.
    """
    preferred_type(request, [JSON])
    record: Record = request.context
    fields = _fields(request, record.resource)
    moment = _moment(request)
    try:
        image = change_reader(request).record_as_of(record.resource, record.__name__, moment)
    except Unchanged:
        query = Query(fields=tuple((name,) for name in fields))
        text = reader_of(request, api_url(request)).one(record.resource, record.key, query)
    else:
        shown = None if image is None else {name: image[name] for name in fields if name in image}
        text = None if shown is None else json.dumps(shown, ensure_ascii=False, separators=(",", ":"), default=str)
    if text is None:
        raise absent()
    return document(request, text)


def _is(name: str, value: str) -> Compare:
    return Compare((name,), "exact", value, True, name, name, value)


def _moment(request: Request) -> datetime | int:
    text = request.GET.getall("as_of")[-1].strip()
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    try:
        moment: datetime = UtcDateTime().value.parse_text(text)
    except ValueError as error:
        fault = Fault(f"{error}; or write a position, such as 1042", parameter="as_of", code="value")
        raise BadRequest("as_of is a time or a position of the log.", faults=[fault]) from None
    return moment


def _fields(request: Request, resource: Resource) -> list[str]:
    """The names of the fields that are asked for, in declared order."""
    visible = [field.name for field in request.access.of(resource).visible_fields]
    faults = [
        Fault("has no meaning for a record as it was", parameter=name, code="unknown", allowed=("as_of", "fields"))
        for name in dict.fromkeys(request.GET)
        if name not in ("as_of", "fields")
    ]
    faults += [
        Fault("stands twice", parameter=name, code="duplicate")
        for name in ("as_of", "fields")
        if len(request.GET.getall(name)) > 1
    ]
    given: Any = request.GET.get("fields")
    wanted = visible if given is None else [name.strip() for name in given.split(",")]
    faults += [
        Fault(f"{resource.name} has no field {name[:80]!r}", parameter="fields", code="unknown", allowed=tuple(visible))
        for name in wanted
        if name not in visible
    ]
    if faults:
        raise BadRequest("A record as it was has fields only.", faults=faults)
    return [name for name in visible if name in wanted]
