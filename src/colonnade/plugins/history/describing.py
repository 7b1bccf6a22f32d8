"""What the OpenAPI document says of the log's own ways to ask: as of when, after what, and how long to wait."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_POSITION: Schema = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_CHANGE = {
    "position": 1042,
    "at": "2026-11-22T09:00:00.000000Z",
    "request_id": "0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64",
    "actor": "hr",
    "resource": "departments",
    "key": "7",
    "verb": "update",
    "record": {"id": 7, "name": "Research"},
}
_CHANGES: Schema = {
    "type": "object",
    "description": "Changes in order, as they are to the caller; to be had by `after`.",
    "properties": {
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "position": {**_POSITION, "description": "Its place in the order of commits."},
                    "at": _TIME,
                    "request_id": _TEXT,
                    "actor": _TEXT,
                    "resource": _TEXT,
                    "key": {**_TEXT, "description": "Of the record, as in its URL; empty where it is about none."},
                    "verb": {**_TEXT, "enum": ["create", "update", "delete", "unlogged", "erase", "prune"]},
                    "record": {"type": "object", "description": "As it is after the change; not there if it is gone."},
                },
                "required": ["position", "at", "request_id", "actor", "resource", "key", "verb"],
            },
        },
        "position": {**_POSITION, "description": "How far this goes: nothing up to here is left out."},
        "next": {**_TEXT, "format": "uri", "description": "The URL to go on with, now or later."},
    },
    "required": ["data", "position", "next"],
    "additionalProperties": False,
}
_PRUNED = {
    "type": "urn:colonnade:problem:changes-pruned",
    "title": "Changes pruned",
    "status": 410,
    "detail": "The changes up to position 1000 are not kept any longer. Begin anew, with an empty copy and after=0.",
    "instance": "/api/v1/changes",
    "request_id": _CHANGE["request_id"],
    "pruned": 1000,
}


def _parameter(name: str, schema: Schema, description: str, **examples: object) -> Schema:
    named = {each.replace("_", " "): {"value": value} for each, value in examples.items()}
    return {"name": name, "in": "query", "description": description, "schema": schema, "examples": named}


#: Of a record.
AS_OF: Schema = {
    "description": "With `as_of` it is the record as it was, whether it is still there or not; with it goes `fields`.",
    "parameters": [
        _parameter(
            "as_of",
            {"anyOf": [_TIME, _POSITION]},
            "When: a time, or a position of the change log.",
            a_time="2026-11-22T09:00:00Z",
            a_position=1042,
        )
    ],
}


def feed_description(most_wait: int) -> Schema:
    """Of the log, as a feed.

    :param most_wait: how many seconds a caller may wait.
    """
    wait = {"type": "integer", "minimum": 0, "maximum": most_wait}
    example = {"data": [_CHANGE], "position": 1042, "next": "https://api.example.org/api/v1/changes?after=1042&wait=20"}
    return {
        "description": "With `after` it is a feed in the order of commits; with it go `limit`, `resource` and `wait`.",
        "parameters": [
            _parameter(
                "after",
                _POSITION,
                "The last position that the caller has dealt with: what came after it is told, and nothing missed.",
                from_the_beginning=0,
                further=1042,
            ),
            _parameter(
                "wait",
                wait,
                "With `after`: for how many seconds to wait for a change, if there is none yet.",
                no_longer_than_allowed=min(20, most_wait),
            ),
            _parameter(
                "pruned",
                _POSITION,
                "Of the links, with `after`: up to where the log had been pruned when the caller began.",
                as_a_link_says=1000,
            ),
        ],
        "responses": {
            "200": {
                "content": {
                    "application/json": {"schema": _CHANGES, "examples": {"after a position": {"value": example}}}
                }
            },
            "410": {
                "description": "Changes after that position are not kept any longer: begin anew, with `after=0`.",
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {"pruned": {"value": _PRUNED}},
                    }
                },
            },
        },
    }
