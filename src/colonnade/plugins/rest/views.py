"""The views that read. The policy is in the statement; a view carries the question there and the answer back."""

from __future__ import annotations

import json

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.negotiation import preferred_type
from colonnade.core.plugins import plugins_of
from colonnade.core.reading import Query, Within, reader_of, reading_of
from colonnade.core.resources import resources_of
from colonnade.core.tree import absent

from .answers import JSON, document, page
from .formats import list_formats
from .links import api_url


def root(request: Request) -> Response:
    """What this API can do, and its resources."""
    preferred_type(request, [JSON])
    _ = request.identity  # anybody may look; but credentials that are not good are a 401, here as everywhere
    base = api_url(request)
    content = {
        "capabilities": [{"name": plugin.name, "summary": plugin.summary} for plugin in plugins_of(request.registry)],
        "resources": [
            {"name": resource.name, "href": f"{base}/{resource.name}", "summary": resource.summary}
            for resource in resources_of(request.registry).values()
        ],
    }
    return document(request, json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def list_(request: Request) -> Response:
    """A page of the records that the caller may see; or what another format makes of the list."""
    formats = list_formats(request.registry)
    if (preferred := preferred_type(request, [JSON, *formats])) != JSON:
        request.read_connection.settle()  # what others make of the list is begun for one who is known
        return formats[preferred](request)
    query = query_of(request)
    return page(request, reader_of(request, api_url(request)).list(request.context.resource, query))


def related(request: Request) -> Response:
    """A page of the records that a relation of one record leads to."""
    preferred_type(request, [JSON])
    query = query_of(request)
    record, relation = request.context.record, request.context.relation
    reader = reader_of(request, api_url(request))
    return page(request, reader.list(relation.target, query, Within(relation, record.key)))


def one(request: Request) -> Response:
    """One record."""
    preferred_type(request, [JSON])
    record = request.context
    text = reader_of(request, api_url(request)).one(record.resource, record.key, query_of(request))
    if text is None:
        raise absent()
    return document(request, text)


def query_of(request: Request) -> Query:
    """What the query string asks for.

    :raises BadRequest: for what is not its grammar.
    """
    return reading_of(request.registry).questions.query(request.environ.get("QUERY_STRING", ""))
