"""What a caller asked of a list or a record, as data: the outcome of the grammar, before any resource is known.

Everything here is frozen, hashable and purely syntactic. A name may not exist, a value may not suit its field: the plan
finds out. Two equal values of different JSON types compare equal in Python (``1 == True``), so a cache must not take a
whole `Query` for its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Path: TypeAlias = tuple[str, ...]
"""Names from the resource outwards: ``department.name`` is ``("department", "name")``. Never empty, no empty name."""


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition on one field.

    `value` is what the operator needs: for ``isnull`` a bool, for ``in`` a tuple, else one text (`textual`: it stood in
    the query string) or one JSON value (it stood in ``where``: str, bool, int or Decimal). It is never None: null has
    become ``isnull`` by now. For an unknown operator it is as `written`.
    """

    path: Path
    """The field, its last name without the operator."""
    operator: str
    """One of `grammar.OPERATORS`, or an unknown word: see `literal`."""
    value: object
    textual: bool
    parameter: str
    """Where it stood, for problems: ``age__gte``, or ``where`` and a JSON pointer: ``where/or/0/age__gte``."""
    name: str
    """The last name of the path as it was written, operator included: ``age__gte``."""
    written: object
    """The value before the operator's reading of it: the whole text, or the JSON value (a tuple for a list)."""

    @property
    def literal(self) -> Compare | None:
        """The other reading: equality on a field whose very name is ``a__b``. None where there is no ``__`` to doubt.

        Whoever knows the fields looks for one of this name first. If there is none and `operator` is unknown, the
        problem to raise is `grammar.unknown_operator`.
        """
        if self.name == self.path[-1]:
            return None
        path = (*self.path[:-1], self.name)
        operator, value = ("isnull", True) if self.written is None else ("exact", self.written)
        return Compare(path, operator, value, self.textual, self.parameter, self.name, self.written)


@dataclass(frozen=True, slots=True)
class Together:
    """The keys of one object: the query string, or a JSON object in ``where``.

    All must hold, and those Compare items that share a to-many path speak of the same related row. A nested Together,
    And, Or or Not is an object of its own. Without items it holds for every row.
    """

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class And:
    """``{"and": [...]}``: each holds by itself, each of any related row. Without items it holds for every row."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """``{"or": [...]}``. Without items it holds for no row."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """``{"not": {...}}``: the rows for which the item is not true, null and unseen included."""

    item: Condition


Condition: TypeAlias = Compare | Together | And | Or | Not


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order. NULL is the greatest value, in both directions."""

    path: Path
    descending: bool
    parameter: str


@dataclass(frozen=True, slots=True)
class Expand:
    """A relation to be shown within its record; a longer path expands every relation on its way.

    `limit` and `sort` are of the last relation of the path and make sense for a to-many one only. None and () mean that
    nothing was asked.
    """

    path: Path
    limit: int | None
    sort: tuple[SortKey, ...]
    parameter: str


Count: TypeAlias = Literal["exact", "capped"]


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query string. None and () mean that nothing was asked, except `fields`: None is all fields.

    At most one of `cursor`, `page` and `offset` is given; `page` counts from 1. `plans` is a memory of what it was
    resolved to, and no part of what was asked.
    """

    where: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    fields: tuple[Path, ...] | None = None
    expand: tuple[Expand, ...] = ()
    limit: int | None = None
    cursor: str | None = None
    page: int | None = None
    offset: int | None = None
    count: Count | None = None
    plans: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


def parameters_of(condition: Condition) -> Iterator[str]:
    """The query parameters that a condition came from."""
    match condition:
        case Compare():
            yield condition.parameter.partition("/")[0]
        case Not():
            yield from parameters_of(condition.item)
        case _:
            for item in condition.items:
                yield from parameters_of(item)


def spell(condition: Condition | None) -> str:
    """Write a condition as one text, the same for the same meaning of keys in any order: what a cursor is bound to."""
    match condition:
        case None:
            return ""
        case Compare():
            return f"{condition.path!r} {condition.operator} {condition.textual:d} {condition.value!r}"
        case Not():
            return f"not({spell(condition.item)})"
        case _:
            kind = type(condition).__name__.lower()
            return f"{kind}({','.join(sorted(map(spell, condition.items)))})"
