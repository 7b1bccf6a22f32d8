"""What a request asks of an import: its format, and the parameters of its query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from pyramid.request import Request

from colonnade.core.problems import BadRequest, Fault, UnsupportedMediaType

from .files import Format, Reading

#: The formats by media type (RFC 4180 and 7111; JSON Lines go by both names).
FORMATS: Mapping[str, Format] = {"text/csv": "csv", "application/jsonl": "jsonl", "application/x-ndjson": "jsonl"}

_PARAMETERS = ("key", "map", "delimiter", "on-error")


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    continuing: whether the rows that can be written are to be, though others cannot.
    """

    reading: Reading
    continuing: bool


def asked_of(request: Request) -> Asked:
    """Read it.

    :raises UnsupportedMediaType: for another format, another charset than UTF-8, an encoded body.
    :raises BadRequest: for parameters that are unknown or cannot be meant, all at once.
    """
    form, raw = _format(request)
    given: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(request.query_string, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The query string is not valid UTF-8.") from None
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    faults = [
        Fault(f"{name[:80]!r} is no parameter of an import", parameter=name[:80], code="unknown", allowed=_PARAMETERS)
        for name in given
        if name not in _PARAMETERS
    ]
    faults += [
        Fault("stands more than once", parameter=name, code="duplicate")
        for name in ("key", "delimiter", "on-error")
        if len(given.get(name, ())) > 1
    ]
    renamed = [_pair(text, faults) for text in given.get("map", ())]
    key = _names(given["key"][0], faults) if "key" in given else ()
    delimiter = _delimiter(given["delimiter"][0], form, faults) if "delimiter" in given else ","
    on_error = given.get("on-error", ["refuse"])[0]
    if on_error not in ("refuse", "continue"):
        said = f"cannot be {on_error[:80]!r}"
        faults.append(Fault(said, parameter="on-error", code="value", allowed=("refuse", "continue")))
    if faults:
        raise BadRequest("The parameters do not fit.", faults=faults)
    return Asked(Reading(form, delimiter, raw, renamed, key), on_error == "continue")


def _format(request: Request) -> tuple[Format, bool]:
    """The format of the body, and whether its cells are to be taken as they stand."""
    if (request.headers.get("Content-Encoding") or "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.", headers=[("Accept-Encoding", "identity")])
    given = request.content_type.lower()
    if given not in FORMATS:
        raise UnsupportedMediaType(
            f"The body is of type {given or 'unknown'}; send {', '.join(FORMATS)}.",
            headers=[("Accept", ", ".join(FORMATS))],
        )
    if request.charset != "UTF-8":
        raise UnsupportedMediaType("Send the body in UTF-8.")
    parameters = _parameters(request.headers.get("Content-Type", ""))
    if parameters.get("header") == "absent":
        raise UnsupportedMediaType("The first line of the body names the columns; header=absent is not known here.")
    return FORMATS[given], parameters.get("formulas") == "raw"


def _parameters(content_type: str) -> Mapping[str, str]:
    """The parameters of a media type, names and values in lower case."""
    parts = (part.partition("=") for part in content_type.split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in parts}


def _pair(text: str, faults: list[Fault]) -> tuple[str, str]:
    header, equals, field = text.rpartition("=")
    if not (header and equals and field):
        said = f"{text[:80]!r} is not HEADER=FIELD, such as dept_no=code or department=department.code"
        faults.append(Fault(said, parameter="map", code="value"))
    return header.strip(), field.strip()


def _names(text: str, faults: list[Fault]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        said = f"{text[:80]!r} is not FIELD[,FIELD], such as number or employee_id,from_date"
        faults.append(Fault(said, parameter="key", code="value"))
    return names


def _delimiter(text: str, form: Format, faults: list[Fault]) -> str:
    sign = {"\\t": "\t"}.get(text, text)
    if len(sign) != 1 or sign in '"\r\n':
        faults.append(Fault("is one character, such as ; or \\t", parameter="delimiter", code="value"))
    elif form != "csv":
        faults.append(Fault("is for CSV; JSON Lines have none", parameter="delimiter", code="value"))
    return sign
