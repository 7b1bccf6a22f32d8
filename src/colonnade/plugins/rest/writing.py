"""What every view that writes has in common: what the caller prefers, one effect for one key, and the preview."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.body import json_body
from colonnade.core.database import check_deferred
from colonnade.core.negotiation import preferred_type
from colonnade.core.reading import Query, Reader, reader_of
from colonnade.core.resources import Resource
from colonnade.core.settings import settings_of
from colonnade.core.tree import join_key
from colonnade.core.writing import Writer, Written, writer_of

from .answers import JSON
from .changes import changed, changes_reader
from .idempotency import once
from .links import api_url, record_url
from .preferences import Preferences, preferences_of
from .settings import RestSettings

_PREFERENCES = ("return", "tx", "max-affected")

Perform: TypeAlias = Callable[[Request, Preferences], Response]
Key: TypeAlias = tuple[object, ...]


def writing(perform: Perform) -> Callable[[Request], Response]:
    """Make a view of a function that writes.

    With ``Idempotency-Key`` it happens once, however often it is sent; with ``Prefer: tx=rollback`` everything is done
    and answered, constraints checked, and then undone.
    """

    @wraps(perform)
    def view(request: Request) -> Response:
        preferred_type(request, [JSON])
        preferences = preferences_of(request)
        if preferences.tx == "rollback":
            return _undone(request, preferences, perform)
        return once(request, lambda: _done(request, preferences, perform))

    return view


def _done(request: Request, preferences: Preferences, perform: Perform) -> Response:
    changes = changes_reader(request) if preferences.return_ == "changes" else None
    response = perform(request, preferences)
    check_deferred(request.dbsession)
    if changes is not None:
        response = changed(response, changes.of_request(request.id))
    claimed = ("tx", "max-affected") if preferences.return_ == "minimal" and response.body else _PREFERENCES
    applied = preferences.applied(*claimed)
    if applied:
        response.headers["Preference-Applied"] = applied
    return response


def _undone(request: Request, preferences: Preferences, perform: Perform) -> Response:
    with request.dbsession.begin_nested() as savepoint:
        response = _done(request, preferences, perform)
        savepoint.rollback()
    return response


def body_of(request: Request) -> object:
    """The body, as JSON values."""
    return json_body(request, settings_of(request.registry, RestSettings).max_body_bytes)


def early_writer(request: Request) -> Writer:
    """The writer of a request, whose first statement may go with the look-up of who they are."""
    return writer_of(request, settled=False)


class Showing:
    """Shows a record that is written to its author: as the statement that writes it returns it, or by another one.

    fields: what that statement is asked for, if it could tell.
    """

    def __init__(self, request: Request, preferences: Preferences, resource: Resource, query: Query) -> None:
        """:raises BadRequest: for a query that does not fit, whether an answer is wanted or not."""
        self._resource = resource
        self._query = query
        self._reader = reader(request)
        self._wanted = not preferences.bare
        fields = self._reader.row_fields(resource, query)
        self.fields = fields if self._wanted else None

    def text(self, record: Written) -> str | None:
        """The record as its author may see it; None if they may not, or would rather not."""
        if record.text is not None or not self._wanted:
            return record.text
        return self._reader.one(self._resource, record.key, self._query)


def reader(request: Request) -> Reader:
    """The reader of the request, in the transaction of its writing."""
    return reader_of(request, api_url(request))


def address(request: Request, resource: Resource, key: Key) -> str:
    """The URL of a record."""
    parts = [field.value.to_text(part) for field, part in zip(resource.key, key, strict=True)]
    return record_url(request, resource, join_key(parts))
