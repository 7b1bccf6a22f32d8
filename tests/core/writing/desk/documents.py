"""Tasks as JSON: what a role sees of one, what the values of its members must be, and the two RFCs of patches, each as
their authors wrote it down."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal, InvalidOperation
from typing import Any

from .rules import TAGS, Row

KEY = "code"
GENERATED = frozenset({"twice"})


class Wrong(Exception):
    """A value that a field does not take."""


class Conflicting(Exception):
    """An operation of a patch that cannot be applied."""


def _text(length: int, *, null: bool, least: int = 0) -> Any:
    def parse(value: Any) -> Any:
        if value is None and null:
            return None
        if not isinstance(value, str) or not least <= len(value) <= length:
            raise Wrong
        return value

    return parse


def _integer(least: int = -(2**31)) -> Any:
    def parse(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not int or not least <= value < 2**31:
            raise Wrong
        return value

    return parse


def _price(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Wrong
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Wrong from None
    if not number.is_finite() or abs(number) >= 10**6 or number != round(number, 2):
        raise Wrong
    return round(number, 2)


def _json(value: Any) -> Any:
    return deepcopy(value)


#: What makes a value of each field's JSON, and refuses what is none.
TYPES: dict[str, Any] = {
    "code": _text(10, null=False),
    "title": _text(20, null=False, least=1),
    "points": _integer(0),
    "price": _price,
    "state": _text(10, null=False),
    "owner_id": _integer(),
    "secret": _text(20, null=True),
    "note": _text(20, null=True),
    "bonus": _integer(),
    "grade": _text(20, null=False),
    "origin": _text(20, null=True),
    "data": _json,
    "made_by": _text(20, null=False),
    "team_name": _text(10, null=True),
    "twice": _integer(),
}


def document(role: str | None, row: Row, known: set[str]) -> dict[str, Any]:
    """A task as a role sees it; the relation to tags as a list of keys, which an answer leaves out."""
    shown = {name: row[name] for name in TYPES if name in known}
    if "price" in shown:
        shown["price"] = str(shown["price"])
    if "tags" in known:
        shown["tags"] = sorted(row["tags"] & TAGS[role or ""])
    return deepcopy(shown)


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two JSON values are the same to a field: 1 is not true, the tags have no order."""
    if name == "price" and one is not None and other is not None:
        try:
            return _price(one) == _price(other)
        except Wrong:
            return False
    if name == "tags" and isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return equal(one, other)


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        target = dict(target)
        for name, value in patch.items():
            if value is None:
                target.pop(name, None)
            else:
                target[name] = merged(target.get(name), value)
        return target
    return patch


def patched(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, section 4; of arrays only what the drawn patches need."""
    document = deepcopy(document)
    for each in operations:
        document = _applied(document, each)
    return document


def _applied(document: Any, each: dict[str, Any]) -> Any:
    match each["op"]:
        case "test":
            if not equal(_at(document, each["path"]), each["value"]):
                raise Conflicting
            return document
        case "remove":
            return _removed(document, each["path"])
        case "add":
            return _added(document, each["path"], deepcopy(each["value"]))
        case "replace":
            _at(document, each["path"])
            if each["path"] == "":
                return deepcopy(each["value"])
            return _added(_removed(document, each["path"]), each["path"], deepcopy(each["value"]))
        case "copy":
            return _added(document, each["path"], deepcopy(_at(document, each["from"])))
        case "move":
            value = deepcopy(_at(document, each["from"]))
            return _added(_removed(document, each["from"]), each["path"], value)
    raise TypeError(each["op"])


def _at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if isinstance(document, list):
            document = document[_index(token, len(document) - 1)]
        elif isinstance(document, dict) and token in document:
            document = document[token]
        else:
            raise Conflicting
    return document


def _removed(document: Any, pointer: str) -> Any:
    _at(document, pointer)
    parent, _, last = pointer.rpartition("/")
    container = _at(document, parent)
    del container[int(last) if isinstance(container, list) else last]
    return document


def _added(document: Any, pointer: str, value: Any) -> Any:
    if pointer == "":
        return value
    parent, _, last = pointer.rpartition("/")
    container = _at(document, parent)
    if isinstance(container, list):
        container.insert(len(container) if last == "-" else _index(last, len(container)), value)
    elif isinstance(container, dict):
        container[last] = value
    else:
        raise Conflicting
    return document


def _index(token: str, last: int) -> int:
    if not token.isdigit() or int(token) > last:
        raise Conflicting
    return int(token)
