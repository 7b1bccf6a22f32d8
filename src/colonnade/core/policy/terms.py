"""The words that Colonnade adds to Pyramid's access control lists: ``rows()``, ``fields()`` and ``me``.

An entry stays Pyramid's triple ``(Allow | Deny, principal, permission)``. ``rows()`` stands where the principal stands,
``fields()`` where the permission stands, ``me`` inside the expression of ``rows()``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pyramid.authorization import Everyone
from sqlalchemy import BinaryExpression, BindParameter, ClauseElement, ColumnElement, bindparam, not_
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.annotation import _deep_deannotate
from sqlalchemy.sql.operators import in_op, not_in_op

from colonnade.core.values import listed

Mode = Literal["view", "write"]

ME_PREFIX = "me_"


@dataclass(frozen=True, eq=False)
class rows:  # noqa: N801 - a word of the list, read like Allow and Deny
    """A principal that speaks of some rows only.

    :param expression: any SQLAlchemy boolean expression over the resource's model. ``me.id`` and other attributes of
        the identity stand in it as bound parameters. NULL counts as no match.
    :param who: a principal string that the identity must have for the entry to count; without it, anyone.
    """

    expression: ColumnElement[bool]
    who: str = Everyone

    def __post_init__(self) -> None:
        expression: Any = self.expression
        if isinstance(expression, QueryableAttribute):  # a bare Leave.approved
            expression = expression.__clause_element__()
        if not isinstance(expression, ColumnElement):
            raise TypeError(f"rows() takes a SQLAlchemy boolean expression, not {expression!r}")
        object.__setattr__(self, "expression", _prepared(expression))
        if not isinstance(self.who, str):
            raise TypeError(f"rows(who=) takes one principal, a string such as 'role:staff', not {self.who!r}")


@dataclass(frozen=True)
class FieldPermission:
    """The permission to view, or to write, some fields of a row; ``names`` is None for every field."""

    names: frozenset[str] | None
    mode: Mode

    def covers(self, name: str, mode: Mode) -> bool:
        """Tell whether this permission speaks of the field in that mode."""
        return self.mode == mode and (self.names is None or name in self.names)

    def __str__(self) -> str:
        names = "" if self.names is None else ", ".join(repr(name) for name in sorted(self.names))
        return f"fields({names}).{self.mode}"


class fields:  # noqa: N801 - a word of the list, read like Allow and Deny
    """Name fields (or relations) of a resource, to permit or refuse viewing or writing them.

    ``fields("salary").view`` and ``fields("salary").write`` are permissions; ``fields()`` speaks of every field.
    ``write`` covers every road in: create, replace, patch, import, undo.
    """

    def __init__(self, *names: str) -> None:
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"fields() takes names of fields, not {name!r}")
        self._names = frozenset(names) if names else None

    @property
    def view(self) -> FieldPermission:
        """The permission to see these fields."""
        return FieldPermission(self._names, "view")

    @property
    def write(self) -> FieldPermission:
        """The permission to write these fields."""
        return FieldPermission(self._names, "write")


class Me:
    """Who asks, inside the expression of ``rows()``: each attribute is a bound parameter, filled at each request.

    ``me.id`` and ``me.name`` are always there; other attributes come from ``config.add_identity_attribute``.
    A list attribute is used with ``column.in_(me.department_ids)``.
    """

    def __getattr__(self, name: str) -> BindParameter[object]:
        if name.startswith("_"):
            raise AttributeError(name)
        return bindparam(ME_PREFIX + name)


me = Me()


def me_names(statement: ClauseElement) -> tuple[str, ...]:
    """The attributes of ``me`` that stand in a statement."""
    names = {
        element.key.removeprefix(ME_PREFIX)
        for element in visitors.iterate(statement)
        if isinstance(element, BindParameter) and element.key.startswith(ME_PREFIX)
    }
    return tuple(sorted(names))


def _prepared(expression: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same expression, with ``column.in_(me.attribute)`` as one parameter: its text must not depend on a value."""

    def replace(element: Any, **_: Any) -> Any:
        if not isinstance(element, BinaryExpression) or not isinstance(element.right, BindParameter):
            return None
        if not element.right.key.startswith(ME_PREFIX) or element.operator not in (in_op, not_in_op):
            return None
        among = listed(element.left, element.right.key)
        return among if element.operator is in_op else not_(among)

    # SQLAlchemy closes what stands in has() and any() against such replacements, ours too.
    opened = _deep_deannotate(expression, values=["no_replacement_traverse"])
    return visitors.replacement_traverse(opened, {}, replace)
