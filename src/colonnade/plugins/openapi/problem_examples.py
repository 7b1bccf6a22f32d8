"""What may go wrong, by status: what it means, and examples, which are the problems that the code raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from colonnade.core.problems import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    Fault,
    Forbidden,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)


@dataclass(frozen=True)
class Kind:
    """What may go wrong with one status.

    name: of the response among the components of the document.
    meaning: of the status, here.
    examples: one for each type of problem at least.
    """

    name: str
    meaning: str
    examples: tuple[Problem, ...]


MAY_HAPPEN: Final[Mapping[int, Kind]] = {
    400: Kind(
        "BadRequest",
        "The request cannot be understood; the problem names each parameter at fault and what is known instead.",
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
    401: Kind(
        "Unauthorized",
        "Nobody is signed in, or the credentials are not good.",
        (Unauthorized(), Unauthorized("This token is not known, or has expired.", error="invalid_token")),
    ),
    403: Kind(
        "Forbidden",
        "The caller is known and may not do this.",
        (
            Forbidden("Your permissions do not allow this."),
            Forbidden(
                "Some fields are not yours to write.",
                faults=[Fault("may be seen but not written by you", pointer="/name", code="read_only")],
            ),
        ),
    ),
    404: Kind(
        "NotFound",
        "There is nothing here, or nothing that the caller may see.",
        (NotFound("There is no such record here."),),
    ),
    406: Kind(
        "NotAcceptable",
        "`Accept` admits none of the forms that there are.",
        (NotAcceptable("Accept admits none of what there is: application/json.", available=["application/json"]),),
    ),
    409: Kind(
        "Conflict",
        "The present state is in the way, such as a value that is taken; the type of the problem says what.",
        (
            Conflict(
                "name is already taken.",
                faults=[Fault("This value is already taken.", pointer="/name", code="taken")],
                slug="already-taken",
            ),
            Conflict("Records of examples still refer to this one.", slug="still-referred-to"),
            Conflict(
                "Operation 0 (test) cannot be applied: /name has another value; nothing was changed.",
                faults=[Fault("/name has another value", pointer="/0/value", code="test_failed")],
                slug="test-failed",
            ),
            Conflict(
                "Operation 1 (remove) cannot be applied: /colour does not exist; nothing was changed.",
                faults=[Fault("/colour does not exist", pointer="/1/path", code="absent")],
                slug="patch-failed",
            ),
            Conflict("The filter means more than 10 records, so none was changed.", slug="max-affected"),
            Conflict(
                "The first request with this Idempotency-Key is still running; ask again for its answer.",
                slug="idempotency-key-in-use",
                headers=[("Retry-After", "1")],
            ),
            Conflict(
                "This has been done already, by the first request with this Idempotency-Key. Its answer is not "
                "repeated, because your permissions have changed since.",
                slug="answer-withheld",
            ),
        ),
    ),
    412: Kind(
        "PreconditionFailed",
        "The state is another one than `If-Match` names, or the one that `If-None-Match` excludes.",
        (
            PreconditionFailed(
                "The record has changed since: its ETag is another one now.",
                headers=[("ETag", '"k3vWm1RzQ0y7mJ5c1dQd"')],
            ),
        ),
    ),
    413: Kind(
        "ContentTooLarge",
        "The body is too long, or holds too many records.",
        (
            ContentTooLarge("The body has more than the 1,048,576 bytes that are read here."),
            ContentTooLarge("The array has 1,200 records; at most 1,000 are written at once."),
        ),
    ),
    415: Kind(
        "UnsupportedMediaType",
        "The body is of a type that is not read here, or not in UTF-8.",
        (
            UnsupportedMediaType(
                "The body is of type text/plain; send application/json.", headers=[("Accept", "application/json")]
            ),
            UnsupportedMediaType(
                "A patch is sent as application/merge-patch+json, application/json-patch+json or application/json, "
                "not as text/plain.",
                headers=[
                    (
                        "Accept-Patch",
                        "application/merge-patch+json, application/json-patch+json, application/json",
                    )
                ],
            ),
        ),
    ),
    422: Kind(
        "Unprocessable",
        "The body is understood, and its content is not valid; the problem names each member at fault.",
        (
            Unprocessable(
                "The record is not valid.",
                faults=[
                    Fault("is required", pointer="/name", code="missing"),
                    Fault("must be at least 16", pointer="/age", code="greater_than_equal"),
                ],
            ),
            Unprocessable(
                "1 of the records is in the way, so none was written: The record is not valid.",
                faults=[Fault("leads to no record of examples", pointer="/7/example_id", code="unknown_reference")],
            ),
            Unprocessable(
                "This Idempotency-Key was sent with another request; nothing was done. Make a new key for each "
                "request.",
                slug="idempotency-key-reused",
            ),
        ),
    ),
    428: Kind(
        "PreconditionRequired",
        "A change has to name the ETag of what it is based on.",
        (
            PreconditionRequired(
                "Send If-Match with the ETag of the record, so that no change of others is lost.",
            ),
        ),
    ),
    503: Kind(
        "Unavailable",
        "Something that is needed is away or busy; it is worth trying again.",
        (Unavailable("The database cannot be reached at present.", retry_after=5),),
    ),
}

#: What means more where something is written.
OF_WRITES: Final[Mapping[int, Kind]] = {
    400: Kind(
        "BadWrite",
        "The request cannot be understood, so nothing was done: its query, its body, or a header that would prevent "
        "something.",
        (
            MAY_HAPPEN[400].examples[0],
            BadRequest(
                "The body is not JSON: Expecting value at line 1, column 10.",
                faults=[Fault("Expecting value at line 1, column 10", pointer="", code="json")],
                line=1,
                column=10,
            ),
            BadRequest(
                "The body is no JSON Patch (RFC 6902).",
                faults=[Fault("is no operation", pointer="/0/op", code="unknown_op", allowed=("add", "remove"))],
            ),
            BadRequest(
                "A preference cannot be gone by, so nothing was done (Prefer, RFC 7240).",
                faults=[Fault("max-affected needs a value, a number from 1 on", code="preference")],
            ),
            BadRequest(
                "Say how many records may be written at most, such as Prefer: max-affected=100; nothing was done."
            ),
            BadRequest(
                "The Idempotency-Key cannot be read, so nothing was done.",
                faults=[
                    Fault("an Idempotency-Key is 1 to 255 visible ASCII characters", code="idempotency_key"),
                ],
            ),
        ),
    ),
}
