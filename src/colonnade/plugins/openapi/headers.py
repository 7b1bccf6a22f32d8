"""Headers: those that answers carry, and those that an operation heeds."""

from __future__ import annotations

from .schemas import TEXT, Schema

#: What an answer to a read carries for caches.
CACHED = ("X-Request-Id", "ETag", "Cache-Control", "Vary")
#: What an answer to a write carries beside what it says of the record.
WRITTEN = ("X-Request-Id", "Cache-Control", "Vary", "Preference-Applied", "Idempotency-Replayed")

_TAG = '"k3vWm1RzQ0y7mJ5c1dQd"'


def headers(*names: str) -> dict[str, Schema]:
    """References to headers that the document describes."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameters(*names: str) -> list[Schema]:
    """References to parameters that operations share."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def shared_headers() -> dict[str, Schema]:
    """The headers that answers have in common."""
    address = {"type": "string", "format": "uri-reference"}
    return {
        "X-Request-Id": {
            "description": "The id of this request; it leads to what happened.",
            "required": True,
            "schema": {"type": "string", "format": "uuid"},
        },
        "ETag": {
            "description": "The tag of this answer, for If-None-Match and If-Match (RFC 9110, section 8.8.3).",
            "schema": TEXT,
            "example": _TAG,
        },
        "Link": {
            "description": 'The addresses of the next and the previous page: `<…>; rel="next"` (RFC 8288).',
            "schema": TEXT,
        },
        "Location": {"description": "The address of the new record; of one, not of an array.", "schema": address},
        "Content-Location": {
            "description": "The address of the record where it goes by another key now.",
            "schema": address,
        },
        "Preference-Applied": {
            "description": "The preferences of the request that the answer went by (RFC 7240, section 3).",
            "schema": TEXT,
            "example": "return=minimal, tx=rollback",
        },
        "Idempotency-Replayed": {
            "description": "This has been done before; the answer is the one that was given then.",
            "schema": {"type": "string", "const": "true"},
        },
        "Cache-Control": {"description": "Who may keep the answer.", "schema": TEXT},
        "Vary": {"description": "What the answer depends on.", "schema": TEXT},
    }


def shared_parameters() -> dict[str, Schema]:
    """The headers that operations heed."""
    tags = {"in": "header", "schema": TEXT}
    return {
        "IfNoneMatch": {
            "name": "If-None-Match",
            "description": "Answer 304 where the ETag is one of these: the caller has this state already.",
            **tags,
        },
        "IfMatch": {
            "name": "If-Match",
            "description": "Answer 412 unless the ETag is one of these.",
            **tags,
        },
        "IfMatchToWrite": {
            "name": "If-Match",
            "description": "Change nothing and answer 412 unless the ETag of this URL, query included, is one of "
            "these: then nobody else's change is lost.",
            **tags,
        },
        "IfMatchRequired": {
            "name": "If-Match",
            "description": "The ETag of this URL, query included, on which the change is based. Nothing is changed "
            "without it (428), nor where it is another one by now (412): so nobody else's change is lost.",
            "required": True,
            **tags,
        },
        "IfNoneMatchToWrite": {
            "name": "If-None-Match",
            "description": "Change nothing and answer 412 where the ETag of this URL is one of these.",
            **tags,
        },
        "Prefer": {
            "name": "Prefer",
            "in": "header",
            "description": "What is preferred (RFC 7240), separated by commas. `return=minimal`: no body in the "
            "answer. `return=changes`: the changes in its place, where a log of them is kept. `tx=rollback`: do "
            "everything, answer as if, and undo it. `max-affected=10`: change no more records than that, or none. "
            "`handling=strict`: refuse what is not known here, which is passed over otherwise.",
            "schema": TEXT,  # no example: Swagger UI would send it with each request, here and below
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A key made for this request alone, such as a UUID: however often the request is sent, it "
            "happens once, and each time is answered like the first.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        },
    }
