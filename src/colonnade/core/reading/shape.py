"""What a statement is compiled for: a question with every name resolved, every policy chosen, and no value in it.

Values are named by their slot, the name of a bound parameter. Everything here is frozen and hashable: a `Shape` is the
key of the cache of statements. A `ResourceAccess` stands for the policy; it is one object for all whom the same entries
match, so who asks is no part of a shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from colonnade.core.policy.access import ResourceAccess


@dataclass(frozen=True, slots=True)
class Step:
    """One relation on the way to another resource, with the policy that holds where it leads."""

    relation: str
    access: ResourceAccess


Way: TypeAlias = tuple[Step, ...]
"""To-one relations, one after the other."""


@dataclass(frozen=True, slots=True)
class Test:
    """A field compared with the value in a slot, or asked whether it is null (`slot` is None)."""

    way: Way
    field: str
    operator: str
    slot: str | None


@dataclass(frozen=True, slots=True)
class Exists:
    """There is a related row that may be seen and for which all of `items` hold."""

    way: Way
    step: Step
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every item holds; of none, yes."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some item holds; of none, no."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    """The item is not true: false, null or unseen."""

    item: Node


Node: TypeAlias = Test | Exists | AllOf | AnyOf | NotOf


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order. NULL, and what may not be seen, is the greatest value in both directions."""

    way: Way
    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Many:
    """A to-many relation shown in its record. Its limit and the query of its ``next`` link are values in slots."""

    step: Step
    selection: Selection
    orders: tuple[Order, ...]
    slot: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shown of a record: fields in declared order, then relations in declared order."""

    access: ResourceAccess
    fields: tuple[str, ...]
    ones: tuple[tuple[Step, Selection], ...] = ()
    manys: tuple[Many, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: at the first row, after so many rows, or after the row that a cursor holds.

    `nulls` tells for each key of the order whether the cursor's value is null, which decides the form of the condition.
    """

    kind: Literal["first", "offset", "cursor"] = "first"
    nulls: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """The record to whose relation a list is confined."""

    access: ResourceAccess
    relation: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A list, one record, some by their keys, or a count; `python` forces every value through Python's form.

    Its hash is made once: it is asked for at each request.
    """

    kind: Literal["list", "one", "some", "count", "capped"]
    access: ResourceAccess
    selection: Selection | None = None
    where: Node | None = None
    orders: tuple[Order, ...] = ()
    start: Start = Start()
    parent: Parent | None = None
    python: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        every = (self.kind, self.access, self.selection, self.where, self.orders, self.start, self.parent, self.python)
        object.__setattr__(self, "_hash", hash(every))

    def __hash__(self) -> int:
        return self._hash
