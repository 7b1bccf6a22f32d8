"""The small language of ``expand``: ``department,salaries(limit=50,sort=-from_date,id),salaries.employee``."""

from __future__ import annotations

from colonnade.core.problems import BadRequest
from colonnade.core.reading.limits import ReadingSettings

from .numbers import whole_number
from .paths import path_of, sort_keys
from .query import Expand, Path, SortKey
from .refusal import refused, shortened

_OPTIONS = ("limit", "sort")


def expands(text: str, limits: ReadingSettings) -> tuple[Expand, ...]:
    """Read the value of ``expand``; the empty text is none. Raises BadRequest, which names the character."""
    if not text:
        return ()
    found: dict[Path, Expand] = {}
    at = 0
    while True:
        end, closing = _end_of_item(text, at)
        limit: int | None = None
        sort: tuple[SortKey, ...] = ()
        if closing:
            written, _, options = text[at : end - 1].partition("(")
            limit, sort = _options(options, at + len(written) + 1, limits)
        else:
            written = text[at:end]
        relation = written.strip()
        if not relation:
            raise _wrong(at, "a relation is missing")
        path = path_of(relation, "expand", limits.max_expand_depth - 1)
        if path in found:
            raise refused("expand", f"names {shortened(relation)} twice", code="repeated")
        found[path] = Expand(path, limit, sort, "expand")
        if end == len(text):
            return tuple(found.values())
        at = end + 1


def _end_of_item(text: str, start: int) -> tuple[int, bool]:
    """Where the item that begins at `start` ends, and whether it ends in a parenthesis."""
    comma = text.find(",", start)
    end = len(text) if comma < 0 else comma
    opening = text.find("(", start, end)
    if opening < 0:
        stray = text.find(")", start, end)
        if stray >= 0:
            raise _wrong(stray, "a ) without its (")
        return end, False
    closing = text.find(")", opening)
    if closing < 0:
        raise _wrong(opening, "a ( that is not closed")
    inner = text.find("(", opening + 1, closing)
    if inner >= 0:
        raise _wrong(inner, "a ( inside parentheses; what is nested is written with a dot, salaries.employee")
    after = closing + 1
    if after < len(text) and text[after] != ",":
        raise _wrong(after, "after ) comes a comma or the end; what is nested is written with a dot, salaries.employee")
    return after, True


def _options(text: str, start: int, limits: ReadingSettings) -> tuple[int | None, tuple[SortKey, ...]]:
    """Read ``limit=50,sort=-from_date,id``: a piece without ``=`` continues the sort before it."""
    given: dict[str, str] = {}
    last = ""
    for piece in text.split(",") if text.strip() else ():
        name, equals, value = piece.partition("=")
        name = name.strip()
        if equals:
            if name not in _OPTIONS:
                raise _wrong(start, f"there is no option {shortened(name)!r}; there are limit and sort", _OPTIONS)
            if name in given:
                raise _wrong(start, f"{name} is given twice")
            given[name] = value.strip()
            last = name
        elif last == "sort":
            given["sort"] += f",{name}"
        else:
            raise _wrong(start, f"{shortened(name)!r} is no option; write limit=… or sort=…", _OPTIONS)
        start += len(piece) + 1
    limit = given.get("limit")
    return (
        whole_number(limit, "expand", 1, limits.max_limit, "limit ") if limit else None,
        sort_keys(given.get("sort", ""), "expand", limits),
    )


def _wrong(at: int, detail: str, allowed: tuple[str, ...] = ()) -> BadRequest:
    return refused("expand", f"{detail} (at character {at + 1})", code="syntax", allowed=allowed)
