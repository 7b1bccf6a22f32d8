"""The one way to read: a query in, JSON text out, under the policy of who asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from colonnade.core.database import ReadConnection
from colonnade.core.policy.access import Access
from colonnade.core.policy.terms import ME_PREFIX
from colonnade.core.problems import BadRequest, Fault
from colonnade.core.resources import Relation, Resource
from colonnade.core.tree import absent
from colonnade.core.values import wanted

from .cursor import Cursors
from .grammar import Query, parameters_of
from .limits import ReadingSettings
from .names import meant
from .paging import Paging
from .planning import Plan
from .questions import plan_of
from .shape import Parent, Shape
from .shapes import Shapes
from .sql.statement import Found, Statement
from .words import OF_LISTS, words_in

#: The parameters of one record.
_OF_ONE = ("fields", "expand")
#: How many records a statement reads by their keys.
_AT_ONCE = 500


@dataclass(frozen=True)
class Listing:
    """A page of a list: the records as JSON joined by commas, how to go on, and the count if it was asked for.

    `following` is what to change in the query string for the next page, None at the end; `preceding` likewise, where
    paging goes by numbers.
    """

    data: str
    following: Mapping[str, str] | None
    preceding: Mapping[str, str] | None
    total: int | None


@dataclass(frozen=True)
class Within:
    """A list confined to a relation of one record."""

    relation: Relation
    key: tuple[object, ...]


@dataclass(slots=True)
class Reader:
    """Reads for one identity on one connection. One is made for each request, for which a frozen one costs too much.

    :param me: what ``me`` says of the identity, computed at first use.
    :param base: the address of the API, for the links in expanded relations.
    """

    connection: ReadConnection
    access: Access
    me: Mapping[str, object]
    shapes: Shapes
    limits: ReadingSettings
    cursors: Cursors
    base: str

    def list(self, resource: Resource, query: Query, within: Within | None = None) -> Listing:
        """Read a page of a resource, or of a relation of one of its records.

        :raises BadRequest: for what does not exist or does not suit, with the parameter named.
        :raises NotFound: if the record whose relation is read may not be seen.
        """
        self.prepare(resource)
        limit = query.limit or self.limits.default_limit
        plan = plan_of(self.access, self.limits, resource, query, limit)
        paging = Paging(self.cursors, self.limits, query, plan, self._whose(resource, within), limit)
        start, values = paging.start()
        values = {**plan.values, **values, "limit": limit, **_key_values(within.key if within else ())}
        parent = None if within is None else Parent(self.access.of(within.relation.source), within.relation.name)
        found = self._found(plan.shape("list", start, parent), values)
        if not found.count and within is not None:
            self._require(within)
        total = self._total(query, plan, parent, values) if query.count else None
        following = None if found.place is None else paging.following(found.place)
        return Listing(found.data, following, paging.preceding(), total)

    def one(self, resource: Resource, key: tuple[object, ...], query: Query) -> str | None:
        """Read one record as JSON; None if there is none, or none that may be seen.

        :raises BadRequest: for what does not exist, and for what only a list has.
        """
        self.prepare(resource)
        plan = self._plan_of_one(resource, query)
        if not plan.access.may("view"):
            return None
        found = self._found(plan.shape("one"), {**plan.values, **_key_values(key)})
        return found.data if found.count else None

    def some(self, resource: Resource, keys: Sequence[tuple[object, ...]], query: Query) -> Sequence[str | None]:
        """Read records of these keys as JSON, in the order of the keys; None for each that is none, or may not be seen.

        :raises BadRequest: as `one`.
        """
        self.prepare(resource)
        plan = self._plan_of_one(resource, query)
        if not plan.access.may("view") or not keys:
            return [None] * len(keys)
        shape = plan.shape("some")
        found: dict[tuple[object, ...], str] = {}
        for start in range(0, len(keys), _AT_ONCE):
            asked = wanted(self.connection.dialect_name, keys[start : start + _AT_ONCE])
            statement, rows, values = self._rows(shape, {**plan.values, **asked})
            found |= {tuple(json.loads(key)): record for record, key in statement.read_some(rows, values)}
        to_json = [field.value.to_json for field in resource.key]
        sought = (tuple(json.loads(write(part)) for write, part in zip(to_json, key, strict=True)) for key in keys)
        return [found.get(key) for key in sought]

    def row_fields(self, resource: Resource, query: Query) -> tuple[str, ...] | None:
        """The fields that `one` would show of any record, for whoever writes a row to return them with it.

        None where not the row alone has a say in what is shown, or where it is not all that the caller may see.

        :raises BadRequest: as `one`.
        """
        return self._plan_of_one(resource, query).row_fields

    def require_fit(self, resource: Resource, query: Query) -> None:
        """Refuse what `one` would refuse, without reading.

        :raises BadRequest: for what does not exist, and for what only a list has.
        """
        self._plan_of_one(resource, query)

    def exists(self, resource: Resource, key: tuple[object, ...]) -> bool:
        """Tell whether there is a record of this key that may be seen."""
        fields = tuple((field.name,) for field in resource.key)
        return self.one(resource, key, Query(fields=fields)) is not None

    def prepare(self, resource: Resource) -> None:
        """Do what has to be done before records of a resource are read."""
        if resource.before_read is not None:
            resource.before_read(self.connection)

    def _plan_of_one(self, resource: Resource, query: Query) -> Plan:
        _refuse_list_words(query)
        return plan_of(self.access, self.limits, resource, query)

    def _found(self, shape: Shape, values: Mapping[str, object]) -> Found:
        statement, rows, values = self._rows(shape, values)
        return statement.read(rows, values)

    def _rows(
        self, shape: Shape, values: Mapping[str, object]
    ) -> tuple[Statement, Sequence[Sequence[Any]], Mapping[str, object]]:
        """The statement of a shape, its rows, and all values that it was given."""
        statement = self.shapes.statement(shape)
        values = dict(values)
        if statement.links:
            values["base"] = json.dumps(self.base, ensure_ascii=False)[1:-1]
        for name in statement.me:
            values[ME_PREFIX + name] = self.me[name]
        if statement.prepared is not None:
            return statement, self.connection.fetch(statement.prepared, values), values
        assert statement.levels is not None
        return statement, self.connection.rows(statement.levels.statement, values), values

    def _require(self, within: Within) -> None:
        """Tell a relation without rows from a record that may not be seen."""
        if not self.exists(within.relation.source, within.key):
            raise absent()

    def _total(self, query: Query, plan: Plan, parent: Parent | None, values: Mapping[str, object]) -> int:
        exact = query.count == "exact"
        shape = Shape("count" if exact else "capped", plan.access, where=plan.where, parent=parent)
        _, rows, _ = self._rows(shape, {**values, "limit": self.limits.count_cap + 1})
        count: int = rows[0][0]
        return count

    def _whose(self, resource: Resource, within: Within | None) -> str:
        place = "" if within is None else f"{within.relation.source.name}/{within.key!r}/{within.relation.name}"
        return f"{self.access.identity.id!r}\n{resource.name}\n{place}"


def _key_values(key: tuple[object, ...]) -> dict[str, object]:
    return {f"key{index}": value for index, value in enumerate(key)}


def _refuse_list_words(query: Query) -> None:
    faults = words_in(query, OF_LISTS, "has no meaning for one record; use it on the list")
    if query.where is not None:
        said = "is a filter, which has no meaning for one record; use it on the list"
        faults += [
            Fault(said + meant(name, _OF_ONE), parameter=name, code="not_a_list")
            for name in dict.fromkeys(parameters_of(query.where))
        ]
    if faults:
        raise BadRequest("One record takes fields and expand only.", faults=faults)
