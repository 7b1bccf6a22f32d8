"""Rows under the names that a statement gives them, each with the policy that holds for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, Select, and_, case, exists, false, select, true
from sqlalchemy.orm import aliased

from colonnade.core.policy.access import ResourceAccess
from colonnade.core.policy.adapting import adapted, said_of_alias
from colonnade.core.policy.compiling import Condition, both
from colonnade.core.reading.shape import Step, Way

AnySelect: TypeAlias = Select[*tuple[Any, ...]]


def clause_of(condition: Condition) -> ColumnElement[bool]:
    """The condition as an expression. It may be NULL, which is no: it is negated by IS NOT true, wherever it is.

    It is not made two-valued by IS true, for which no index would serve.
    """
    if isinstance(condition, bool):
        return true() if condition else false()
    return condition


class Aliases:
    """Names for the tables of one statement, the same for the same shape.

    They end in a sign that no table's name has: a policy's subquery may select from any table, under its own name.
    """

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count()

    def alias(self, model: type[Any]) -> Any:
        """A new name for a model's rows."""
        return aliased(model, name=self.name("t"))

    def name(self, stem: str) -> str:
        """A new name for a subquery."""
        return f"{stem}{next(self._numbers)}~"


class Scope:
    """The rows of one alias, what may be seen of them, and the to-one rows joined to them."""

    def __init__(self, access: ResourceAccess, entity: Any, aliases: Aliases) -> None:
        self.access = access
        self.entity = entity
        self.aliases = aliases
        self.ones: dict[str, Scope] = {}
        #: For a joined scope: whence it was reached, and how.
        self.origin: tuple[Scope, Step] | None = None
        #: What is joined to the first scope, in order; joined scopes share their first scope's list.
        self.joins: list[Callable[[AnySelect], AnySelect]] = []

    @classmethod
    def over(cls, access: ResourceAccess, aliases: Aliases) -> Scope:
        """A scope over all rows of a resource, under a new name."""
        return cls(access, aliases.alias(access.resource.model), aliases)

    def column(self, name: str) -> ColumnElement[Any]:
        """A field's own column, whether it may be seen or not."""
        shown = self.access.expression(name)
        if shown is not None:
            return said_of_alias(shown, self.access.resource.mapper, self.entity)
        column: ColumnElement[Any] = getattr(self.entity, name)
        field = self.access.resource.fields.get(name)
        if self.origin is not None and field is not None and not isinstance(field.column, Column):
            return case((self.matched(), column))  # a count of what belongs to no row is 0, and should be null
        return column

    def adapted(self, condition: Condition) -> Condition:
        """A decision of the policy, said of this scope's rows."""
        return adapted(condition, self.access.resource.mapper, self.entity)

    def viewed(self) -> Condition:
        """The rows that may be seen."""
        return self.adapted(self.access.decides("view"))

    def seen(self, name: str) -> Condition:
        """On which of the rows that may be seen this field (or relation) may be seen too."""
        return self.adapted(self.access.field(name))

    def value(self, name: str) -> ColumnElement[Any]:
        """A field as it reads to who asks: null where it may not be seen."""
        seen = self.seen(name)
        if seen is True:
            return self.column(name)
        return case((clause_of(seen), self.column(name)))

    def may_be_null(self, name: str) -> bool:
        """Tell whether `value` may be null."""
        return self.access.resource.fields[name].nullable or self.seen(name) is not True

    def link(self, step: Step, target: Scope) -> Condition:
        """What must hold beside the foreign key for a related row to be reached: it, and the way to it, may be seen."""
        relation = self.access.resource.relations[step.relation]
        condition = both(target.viewed(), self.seen(relation.name))
        for name in relation.local:
            condition = both(condition, self.seen(name))
        for name in relation.remote:
            condition = both(condition, target.seen(name))
        return condition

    def related(self, step: Step) -> tuple[Scope, ColumnElement[bool]]:
        """A new scope over the rows that a relation leads to, and the condition that it leads from here to there."""
        target = Scope.over(step.access, self.aliases)
        return target, self.leads(step, target)

    def leads(self, step: Step, target: Scope) -> ColumnElement[bool]:
        """The condition that a relation leads from a row here to a row there; true of each pair once."""
        joined: ColumnElement[bool] = self.attribute(step, target).expression
        if not self.access.resource.relations[step.relation].repeats:
            return joined
        return exists(select(1).where(joined).correlate(self.entity, target.entity))

    def attribute(self, step: Step, target: Scope) -> Any:
        """The attribute of a relation from here to there, for SQLAlchemy to join by."""
        return getattr(self.entity, step.relation).of_type(target.entity)

    def one(self, step: Step) -> Scope:
        """The rows that a to-one relation leads to, joined once; a row without one has nulls."""
        known = self.ones.get(step.relation)
        if known is None:
            known, joined = self.related(step)
            known.origin, known.joins = (self, step), self.joins
            condition = self.link(step, known)
            # Not ``attribute.and_()``: SQLAlchemy would read the policy's own subqueries as speaking of the alias.
            on = joined if condition is True else and_(joined, clause_of(condition))
            self.joins.append(lambda select: select.outerjoin(known.entity, on))
            self.ones[step.relation] = known
        return known

    def at(self, way: Way) -> Scope:
        """The scope at the end of a way of to-one relations."""
        scope = self
        for step in way:
            scope = scope.one(step)
        return scope

    def joined(self, select: AnySelect) -> AnySelect:
        """A select from this scope with all that was joined to it so far."""
        select = select.select_from(self.entity)
        for join in self.joins:
            select = join(select)
        return select

    def matched(self) -> ColumnElement[bool]:
        """For a joined scope: there is such a row. Its key is never null."""
        return and_(*(self.column(field.name).is_not(None) for field in self.access.resource.key))
