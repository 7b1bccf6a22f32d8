"""What each column of a table of texts is: a field, or a relation that is given by a unique field of the other side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from colonnade.core.policy import Access
from colonnade.core.problems import Fault
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.writing.fields import WritableFields, refuse


@dataclass(frozen=True)
class Column:
    """A column of a table.

    header: what stands above it.
    field: of which its texts are values: of the resource itself, or of the one that the relation leads to.
    relation: the relation that is given by that unique field; None for a field of the resource.
    """

    header: str
    field: Field
    relation: Relation | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The fields of the resource that it gives."""
        return (self.field.name,) if self.relation is None else self.relation.local


def columns_of(
    headers: Sequence[str], renamed: Iterable[tuple[str, str]], access: Access, resource: Resource
) -> tuple[Column, ...]:
    """Find out what each column is.

    :param headers: of the table, in order.
    :param renamed: (header, name of a field or ``relation.field``); a header that is not in it is a name itself.
    :raises Unprocessable: with a fault for each header or name that is not right, all at once.
    :raises Forbidden: if the author may create no record, for columns that are not theirs to write, and if a field is
        needed that is not.
    """
    fields = WritableFields(access.of(resource))
    fields.require_action()
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
        column = _column(header, names.get(header, header), access, fields)
        if isinstance(column, Fault):
            faults.append(replace(column, detail=f"{header}: {column.detail}"))
        else:
            columns.append(column)
    written = [name for column in columns for name in column.written]
    faults += [Fault(f"two columns give {name}", code="duplicate") for name in _repeated(written)]
    if not faults:
        faults += [
            Fault(f"no column gives {field.name}, which every record of {resource.name} needs", code="missing")
            for field in fields.missing(written)
        ]
    refuse("The columns do not fit.", faults)
    fields.require_possible(written)
    return tuple(columns)


def _column(header: str, name: str, access: Access, fields: WritableFields) -> Column | Fault:
    first, dot, rest = name.partition(".")
    if dot:
        return _related(header, first, rest, access, fields)
    fault = fields.fault(first)
    if fault is None:
        return Column(header, fields.known[first])
    relation = _relation(first, access, fields)
    if relation is not None and (ways := _ways(relation, access)):
        return Fault(f"{first} is a relation; it is given by a unique field", code="relation", allowed=ways)
    return fault


def _related(header: str, name: str, rest: str, access: Access, fields: WritableFields) -> Column | Fault:
    relation = _relation(name, access, fields)
    if relation is None:
        return Fault(f"{fields.resource.name} has no relation {name[:80]!r} to one record", code="unknown_field")
    for local in relation.local:
        if fault := fields.fault(local):
            return fault
    ways = _ways(relation, access)
    if f"{name}.{rest}" not in ways:
        return Fault(f"{name} is given by a unique field, not by {rest[:80]!r}", code="unknown_field", allowed=ways)
    return Column(header, relation.target.fields[rest], relation)


def _relation(name: str, access: Access, fields: WritableFields) -> Relation | None:
    """The relation to one record by a foreign key of the resource, if it exists for the author."""
    relation = fields.resource.relations.get(name)
    return relation if relation is not None and relation.local and access.relation(relation) else None


def _ways(relation: Relation, access: Access) -> tuple[str, ...]:
    """By what the author may name the record that a relation leads to."""
    target = relation.target
    visible = access.of(target).visible_fields
    return tuple(f"{relation.name}.{each.name}" for each in visible if each.unique or target.key == (each,))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def names_of(columns: Sequence[Column]) -> Mapping[str, str]:
    """Which header gives each field."""
    return {name: column.header for column in columns for name in column.written}
