"""``Prefer`` (RFC 7240): what a caller would like of the answer, and would have done or prevented.

A preference that is not known is passed over, as the standard has it, unless the caller says ``handling=strict``. With
``tx`` and ``max-affected`` a caller prevents something: these are never passed over; one that is not good is a 400.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from pyramid.request import Request

from colonnade.core.problems import BadRequest, Fault

#: The preferences that there are, and the values of each.
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "return": ("minimal", "representation", "changes"),
    "tx": ("commit", "rollback"),
    "max-affected": (),  # a number from 1 on
    "handling": ("strict", "lenient"),
}
_PREVENTING = frozenset({"tx", "max-affected"})

_WORD = r"""[!#$%&'*+.^_`|~0-9A-Za-z-]++"""  # a token (RFC 9110, section 5.6.2)
_VALUE = rf"""(?:{_WORD}|"(?:[^"\\]|\\.)*+")"""
_PREFERENCE = re.compile(
    rf"""[ \t]*+(?:({_WORD})(?:[ \t]*+=[ \t]*+({_VALUE}))?"""
    rf"""(?:[ \t]*+;(?:[ \t]*+{_WORD}(?:[ \t]*+=[ \t]*+{_VALUE})?)?)*+)?[ \t]*+(?:,|\Z)"""
)
_NUMBER = re.compile("[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Preferences:
    """What a request prefers; None is no preference.

    return_: what is to be answered (RFC 7240, section 4.2): ``minimal``, nothing; the whole ``representation``; or, a
        value of our own, the ``changes`` that were made, where a change log is kept.
    tx: ``rollback`` runs everything, answers as if, and undoes it.
    max_affected: how many records may change at most.
    handling: ``strict`` refuses what is not known (RFC 7240, section 4.4).
    """

    return_: Literal["minimal", "representation", "changes"] | None = None
    tx: Literal["commit", "rollback"] | None = None
    max_affected: int | None = None
    handling: Literal["strict", "lenient"] | None = None

    @property
    def bare(self) -> bool:
        """Whether nobody asks what was written looks like."""
        return self.return_ in ("minimal", "changes")

    def applied(self, *names: str) -> str | None:
        """The value of ``Preference-Applied`` (RFC 7240, section 3); None where there is nothing to say.

        :param names: of the preferences that the answer went by, such as ``return``; those not preferred are left out.
        """
        values = {"return": self.return_, "tx": self.tx, "max-affected": self.max_affected, "handling": self.handling}
        return ", ".join(f"{name}={values[name]}" for name in names if values[name] is not None) or None


NONE = Preferences()


def preferences_of(request: Request) -> Preferences:
    """What a request prefers; see `parse_preferences`."""
    header: str = request.environ.get("HTTP_PREFER", "")
    return parse_preferences(header) if header else NONE


def parse_preferences(header: str) -> Preferences:
    """Read the value of ``Prefer``, several headers joined by commas.

    :raises BadRequest: for a header that cannot be read, a value of ``tx`` or ``max-affected`` that is none or that
        another one contradicts, and with ``handling=strict`` for all that is not known.
    """
    given: dict[str, str] = {}
    faults: list[Fault] = []
    for name, value in _pairs(header):
        if name in _PREVENTING and given.setdefault(name, value) != value:
            faults.append(Fault(f"Prefer says {name}={given[name]} and {name}={value}", code="contradiction"))
        given.setdefault(name, value)  # RFC 7240, section 2: of several the first one counts
    strict = given.get("handling") == "strict"
    for name, value in given.items():
        if name not in _KNOWN:
            if strict:
                faults.append(Fault(f"{name[:80]!r} is no known preference", code="unknown_preference", allowed=_NAMES))
        elif not _is_good(name, value) and (strict or name in _PREVENTING):
            wanted = "" if _KNOWN[name] else ", a number from 1 on"
            detail = (f"{name} cannot be {value[:80]!r}" if value else f"{name} needs a value") + wanted
            faults.append(Fault(detail, code="preference", allowed=_KNOWN[name]))
    if faults:
        raise BadRequest("A preference cannot be gone by, so nothing was done (Prefer, RFC 7240).", faults=faults)
    return _preferences({name: value for name, value in given.items() if name in _KNOWN and _is_good(name, value)})


_NAMES: Final = tuple(_KNOWN)


def _pairs(header: str) -> Iterator[tuple[str, str]]:
    """Names and values in lower case, parameters left out; no value is the empty one (RFC 7240, section 2)."""
    position = 0
    while position < len(header):
        found = _PREFERENCE.match(header, position)
        if found is None:
            raise BadRequest(
                "Prefer cannot be read; write it as in Prefer: return=minimal, tx=rollback (RFC 7240).",
                faults=[Fault(f"not understood from {header[position : position + 40]!r} on", code="syntax")],
            )
        position = found.end()
        if found[1] is not None:
            value = found[2] or ""
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            yield found[1].lower(), value.lower()


def _is_good(name: str, value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None if name == "max-affected" else value in _KNOWN[name]


def _preferences(values: Mapping[str, str]) -> Preferences:
    most = values.get("max-affected")
    return Preferences(
        return_=cast("Literal['minimal', 'representation', 'changes'] | None", values.get("return")),
        tx=cast("Literal['commit', 'rollback'] | None", values.get("tx")),
        max_affected=None if most is None else int(most),
        handling=cast("Literal['strict', 'lenient'] | None", values.get("handling")),
    )
