"""JSON values: compared, copied and measured without recursion, for patches can nest what they change very deep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def equal(one: object, other: object) -> bool:
    """Tell whether two values are equal as JSON (RFC 6902, section 4.6): 1 equals 1.0, and no number equals true."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        match left, right:
            case dict(), dict():
                if left.keys() != right.keys():
                    return False
                pairs += ((value, right[name]) for name, value in left.items())
            case list(), list():
                if len(left) != len(right):
                    return False
                pairs += zip(left, right, strict=True)
            case _:
                if _kind(left) is not _kind(right) or left != right:
                    return False
    return True


def _kind(value: object) -> type:
    return Decimal if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)


def copied(value: object) -> object:
    """A copy that shares no object or array with the value."""
    root: list[object] = [value]
    todo: list[Any] = [root]
    while todo:
        container = todo.pop()
        places = container.items() if isinstance(container, dict) else enumerate(container)
        for place, part in list(places):
            if isinstance(part, (dict, list)):
                container[place] = part.copy()
                todo.append(container[place])
    return root[0]


def length(value: object, most: int) -> int:
    """About how many characters a value has as JSON text; counting ends soon after ``most``."""
    total, todo = 0, [value]
    while todo and total <= most:
        part = todo.pop()
        match part:
            case dict():
                total += 2 + sum(len(name) + 4 for name in part)
                todo += part.values()
            case list():
                total += 2 + len(part)
                todo += part
            case str():
                total += len(part) + 2
            case bool() | None:
                total += 5
            case int():
                total += 1 + part.bit_length() * 3 // 10  # a decimal digit is a little more than 3.3 bits
            case _:
                total += len(str(part))
    return total


def deeper_than(value: object, most: int) -> bool:
    """Tell whether more than ``most`` objects and arrays stand inside each other."""
    level, depth = [value], 0
    while level:
        containers = [each for each in level if isinstance(each, (dict, list))]
        depth += bool(containers)
        if depth > most:
            return True
        level = [part for each in containers for part in (each.values() if isinstance(each, dict) else each)]
    return False
