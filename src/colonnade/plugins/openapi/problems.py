"""The answers to what goes wrong: one response for each status, with examples that the problems themselves write."""

from __future__ import annotations

from collections.abc import Mapping

from colonnade.core.problems import NotFound
from colonnade.core.problems.rendering import MEDIA_TYPE, members_of
from colonnade.core.request_id import REQUEST_ID_KEY

from .problem_examples import MAY_HAPPEN, OF_WRITES, Kind
from .schemas import Schema, ref

ANY = "Problem"  # the response for statuses of which no more is known

_REQUEST_ID = "0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64"
_ENVIRON = {"SCRIPT_NAME": "", "PATH_INFO": "/api/v1/examples", REQUEST_ID_KEY: _REQUEST_ID}

_HEADERS: Mapping[str, Schema] = {
    "WWW-Authenticate": {"description": "How to say who you are (RFC 6750).", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Accept": {"description": "What the body may be.", "schema": {"type": "string"}},
    "Accept-Patch": {"description": "What a patch may be (RFC 5789, section 3.1).", "schema": {"type": "string"}},
    "ETag": {"description": "The tag of the present state.", "schema": {"type": "string"}},
}


def responses(*statuses: int) -> dict[str, Schema]:
    """The responses of an operation that may answer with these problems."""
    return {str(status): _reference(MAY_HAPPEN[status].name) for status in statuses}


def write_responses(*statuses: int) -> dict[str, Schema]:
    """The responses of an operation that writes and may answer with these problems."""
    return {
        **responses(*statuses),
        **{str(each): _reference(OF_WRITES[each].name) for each in statuses if each in OF_WRITES},
    }


def any_problem() -> dict[str, Schema]:
    """The responses of an operation of which only this is known: what goes wrong is answered with a problem."""
    return {"4XX": _reference(ANY), "5XX": _reference(ANY)}


def shared_responses(headers: Mapping[str, Schema]) -> dict[str, Schema]:
    """All responses that operations may refer to; each has these headers, too."""
    kinds = (*MAY_HAPPEN.values(), *OF_WRITES.values())
    shared = {kind.name: _response(kind.meaning, _examples(kind), {**headers, **_headers(kind)}) for kind in kinds}
    every = {str(status): _examples(kind)["1"] for status, kind in MAY_HAPPEN.items()}
    return {**shared, ANY: _response("What went wrong.", every, headers)}


def problem_schemas() -> dict[str, Schema]:
    """The schemas of a problem (RFC 9457) and of one fault in it."""
    text = {"type": "string"}
    problem: Schema = {
        "type": "object",
        "description": "What went wrong (RFC 9457). Some problems have further members of their own.",
        "properties": {
            "type": {
                **text,
                "format": "uri-reference",
                "description": "What kind of problem it is; about:blank says no more than the status.",
            },
            "title": {**text, "description": "What the kind is called."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {**text, "description": "What happened this time, for a person."},
            "instance": {**text, "format": "uri-reference", "description": "The path that was asked for."},
            "request_id": {**text, "format": "uuid", "description": "The id of the request, as in X-Request-Id."},
            "errors": {"type": "array", "items": ref("Fault"), "minItems": 1},
        },
        "required": ["type", "title", "status", "instance", "request_id"],
        "examples": [members_of(NotFound("There is no such record here."), dict(_ENVIRON))],
    }
    fault: Schema = {
        "type": "object",
        "description": "One thing that is wrong with the request.",
        "properties": {
            "detail": {**text, "description": "What is wrong and what would be right, for a person."},
            "pointer": {**text, "description": 'Where in the body: a JSON Pointer (RFC 6901), "" for all of it.'},
            "parameter": {**text, "description": "The query parameter at fault."},
            "code": {**text, "description": "A short stable word for programs."},
            "allowed": {"type": "array", "items": text, "description": "What may stand there instead."},
        },
        "required": ["detail"],
        "additionalProperties": False,
    }
    return {"Problem": problem, "Fault": fault}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/responses/{name}"}


def _examples(kind: Kind) -> dict[str, Schema]:
    return {
        str(number): {"summary": problem.detail, "value": members_of(problem, dict(_ENVIRON))}
        for number, problem in enumerate(kind.examples, 1)
    }


def _headers(kind: Kind) -> dict[str, Schema]:
    names = {name for problem in kind.examples for name, _ in problem.headers}
    return {name: header for name, header in _HEADERS.items() if name in names}


def _response(description: str, examples: Mapping[str, Schema], headers: Mapping[str, Schema]) -> Schema:
    return {
        "description": description,
        "headers": dict(headers),
        "content": {
            MEDIA_TYPE: {"schema": ref("Problem"), "examples": dict(examples)},
            "text/html": {"schema": {"type": "string", "description": "The same as a page, for a browser."}},
        },
    }
