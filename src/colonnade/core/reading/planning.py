"""From what a caller asked to what is to be read: names resolved, values parsed, the policy chosen, limits kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from colonnade.core.policy.access import Access, ResourceAccess
from colonnade.core.remembered import remembered
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.values import fold

from .bounds import check_joins, check_rows
from .grammar import And, Compare, Condition, Not, Or, Query, SortKey, Together, refused, spell, unknown_operator
from .limits import ReadingSettings
from .names import Names
from .selecting import Selecting
from .shape import AllOf, AnyOf, Exists, Node, NotOf, Order, Parent, Selection, Shape, Start, Test, Way

_FOLDED = frozenset({"icontains", "istartswith", "iendswith", "iexact"})
_FIRST = Start()


@dataclass(frozen=True)
class Plan:
    """A resolved question: its parts for a shape, and the values for its slots.

    asked: the query that it resolves.
    by_python: whether Python shall write the answer, rather than the database.
    met: the policy of each resource that it meets; for another policy it would be another plan.
    """

    access: ResourceAccess
    selection: Selection
    where: Node | None
    orders: tuple[Order, ...]
    values: Mapping[str, object]
    asked: Query
    by_python: bool
    met: tuple[ResourceAccess, ...]
    _shapes: dict[Any, Shape] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shape(self, kind: Literal["list", "one", "some"], start: Start = _FIRST, parent: Parent | None = None) -> Shape:
        """What a statement for it is compiled for."""
        slot = (kind, start, parent)
        shape = self._shapes.get(slot)
        if shape is None:
            orders = () if kind == "one" else self.orders
            shape = Shape(kind, self.access, self.selection, self.where, orders, start, parent, self.by_python)
            self._shapes[slot] = shape
        return shape

    @cached_property
    def sort_fields(self) -> tuple[Field, ...]:
        """The field of each key of the order."""
        ways = [(order.way[-1].access if order.way else self.access, order.field) for order in self.orders]
        return tuple(access.resource.fields[name] for access, name in ways)

    @remembered
    def row_fields(self) -> tuple[str, ...] | None:
        """What is shown of a row, if it is all of its fields that there are for who asks, of every row; else None.

        Not a choice of them: statements are kept for each list of fields, and of choices there are too many.
        """
        access, selection = self.access, self.selection
        if self.by_python or self.asked.fields is not None or selection.ones or selection.manys:
            return None
        if access.decides("view") is not True:
            return None
        plain = all(access.field(name) is True and access.expression(name) is None for name in selection.fields)
        return selection.fields if plain else None

    @cached_property
    def binding(self) -> str:
        """Which rows in which order, as a text: what a cursor belongs to, beside whose list it is."""
        return "\n".join([*map(_spelled, self.orders), spell(self.asked.where)])


class Planning:
    """Resolves one query for one identity. Each value that it meets gets a slot.

    :raises BadRequest: for an unknown name, an operator that does not suit its field, a value that does not suit its
        type; the problem points at the parameter and lists what is known.
    """

    def __init__(self, access: Access, limits: ReadingSettings) -> None:
        self.names = Names(access)
        self.limits = limits
        self.values: dict[str, object] = {}

    def plan(self, resource: Resource, query: Query, limit: int = 1) -> Plan:
        """Resolve a whole query over one resource.

        :param limit: the most records of it that are shown.
        """
        at = self.names.access.of(resource)
        where = None if query.where is None else self.condition(at, query.where)
        selection = Selecting(self).selection(at, query.fields, query.expand)
        orders = self.orders(at, query.sort)
        check_rows(selection, self.values, limit, self.limits)
        check_joins(where, orders, selection, self.limits)
        by_python = self.limits.written_by == "python"
        return Plan(at, selection, where, orders, self.values, query, by_python, self.names.access.met)

    def slot(self, value: object) -> str:
        """Keep a value, and name the parameter that it goes by."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return name

    def orders(self, at: ResourceAccess, keys: tuple[SortKey, ...]) -> tuple[Order, ...]:
        """A total order: what was asked, then the key as the last tie-break, in the last direction."""
        orders = [self._order(at, key) for key in keys]
        descending = orders[-1].descending if orders else False
        used = {order.field for order in orders if not order.way}
        orders += [Order((), each.name, descending) for each in at.resource.key if each.name not in used]
        return tuple(orders)

    def _order(self, at: ResourceAccess, key: SortKey) -> Order:
        way, end, many, rest = self.names.along(at, key.path, key.parameter)
        if many is not None:
            detail = f"cannot sort by {many.name}, which leads to many rows; filter by it instead"
            raise refused(key.parameter, detail, code="to_many")
        field = self.names.require_field(end, rest[0], key.parameter)
        if not field.value.ordered:
            raise refused(key.parameter, f"{field.name} ({field.value.name}) has no order", code="unordered")
        return Order(way, field.name, key.descending)

    def condition(self, at: ResourceAccess, condition: Condition) -> Node:
        """Resolve a condition over the rows of one resource."""
        match condition:
            case Compare():
                return self._together(at, (condition,))
            case Together(items):
                return self._together(at, items)
            case And(items):
                return AllOf(tuple(self.condition(at, each) for each in items))
            case Or(items):
                return AnyOf(tuple(self.condition(at, each) for each in items))
            case Not(item):
                return NotOf(self.condition(at, item))

    def _together(self, at: ResourceAccess, items: tuple[Condition, ...]) -> Node:
        """The keys of one object: those that share a to-many path speak of the same related row."""
        nodes: list[Node] = []
        shared: dict[tuple[Way, str], tuple[Relation, list[Condition]]] = {}
        for item in items:
            if not isinstance(item, Compare):
                nodes.append(self.condition(at, item))
                continue
            way, end, many, rest = self.names.along(at, item.path, item.parameter)
            if many is None:
                nodes.append(self._test(way, end, item, rest[0]))
            else:
                shared.setdefault((way, many.name), (many, []))[1].append(_shortened(item, rest))
        for (way, _), (relation, inner) in shared.items():
            step = self.names.step(relation)
            nodes.append(Exists(way, step, (self._together(step.access, tuple(inner)),)))
        return nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes))

    def _test(self, way: Way, at: ResourceAccess, compare: Compare, name: str) -> Node:
        literal = compare.literal
        if literal is not None and self.names.field(at, literal.path[-1]):
            compare, name = literal, literal.path[-1]
        relation = None if self.names.field(at, name) else self.names.relation(at, name)
        if relation is not None:
            return self._relation_test(way, relation, compare)
        field = self.names.require_field(at, name, compare.parameter)
        operators = field.value.operators
        if compare.operator not in operators:
            raise unknown_operator(compare, tuple(sorted(operators)))
        if compare.operator == "isnull":
            test = Test(way, field.name, "isnull", None)
            return test if compare.value else NotOf(test)
        if compare.operator == "ne":
            return NotOf(Test(way, field.name, "exact", self.slot(self._value(field, compare, compare.value))))
        if compare.operator == "in":
            items = [self._value(field, compare, item) for item in compare.value]  # type: ignore[attr-defined]
            return Test(way, field.name, "in", self.slot(items))
        value = self._value(field, compare, compare.value)
        if compare.operator in _FOLDED:
            value = fold(str(value))
        return Test(way, field.name, compare.operator, self.slot(value))

    def _relation_test(self, way: Way, relation: Relation, compare: Compare) -> Node:
        if compare.operator != "isnull":
            detail = (
                f"{relation.name} is a relation; compare one of its fields, such as "
                f"{relation.name}.{relation.target.key[0].name}, or ask for {relation.name}__isnull"
            )
            raise refused(compare.parameter, detail, code="relation")
        exists = Exists(way, self.names.step(relation), ())
        return NotOf(exists) if compare.value else exists

    def _value(self, field: Field, compare: Compare, raw: object) -> object:
        read: Callable[[Any], object] = field.value.parse_text if compare.textual else field.value.parse
        try:
            return read(raw)
        except ValueError as error:
            raise refused(compare.parameter, str(error), code="value") from error


def _spelled(order: Order) -> str:
    path = ".".join([*(step.relation for step in order.way), order.field])
    return f"-{path}" if order.descending else path


def _shortened(compare: Compare, path: tuple[str, ...]) -> Compare:
    """The same comparison, seen from the end of a to-many relation."""
    return Compare(
        path, compare.operator, compare.value, compare.textual, compare.parameter, compare.name, compare.written
    )
