"""The database writes the JSON: a record as one text expression, the records of a to-many relation as one aggregate.

Members that may be left out carry their own comma, so a record whose first member may be missing loses the first comma
with ``substr``. Constant text in the statement holds names only; values are columns and parameters.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Text, and_, bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from colonnade.core.reading.shape import Many, Order, Selection, Step
from colonnade.core.resources import Field
from colonnade.core.values.concatenation import concatenated
from colonnade.core.values.sql_text import sql_string

from .order import SortColumn, sort_columns
from .page import PageScope, picked
from .scope import AnySelect, Scope, clause_of

#: The types whose values stand in a URL as they are; for others Python quotes them.
URL_SAFE = frozenset({"integer", "uuid", "date"})


@dataclass(frozen=True)
class Member:
    """One member of an object: its name, the text of its value, and where it is shown (True: everywhere)."""

    name: str
    text: ColumnElement[str]
    shown: Literal[True] | ColumnElement[bool] = True


def can_write(selection: Selection, dialect_name: str) -> bool:
    """Tell whether the database can write all of a selection; if not, it has to be read as rows."""
    resource = selection.access.resource
    links = all(field.value.name in URL_SAFE for field in resource.key) or not selection.manys
    return (
        links
        and all(writable(resource.fields[name], dialect_name) for name in selection.fields)
        and all(can_write(inner, dialect_name) for _, inner in selection.ones)
        and all(can_write(many.selection, dialect_name) for many in selection.manys)
    )


def writable(field: Field, dialect_name: str) -> bool:
    """Tell whether the database can write a field's value as Python would."""
    return field.value.json_sql(field.column, dialect_name) is not None


def absent(scope: Scope, step: Step) -> Literal[True] | ColumnElement[bool]:
    """Where a to-one relation that leads to no visible row is shown as null; elsewhere it is left out.

    :returns: True for everywhere. Null says that there is no such row, so it is for those who see the foreign key to be
        null; a row that may not be seen behind a foreign key that may is left out.
    """
    relation = scope.access.resource.relations[step.relation]
    conditions = [
        clause_of(seen) for name in (relation.name, *relation.local) if (seen := scope.seen(name)) is not True
    ]
    if relation.local and step.access.decides("view") is not True:
        conditions.append(or_(*(scope.column(name).is_(None) for name in relation.local)))
    return and_(*conditions) if conditions else True


def numbered(page: PageScope, columns: Sequence[SortColumn]) -> ColumnElement[int]:
    """The place of each picked row in its order, from 1."""
    return func.row_number().over(order_by=page.order(columns)).label("n")


class TextWriter:
    """Writes the JSON of rows for one dialect."""

    def __init__(self, dialect_name: str) -> None:
        self.dialect_name = dialect_name

    def value(self, field: Field, column: ColumnElement[Any], *, nullable: bool) -> ColumnElement[str]:
        """The JSON of one value."""
        text = field.value.json_sql(column, self.dialect_name)
        if text is None:
            raise TypeError(f"{field.name}: {self.dialect_name} cannot write a {field.value.name}")
        return func.coalesce(text, sql_string("null")) if nullable else text

    def record(self, scope: Scope, selection: Selection) -> ColumnElement[str]:
        """The JSON of one row of the scope."""
        members = [
            *(self._field(scope, name) for name in selection.fields),
            *(self._one(scope, step, inner) for step, inner in selection.ones),
            *(self._many(scope, many) for many in selection.manys),
        ]
        if not members:
            return sql_string("{}")
        certain = members[0].shown is True
        parts: list[ColumnElement[str] | str] = []
        for index, member in enumerate(members):
            comma = "" if certain and index == 0 else ","
            name = json.dumps(member.name, ensure_ascii=False)
            shown: list[ColumnElement[str] | str] = [f"{comma}{name}:", member.text]
            if member.shown is True:
                parts += shown
            else:
                parts.append(case((member.shown, concatenated(shown)), else_=sql_string("")))
        if not certain:
            parts = [func.substr(concatenated(parts), 2)]
        return concatenated(["{", *parts, "}"])

    def array(self, values: Sequence[tuple[Field, ColumnElement[Any]]]) -> ColumnElement[str]:
        """The JSON of an array of values, any of which may be null."""
        parts: list[ColumnElement[str] | str] = []
        for field, column in values:
            parts += [",", self.value(field, column, nullable=True)]
        return concatenated(["[", *parts[1:], "]"])

    def joined(
        self, text: ColumnElement[str], number: ColumnElement[int], limit: ColumnElement[int]
    ) -> ColumnElement[str]:
        """An aggregate: the texts up to the limit, in order, with commas between; empty if there are none."""
        comma = sql_string(",")
        if self.dialect_name == "postgresql":
            aggregate = func.string_agg(text, aggregate_order_by(comma, number))
        else:
            # SQLite keeps the order of the subquery that the rows come from.
            aggregate = func.group_concat(text, comma)
        return func.coalesce(aggregate.filter(number <= limit), sql_string(""))

    def _field(self, scope: Scope, name: str) -> Member:
        field = scope.access.resource.fields[name]
        return Member(name, self.value(field, scope.column(name), nullable=field.nullable), _shown(scope, name))

    def _one(self, scope: Scope, step: Step, selection: Selection) -> Member:
        target = scope.one(step)
        there = target.matched()
        text = case((there, self.record(target, selection)), else_=sql_string("null"))
        none = absent(scope, step)
        return Member(step.relation, text, True if none is True else or_(there, none))

    def _many(self, scope: Scope, many: Many) -> Member:
        page, columns = related_page(scope, many, self.dialect_name)
        limit: ColumnElement[int] = bindparam(many.slot, type_=BigInteger())
        record = self.record(page, many.selection).label("j")
        number = numbered(page, columns)
        rows = page.joined(select(record, number)).order_by(number).subquery(scope.aliases.name("rows"))
        data = self.joined(rows.c.j, rows.c.n, limit)
        following = case((func.count() > limit, self._link(scope, many)), else_=sql_string("null"))
        text: AnySelect = select(concatenated(['{"data":[', data, '],"next":', following, "}"]))
        relation = many.step.relation
        return Member(relation, text.correlate(scope.entity).scalar_subquery(), _shown(scope, relation))

    def _link(self, scope: Scope, many: Many) -> ColumnElement[str]:
        """The address of what comes after, as JSON: its constant parts are parameters that are JSON already."""
        resource = scope.access.resource
        parts: list[ColumnElement[str] | str] = []
        for field in resource.key:
            text = self.value(field, scope.column(field.name), nullable=False)
            parts += [",", func.trim(concatenated([text, sql_string("")]), sql_string('"'))]
        base = bindparam("base", type_=Text())
        rest = bindparam(many.slot + "_next", type_=Text())
        return concatenated(['"', base, f"/{resource.name}/", *parts[1:], rest, '"'])


def _shown(scope: Scope, name: str) -> Literal[True] | ColumnElement[bool]:
    seen = scope.seen(name)
    return True if seen is True else clause_of(seen)


def related_page(scope: Scope, many: Many, dialect_name: str) -> tuple[PageScope, tuple[SortColumn, ...]]:
    """The rows that a to-many relation leads to from one row of the scope, picked up to the limit and one more."""
    target, joined = scope.related(many.step)
    columns = sort_columns(many.orders, target, dialect_name)
    conditions = [joined]
    link = scope.link(many.step, target)
    if link is not True:
        conditions.append(clause_of(link))
    page = picked(target, many.selection, conditions, columns=columns, limit=many.slot, correlate=scope.entity)
    return page, columns


def order_fields(orders: Sequence[Order], scope: Scope) -> list[Field]:
    """The fields that an order speaks of, one for each key."""
    fields = []
    for order in orders:
        access = order.way[-1].access if order.way else scope.access
        fields.append(access.resource.fields[order.field])
    return fields
