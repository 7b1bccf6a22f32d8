"""An expression of the policy, which speaks of a model's own table, said of other rows: of an alias, of stored images.

What an author writes means what it means in ``select(Model).where(expression)``. There a subquery may have the model's
table for itself, or speak of the outer row; SQLAlchemy decides which by its rules of correlation. Here the same rules
decide which columns become the alias's: one that was forgotten would compare each row with every other one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnClause, ColumnElement, FromClause, Join, Select, inspect
from sqlalchemy.orm import Mapper, QueryableAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows, Lateral

from colonnade.core.policy.compiling import Condition
from colonnade.core.resources.mapping import own_tables

_T = TypeVar("_T")


def adapted(condition: Condition, mapper: Mapper[Any], entity: Any) -> Condition:
    """A decision of the policy over a model's rows, said of one alias of it: see `said_of_alias`."""
    return condition if isinstance(condition, bool) else said_of_alias(condition, mapper, entity)


def said_of_alias(expression: ColumnElement[_T], mapper: Mapper[Any], entity: Any) -> ColumnElement[_T]:
    """Let an expression over a model's own columns speak of one alias of it.

    :param entity: the alias, of `sqlalchemy.orm.aliased`.
    """
    alias = inspect(entity).selectable

    def column(of: Any) -> ColumnElement[Any]:
        found: ColumnElement[Any] | None = alias.corresponding_column(of)
        if found is None:
            raise LookupError(f"{alias} has no column for {of}")
        return found

    return said_of(expression, mapper, alias, column)


def said_of(
    expression: ColumnElement[_T], mapper: Mapper[Any], rows: FromClause, column: Callable[[Any], ColumnElement[Any]]
) -> ColumnElement[_T]:
    """Let an expression over a model's own columns speak of any rows.

    :param rows: what the expression's subqueries shall take for the model's table where they speak of the outer row.
    :param column: gives what stands in the place of each of the model's columns.
    """
    said: ColumnElement[_T] = _said_of(expression, own_tables(mapper), rows, column)
    return said


def _said_of(
    clause: Any, tables: frozenset[FromClause], rows: FromClause, column: Callable[[Any], ColumnElement[Any]]
) -> Any:
    def replace(element: Any, **_: Any) -> Any:
        if isinstance(element, Select):
            own = _own_tables(element, tables)
            if own:
                return _said_of(element, tables - own, rows, column) if own < tables else element
        elif isinstance(element, FromClause):
            if element in tables:
                return rows  # named in correlate()
            if isinstance(element, AliasedReturnsRows) and not isinstance(element, Lateral):
                return element  # an alias or subquery of the author's own: nothing correlates with it from outside
        elif isinstance(element, (ColumnClause, QueryableAttribute)) and element.table in tables:
            return column(element)
        return None

    return visitors.replacement_traverse(clause, {}, replace)


def _own_tables(select: Select[Any], tables: frozenset[FromClause]) -> frozenset[FromClause]:
    """Those of the tables that a subquery selects from by itself, rather than speak of the outer row."""
    froms = select.get_final_froms()
    # What .correlate(), .correlate_except() and their absence mean has no public name.
    named, spared = select._correlate, select._correlate_except
    own: set[FromClause] = set()
    for each in froms:
        if isinstance(each, Join):
            own |= _joined_tables(each) & tables
        elif each in tables:
            if named:
                correlates = each in named
            elif spared is not None:
                correlates = each not in spared
            else:
                correlates = select._auto_correlate and len(froms) > 1
            if not correlates:
                own.add(next(table for table in tables if table == each))
    return frozenset(own)


def _joined_tables(join: FromClause) -> frozenset[Any]:
    if isinstance(join, Join):
        return _joined_tables(join.left) | _joined_tables(join.right)
    return frozenset((join,))
