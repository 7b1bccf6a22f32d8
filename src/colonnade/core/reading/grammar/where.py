"""``where``: a filter as a JSON document (RFC 8259), for what the query string cannot say."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from colonnade.core.problems import BadRequest
from colonnade.core.reading.limits import ReadingSettings

from .operators import compare_json, too_long
from .query import And, Compare, Condition, Not, Or, Together
from .refusal import refused, shortened, unstorable

_MOST_DIGITS = 400
_LISTS: dict[str, type[And] | type[Or]] = {"and": And, "or": Or}


class _Members(list[tuple[str, object]]):
    """A JSON object as it stands in the text, repeated keys included."""


class _Number(ValueError):
    """A number that JSON or we do not know."""


def read_where(text: str, limits: ReadingSettings, conditions: int = 0) -> Together:
    """Read the value of ``where``; `conditions` were counted before it. Numbers become int or Decimal.

    Raises BadRequest; its parameter is ``where`` and a JSON pointer into the document (RFC 6901).
    """
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise refused("where", f"is not JSON: {error.msg} at character {error.pos + 1}", code="json") from None
    except _Number as error:
        raise refused("where", str(error), code="json") from None
    except RecursionError:
        raise _too_deep("where", limits) from None
    if not isinstance(document, _Members):
        raise refused("where", 'must be a JSON object such as {"age__gte": 60}', code="value")
    return _Reader(limits, conditions).members(document, "where", 1)


class _Reader:
    """Turns one document into conditions and counts them."""

    def __init__(self, limits: ReadingSettings, conditions: int) -> None:
        self.limits = limits
        self.conditions = conditions

    def members(self, members: _Members, parameter: str, depth: int) -> Together:
        if depth > self.limits.max_depth:
            raise _too_deep(parameter, self.limits)
        items: list[Condition] = []
        seen: set[str] = set()
        for name, value in members:
            here = f"{parameter}/{name.replace('~', '~0').replace('/', '~1')}"
            if wrong := unstorable(name):
                raise refused(parameter, f"{wrong} in a name", code="encoding")
            if name in seen:
                raise refused(here, "is given twice in one object", code="repeated")
            seen.add(name)
            self.conditions += 1
            if self.conditions > self.limits.max_conditions:
                raise too_many_conditions(here, self.limits)
            items.append(self.one(name, value, here, depth))
        return Together(tuple(items))

    def one(self, name: str, value: object, here: str, depth: int) -> Condition:
        if word := _LISTS.get(name):
            if not isinstance(value, list) or isinstance(value, _Members):
                raise refused(here, "must be a list of objects", code="value")
            return word(tuple(self.item(item, f"{here}/{at}", depth) for at, item in enumerate(value)))
        if name == "not":
            return Not(self.item(value, here, depth))
        return self.compare(name, value, here)

    def item(self, value: object, here: str, depth: int) -> Together:
        if not isinstance(value, _Members):
            raise refused(here, 'must be an object such as {"age__gte": 60}', code="value")
        return self.members(value, here, depth + 1)

    def compare(self, name: str, value: object, here: str) -> Compare:
        if isinstance(value, _Members):
            detail = f'is an object; a field behind a relation is written with a dot, "{shortened(name)}.name"'
            raise refused(here, detail, code="value")
        if isinstance(value, list):
            if len(value) > self.limits.max_list:
                raise too_long(here, self.limits)
            for at, item in enumerate(value):
                if isinstance(item, list):
                    raise refused(f"{here}/{at}", "must be a single value", code="value")
                self.check(item, f"{here}/{at}")
            value = tuple(value)
        else:
            self.check(value, here)
        return compare_json(name, value, here, self.limits)

    def check(self, value: object, here: str) -> None:
        if isinstance(value, str) and (wrong := unstorable(value)):
            raise refused(here, wrong, code="encoding")


def too_many_conditions(parameter: str, limits: ReadingSettings) -> BadRequest:
    """The problem for a filter of too many conditions."""
    detail = f"is one condition too many; a request may have {limits.max_conditions}"
    return refused(parameter, detail, code="too_many")


def _too_deep(parameter: str, limits: ReadingSettings) -> BadRequest:
    detail = f"is nested too deep; objects may be nested {limits.max_depth} deep"
    return refused(parameter, detail, code="too_deep")


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _Number(f"{shortened(text)} has more than {_MOST_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> Decimal:
    # 1e999999999 is a few bytes here and a gigabyte wherever it is written out.
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if len(text) > _MOST_DIGITS or not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise _Number(f"{shortened(text)} has more than {_MOST_DIGITS} digits")
    return number


def _constant(text: str) -> NoReturn:
    raise _Number(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Members, parse_float=_fraction, parse_int=_whole, parse_constant=_constant
)
