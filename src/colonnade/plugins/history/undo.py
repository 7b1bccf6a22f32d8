"""``POST /api/v1/requests/{request_id}/undo``: what a request changed is brought back, as a request of its own."""

from __future__ import annotations

import json
from typing import Any

from cornice import Service
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from colonnade.core.problems import NotFound, Unauthorized
from colonnade.core.resources import Resource
from colonnade.core.writing import writer_of
from colonnade.core.writing.undoing import undo as undo_request
from colonnade.plugins.rest.answers import written
from colonnade.plugins.rest.conditions import refuse_conditions
from colonnade.plugins.rest.links import record_url
from colonnade.plugins.rest.preferences import Preferences
from colonnade.plugins.rest.services import PREFIX, cors_of
from colonnade.plugins.rest.unasked import refuse_body, refuse_query
from colonnade.plugins.rest.writing import writing

from .access import kept_log
from .sealing.pruning import pruned_until


@writing
def undo(request: Request, preferences: Preferences) -> Response:
    """Bring back what a request changed, all of it."""
    _ = request.identity  # credentials that are not good are a 401 before anything else
    refuse_conditions(request, "An undo")
    refuse_query(request, "An undo", "Prefer: tx=rollback shows what it would do.")
    refuse_body(request, "An undo")

    def address(resource: Resource, key: str) -> str:
        return record_url(request, resource, key)

    try:
        undone = undo_request(
            writer_of(request),
            kept_log(request.registry),
            request.matchdict["request_id"],
            address,
            preferences.max_affected,
            pruned_until,
        )
    except NotFound:
        if request.identity.anonymous:
            raise Unauthorized from None  # who would be asked to sign in for any request is asked for this one too
        raise
    if preferences.bare:
        return written(204, None)
    content = {
        "request_id": request.id,
        "undone": undone.request_id,
        "changes": undone.changes,
        "records": [
            {"verb": each.verb, "resource": each.resource.name, "url": address(each.resource, each.key)}
            for each in undone.records
        ],
    }
    return written(200, json.dumps(content, ensure_ascii=False, separators=(",", ":")), tagged=False)


def undo_service(registry: Registry) -> Service:
    """The service."""
    service = Service("undo", f"{PREFIX}/requests/{{request_id}}/undo", **cors_of(registry))
    service.add_view("POST", undo, permission=NO_PERMISSION_REQUIRED, openapi=_DESCRIPTION)
    return service


_TEXT = {"type": "string"}
_DESCRIPTION: dict[str, Any] = {
    "operationId": "undo",
    "tags": ["requests"],
    "summary": "Undo a request",
    "description": (
        "Brings back every record that a request changed to what it was before it, across all resources, as a new "
        "request under the caller's permissions; or refuses, and nothing has happened. The id of a request is the "
        "`X-Request-Id` of its answer. `Prefer: tx=rollback` shows what it would do. A 409 names what has changed "
        "since, where the caller may see it."
    ),
    "parameters": [
        {
            "name": "request_id",
            "in": "path",
            "required": True,
            "description": "The `X-Request-Id` of the answer to it.",
            "schema": _TEXT,
        }
    ],
    "responses": {
        "200": {
            "description": "What was brought back.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "request_id": {**_TEXT, "description": "Of the undo, by which it can be undone."},
                            "undone": _TEXT,
                            "changes": {"type": "integer", "minimum": 0},
                            "records": {
                                "type": "array",
                                "description": "Those that the caller may see.",
                                "items": {
                                    "type": "object",
                                    "properties": {
                                        "verb": {"type": "string", "enum": ["create", "update", "delete"]},
                                        "resource": _TEXT,
                                        "url": {"type": "string", "format": "uri"},
                                    },
                                    "required": ["verb", "resource", "url"],
                                },
                            },
                        },
                        "required": ["request_id", "undone", "changes", "records"],
                    }
                }
            },
        },
        "204": {"description": "Done; with `Prefer: return=minimal`."},
    },
}
