"""The body of a request as JSON: bounded, strict, and with nothing lost of its numbers."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from pyramid.request import Request
from webob.request import DisconnectionError

from colonnade.core.problems import BadRequest, ContentTooLarge, Fault, UnsupportedMediaType

MAX_DEPTH = 100  # arrays and objects inside each other; every later reader of the value may recurse
MAX_DIGITS = 4300  # before or after the point; Python's own limit for integers, which guards against quadratic time


def json_body(request: Request, max_bytes: int) -> object:
    """The body as Python values: fractions are `Decimal`, all else as `json.loads` has it.

    :param max_bytes: the longest body that is read.
    :raises UnsupportedMediaType: unless Content-Type is ``application/json`` or ends in ``+json``, unencoded UTF-8.
    :raises ContentTooLarge: for a longer body, whether Content-Length says so or not.
    :raises BadRequest: for what is no JSON (RFC 8259), or is JSON that has no one meaning (RFC 7493: a name twice in
        one object, NaN, bad UTF-8), or is nested too deep.
    """
    _require_json(request)
    body = bounded_body(request, max_bytes)
    if not body.strip():
        raise BadRequest("The body is empty; a JSON document is expected.")
    return parse_json(body)


def _require_json(request: Request) -> None:
    if request.environ.get("CONTENT_TYPE") != "application/json":  # that alone is JSON, and in UTF-8
        media_type = request.content_type.lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMediaType(
                f"The body is of type {media_type or 'unknown'}; send application/json.",
                headers=[("Accept", "application/json")],
            )
        if request.charset != "UTF-8":  # webob's, which says so for every spelling, and where there is none
            raise UnsupportedMediaType("JSON is sent in UTF-8 (RFC 8259, section 8.1).")
    if (request.environ.get("HTTP_CONTENT_ENCODING") or "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.", headers=[("Accept-Encoding", "identity")])


def bounded_body(request: Request, max_bytes: int) -> bytes:
    """The body, which stays readable for others.

    :raises ContentTooLarge: if it has more than ``max_bytes``; no more than that is read.
    """
    length = request.content_length
    if (length or 0) > max_bytes:
        raise _too_large(max_bytes)
    try:
        if length is None:  # chunked: its length shows only in reading
            body: bytes = request.body_file.read(max_bytes + 1)
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            request.body = body
        elif request.is_body_seekable:  # pyramid_retry has seen to that; webob would see to it once more
            file = request.body_file_raw
            file.seek(0)
            whole: bytes = file.read(length)
            file.seek(0)
            return whole
        return bytes(request.body)
    except DisconnectionError:
        raise BadRequest("The connection ended before the body was complete.") from None


def _too_large(max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(f"The body has more than the {max_bytes:,} bytes that are read here.", max_bytes=max_bytes)


def parse_json(body: bytes) -> object:
    """One JSON document as Python values; see `json_body` for what is refused."""
    try:
        text = body.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise _bad(f"The body is not valid UTF-8 at byte {error.start + 1}.", code="encoding") from None
    try:
        document: object = _decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        fault = Fault(f"{error.msg} at {where}", pointer="", code="json")
        raise BadRequest(
            f"The body is not JSON: {fault.detail}.", faults=[fault], line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(document) > MAX_DEPTH:
        raise _too_deep()
    return document


def _bad(detail: str, code: str) -> BadRequest:
    return BadRequest(detail, faults=[Fault(detail, pointer="", code=code)])


def _too_deep() -> BadRequest:
    return _bad(f"The body is nested deeper than {MAX_DEPTH} levels.", code="depth")


def _depth(document: object) -> int:
    """How many arrays and objects stand inside each other; counted level by level, so that depth costs no stack."""
    depth, level = 0, [document]
    while level:
        containers = [each for each in level if isinstance(each, (dict, list))]
        depth += bool(containers)
        level = [part for each in containers for part in (each.values() if isinstance(each, dict) else each)]
    return depth


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _too_long_a_number(text) from None
    if len(text) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise _too_long_a_number(text)
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _too_long_a_number(text)
    return int(text)


def _too_long_a_number(text: str) -> BadRequest:
    return _bad(f"The number {text[:20]}… has more than {MAX_DIGITS:,} digits.", code="number")


def _no_constant(text: str) -> NoReturn:
    raise _bad(f"{text} is no JSON; leave the value out, or send null.", code="json")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise _bad(f"The name {twice!r} stands twice in one object.", code="duplicate")
    return members


_decoder = json.JSONDecoder(
    parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_object
)
