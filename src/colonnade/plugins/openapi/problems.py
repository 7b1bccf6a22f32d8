"""The answers to what goes wrong: one response for each status, with examples that the problems themselves write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from colonnade.core.problems import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    Fault,
    Forbidden,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)
from colonnade.core.problems.rendering import MEDIA_TYPE, members_of
from colonnade.core.request_id import REQUEST_ID_KEY

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
    "ETag": {"description": "The tag of the present state.", "schema": {"type": "string"}},
}

#: For each status: its name among the responses, and what may have happened.
_EXAMPLES: Mapping[int, tuple[str, tuple[Problem, ...]]] = {
    400: (
        "BadRequest",
        (
            BadRequest(
                "colour: examples has no field 'colour'",
                faults=[
                    Fault(
                        "examples has no field 'colour'",
                        parameter="colour",
                        code="unknown_field",
                        allowed=("id", "name"),
                    )
                ],
            ),
            BadRequest(
                "limit: must be a whole number from 1 to 1000",
                faults=[Fault("must be a whole number from 1 to 1000", parameter="limit", code="value")],
            ),
        ),
    ),
    401: (
        "Unauthorized",
        (Unauthorized(), Unauthorized("This token is not known, or has expired.", error="invalid_token")),
    ),
    403: ("Forbidden", (Forbidden("Your permissions do not allow this."),)),
    404: ("NotFound", (NotFound("There is no such record here."),)),
    406: (
        "NotAcceptable",
        (NotAcceptable("Accept admits none of what there is: application/json.", available=["application/json"]),),
    ),
    409: (
        "Conflict",
        (
            Conflict(
                "The value is taken.", faults=[Fault("is taken by another record", pointer="/name", code="unique")]
            ),
        ),
    ),
    412: ("PreconditionFailed", (PreconditionFailed("The record has changed since: its ETag is another one now."),)),
    413: ("ContentTooLarge", (ContentTooLarge("The body has more than the 1,048,576 bytes that are read here."),)),
    415: (
        "UnsupportedMediaType",
        (
            UnsupportedMediaType(
                "The body is of type text/plain; send application/json.", headers=[("Accept", "application/json")]
            ),
        ),
    ),
    422: (
        "Unprocessable",
        (
            Unprocessable(
                "Two members are not valid.",
                faults=[
                    Fault("is required", pointer="/name", code="missing"),
                    Fault("must be at least 16", pointer="/age", code="greater_than_equal"),
                ],
            ),
        ),
    ),
    503: ("Unavailable", (Unavailable("The database cannot be reached at present.", retry_after=5),)),
}
_MEANING = {
    400: "The request cannot be understood; the problem names each parameter at fault and what is known instead.",
    401: "Nobody is signed in, or the credentials are not good.",
    403: "The caller is known and may not do this.",
    404: "There is nothing here, or nothing that the caller may see.",
    406: "`Accept` admits none of the forms that there are.",
    409: "The present state is in the way, such as a value that is taken.",
    412: "`If-Match` names another state than the present one.",
    413: "The body is too long.",
    415: "The body is not JSON in UTF-8.",
    422: "The body is understood, and its content is not valid; the problem names each member at fault.",
    503: "Something that is needed is away or busy; it is worth trying again.",
}


def responses(*statuses: int) -> dict[str, Schema]:
    """The responses of an operation that may answer with these problems."""
    return {str(status): {"$ref": f"#/components/responses/{_EXAMPLES[status][0]}"} for status in statuses}


def any_problem() -> dict[str, Schema]:
    """The responses of an operation of which only this is known: what goes wrong is answered with a problem."""
    reference = {"$ref": f"#/components/responses/{ANY}"}
    return {"4XX": reference, "5XX": reference}


def shared_responses(headers: Mapping[str, Schema]) -> dict[str, Schema]:
    """All responses that operations refer to; each has these headers, too."""
    shared = {
        name: _response(_MEANING[status], dict(_examples(problems)), {**headers, **_headers(problems)})
        for status, (name, problems) in _EXAMPLES.items()
    }
    every = {str(status): problems[:1] for status, (_, problems) in _EXAMPLES.items()}
    examples = {status: dict(_examples(problems))["1"] for status, problems in every.items()}
    return {**shared, ANY: _response("What went wrong.", examples, headers)}


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


def _examples(problems: tuple[Problem, ...]) -> Iterator[tuple[str, Schema]]:
    for number, problem in enumerate(problems, 1):
        yield str(number), {"summary": problem.detail, "value": members_of(problem, dict(_ENVIRON))}


def _headers(problems: tuple[Problem, ...]) -> dict[str, Schema]:
    names = {name for problem in problems for name, _ in problem.headers}
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
