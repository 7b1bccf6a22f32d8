"""An order in which records can be brought back: what foreign keys and unique values admit.

A record comes after those that it refers to, and goes after those that refer to it; a unique value is taken after it is
free. The unit of work knows only of what relationships of the ORM say, and of objects that are loaded; so the order is
made here, of the values alone. Where records refer to each other in a circle, nullable references are emptied before
and given afterwards. All of it takes a time in proportion to the number of records.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from colonnade.core.resources import Resource, Resources
from colonnade.core.resources.mapping import unique_sets
from colonnade.core.writing.references import attribute_of, references_of

from .changeset import Kind, Reversal

What = Literal["loosen", "delete", "update", "create", "settle"]


@dataclass(frozen=True)
class Step:
    """Records of one resource to which the same is done, at once and in this order.

    what: ``loosen`` empties their `Reversal.loosened`, ``settle`` gives them their `Reversal.deferred`.
    """

    what: What
    resource: Resource
    reversals: Sequence[Reversal]


@dataclass(eq=False)
class _Edge:
    """One comes before another, because of what these fields of one of them hold.

    names: the fields or relation at whose cost the rule can be dropped; () where it cannot.
    loosens: whether they are those of the first, and are emptied before; otherwise the other's, and given afterwards.
    """

    first: Reversal
    then: Reversal
    names: tuple[str, ...]
    loosens: bool
    dropped: bool = False


@dataclass(frozen=True)
class _Way:
    """A way from a resource to rows of another: a foreign key, or a many-to-many relation.

    names: its fields, or the relation; columns: what they refer to; nullable: those that can be emptied.
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    nullable: tuple[str, ...]
    many: bool = False

    def keys(self, values: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
        """What the values refer to."""
        if self.many:
            keys: Iterable[tuple[Any, ...]] = values.get(self.names[0], ())
            return keys
        key = tuple(values.get(name) for name in self.names)
        return () if None in key else (key,)


def ways_of(resource: Resource, resources: Resources) -> list[_Way]:
    """All ways from a resource to others that are written."""
    ways = []
    for each in references_of(resource, resources):
        nullable = tuple(
            name for name in each.fields if resource.fields[name].nullable and not resource.fields[name].key
        )
        ways.append(_Way(each.fields, each.columns, nullable))
    for relation in resource.relations.values():
        if relation.by_keys:
            mapper = relation.target.mapper
            columns = tuple(mapper.attrs[key.name].columns[0] for key in relation.target.key)
            ways.append(_Way((relation.name,), columns, (relation.name,), many=True))
    return ways


_Places: TypeAlias = dict[tuple[Any, ...], dict[tuple[Any, ...], Reversal]]


class _Graph:
    """Which record comes before which."""

    def __init__(self, reversals: Sequence[Reversal], resources: Resources) -> None:
        self._reversals = reversals
        own = dict.fromkeys(each.resource for each in reversals)
        self._ways = {resource: ways_of(resource, resources) for resource in own}

    def edges(self) -> Iterator[_Edge]:
        """Every rule that holds between two of the records."""
        yield from self._edges_of_references()
        yield from self._edges_of_unique_values()

    def _edges_of_references(self) -> Iterator[_Edge]:
        comes, goes = self._places()
        for reversal in self._reversals:
            for way in self._ways[reversal.resource]:
                released, needed = set(way.keys(reversal.was)), set(way.keys(reversal.to))
                for key in needed - released:
                    first = comes[way.columns].get(key)
                    if first is not None and first is not reversal:
                        yield _Edge(first, reversal, way.nullable, loosens=False)
                for key in released - needed:
                    then = goes[way.columns].get(key)
                    if then is reversal and reversal.kind == "delete" and not way.many:
                        reversal.loosened.update(way.nullable)  # the unit of work deletes none that refers to itself
                    elif then is not None and then is not reversal:
                        yield _Edge(reversal, then, way.nullable, loosens=True)

    def _places(self) -> tuple[_Places, _Places]:
        """For the columns to which ways lead: with which record each value comes, and with which it goes."""
        columns = {way.columns for ways in self._ways.values() for way in ways}
        comes: _Places = {each: {} for each in columns}
        goes: _Places = {each: {} for each in columns}
        named = {
            (resource, each): names
            for resource in self._ways
            for each in columns
            if None not in (names := tuple(attribute_of(resource.mapper, column) for column in each))
        }
        for reversal in self._reversals:
            for each in columns:
                if (reversal.resource, each) not in named:
                    continue
                names = named[reversal.resource, each]
                was, to = _part(reversal.was, names), _part(reversal.to, names)
                if was is not None and was != to:
                    goes[each][was] = reversal
                if to is not None and was != to:
                    comes[each][to] = reversal
        return comes, goes

    def _edges_of_unique_values(self) -> Iterator[_Edge]:
        sets = {resource: [tuple(sorted(names)) for names in unique_sets(resource.mapper)] for resource in self._ways}
        frees: dict[Any, Reversal] = {}
        for reversal in self._reversals:
            for names in sets[reversal.resource]:
                was = _part(reversal.was, names)
                if was is not None and was != _part(reversal.to, names):
                    frees[reversal.resource, names, was] = reversal
        for reversal in self._reversals:
            for names in sets[reversal.resource]:
                to = _part(reversal.to, names)
                first = None if to is None else frees.get((reversal.resource, names, to))
                if first is not None and first is not reversal and to != _part(reversal.was, names):
                    fields = first.resource.fields
                    nullable = tuple(name for name in names if fields[name].nullable and not fields[name].key)
                    yield _Edge(first, reversal, nullable, loosens=True)


def _part(values: Mapping[str, Any], names: Iterable[str | None]) -> tuple[Any, ...] | None:
    """The values of some fields; None where one of them is missing, null, or nothing that can be looked up."""
    part = tuple(values.get(name) for name in names if name is not None)
    if None in part or any(isinstance(each, (list, dict)) for each in part):
        return None
    return part


def steps(reversals: Sequence[Reversal], resources: Resources) -> Iterator[Step]:
    """What is to be done, in order. The reversals learn what of them is loosened or deferred."""
    queue = _Queue(reversals, _Graph(reversals, resources).edges())
    yield from _each("loosen", [each for each in reversals if each.loosened])
    while queue.waiting:
        while step := queue.take():
            yield step
        if queue.waiting:
            yield from queue.untie()
    yield from _each("settle", [each for each in reversals if each.deferred])


def _each(what: What, reversals: Sequence[Reversal]) -> Iterator[Step]:
    """The same for records of several resources."""
    for resource in dict.fromkeys(each.resource for each in reversals):
        yield Step(what, resource, [each for each in reversals if each.resource is resource])


class _Queue:
    """The records that wait for their turn."""

    def __init__(self, reversals: Sequence[Reversal], edges: Iterable[_Edge]) -> None:
        self._before: dict[Reversal, list[_Edge]] = defaultdict(list)
        self._after: dict[Reversal, list[_Edge]] = defaultdict(list)
        for edge in edges:
            self._before[edge.then].append(edge)
            self._after[edge.first].append(edge)
        #: For how many others each one waits.
        self.waiting = {each: len(self._before[each]) for each in reversals}
        self._ready: dict[tuple[Kind, Resource], deque[Reversal]] = defaultdict(deque)
        for each in reversals:
            self._admit(each)

    def take(self) -> Step | None:
        """The next step: as many records as can be done at once. None if all wait for others.

        New records are inserted in the order in which they stand, so those may follow whose turn has just come; what
        is changed or deleted is not.
        """
        ready = max(self._ready.values(), key=len, default=None)
        if not ready:
            return None
        kind, resource = ready[0].kind, ready[0].resource
        done: list[Reversal] = []
        number = len(ready)
        while ready and (number or kind == "create"):
            each = ready.popleft()
            number = max(number - 1, 0)
            del self.waiting[each]
            done.append(each)
            for edge in self._after[each]:
                self._drop(edge)
        return Step(kind, resource, done)

    def untie(self) -> Iterator[Step]:
        """Drop rules among those that wait for each other, at the cost of their fields; all of them, if need be."""
        tied = self._tied()
        edges = [edge for each in tied for edge in self._before[each] if not edge.dropped and edge.first in tied]
        chosen = [edge for edge in edges if edge.names] or edges
        loosened: dict[Reversal, None] = {}
        for edge in chosen:
            if edge.names and edge.loosens:
                edge.first.loosened.update(edge.names)
                loosened[edge.first] = None
            elif edge.names:
                edge.then.deferred.update(edge.names)
            self._drop(edge)
        yield from _each("loosen", list(loosened))

    def _tied(self) -> set[Reversal]:
        """Those that wait, without those for whom nobody waits: who goes in a circle, and who stands between two."""
        followers = {
            each: sum(not edge.dropped and edge.then in self.waiting for edge in self._after[each])
            for each in self.waiting
        }
        last = deque(each for each, number in followers.items() if not number)
        tied = set(self.waiting)
        while last:
            each = last.popleft()
            tied.discard(each)
            for edge in self._before[each]:
                if not edge.dropped and edge.first in tied:
                    followers[edge.first] -= 1
                    if not followers[edge.first]:
                        last.append(edge.first)
        return tied

    def _drop(self, edge: _Edge) -> None:
        """A rule that is kept, or given up."""
        if not edge.dropped:
            edge.dropped = True
            if edge.then in self.waiting:
                self.waiting[edge.then] -= 1
                self._admit(edge.then)

    def _admit(self, reversal: Reversal) -> None:
        if not self.waiting[reversal]:
            self._ready[reversal.kind, reversal.resource].append(reversal)
