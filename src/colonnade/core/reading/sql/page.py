"""Picking the rows first: an inner select with the filter, the order and the limit, over which the answer is written.

What comes after (joins, JSON, related rows) is then paid for the rows of the page only. The decisions of the policy
that are needed later are made in the same select, where the whole row is at hand, and travel as columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, bindparam, select, union_all
from sqlalchemy.orm import aliased

from colonnade.core.policy.compiling import Condition
from colonnade.core.reading.shape import Selection
from colonnade.core.resources import Resource

from .order import SortColumn
from .scope import Scope, clause_of

_INTEGER = BigInteger()


def place_of(resource: Resource, name: str) -> int:
    """The place of an attribute in its class, for labels: names may be too long, or differ by case alone."""
    return list(resource.mapper.attrs.keys()).index(name)


class PageScope(Scope):
    """The picked rows: a scope whose columns and decisions were made by the inner select."""

    def __init__(self, inner: Scope, subquery: FromClause) -> None:
        entity = aliased(inner.access.resource.model, subquery, name=subquery.name)  # type: ignore[attr-defined]
        super().__init__(inner.access, entity, inner.aliases)
        self.subquery = subquery

    def column(self, name: str) -> ColumnElement[Any]:
        """A field's column as the inner select gave it."""
        return self.subquery.c[f"f{place_of(self.access.resource, name)}"]

    def seen(self, name: str) -> Condition:
        """The decision that the inner select made."""
        decided = self.access.field(name)
        return decided if isinstance(decided, bool) else self.subquery.c[f"s{place_of(self.access.resource, name)}"]

    def sort(self, index: int) -> ColumnElement[Any]:
        """The value of one key of the order."""
        return self.subquery.c[f"o{index}"]

    def order(self, columns: Sequence[SortColumn]) -> list[ColumnElement[Any]]:
        """The order of the rows, said of the picked columns."""
        return [
            SortColumn(self.sort(index), self.sort(index), column.nullable, column.descending, "").direction
            for index, column in enumerate(columns)
        ]


def picked(
    scope: Scope,
    selection: Selection,
    conditions: Sequence[ColumnElement[bool]],
    *,
    columns: tuple[SortColumn, ...] = (),
    runs: Sequence[ColumnElement[bool]] = (),
    limit: str | None = None,
    offset: str | None = None,
    correlate: Any = None,
) -> PageScope:
    """Pick the rows of a page.

    :param conditions: what all rows have to meet, the policy included.
    :param columns: the order.
    :param runs: conditions that part the rows in runs; each is picked by a select of its own.
    :param limit: the name of the parameter that says how many rows are shown; one more is picked, to tell whether there
        are more. None for all.
    :param offset: the name of the parameter that says how many rows to pass over.
    :param correlate: the outer rows that the conditions speak of too.
    """
    shown = picked_columns(scope, selection, columns)
    base = scope.joined(select(*shown)).where(*conditions)
    if correlate is not None:
        base = base.correlate(correlate)
    directions = [column.direction for column in columns]

    def bounded(statement: Any, order: Sequence[ColumnElement[Any]]) -> Any:
        statement = statement.order_by(*order)
        if limit is not None:
            statement = statement.limit(bindparam(limit, type_=_INTEGER) + 1)
        return statement if offset is None else statement.offset(bindparam(offset, type_=_INTEGER))

    if len(runs) < 2:
        statement = bounded(base.where(*runs), directions)
    else:
        parts = [select(bounded(base.where(run), directions).subquery(scope.aliases.name("run"))) for run in runs]
        union = union_all(*parts).subquery(scope.aliases.name("runs"))
        again = PageScope(scope, union)
        statement = bounded(select(union), again.order(columns))
    return PageScope(scope, statement.subquery(scope.aliases.name("page")))


def picked_columns(scope: Scope, selection: Selection, columns: Sequence[SortColumn]) -> list[ColumnElement[Any]]:
    """What the answer needs of each row: fields, keys, foreign keys, the decisions on them, and the order's values."""
    resource = scope.access.resource
    names = dict.fromkeys([*selection.fields, *(field.name for field in resource.key)])
    decisions = dict.fromkeys(selection.fields)
    for step in [*(step for step, _ in selection.ones), *(many.step for many in selection.manys)]:
        prop = resource.mapper.relationships[step.relation]
        names.update(dict.fromkeys(resource.mapper.get_property_by_column(c).key for c in prop.local_columns))
        decisions.update(dict.fromkeys([step.relation, *resource.relations[step.relation].local]))
    if resource.mapper.single and resource.mapper.polymorphic_on is not None:
        # SQLAlchemy asks each alias of such a class for its discriminator.
        names[resource.mapper.get_property_by_column(resource.mapper.polymorphic_on).key] = None
    shown = [scope.column(name).label(f"f{place_of(resource, name)}") for name in names]
    for name in decisions:
        seen = scope.seen(name)
        if not isinstance(seen, bool):
            shown.append(clause_of(seen).label(f"s{place_of(resource, name)}"))
    return [*shown, *(column.compared.label(f"o{index}") for index, column in enumerate(columns))]
