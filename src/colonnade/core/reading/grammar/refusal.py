"""How the grammar says no: one problem that names the parameter, says what is wrong and lists what would be right."""

from __future__ import annotations

from colonnade.core.problems import BadRequest, Fault

_LONGEST = 80


def refused(parameter: str, detail: str, *, code: str, allowed: tuple[str, ...] = ()) -> BadRequest:
    """The 400 problem (RFC 9457) for one query parameter; `detail` reads on from its name."""
    parameter = shortened(parameter, 200)
    fault = Fault(detail=detail, parameter=parameter, code=code, allowed=allowed)
    return BadRequest(f"{parameter}: {detail}", faults=(fault,))


def shortened(text: str, longest: int = _LONGEST) -> str:
    """What a caller wrote, for a message: no longer than a message may be."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def unstorable(text: str) -> str | None:
    """Why no database can hold this text, or None: NUL characters and lone surrogates are stopped here."""
    if "\0" in text:
        return "holds a NUL character"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a surrogate pair"
    return None
