"""The views that write a collection: a new record, an array of records, all records that a filter means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.problems import BadRequest, Conflict, ContentTooLarge, Fault, Unprocessable
from colonnade.core.reading import Query
from colonnade.core.reading.matching import keys_matching, require_filter
from colonnade.core.resources import Resource
from colonnade.core.settings import settings_of
from colonnade.core.writing import Edit, Merge, Replace, Writer, writer_of
from colonnade.core.writing.bulk import create_each
from colonnade.core.writing.many import all_or_none

from .answers import written
from .conditions import refuse_conditions, refuse_unconditional
from .preferences import Preferences
from .record_writes import patch_of
from .settings import RestSettings
from .views import query_of
from .writing import Key, Showing, address, body_of, early_writer, reader, writing

#: What is sent with a change of a filter that names no limit.
_HOW_MANY = "Say how many records may be written at most, such as Prefer: max-affected=100; nothing was done."


@writing
def create(request: Request, preferences: Preferences) -> Response:
    """POST: create the record in the body, or each of an array."""
    refuse_conditions(request, "A creation")
    query, resource = query_of(request), request.context.resource
    body = body_of(request)
    if not isinstance(body, list):
        showing = Showing(request, preferences, resource, query)
        created = early_writer(request).create(resource, body, showing.fields)
        return written(201, showing.text(created), address(request, resource, created.key))
    _require_no_filter(query)
    _require_few(request, preferences, body)
    keys = create_each(writer_of(request), resource, body)
    return _written(request, preferences, 201, keys, query)


@writing
def replace(request: Request, preferences: Preferences) -> Response:
    """PUT: change each record of an array, each named by its key, into what the array says."""
    refuse_unconditional(request)
    refuse_conditions(request, "A collection")
    query, body = query_of(request), body_of(request)
    return _edited_each(request, preferences, _array(body), query, Replace)


@writing
def patch(request: Request, preferences: Preferences) -> Response:
    """PATCH: an array of merge patches, each with its record's key; or one patch of all that the filter means."""
    refuse_unconditional(request)
    refuse_conditions(request, "A collection")
    query, edit = query_of(request), patch_of(request)
    if isinstance(edit, Merge) and isinstance(edit.patch, list):
        return _edited_each(request, preferences, edit.patch, query, Merge)
    writer, resource = writer_of(request), request.context.resource
    keys = [writer.edit(resource, key, edit).key for key in _matching(request, preferences, writer, query)]
    return _written(request, preferences, 200, keys, query)


@writing
def delete(request: Request, preferences: Preferences) -> Response:
    """DELETE: the records whose keys an array gives, or all that the filter means."""
    refuse_unconditional(request)
    refuse_conditions(request, "A collection")
    query, resource, writer = query_of(request), request.context.resource, writer_of(request)
    if request.is_body_readable and request.content_length != 0:
        items = _array(body_of(request))
        _require_no_filter(query)
        _require_few(request, preferences, items)
        _lock_in_order(writer, resource, items)
        deleted = all_or_none(
            request.dbsession, items, lambda each: writer.delete(resource, _key(resource, each)), place=""
        )
        number = len(deleted)
    else:
        keys = _matching(request, preferences, writer, query)
        writer.delete_all(resource, keys)
        number = len(keys)
    text = None if preferences.bare else json.dumps({"affected": number})
    return written(200, text, tagged=False)


def _edited_each(
    request: Request, preferences: Preferences, items: Sequence[object], query: Query, kind: type[Merge | Replace]
) -> Response:
    _require_no_filter(query)
    _require_few(request, preferences, items)
    writer, resource = writer_of(request), request.context.resource

    _lock_in_order(writer, resource, items)

    def edited(item: object) -> Key:
        edit: Edit = kind(item)
        return writer.edit(resource, _key(resource, item), edit).key

    return _written(request, preferences, 200, all_or_none(request.dbsession, items, edited), query)


def _written(request: Request, preferences: Preferences, status: int, keys: Sequence[Key], query: Query) -> Response:
    """The records as their author may see them, in order; null for one that they may not."""
    resource = request.context.resource
    asked = Query(fields=query.fields, expand=query.expand)
    if preferences.bare or not keys:
        reader(request).require_fit(resource, asked)  # no record is read that would show it
    if preferences.bare:
        return written(status, None)
    texts = (text or "null" for text in reader(request).some(resource, keys, asked))
    return written(status, f'{{"data":[{",".join(texts)}]}}', tagged=False)


def _matching(request: Request, preferences: Preferences, writer: Writer, query: Query) -> list[Key]:
    """The records that the filter means, locked.

    :raises BadRequest: without a limit to how many these may be.
    :raises Conflict: if they are more.
    """
    if preferences.max_affected is None:
        raise BadRequest(_HOW_MANY)
    require_filter(query)
    resource = request.context.resource
    most = _most(request, preferences.max_affected)
    keys = keys_matching(reader(request), resource, query, most + 1)
    if len(keys) > most:
        raise Conflict(f"The filter means more than {most:,} records, so none was changed.", slug="max-affected")
    writer.lock(resource, keys)
    # Somebody may have changed one of them before it was locked: what the filter means no more is left alone.
    still = set(keys_matching(reader(request), resource, query, most + 1))
    return [key for key in keys if key in still]


def _most(request: Request, wanted: int) -> int:
    allowed = settings_of(request.registry, RestSettings).max_items
    if wanted > allowed:
        raise BadRequest(f"At most {allowed:,} records are changed at once: Prefer: max-affected={allowed}.")
    return wanted


def _array(body: object) -> Sequence[object]:
    if isinstance(body, list):
        return body
    raise Unprocessable(
        "Several records are written by an array of JSON objects, each with its key.",
        faults=[Fault("must be an array", pointer="", code="array")],
    )


def _key(resource: Resource, item: object) -> Key:
    """The key that an item of an array names its record by."""
    names = ", ".join(field.name for field in resource.key)
    if not isinstance(item, dict):
        raise Unprocessable(
            f"A record of {resource.name} is named by {names}.",
            faults=[Fault("must be a JSON object", pointer="", code="object")],
        )
    key: list[object] = []
    faults: list[Fault] = []
    for field in resource.key:
        try:
            if item.get(field.name) is None:
                raise ValueError("is required: it says which record")
            key.append(field.value.parse(item[field.name]))
        except ValueError as error:
            faults.append(Fault(str(error), pointer=f"/{field.name}", code="key"))
    if faults:
        raise Unprocessable(f"A record of {resource.name} is named by {names}.", faults=faults)
    return tuple(key)


def _lock_in_order(writer: Writer, resource: Resource, items: Sequence[object]) -> None:
    """Lock the records of an array before the first of them is changed, so that arrays do not wait for each other."""
    keys = []
    for item in items:
        with suppress(Unprocessable):
            keys.append(_key(resource, item))
    writer.lock(resource, keys)


def _require_few(request: Request, preferences: Preferences, items: Sequence[object]) -> None:
    allowed = settings_of(request.registry, RestSettings).max_items
    if len(items) > allowed:
        raise ContentTooLarge(f"The array has {len(items):,} records; at most {allowed:,} are written at once.")
    if preferences.max_affected is not None and len(items) > preferences.max_affected:
        raise Conflict(f"The array has more than {preferences.max_affected:,} records.", slug="max-affected")


def _require_no_filter(query: Query) -> None:
    require_filter(query)
    if query.where is not None:
        raise BadRequest(
            "The array says which records; leave the filter out.",
            faults=[Fault("has no meaning beside an array", parameter="where")],
        )
