"""The words after ``__``, and how each reads its value."""

from __future__ import annotations

from difflib import get_close_matches

from colonnade.core.problems import BadRequest
from colonnade.core.reading.limits import ReadingSettings

from .paths import path_of
from .query import Compare
from .refusal import refused, shortened

OPERATORS = (
    "exact",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "isnull",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "iexact",
)
_ELSEWHERE = {
    "eq": "exact",
    "neq": "ne",
    "not": "ne",
    "like": "contains",
    "ilike": "icontains",
    "null": "isnull",
    "is": "isnull",
    "any": "in",
}
_KNOWN = frozenset(OPERATORS)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # as boolean fields are read


def compare_text(name: str, text: str, limits: ReadingSettings) -> Compare:
    """Read one ``name=text`` of the query string. Raises BadRequest."""
    path, operator, last = _split(name, name, limits)
    value: object = text
    if operator == "in":
        value = list_of(text, name, limits)
    elif operator == "isnull":
        value = _BOOLEANS.get(text.lower())
        if value is None:
            raise refused(name, "must be true or false", code="value", allowed=("true", "false"))
    return Compare(path, operator, value, True, name, last, text)


def compare_json(name: str, value: object, parameter: str, limits: ReadingSettings) -> Compare:
    """Read one member of an object in ``where``; lists are tuples by now, of single values. Raises BadRequest."""
    path, operator, last = _split(name, parameter, limits)
    written = value
    if operator == "in":
        if not isinstance(value, tuple):
            raise refused(parameter, "must be a list", code="value")
        if None in value:
            raise refused(parameter, f"cannot hold null; ask for {path[-1]}__isnull beside it", code="value")
    elif operator == "isnull":
        if not isinstance(value, bool):
            raise refused(parameter, "must be true or false", code="value", allowed=("true", "false"))
    elif isinstance(value, tuple):
        if operator in _KNOWN:
            raise refused(parameter, f"is a list, which goes with {path[-1]}__in", code="value")
    elif value is None:
        if operator not in ("exact", "ne"):
            if operator in _KNOWN:
                raise refused(parameter, f"cannot be null; ask for {path[-1]}__isnull", code="value")
        else:
            operator, value = "isnull", operator == "exact"
    return Compare(path, operator, value, False, parameter, last, written)


def unknown_operator(compare: Compare, known: tuple[str, ...] = OPERATORS) -> BadRequest:
    """The problem for an operator that does not exist or that the field does not have; `known` are those it has."""
    word = compare.operator
    field = ".".join(compare.path)
    if not word:
        detail = "ends in __ without an operator"
    elif word in _KNOWN:
        detail = f"{field} cannot be compared by {word}"
    else:
        near = [_ELSEWHERE[word]] if _ELSEWHERE.get(word) in known else get_close_matches(word, known, 1, 0.7)
        guess = f"{field}__{near[0]}" if near else f"{field}.{word} (a relation is followed by a dot)"
        detail = f"there is no operator {shortened(word)}; did you mean {shortened(guess, 200)}?"
    return refused(compare.parameter, detail, code="unknown_operator", allowed=known)


def list_of(text: str, parameter: str, limits: ReadingSettings) -> tuple[str, ...]:
    """Split ``1,2,3``: commas part the items, double quotes around an item keep its commas, ``""`` in it is one quote.

    The empty text is the empty list; a list of one empty text is ``""``. Raises BadRequest.
    """
    if not text:
        return ()
    if '"' not in text:
        if text.count(",") >= limits.max_list:
            raise too_long(parameter, limits)
        return tuple(text.split(","))
    items: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            item, at = _quoted(text, at, parameter)
        else:
            comma = text.find(",", at)
            end = len(text) if comma < 0 else comma
            item, at = text[at:end], end
            if '"' in item:
                quote = end - len(item) + item.index('"') + 1
                detail = f'has a quote inside an item, at character {quote}; write the item as "a ""quoted"" word"'
                raise refused(parameter, detail, code="value")
        items.append(item)
        if len(items) > limits.max_list:
            raise too_long(parameter, limits)
        if at == len(text):
            return tuple(items)
        at += 1


def too_long(parameter: str, limits: ReadingSettings) -> BadRequest:
    """The problem for a list of too many items."""
    return refused(parameter, f"has more than {limits.max_list} items, the most that are allowed", code="too_many")


def _split(name: str, parameter: str, limits: ReadingSettings) -> tuple[tuple[str, ...], str, str]:
    """The path without its operator, the operator, and the last name as written."""
    path = path_of(name, parameter, limits.max_path)
    last = path[-1]
    field, separator, operator = last.rpartition("__")
    if not separator or not field:
        return path, "exact", last
    return (*path[:-1], field), operator, last


def _quoted(text: str, start: int, parameter: str) -> tuple[str, int]:
    """The item whose opening quote is at `start`, and the place after its closing one."""
    at = start + 1
    while True:
        end = text.find('"', at)
        if end < 0:
            raise refused(parameter, f"has a quote at character {start + 1} that is not closed", code="value")
        if not text.startswith('"', end + 1):
            break
        at = end + 2
    after = end + 1
    if after < len(text) and text[after] != ",":
        raise refused(parameter, f"needs a comma at character {after + 1}, after the closing quote", code="value")
    return text[start + 1 : end].replace('""', '"'), after
