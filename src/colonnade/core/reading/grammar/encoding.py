"""The outermost layer of a query string: ``application/x-www-form-urlencoded``, read strictly.

The standard library's parser leaves bad escapes as they are and replaces bad UTF-8. A filter read so would be another
filter than the one that was asked for.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_from_bytes

from .refusal import refused, unstorable

_DIGITS = "0123456789abcdefABCDEF"
_BYTES = {(high + low).encode(): bytes.fromhex(high + low) for high in _DIGITS for low in _DIGITS}
_PLACES = frozenset(("cursor", "page", "offset"))
#: Characters of a query string of which it is remembered what is kept: the same list is asked for again and again.
_LONGEST = 500


def pairs(query_string: str | bytes) -> list[tuple[str, str]]:
    """Split a query string into decoded names and values, in their order.

    `query_string` is still percent-encoded; a str is one of WSGI (PEP 3333: each character is a byte). A name without
    ``=`` has the empty value, as in browsers.

    Raises BadRequest for a bad percent escape, for what is not UTF-8, and for NUL, naming the parameter.
    """
    text = _text(query_string)
    plain = "%" not in text and "+" not in text and "\0" not in text and text.isascii()
    found: list[tuple[str, str]] = []
    for piece in text.split("&"):
        name, _, value = piece.partition("=")
        if not plain:
            name = _decoded(name, None)
            value = _decoded(value, name)
        if name:
            found.append((name, value))
        elif piece:
            raise refused("query", "has a value without a name before its =", code="syntax")
    return found


def continued(query_string: str | bytes, name: str, value: str) -> str:
    """The same query string at another place of its list: its cursor, page or offset replaced by ``name=value``.

    It is valid in a URL and in a Link header (RFC 3986 section 3.4), whatever the caller sent raw. The query string is
    one that `pairs` has read without complaint.
    """
    kept = (_remembered if len(query_string) <= _LONGEST else _without_place)(query_string)
    return f"{kept}{name}={quote_from_bytes(value.encode())}"


def _without_place(query_string: str | bytes) -> str:
    kept = ""
    for piece in _text(query_string).split("&"):
        written = piece.partition("=")[0]
        if piece and (_decoded(written, None) if "%" in written else written) not in _PLACES:
            kept += quote_from_bytes(piece.encode("latin-1"), safe="!$'()*+,-./:;=?@_~%") + "&"
    return kept


_remembered = lru_cache(maxsize=256)(_without_place)


def _text(query_string: str | bytes) -> str:
    if isinstance(query_string, bytes):
        return query_string.decode("latin-1")
    if query_string.isascii():
        return query_string
    try:
        query_string.encode("latin-1")
    except UnicodeEncodeError:
        raise refused("query", "must be percent-encoded UTF-8", code="encoding") from None
    return query_string


def _decoded(text: str, parameter: str | None) -> str:
    """Decode one name (`parameter` is None: it names itself) or the value of one parameter."""
    if "%" not in text and "\0" not in text and text.isascii():
        return text.replace("+", " ")
    plain, *escaped = text.replace("+", " ").encode("latin-1").split(b"%")
    try:
        data = plain + b"".join([_BYTES[part[:2]] + part[2:] for part in escaped])
    except KeyError as error:
        shown = error.args[0].decode("ascii", "replace")
        detail = f"holds %{shown}, which is no percent escape; a percent sign itself is written %25"
        raise refused(text if parameter is None else parameter, detail, code="encoding") from None
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        name = data.decode(errors="replace") if parameter is None else parameter
        raise refused(name, "is not UTF-8", code="encoding") from None
    if wrong := unstorable(decoded):
        raise refused(decoded if parameter is None else parameter, wrong, code="encoding")
    return decoded
