"""JSON objects become values: members by the name of a field, of ``relation.field``, or of a list of keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from colonnade.core.problems import Fault, Forbidden
from colonnade.core.resources import Relation
from colonnade.core.values.constraints import sentence
from colonnade.core.writing.author import Author
from colonnade.core.writing.bodies import MOST_UNKNOWN
from colonnade.core.writing.relations import keys_given

from .columns import MOST_COLUMNS, Column, Columns, column_named, relation_to_one, ways_of
from .parsing import parser_of_json
from .rows import LEFT_OUT, Entry, Reason, Refusals, Row
from .source import Source

#: How many different sets of members are remembered. Objects of one file are much alike.
_REMEMBERED = 1_000

Reader = Callable[[object], Any]


@dataclass
class _Shape:
    """What objects with the same members have in common: how each is read, and what is wrong with all of them."""

    fields: list[tuple[str, str, Reader]] = field(default_factory=list)
    faults: list[Reason] = field(default_factory=list)


class Objects(Source[object]):
    """JSON objects, each with members of its own.

    :param renamed: by what name a member is known here, where it is another one.
    """

    def __init__(self, author: Author, columns: Columns, renamed: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(columns)
        self._author = author
        self._renamed = dict(renamed)
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._readers: dict[str, Reader] = {}
        relations = (relation_to_one(name, columns.access, columns.fields) for name in columns.resource.relations)
        self._relations = {
            each.name: ways[0] for each in relations if each is not None and (ways := ways_of(each, columns.access))
        }

    def read(self, rows: Sequence[Row[object]], refusals: Refusals) -> list[Entry]:
        """The objects that can be read; the others are refused, member by member."""
        return [entry for row in rows if (entry := self._entry(row, refusals)) is not None]

    def _entry(self, row: Row[object], refusals: Refusals) -> Entry | None:
        members = row.content
        if row.broken or not isinstance(members, Mapping):
            refusals.add(row.line, (), row.broken or "must be a JSON object", "row" if row.broken else "object")
            return None
        if len(members) > MOST_COLUMNS:
            refusals.add(row.line, (), f"has {len(members):,} members; at most {MOST_COLUMNS:,} are read", "limit")
            return None
        if not self._relations.keys().isdisjoint(members):
            members = dict(self._flat(members))
        shape = self._shape(tuple(members))
        found = len(refusals)
        for columns, reason, code in shape.faults:
            refusals.add(row.line, columns, reason, code)
        values = self._values(shape.fields, members, row.line, refusals)
        return Entry(row.line, values) if len(refusals) == found else None

    def _values(
        self, readers: list[tuple[str, str, Reader]], members: Mapping[str, object], line: int, refusals: Refusals
    ) -> dict[str, Any]:
        values = {}
        for member, name, read in readers:
            try:
                value = read(members[member])
            except ValueError as error:
                refusals.add(line, (member,), str(error), "value_error")
            else:
                if value is not LEFT_OUT:
                    values[name] = value
        return values

    def _flat(self, members: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        """The members, with ``{"department": {"code": "d005"}}`` as ``{"department.code": "d005"}``."""
        for name, value in members.items():
            if name in self._relations and isinstance(value, Mapping) and len(value) == 1:
                ((inner, value),) = value.items()
                yield f"{name}.{inner}", value
            elif name in self._relations and value is None:
                yield self._relations[name], None
            else:
                yield name, value

    def _shape(self, members: tuple[str, ...]) -> _Shape:
        shape = self._shapes.get(members)
        if shape is None:
            if len(self._shapes) >= _REMEMBERED:
                self._shapes.clear()
            shape = self._shapes[members] = self._new_shape(members)
        return shape

    def _new_shape(self, members: tuple[str, ...]) -> _Shape:
        fields = self.columns.fields
        shape = _Shape()
        given: list[str] = []
        unknown: list[tuple[str, Fault]] = []
        for member in members:
            name = self._renamed.get(member, member)
            if name in fields.relations:
                shape.fields.append((member, name, self._of_relation(fields.relations[name])))
                written: tuple[str, ...] = (name,)
            else:
                column = column_named(member, name, self.columns.access, fields)
                if isinstance(column, Fault):
                    unknown.append((member, column))
                    continue
                shape.fields.append((member, column.name, self._of_column(column)))
                written = column.written
            given += written
            if not self.columns.key:
                faults = filter(None, map(fields.fault, written))
                shape.faults += [((member,), fault.detail, fault.code or "") for fault in faults]
        shape.faults += [((name,), fault.detail, fault.code or "") for name, fault in unknown[:MOST_UNKNOWN]]
        if len(unknown) > MOST_UNKNOWN:
            said = f"{len(unknown) - MOST_UNKNOWN} more members are no fields either"
            shape.faults.append(((), said, "unknown_field"))
        twice = [name for name, times in Counter(given).items() if times > 1]
        shape.faults += [((name,), "is given by two members", "duplicate") for name in twice]
        if not self.columns.key:
            shape.faults += self._lacking(given)
        return shape

    def _lacking(self, given: Sequence[str]) -> Iterator[Reason]:
        fields = self.columns.fields
        for each in fields.missing(given):
            yield (each.name,), "is required", "missing"
        try:
            fields.require_possible([*given, *(each.name for each in fields.missing(given))])
        except Forbidden as problem:
            yield (), problem.detail, "forbidden"

    def _of_relation(self, relation: Relation) -> Reader:
        if relation.name not in self._readers:
            self._readers[relation.name] = _keys(relation)
        return self._readers[relation.name]

    def _of_column(self, column: Column) -> Reader:
        if column.name not in self._readers:
            self._readers[column.name] = self._new_reader(column)
        return self._readers[column.name]

    def _new_reader(self, column: Column) -> Reader:
        parse = parser_of_json(column.field, self._author.dialect)
        nullable = column.field.nullable if column.relation is None else column.relation.nullable
        empty = LEFT_OUT if column.relation is None and column.field.generated else None
        accepted = nullable or empty is LEFT_OUT

        def read(value: object) -> Any:
            return empty if value is None and accepted else parse(value)

        return read


def _keys(relation: Relation) -> Reader:
    """A function that reads a list of keys, as a body does."""
    schema = relation.source.create_schema
    members = () if schema is None else schema.model_fields.values()
    annotation: Any = next(each.annotation for each in members if each.alias == relation.name)
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def read(value: object) -> Any:
        try:
            return keys_given(relation, adapter.validate_python(value))
        except ValidationError as error:
            raise ValueError(sentence(error.errors()[0])) from None

    return read
