"""What an import over HTTP answers, and how OpenAPI describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pyramid.response import Response

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Resource
from colonnade.core.writing.bulk import Outcome, Refusal
from colonnade.plugins.rest.answers import written

#: How many refusals an answer lists; it says how many there are.
MOST_LISTED = 1_000


def answer(outcome: Outcome) -> Response:
    """What was done; and where the import was to continue, what was refused."""
    content = {
        "rows": outcome.rows,
        "created": outcome.created,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "refused_rows": outcome.refused,
        "refused": _listed(outcome.refusals),
    }
    return written(200, json.dumps(content, ensure_ascii=False, separators=(",", ":")), tagged=False)


def refusal(outcome: Outcome) -> Unprocessable:
    """The problem that refused rows are where all are to be written or none."""
    number, reasons = outcome.refused, len(outcome.refusals)
    detail = f"Nothing was written: {number:,} of {outcome.rows:,} rows {'is' if number == 1 else 'are'} not valid."
    if reasons > MOST_LISTED:
        detail += f" The first {MOST_LISTED:,} of {reasons:,} reasons are listed."
    if not outcome.complete:
        detail += " There is so much wrong that the rest was not looked at."
    listed = outcome.refusals[:MOST_LISTED]
    return Unprocessable(
        detail,
        slug="rows-refused",
        faults=[Fault(f"line {each.line}: {each.said}", code=each.code) for each in listed],
        rows=outcome.rows,
        refused_rows=number,
        refused=_listed(listed),
    )


def _listed(refusals: Iterable[Refusal]) -> list[dict[str, object]]:
    return [
        {"line": each.line, "columns": list(each.columns), "reason": each.reason, "code": each.code}
        for each in tuple(refusals)[:MOST_LISTED]
    ]


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_REFUSED = {
    "type": "object",
    "properties": {
        "line": {"type": "integer", "minimum": 1, "description": "On which the row begins."},
        "columns": {"type": "array", "items": _TEXT, "description": "Those at fault; none for the whole row."},
        "reason": _TEXT,
        "code": {"type": "string", "description": "A short stable word for programs."},
    },
    "required": ["line", "columns", "reason", "code"],
}
_OUTCOME = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("rows", "created", "changed", "unchanged", "refused_rows"), _COUNT),
        "refused": {"type": "array", "items": _REFUSED, "maxItems": MOST_LISTED},
    },
    "required": ["rows", "created", "changed", "unchanged", "refused_rows", "refused"],
}


def description(resource: Resource) -> dict[str, Any]:
    """The Operation Object of the import of a resource."""
    name = resource.name
    lines = {"schema": _TEXT, "example": '{"name": "a"}\n{"name": "b"}\n'}
    return {
        "operationId": f"import_{name.replace('-', '_')}",
        "tags": [name],
        "summary": f"Import {name.replace('-', ' ')} from a file",
        "description": (
            "Each row of a CSV file (the first line names the columns), or each line of JSON Lines, creates a record, "
            "or with `key` may change one: all of them, or none and every reason. `Prefer: tx=rollback` tries it."
        ),
        "parameters": [
            _parameter("key", "Unique fields, joined by commas: a row changes the record that has the same values."),
            {
                **_parameter("map", "`HEADER=FIELD`: what a column is, a field or `relation.field`."),
                "schema": {"type": "array", "items": _TEXT},
            },
            _parameter("delimiter", "CSV: the one character that stands between cells; `\\t` for a tab."),
            {
                **_parameter("on-error", "`continue` writes the rows that can be written, and lists the others."),
                "schema": {"type": "string", "enum": ["refuse", "continue"], "default": "refuse"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": _TEXT, "example": "name\na\nb\n"},
                "application/jsonl": lines,
                "application/x-ndjson": lines,
            },
        },
        "responses": {
            "200": {
                "description": "How many records were created, changed and left as they were.",
                "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
                "content": {"application/json": {"schema": _OUTCOME}},
            }
        },
    }


def _parameter(name: str, said: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": said, "schema": _TEXT}
