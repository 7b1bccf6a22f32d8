"""The views that write one record."""

from __future__ import annotations

from typing import Final

from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.problems import UnsupportedMediaType
from colonnade.core.reading import Query
from colonnade.core.writing import Edit, Merge, Patch, Replace
from colonnade.core.writing.patching import read_operations
from colonnade.core.writing.writer import Precondition

from .answers import JSON, tag_of, written
from .conditions import precondition_of
from .preferences import Preferences
from .unasked import refuse_body
from .views import query_of
from .writing import Showing, address, body_of, early_writer, reader, writing

MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
#: What a patch may be sent as; plain JSON is a merge patch.
PATCHES: Final = (MERGE_PATCH, JSON_PATCH, JSON)


@writing
def replace(request: Request, preferences: Preferences) -> Response:
    """PUT: change a record into what the body says."""
    return _edited(request, preferences, Replace(body_of(request)))


@writing
def patch(request: Request, preferences: Preferences) -> Response:
    """PATCH: change some of a record."""
    return _edited(request, preferences, patch_of(request))


@writing
def delete(request: Request, preferences: Preferences) -> Response:
    """DELETE a record."""
    record, query = request.context, query_of(request)
    refuse_body(request, "The deletion of a record")
    reader(request).require_fit(record.resource, query)
    early_writer(request).delete(record.resource, record.key, _precondition(request, query))
    return written(204, None)


def patch_of(request: Request) -> Edit:
    """The patch in a body, of whichever kind its media type says.

    :raises UnsupportedMediaType: for another type; ``Accept-Patch`` lists those that there are (RFC 5789, section 3.1).
    """
    kind = request.content_type.lower()
    if kind not in PATCHES:
        said = f"A patch is sent as {', '.join(PATCHES[:-1])} or {PATCHES[-1]}, not as {kind or 'an unknown type'}."
        raise UnsupportedMediaType(said, headers=[("Accept-Patch", ", ".join(PATCHES))])
    body = body_of(request)
    return Patch(read_operations(body)) if kind == JSON_PATCH else Merge(body)


def _edited(request: Request, preferences: Preferences, edit: Edit) -> Response:
    record = request.context
    query = query_of(request)
    showing = Showing(request, preferences, record.resource, query)
    precondition = _precondition(request, query)
    changed = early_writer(request).edit(record.resource, record.key, edit, precondition, showing.fields)
    moved = None if changed.key == record.key else address(request, record.resource, changed.key)
    return written(200, showing.text(changed), moved)


def _precondition(request: Request, query: Query) -> Precondition | None:
    record = request.context

    def current_tag() -> str:
        text = reader(request).one(record.resource, record.key, query)
        assert text is not None, "the record has just been loaded under the same policy"
        return tag_of(text.encode())

    return precondition_of(request, current_tag)
