"""JSON Pointer (RFC 6901): the name of a place in a JSON document, such as ``/lines/3/amount``."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The reference tokens of a pointer, unescaped; none of them points at the whole document.
Pointer = tuple[str, ...]

_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")  # RFC 6901, section 4: no leading zeros; more digits than any array has
_BAD_ESCAPE = re.compile(r"~(?![01])")


def parse_pointer(text: str) -> Pointer:
    """Read a pointer.

    :raises ValueError: for text that is none, saying why (RFC 6901, section 3).
    """
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError("a JSON Pointer is empty or begins with /")
    if _BAD_ESCAPE.search(text):
        raise ValueError("in a JSON Pointer ~ is written ~0, and / within a name ~1")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


def format_pointer(tokens: Iterable[object]) -> str:
    """Write a pointer; indices of arrays may be integers."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def index_in(array: list[object], token: str) -> int:
    """The index of an element that exists.

    :raises LookupError: if the token is no index, or beyond the end; ``-`` names no element (RFC 6901, section 4).
    """
    if _INDEX.fullmatch(token) and (index := int(token)) < len(array):
        return index
    raise LookupError(token)


def place_in(array: list[object], token: str) -> int:
    """The index before which an element may be added: ``-`` and the array's length are its end.

    :raises LookupError: for any other token.
    """
    if token in {"-", str(len(array))}:
        return len(array)
    return index_in(array, token)


def step(value: object, token: str) -> object:
    """The member or element of a value.

    :raises LookupError: if there is none.
    """
    match value:
        case dict():
            return value[token]
        case list():
            return value[index_in(value, token)]
        case _:
            raise LookupError(token)


def resolve(document: object, pointer: Pointer) -> object:
    """The value that a pointer names.

    :raises LookupError: if there is none.
    """
    for token in pointer:
        document = step(document, token)
    return document
