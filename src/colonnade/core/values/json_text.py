"""JSON text as both databases and Python write it (RFC 8259), and text that all three can hold.

The standard library's writer: its C escape function takes 0.2 µs for a name where orjson takes 0.36 (bytes, then a
decode). orjson wins on long texts and on documents; those are rare in a row that Python has to write, and the database
writes the others. So no dependency.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 100
"""How deep the lists and objects of a JSON value may be nested; the databases' own limits are higher."""

json_string: Final[Callable[[str], str]] = encode_basestring
"""Write a text as a JSON string: escapes for quote, backslash and control characters, everything else as it is."""

_MAX_DIGITS: Final = 1000  # Python refuses to read more than 4300
_MAX_BITS: Final = 3322  # as many digits

_encoder: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def write_json(value: object) -> str:
    """Write lists, objects, text, numbers, booleans and null, compact. Raises ValueError for NaN and Infinity."""
    return _encoder.encode(value)


def read_json(text: str | bytes) -> Any:
    """Read JSON so that nothing is lost: a number with a point is a Decimal, which every ``parse`` of this room takes.

    Raises ValueError for what is no JSON (NaN, Infinity and bad UTF-8 included), and for what is nested too deep.
    """
    try:
        if not isinstance(text, str):
            text = text.decode(json.detect_encoding(text), "surrogatepass")  # as json.loads reads bytes
        return _decoder.decode(text)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg}, at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError(f"is nested too deep; {MAX_DEPTH} levels are allowed") from None


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + 1:
        raise ValueError(f"holds a number of more than {_MAX_DIGITS} digits")
    return int(digits)


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS + 20:  # a sign, a point, an exponent
        raise ValueError(f"holds a number of more than {_MAX_DIGITS} digits")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("holds a number with an exponent that is out of range") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no JSON; write null or leave it out")


_decoder: Final = json.JSONDecoder(parse_int=_integer, parse_float=_decimal, parse_constant=_refuse_constant)


def check_text(text: str) -> str:
    """Refuse text that no database can store. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("holds a NUL character (U+0000), which cannot be stored; leave it out")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            code = f"U+{ord(text[error.start]):04X}"
            raise ValueError(
                f"holds half a character ({code}, a lone surrogate) at place {error.start + 1}; write all of it"
            ) from None
    return text


def check_json(value: object, depth: int = MAX_DEPTH) -> Any:
    """Take what Python has to what JSON has, for storage: Decimals become numbers. Raises ValueError."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(str.__str__(value))
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise ValueError(f"holds a number of more than {_MAX_DIGITS} digits")
        return int(value)
    if isinstance(value, (float, Decimal)):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("holds a number that is not finite or too large; write numbers below 1.8e308")
        return number
    if not isinstance(value, (list, tuple, Mapping)):
        raise ValueError(f"holds a {type(value).__name__}, which JSON does not have")
    if depth == 0:
        raise ValueError(f"is nested too deep; {MAX_DEPTH} levels are allowed")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("has a key that is not text")
        return {check_text(str.__str__(key)): check_json(item, depth - 1) for key, item in value.items()}
    return [check_json(item, depth - 1) for item in value]
