"""The view of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from pyramid.request import Request
from pyramid.response import Response
from webob.etag import ETagMatcher

from colonnade.core.problems import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    Unauthorized,
)
from colonnade.core.reading import Query
from colonnade.core.resources import resources_of
from colonnade.core.settings import settings_of
from colonnade.core.tree import Collection, Record
from colonnade.core.writing import Edit, Merge, Patch, Replace, Writer, Written, writer_of
from colonnade.core.writing.many import all_or_none
from colonnade.core.writing.patching import read_operations as read_patch
from colonnade.core.writing.writer import Precondition
from colonnade.plugins.rest.answers import tag_of, written
from colonnade.plugins.rest.conditions import refuse_conditions
from colonnade.plugins.rest.preferences import Preferences
from colonnade.plugins.rest.settings import RestSettings
from colonnade.plugins.rest.unasked import refuse_query
from colonnade.plugins.rest.writing import Key, Showing, address, body_of, reader, writing

from .operations import Operation, read_operations
from .references import Keys

#: What is asked of each answer.
_PLAIN: Final = Query()


@writing
def batch(request: Request, preferences: Preferences) -> Response:
    """Perform every operation, in order, or none."""
    _ = request.identity  # credentials that are not good are a 401 before anything else
    refuse_conditions(request, "A batch")
    refuse_query(request, "A batch", "Each operation says what it is about.")
    most = settings_of(request.registry, RestSettings).max_items
    operations = read_operations(body_of(request), resources_of(request.registry), most)
    if preferences.max_affected is not None and len(operations) > preferences.max_affected:
        raise Conflict(f"The batch has more than {preferences.max_affected:,} operations.", slug="max-affected")
    performing = _Performing(request, preferences)
    performing.lock(operations)
    results = all_or_none(request.dbsession, operations, performing.perform, "/operations")
    if preferences.bare:
        return written(204, None)
    return written(200, f'{{"results":[{",".join(results)}]}}', tagged=False)


class _Performing:
    """Performs operations as the view of their own address would, and gives the text of each answer."""

    def __init__(self, request: Request, preferences: Preferences) -> None:
        self._request = request
        self._preferences = preferences
        self._writer: Writer = writer_of(request)
        self._keys = Keys()

    def lock(self, operations: Sequence[Operation]) -> None:
        """Lock the records that are named outright, in one order, so that batches do not wait for each other."""
        named: dict[str, list[Key]] = {}
        for each in operations:
            if isinstance(each.key, (str, int)):
                with suppress(NotFound):
                    record = Collection(each.resource, self._request).record(str(each.key))
                    named.setdefault(each.resource.name, []).append(record.key)
        for name in sorted(named):
            self._writer.lock(self._writer.resources[name], named[name])

    def perform(self, operation: Operation) -> str:
        """:raises Problem: for whatever that view would refuse."""
        collection = Collection(operation.resource, self._request)
        if operation.op == "create":
            showing = self._showing(operation)
            self._require(collection, "create")
            with _below("/body"):
                body = self._keys.filled(operation.body)
                created = self._writer.create(operation.resource, body, showing.fields)
            return self._result(operation, 201, created, showing)
        record = collection.record(self._keys.key_text(operation.key))
        self._require(record, "delete" if operation.op == "delete" else "edit")
        if operation.op == "delete":
            self._writer.delete(operation.resource, record.key, self._precondition(operation, record))
            return json.dumps({"status": 204})
        showing = self._showing(operation)
        with _below("/body"):
            edit = self._edit(operation)
            precondition = self._precondition(operation, record)
            changed = self._writer.edit(operation.resource, record.key, edit, precondition, showing.fields)
        return self._result(operation, 200, changed, showing)

    def _showing(self, operation: Operation) -> Showing:
        return Showing(self._request, self._preferences, operation.resource, _PLAIN)

    def _edit(self, operation: Operation) -> Edit:
        body = self._keys.filled(operation.body)
        match operation.op:
            case "replace":
                return Replace(body)
            case "merge":
                return Merge(body)
            case _:
                return Patch(read_patch(body))

    def _require(self, context: Collection | Record, permission: str) -> None:
        """Refuse what the view of the context would not be run for."""
        if self._request.has_permission(permission, context):
            return
        if self._request.identity.anonymous:
            raise Unauthorized
        hidden = context.refusal(self._request.access) if isinstance(context, Record) else None
        raise hidden or Forbidden("Your permissions do not allow this.")

    def _precondition(self, operation: Operation, record: Record) -> Precondition | None:
        if operation.if_match is None:
            if settings_of(self._request.registry, RestSettings).require_if_match:
                raise PreconditionRequired("Send if_match with the ETag of the record.")
            return None
        wanted = ETagMatcher.parse(operation.if_match)

        def require() -> None:
            text = reader(self._request).one(operation.resource, record.key, Query())
            if text is None or tag_of(text.encode()) not in wanted:
                raise PreconditionFailed("The record has changed since: its ETag is another one now.")

        return require

    def _result(self, operation: Operation, status: int, record: Written, showing: Showing) -> str:
        """What is told of one operation; remembers the key for later ones."""
        if operation.name:
            self._keys.keep(operation.name, operation.resource, record.key)
        text = showing.text(record)
        location = json.dumps(address(self._request, operation.resource, record.key))
        if text is None:
            return f'{{"status":{status},"location":{location}}}'
        return f'{{"status":{status},"location":{location},"etag":{json.dumps(_quoted(text))},"body":{text}}}'


def _quoted(text: str) -> str:
    return f'"{tag_of(text.encode())}"'


@contextmanager
def _below(place: str) -> Iterator[None]:
    """Let the faults of the block point below a member of the operation."""
    try:
        yield
    except Problem as problem:
        problem.faults = tuple(replace(each, pointer=place + (each.pointer or "")) for each in problem.faults)
        raise
