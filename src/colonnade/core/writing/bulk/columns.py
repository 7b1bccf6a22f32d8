"""What each column of a source is: a field, or a relation that is given by a unique field of the other side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from colonnade.core.policy import Access
from colonnade.core.problems import Fault, Forbidden, Unprocessable
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.resources.mapping import unique_sets
from colonnade.core.values.documents import JsonValue
from colonnade.core.writing.fields import WritableFields, refuse
from colonnade.core.writing.loading import lockable_tables

#: How many columns a table, or members an object, may have: more than any resource has fields.
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Column:
    """A column of a table, or a member of objects.

    header: what stands above it.
    field: of which its values are: of the resource itself, or of the one that the relation leads to.
    relation: the relation that is given by that unique field; None for a field of the resource.
    """

    header: str
    field: Field
    relation: Relation | None = None

    @property
    def name(self) -> str:
        """The name of the field, or ``relation.field``."""
        return self.field.name if self.relation is None else f"{self.relation.name}.{self.field.name}"

    @property
    def written(self) -> tuple[str, ...]:
        """The fields of the resource that it gives."""
        return (self.field.name,) if self.relation is None else self.relation.local


@dataclass(frozen=True)
class Columns:
    """The columns of a source, as its author may give them.

    fields: those of the resource, as they are to the author.
    key: the fields by which a row leads to the record that it changes; () where every row creates one.
    headers: which column gives each field, where that is the same for all rows.
    place: what a row is found by: its ``line``, or as ``item`` of an array.
    """

    access: Access
    fields: WritableFields
    all: tuple[Column, ...]
    key: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    place: str = "line"

    @property
    def resource(self) -> Resource:
        """Whose records are written."""
        return self.fields.resource

    @property
    def given(self) -> tuple[str, ...]:
        """The fields of the resource that they give."""
        return tuple(dict.fromkeys(name for column in self.all for name in column.written))


def columns_of_table(
    headers: Sequence[str],
    renamed: Iterable[tuple[str, str]],
    access: Access,
    fields: WritableFields,
    key: Sequence[str] = (),
) -> Columns:
    """Find out what each column of a table is.

    :param headers: of the table, in order.
    :param renamed: (header, name of a field or ``relation.field``); a header that is not in it is a name itself.
    :param key: names of fields, or of columns as ``relation.field``.
    :raises Unprocessable: with a fault for each header or name that is not right, all at once.
    :raises Forbidden: if the author may write no record, for columns that are not theirs to write, and if a field is
        needed that is not. With a key this is decided row by row.
    """
    _require_possible(fields, keyed=bool(key))
    if len(headers) > MOST_COLUMNS:
        raise Unprocessable(f"The table has {len(headers):,} columns; at most {MOST_COLUMNS:,} are read.")
    names = dict(renamed := tuple(renamed))
    faults = [
        Fault(f"there is no column {header!r} to be {name}", code="unknown_header", allowed=tuple(headers))
        for header, name in renamed
        if header not in headers
    ]
    faults += [Fault(f"{header!r} is renamed twice", code="duplicate") for header in _repeated(h for h, _ in renamed)]
    faults += [Fault(f"the header {header!r} stands twice", code="duplicate") for header in _repeated(headers)]
    columns: list[Column] = []
    for header in headers:
        column = column_named(header, names.get(header, header), access, fields)
        fault = column if isinstance(column, Fault) else None if key else _unwritable(column, fields)
        if fault is not None:
            faults.append(replace(fault, detail=f"{header}: {fault.detail}"))
        elif isinstance(column, Column):
            columns.append(column)
    written = [name for column in columns for name in column.written]
    faults += [Fault(f"two columns give {name}", code="duplicate") for name in _repeated(written)]
    if not faults and not key:
        faults += [
            Fault(f"no column gives {field.name}, which every record of {fields.resource.name} needs", code="missing")
            for field in fields.missing(written)
        ]
    found = () if faults else tuple(_key(key, columns, fields, faults))
    refuse("The columns do not fit.", faults)
    if not key:
        fields.require_possible(written)
    by_field = {name: column.header for column in columns for name in column.written}
    return Columns(access, fields, tuple(columns), found, by_field)


def columns_of_documents(access: Access, fields: WritableFields) -> Columns:
    """Every member that the body of a creation may have, but for relations.

    :raises Forbidden: if the author may create no record.
    """
    _require_possible(fields, keyed=False)
    return Columns(access, fields, tuple(Column(name, each) for name, each in fields.known.items()), place="item")


def columns_of_objects(access: Access, fields: WritableFields, key: Sequence[str] = ()) -> Columns:
    """Every column that an object may give as a member, called as it is.

    :raises Unprocessable: for a key that is none.
    :raises Forbidden: if the author may write no record.
    """
    _require_possible(fields, keyed=bool(key))
    columns = [Column(name, each) for name, each in fields.known.items()]
    relations = (relation_to_one(name, access, fields) for name in fields.resource.relations)
    columns += [
        Column(way, relation.target.fields[way.partition(".")[2]], relation)
        for relation in relations
        if relation is not None and not any(_fault(name, fields) for name in relation.local)
        for way in ways_of(relation, access)
    ]
    faults: list[Fault] = []
    found = tuple(_key(key, columns, fields, faults))
    refuse("The key does not fit.", faults)
    return Columns(access, fields, tuple(columns), found)


def _require_possible(fields: WritableFields, *, keyed: bool) -> None:
    lockable_tables(fields.resource.mapper)
    access, name = fields.access, fields.resource.name
    if not keyed:
        fields.require_action()
    elif not (access.may("create") or access.may("edit")):
        raise Forbidden(f"You may neither create nor edit records of {name}.")


def column_named(header: str, name: str, access: Access, fields: WritableFields) -> Column | Fault:
    """What a column of this name is; a fault if it is nothing."""
    first, dot, rest = name.partition(".")
    if dot:
        return _related(header, first, rest, access, fields)
    if fault := _fault(first, fields):
        relation = relation_to_one(first, access, fields)
        ways = () if relation is None else ways_of(relation, access)
        if ways:
            return Fault(f"{first} is a relation; it is given by a unique field", code="relation", allowed=ways)
        return fault
    if first in fields.relations:
        return Fault(f"{first} is a list of keys, which only JSON Lines can give", code="relation")
    return Column(header, fields.known[first])


def _related(header: str, name: str, rest: str, access: Access, fields: WritableFields) -> Column | Fault:
    relation = relation_to_one(name, access, fields)
    if relation is None:
        return Fault(f"{fields.resource.name} has no relation {name[:80]!r} to one record", code="unknown_field")
    for local in relation.local:
        if fault := _fault(local, fields):
            return fault
    ways = ways_of(relation, access)
    if f"{name}.{rest}" not in ways:
        return Fault(f"{name} is given by a unique field, not by {rest[:80]!r}", code="unknown_field", allowed=ways)
    return Column(header, relation.target.fields[rest], relation)


def relation_to_one(name: str, access: Access, fields: WritableFields) -> Relation | None:
    """The relation to one record by a foreign key of the resource, if it exists for the author."""
    relation = fields.resource.relations.get(name)
    return relation if relation is not None and relation.local and access.relation(relation) else None


def ways_of(relation: Relation, access: Access) -> tuple[str, ...]:
    """By what the author may name the record that a relation leads to."""
    target = relation.target
    visible = access.of(target).visible_fields
    return tuple(f"{relation.name}.{each.name}" for each in visible if each.unique or target.key == (each,))


def _fault(name: str, fields: WritableFields) -> Fault | None:
    """Why there is no such field for the author."""
    return None if name in fields.known else fields.fault(name)


def _unwritable(column: Column, fields: WritableFields) -> Fault | None:
    """Why a column may not be given where every row creates a record."""
    return next((fault for name in column.written if (fault := fields.fault(name))), None)


def _key(key: Sequence[str], columns: Sequence[Column], fields: WritableFields, faults: list[Fault]) -> Iterator[str]:
    """The fields of a key that is given by names of fields, columns or headers."""
    by_name = {column.header: column.written for column in columns} | {each.name: each.written for each in columns}
    by_name |= {name: (name,) for column in columns for name in column.written}
    unknown = [name for name in key if name not in by_name]
    names = tuple(dict.fromkeys(each for name in key for each in by_name.get(name, ())))
    # What a key is found by is compared: it has to be there for who asks.
    visible = {field.name for field in fields.access.visible_fields if not isinstance(field.value, JsonValue)}
    possible = [each for each in unique_sets(fields.resource.mapper) if each <= visible]
    if unknown:
        allowed = tuple(dict.fromkeys(name for column in columns for name in column.written))
        faults += [
            Fault(f"no column gives the key {name[:80]!r}", code="unknown_field", allowed=allowed) for name in unknown
        ]
    elif key and frozenset(names) not in possible:
        known = tuple(",".join(name for name in fields.resource.fields if name in each) for each in possible)
        faults.append(
            Fault(
                f"{', '.join(names)} is no key of {fields.resource.name}: it is not what no two records share",
                code="key",
                allowed=known,
            )
        )
    else:
        yield from names


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
