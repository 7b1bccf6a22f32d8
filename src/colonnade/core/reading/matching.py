"""Which records a filter means: their keys, for a write that is to change all of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from colonnade.core.policy.terms import ME_PREFIX, me_names
from colonnade.core.problems import BadRequest
from colonnade.core.resources import Resource

from .grammar import Query
from .questions import plan_of
from .reader import Reader
from .sql.conditions import written
from .sql.scope import Aliases, Scope, clause_of
from .words import OF_LISTS, words_in

Key = tuple[Any, ...]


def keys_matching(reader: Reader, resource: Resource, query: Query, most: int) -> list[Key]:
    """The keys of the records that the reader's identity may see and that the filter holds for, in order.

    :param query: of which only the filter is heeded; see `require_filter`.
    :param most: how many are looked for.
    :raises BadRequest: for what does not exist or does not suit, with the parameter named.
    """
    plan = plan_of(reader.access, reader.limits, resource, Query(where=query.where))
    scope = Scope.over(plan.access, Aliases())
    columns = [scope.column(field.name) for field in resource.key]
    conditions = [clause_of(viewed) for viewed in (scope.viewed(),) if viewed is not True]
    if plan.where is not None:
        conditions.append(written(plan.where, scope, reader.connection.dialect_name))
    statement = scope.joined(select(*columns)).where(*conditions).order_by(*columns).limit(most)
    mine = {ME_PREFIX + name: reader.me[name] for name in me_names(statement)}
    return [tuple(row) for row in reader.connection.rows(statement, {**plan.values, **mine})]


def require_filter(query: Query) -> None:
    """Refuse what a list has and a filter of a write does not: an order, pages, a count.

    :raises BadRequest: with each of them named.
    """
    faults = words_in(query, OF_LISTS, "has no meaning where records are changed; a filter says which")
    if faults:
        raise BadRequest("A change of many takes a filter, fields and expand only.", faults=faults)
