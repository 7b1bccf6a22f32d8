"""The query string of lists and records, read into a `Query`: what was asked, before anybody knows whether it exists.

The outermost layer (`encoding`), the operators and their values (`operators`), ``where`` (`where`) and ``expand``
(`expands`) each have a file; here is what each parameter is. Nothing is looked up, so nothing here can tell a caller
what there is.
"""

from __future__ import annotations

from itertools import islice
from typing import Literal

from colonnade.core.problems import BadRequest, Fault
from colonnade.core.reading.limits import ReadingSettings

from .encoding import pairs
from .expands import expands
from .numbers import whole_number
from .operators import compare_text
from .paths import field_paths, sort_keys
from .query import Condition, Count, Expand, Path, Query, Together
from .refusal import refused
from .where import read_where, too_many_conditions

CONTROLS = ("sort", "fields", "expand", "limit", "cursor", "page", "offset", "count", "where")
"""The words that are not fields here. A column of such a name is reached by ``sort__exact``, or in ``where``."""

_CONTROLS = frozenset(CONTROLS)
_COUNTS: dict[str, Count] = {"exact": "exact", "capped": "capped"}
_NOTHING = Query()
# With the largest limit, the row at which such a page begins is still a 64-bit number.
_FARTHEST = 10**12
_MOST_FAULTS = 20


def parse(query_string: str | bytes, limits: ReadingSettings) -> Query:
    """Read a query string, still percent-encoded; a str is WSGI's ``QUERY_STRING`` (PEP 3333).

    Raises BadRequest, and nothing else, whatever the bytes are: its faults name the parameters.
    """
    if not query_string:
        return _NOTHING
    if len(query_string) > limits.max_query + limits.max_cursor:
        raise _too_long(limits)
    given: dict[str, str] = {}
    for name, value in pairs(query_string):
        if name in given:
            raise refused(name, "is given twice; several values are written in one, as id__in=1,2,3", code="repeated")
        given[name] = value
    if len(query_string) - len(given.get("cursor", "")) > limits.max_query:
        raise _too_long(limits)
    try:
        return _query(given, limits)
    except BadRequest as refusal:
        raise _all_of(given, limits, refusal) from None


def _too_long(limits: ReadingSettings) -> BadRequest:
    detail = f"is longer than {limits.max_query} characters, the most that are read beside a cursor"
    return refused("query", detail, code="too_long")


def _all_of(given: dict[str, str], limits: ReadingSettings, first: BadRequest) -> BadRequest:
    """What is wrong with each parameter by itself, in one problem; `first` if only their company is wrong."""
    faults: list[Fault] = []
    for name, value in islice(given.items(), limits.max_conditions + len(CONTROLS)):
        try:
            _query({name: value}, limits)
        except BadRequest as refusal:
            faults += refusal.faults
            if len(faults) == _MOST_FAULTS:
                break
    if len(faults) < 2:
        return first
    names = ", ".join([str(fault.parameter) for fault in faults])
    return BadRequest(f"{len(faults)} parameters are wrong: {names}", faults=faults)


def _query(given: dict[str, str], limits: ReadingSettings) -> Query:
    control = given.get
    sort = sort_keys(control("sort", ""), "sort", limits)
    fields = field_paths(control("fields", ""), limits)
    expand = expands(control("expand", ""), limits)
    if expand or fields:
        _count_expands(expand, fields or (), limits)
    limit = _number(control("limit"), "limit", 1, limits.max_limit)
    cursor = control("cursor") or None
    page = _number(control("page"), "page", 1, _FARTHEST)
    offset = _number(control("offset"), "offset", 0, _FARTHEST)
    _one_place(cursor, page, offset)
    where = _where(given, limits)
    return Query(where, sort, fields, expand, limit, cursor, page, offset, _count(control("count")))


def _where(given: dict[str, str], limits: ReadingSettings) -> Together | None:
    conditions: list[Condition] = []
    for name, value in given.items():
        if name not in _CONTROLS:
            if len(conditions) == limits.max_conditions:
                raise too_many_conditions(name, limits)
            conditions.append(compare_text(name, value, limits))
    if text := given.get("where"):
        document = read_where(text, limits, len(conditions))
        if not conditions:
            return document
        conditions.append(document)
    return Together(tuple(conditions)) if conditions else None


def _number(text: str | None, parameter: Literal["limit", "page", "offset"], least: int, most: int) -> int | None:
    return whole_number(text, parameter, least, most) if text else None


def _count(text: str | None) -> Count | None:
    if not text:
        return None
    if text not in _COUNTS:
        raise refused("count", "must be exact or capped", code="value", allowed=tuple(_COUNTS))
    return _COUNTS[text]


def _one_place(cursor: str | None, page: int | None, offset: int | None) -> None:
    if page is not None and offset is not None:
        raise refused("offset", "cannot be given with page", code="conflict")
    if cursor is not None and (page is not None or offset is not None):
        other = "page" if offset is None else "offset"
        raise refused("cursor", f"cannot be given with {other}", code="conflict")


def _count_expands(expand: tuple[Expand, ...], fields: tuple[Path, ...], limits: ReadingSettings) -> None:
    """Count every relation that will be shown, those on the way to another included."""
    if sum([len(item.path) for item in expand]) + sum([len(path) - 1 for path in fields]) <= limits.max_expands:
        return  # no more than that, even if no two were the same
    relations = {item.path[:end] for item in expand for end in range(1, len(item.path) + 1)}
    by_expand = len(relations)
    relations |= {path[:end] for path in fields for end in range(1, len(path))}
    if len(relations) > limits.max_expands:
        parameter = "expand" if by_expand > limits.max_expands else "fields"
        detail = f"asks for {len(relations)} relations; {limits.max_expands} are allowed"
        raise refused(parameter, detail, code="too_many")
