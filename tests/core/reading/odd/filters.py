"""What a filter means, in plain Python: two-valued, nulls and unseen fields equal to nothing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from colonnade.core.reading.grammar import And, Compare, Condition, Not, Or, Together
from colonnade.core.resources import Relation, Resource
from colonnade.core.values import fold

if TYPE_CHECKING:
    from .oracle import Oracle

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, items: value in items,
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "iexact": lambda value, other: fold(value) == fold(other),
    "icontains": lambda value, part: fold(part) in fold(value),
    "istartswith": lambda value, part: fold(value).startswith(fold(part)),
    "iendswith": lambda value, part: fold(value).endswith(fold(part)),
}


class Filters:
    """Filters for one identity."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle

    def hold(self, resource: Resource, row: Any, condition: Condition) -> bool:
        """Whether a condition holds for a row. Raises Refused, at least where some row gets that far."""
        match condition:
            case Compare():
                return self._together(resource, row, (condition,))
            case Together(items):
                return self._together(resource, row, items)
            case And(items):
                held = [self.hold(resource, row, each) for each in items]  # each is looked at, for what it refuses
                return all(held)
            case Or(items):
                held = [self.hold(resource, row, each) for each in items]
                return any(held)
            case Not(item):
                return not self.hold(resource, row, item)

    def check(self, resource: Resource, condition: Condition) -> None:
        """Raise Refused for a condition that is a 400, rows or no rows."""
        self.hold(resource, None, condition)

    def _together(self, resource: Resource, row: Any, items: tuple[Condition, ...]) -> bool:
        """The keys of one object: those that lead through the same to-many relation speak of one related row."""
        results: list[bool] = []
        groups: dict[tuple[str, ...], tuple[Relation, Any, list[Compare]]] = {}
        for item in items:
            if not isinstance(item, Compare):
                results.append(self.hold(resource, row, item))
                continue
            at, here, way = resource, row, item.path
            while len(way) > 1:
                relation = self._relation(at, way[0])
                way = way[1:]
                if relation.many:
                    walked = item.path[: len(item.path) - len(way)]
                    groups.setdefault(walked, (relation, here, []))[2].append(_at_end(item, way))
                    break
                here, at = self.oracle.one(relation, here), relation.target
            else:
                results.append(self._compare(at, here, item, way[0]))
        for relation, here, inner in groups.values():
            self._together(relation.target, None, tuple(inner))  # for what it refuses
            related = self.oracle.related(relation, here)
            results.append(any(self._together(relation.target, each, tuple(inner)) for each in related))
        return all(results)

    def _relation(self, at: Resource, name: str) -> Relation:
        from .oracle import Refused

        if not self.oracle.has_relation(at, name):
            raise Refused(name)
        return at.relations[name]

    def _compare(self, at: Resource, row: Any, item: Compare, name: str) -> bool:
        from .oracle import Refused

        if item.literal is not None and self.oracle.has_field(at, item.name):
            item, name = item.literal, item.name
        if not self.oracle.has_field(at, name):
            if not self.oracle.has_relation(at, name) or item.operator != "isnull":
                raise Refused(name)
            return bool(self.oracle.related(at.relations[name], row)) is not item.value
        field = at.fields[name]
        if item.operator not in field.value.operators:
            raise Refused(item.operator)
        value = self.oracle.value(at, row, name)
        if item.operator == "isnull":
            return (value is None) is item.value
        read: Callable[[Any], Any] = field.value.parse_text if item.textual else field.value.parse
        try:
            wanted = [read(each) for each in item.value] if item.operator == "in" else read(item.value)  # type: ignore[attr-defined]
        except ValueError as error:
            raise Refused(item.value) from error
        if item.operator == "ne":
            return value is None or value != wanted
        return value is not None and _COMPARISONS[item.operator](value, wanted)


def _at_end(item: Compare, path: tuple[str, ...]) -> Compare:
    return Compare(path, item.operator, item.value, item.textual, item.parameter, item.name, item.written)
