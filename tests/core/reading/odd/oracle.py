"""What a read means, in plain Python over objects that SQLAlchemy's ORM has loaded: no SQL, no shapes, no plan.

It takes the `Query` that the grammar made, and the predicates of `policies`. The order of members and the values are
those of answers; whether a list goes on is True or False where answers have a link.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade import ALL_PERMISSIONS
from colonnade.core.policy.terms import FieldPermission
from colonnade.core.reading.grammar import Query, SortKey
from colonnade.core.resources import Relation, Resource, Resources

from .filters import Filters
from .policies import CORE, ROOT, Said, Who

Path = tuple[str, ...]
#: A record as pairs in order; values as JSON has them.
Shown = list[tuple[str, Any]]


class Refused(Exception):
    """A question that is a 400: a name that does not exist for who asks, an operator or value that does not suit."""


@dataclass(frozen=True)
class Expected:
    """A page of a list."""

    data: list[Shown]
    goes_on: bool
    total: int | None


class Oracle:
    """Reads for one identity."""

    def __init__(self, resources: Resources, policies: dict[Any, tuple[Said, ...]], session: Session, who: Who) -> None:
        self.resources = resources
        self.policies = policies
        self.session = session
        self.who = who
        self.field = functools.cache(self._field)
        self.sees = functools.cache(self._sees)
        self.filters = Filters(self)

    # -- The policy

    def entries(self, resource: Resource) -> Iterator[Said]:
        """The entries that speak to who asks."""
        for said in (*self.policies[resource.model], *ROOT, *CORE):
            if said.who in self.who.identity.principals:
                yield said

    def may_view(self, resource: Resource) -> bool:
        """Whether the rows exist for who asks: some entry might let a row be seen."""
        narrowed = self.who.identity.narrowed
        if narrowed is not None and (resource.name, "view") not in narrowed:
            return False
        return _possible(said for said in self.entries(resource) if _views(said))

    def has_field(self, resource: Resource, name: str) -> bool:
        """Whether a field exists for who asks."""
        if name not in resource.fields:
            return False
        return self.may_view(resource) and _possible(each for each in self.entries(resource) if _views(each, name))

    def has_relation(self, resource: Resource, name: str) -> bool:
        """Whether a relation exists for who asks: it, its target, and the foreign keys that make it."""
        relation = resource.relations.get(name)
        return (
            relation is not None
            and self.may_view(relation.target)
            and _possible(each for each in self.entries(resource) if _views(each, name))
            and all(self.has_field(resource, local) for local in relation.local)
            and all(self.has_field(relation.target, remote) for remote in relation.remote)
        )

    def _sees(self, resource: Resource, row: Any) -> bool:
        return self.may_view(resource) and self._first(row, (each for each in self.entries(resource) if _views(each)))

    def _field(self, resource: Resource, row: Any, name: str) -> bool:
        """Whether a field (or relation) of a row that is seen is seen too."""
        return self._first(row, (each for each in self.entries(resource) if _views(each, name)))

    def _first(self, row: Any, entries: Iterator[Said]) -> bool:
        for said in entries:
            if said.holds is None or bool(said.holds(row, self.who)):
                return said.allow
        return False

    # -- Rows

    def rows(self, resource: Resource) -> list[Any]:
        """The rows that who asks may see."""
        everything = self.session.scalars(sa.select(resource.model)).unique().all()
        return [row for row in everything if self.sees(resource, row)]

    def value(self, resource: Resource, row: Any, name: str) -> Any:
        """A field as it reads: None where there is no row, and where it may not be seen."""
        return None if row is None or not self.field(resource, row, name) else getattr(row, name)

    def related(self, relation: Relation, row: Any) -> list[Any]:
        """The rows that a relation leads to and that may be seen, and seen to be led to."""
        if row is None or not self.field(relation.source, row, relation.name):
            return []
        if not all(self.field(relation.source, row, name) for name in relation.local):
            return []
        found = getattr(row, relation.name)
        return [
            each
            for each in (found if relation.many else [] if found is None else [found])
            if self.sees(relation.target, each)
            and all(self.field(relation.target, each, name) for name in relation.remote)
        ]

    def one(self, relation: Relation, row: Any) -> Any:
        """The row that a to-one relation leads to, if it may be seen."""
        return next(iter(self.related(relation, row)), None)

    # -- Reading

    def list(
        self, resource: Resource, query: Query, limit: int, within: tuple[Relation, Any] | None = None
    ) -> Expected:
        """A page; `within` is a relation and the record whose rows are asked for. Raises Refused."""
        rows = self.rows(resource) if within is None else self.related(*within)
        matching = [row for row in rows if query.where is None or self.filters.hold(resource, row, query.where)]
        if query.where is not None:
            self.filters.check(resource, query.where)
        ordered = self.ordered(resource, matching, query.sort)
        offset = query.offset or ((query.page or 1) - 1) * limit
        tree = self.tree(resource, query)
        shown = [self.record(resource, row, tree) for row in ordered[offset : offset + limit]]
        total = None if query.count is None else len(ordered)
        return Expected(shown, len(ordered) > offset + limit, total)

    def ordered(self, resource: Resource, rows: list[Any], keys: tuple[SortKey, ...]) -> list[Any]:
        """Sort; None is the greatest, in both directions; the key breaks ties, in the last direction."""
        descending = keys[-1].descending if keys else False
        ties = tuple(SortKey((field.name,), descending, "sort") for field in resource.key)
        for key in reversed((*keys, *ties)):
            end, name, relations = self.sort_field(resource, key.path)
            values = {id(row): _sortable(self.value(end, self._along(relations, row), name)) for row in rows}
            rows = sorted(rows, key=lambda row: values[id(row)], reverse=key.descending)
        return rows

    def sort_field(self, resource: Resource, path: Path) -> tuple[Resource, str, list[Relation]]:
        """What a path of a sort leads to. Raises Refused."""
        relations = []
        for name in path[:-1]:
            if not self.has_relation(resource, name) or resource.relations[name].many:
                raise Refused(path)
            relations.append(resource.relations[name])
            resource = relations[-1].target
        if not self.has_field(resource, path[-1]) or not resource.fields[path[-1]].value.ordered:
            raise Refused(path)
        return resource, path[-1], relations

    def _along(self, relations: list[Relation], row: Any) -> Any:
        for relation in relations:
            row = self.one(relation, row)
        return row

    def tree(self, resource: Resource, query: Query) -> Tree:
        """What is shown: `fields` and `expand` together. Raises Refused."""
        tree = Tree()
        for expand in query.expand:
            node = tree
            for name in expand.path:
                node = node.relations.setdefault(name, Tree())
            node.limit, node.sort = expand.limit, expand.sort
        if query.fields is not None:
            tree.fields = set()
            for path in query.fields:
                self._ask(resource, tree, path)
        self._check_tree(resource, tree)
        return tree

    def _ask(self, at: Resource, node: Tree, path: Path) -> None:
        for name in path[:-1]:
            if not self.has_relation(at, name):
                raise Refused(path)
            at = at.relations[name].target
            node = node.relations.setdefault(name, Tree())
            node.fields = set() if node.fields is None else node.fields
        if self.has_relation(at, path[-1]):
            node.relations.setdefault(path[-1], Tree())
        elif self.has_field(at, path[-1]):
            node.fields = {*(node.fields or ()), path[-1]}
        else:
            raise Refused(path)

    def _check_tree(self, resource: Resource, tree: Tree) -> None:
        for name, inner in tree.relations.items():
            if not self.has_relation(resource, name):
                raise Refused(name)
            relation = resource.relations[name]
            if not relation.many and (inner.limit is not None or inner.sort):
                raise Refused(name)
            for key in inner.sort:
                self.sort_field(relation.target, key.path)
            self._check_tree(relation.target, inner)

    def record(self, resource: Resource, row: Any, tree: Tree) -> Shown:
        """One record, as pairs."""
        shown: Shown = []
        for field in resource.fields.values():
            asked = tree.fields is None or field.name in tree.fields
            if asked and self.has_field(resource, field.name) and self.field(resource, row, field.name):
                value = getattr(row, field.name)
                shown.append((field.name, None if value is None else json.loads(field.value.to_json(value))))
        for many in (False, True):
            for name, relation in resource.relations.items():
                if name in tree.relations and relation.many is many:
                    shown += self._relation(relation, row, tree.relations[name])
        return shown

    def _relation(self, relation: Relation, row: Any, tree: Tree) -> Shown:
        if not self.field(relation.source, row, relation.name):
            return []
        related = self.related(relation, row)
        if relation.many:
            limit = tree.limit or 20
            ordered = self.ordered(relation.target, related, tree.sort)
            data = [self.record(relation.target, each, tree) for each in ordered[:limit]]
            return [(relation.name, [("data", data), ("next", len(ordered) > limit)])]
        if related:
            return [(relation.name, self.record(relation.target, related[0], tree))]
        # Null says that there is no such row, to those who see that the foreign key is null.
        if not all(self.field(relation.source, row, name) for name in relation.local):
            return []
        is_null = not relation.local or any(getattr(row, name) is None for name in relation.local)
        return [(relation.name, None)] if is_null or self._sees_all(relation.target) else []

    def _sees_all(self, resource: Resource) -> bool:
        """Whether the policy shows every row, so that one that is not there does not exist."""
        for said in self.entries(resource):
            if _views(said) and (said.holds is None or not said.allow):
                return said.allow
        return False


@dataclass
class Tree:
    """What is shown of a record, and of those that it leads to."""

    fields: set[str] | None = None
    limit: int | None = None
    sort: tuple[SortKey, ...] = ()

    def __post_init__(self) -> None:
        self.relations: dict[str, Tree] = {}


def _possible(entries: Iterator[Said]) -> bool:
    """Whether some row might match an Allow before a Deny of every row."""
    for said in entries:
        if said.allow or said.holds is None:
            return said.allow
    return False


def _views(said: Said, name: str | None = None) -> bool:
    """Whether an entry speaks of viewing rows, or of viewing one of their fields."""
    if said.what is ALL_PERMISSIONS:
        return True
    permissions = said.what if isinstance(said.what, tuple) else (said.what,)
    return any(
        each == "view"
        or (
            name is not None
            and isinstance(each, FieldPermission)
            and each.mode == "view"
            and name in (each.names or (name,))
        )
        for each in permissions
    )


def _sortable(value: Any) -> tuple[bool, Any]:
    """None last; members of an enum by what is stored."""
    return (value is None, 0 if value is None else getattr(value, "value", value))


def without_paging(query: Query) -> Query:
    """The same rows in the same order, from the start."""
    return replace(query, cursor=None, page=None, offset=None, count=None)
