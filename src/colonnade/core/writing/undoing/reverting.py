"""Records are brought back: step by step, a batch at a time, and the results held against the policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Literal, cast

import sqlalchemy as sa

from colonnade.core.database import flush
from colonnade.core.problems import Conflict, Fault, Forbidden, Unprocessable
from colonnade.core.resources import Resource
from colonnade.core.writing.bulk.rows import batches
from colonnade.core.writing.events import AfterWrite, BeforeWrite, Verb
from colonnade.core.writing.fields import WritableFields
from colonnade.core.writing.loading import Stored
from colonnade.core.writing.lookup import Key, among
from colonnade.core.writing.records import assign, new_record
from colonnade.core.writing.relations import key_of
from colonnade.core.writing.results import Results
from colonnade.core.writing.telling import ToldTo
from colonnade.core.writing.writer import Writer

from .admitting import BATCH
from .changeset import Kind, Reversal
from .ordering import Step
from .referring import Referrer, leave_alone, referrers_of, require_unreferred

Fields = Mapping[str, Any]


class Reverting:
    """Writes the steps of one undo."""

    VERBS: ClassVar[Mapping[Kind, Verb]] = {"create": "create", "update": "replace", "delete": "delete"}

    def __init__(self, writer: Writer) -> None:
        self._author = writer.author
        self._session = writer.author.session
        self._listeners = writer.listeners
        self._befores: dict[Reversal, Fields | None] = {}
        self._referrers: dict[Resource, Sequence[Referrer]] = {}
        self._related: dict[Resource, dict[Key, Any]] = defaultdict(dict)

    def perform(self, step: Step) -> None:
        """Write one step.

        :raises Conflict: for what the database does not take.
        """
        ways: dict[str, Callable[[Sequence[Reversal]], None]] = {
            "loosen": self._loosen,
            "delete": self._delete,
            "update": self._update,
            "create": self._create,
            "settle": self._settle,
        }
        for few in batches(step.reversals, BATCH):
            with self._told(step.resource, few):
                ways[step.what](few)
                flush(self._session, step.resource.mapper)

    def require_results(self, reversals: Sequence[Reversal]) -> None:
        """:raises Forbidden: for results that are not their author's to write."""
        alike: dict[tuple[Resource, Kind, frozenset[str]], list[Reversal]] = defaultdict(list)
        for each in reversals:
            if each.kind != "delete":
                made = {name for name, known in each.resource.fields.items() if known.generated}
                alike[each.resource, each.kind, each.written - made].append(each)
        for (resource, kind, names), own in alike.items():
            action: Literal["create", "edit"] = "create" if kind == "create" else "edit"
            results = Results(self._author, self._author.access.of(resource), names, action)
            for few in batches(own, BATCH) if results.undecided else ():
                if results.refused([key_of(resource, each.record) for each in few]):
                    raise Forbidden(
                        f"You may not undo this request: some of its records of {resource.name} are not yours to "
                        f"{action} so. Nothing was undone."
                    )

    def tell(self, reversals: Iterable[Reversal]) -> None:
        """Tell who listens that the records have been written."""
        for each in reversals:
            verb = self.VERBS[each.kind]
            if self._listeners.hear(AfterWrite, each.resource, verb):
                after = None if each.kind == "delete" else _fields(each.resource, each.record)
                self._listeners.notify(AfterWrite(each.resource, verb, self._author, self._befores.get(each), after))

    def _loosen(self, reversals: Sequence[Reversal]) -> None:
        for each in reversals:
            self._remember(each)
            record = _stored(each).record
            assign(record, {name: [] if name in each.resource.relations else None for name in each.loosened})

    def _delete(self, reversals: Sequence[Reversal]) -> None:
        resource = reversals[0].resource
        if resource not in self._referrers:
            self._referrers[resource] = referrers_of(resource.mapper)
        require_unreferred(self._author, resource, self._referrers[resource], reversals)
        for each in reversals:
            self._before(each, {})
            record = _stored(each).record
            leave_alone(record)
            self._session.delete(record)

    def _update(self, reversals: Sequence[Reversal]) -> None:
        self._find_related(reversals)
        for each in reversals:
            values = self._with_objects(each, each.values)
            self._before(each, values)
            each.record = _stored(each).record
            assign(each.record, values)

    def _create(self, reversals: Sequence[Reversal]) -> None:
        self._find_related(reversals)
        made = []
        for each in reversals:
            values = self._with_objects(each, each.values)
            self._before(each, values)
            each.record = new_record(each.resource, values)
            made.append(each.record)
        self._session.add_all(made)

    def _settle(self, reversals: Sequence[Reversal]) -> None:
        self._find_related(reversals)
        for each in reversals:
            assign(each.record, self._with_objects(each, {name: each.to[name] for name in each.deferred}))

    def _before(self, each: Reversal, values: dict[str, Any]) -> None:
        self._remember(each)
        verb = self.VERBS[each.kind]
        if self._listeners.hear(BeforeWrite, each.resource, verb):
            self._listeners.notify(BeforeWrite(each.resource, verb, self._author, self._befores.get(each), values))

    def _remember(self, each: Reversal) -> None:
        """Keep how the record was, if anybody wants to know."""
        heard = any(
            self._listeners.hear(event, each.resource, self.VERBS[each.kind]) for event in (BeforeWrite, AfterWrite)
        )
        if heard and each.stored is not None and each not in self._befores:
            self._befores[each] = _fields(each.resource, each.stored.record)

    def _find_related(self, reversals: Sequence[Reversal]) -> None:
        """Load the objects that many-to-many relations are to lead to, for all records at once."""
        wanted: dict[Resource, set[Key]] = defaultdict(set)
        for each in reversals:
            for name in each.written - each.resource.fields.keys():
                wanted[each.relation(name).target].update(each.to[name])
        for target, keys in wanted.items():
            found = {}
            for few in batches(keys, BATCH):
                columns = [getattr(target.model, field.name) for field in target.key]
                condition, parameters = among(self._author.dialect, columns, few)
                for (record,) in self._author.rows(sa.select(target.model).where(condition), parameters):
                    found[key_of(target, record)] = record
            if keys - found.keys():
                raise Conflict(f"A list of {target.name} leads to no record.", slug="reference-lost")
            self._related[target] = found

    def _with_objects(self, each: Reversal, values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            if name in each.resource.fields
            else [self._related[each.relation(name).target][key] for key in value]
            for name, value in values.items()
        }

    @contextmanager
    def _told(self, resource: Resource, reversals: Sequence[Reversal]) -> Iterator[None]:
        """Tell what the database refuses as the author may hear it: the state of others is in the way of an undo."""
        fields = WritableFields.of(self._author, resource)
        readable = [each.stored.readable for each in reversals if each.stored is not None]
        if readable:
            fields = WritableFields.of(
                self._author, resource, Stored(None, True, frozenset.intersection(*readable), frozenset())
            )
        try:
            with ToldTo(fields, referred=all(each.kind == "delete" for each in reversals)):
                yield
        except Unprocessable as problem:
            faults = [Fault(each.detail, code=each.code) for each in problem.faults]
            raise Conflict(f"Nothing was undone: {problem.detail}", slug=problem.slug, faults=faults) from problem


def _stored(each: Reversal) -> Stored:
    return cast("Stored", each.stored)


def _fields(resource: Resource, record: Any) -> Fields:
    return MappingProxyType({name: getattr(record, name) for name in resource.fields})
