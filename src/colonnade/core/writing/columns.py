"""What each column of a table of texts is: a field, or a relation that is given by a unique field of the other side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from colonnade.core.policy import Access, ResourceAccess
from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.values.constraints import sentence


@dataclass(frozen=True)
class FieldColumn:
    """A column whose texts are values of a field."""

    header: str
    field: Field


@dataclass(frozen=True)
class RelationColumn:
    """A column whose texts name the record that a relation leads to, by one of its unique fields."""

    header: str
    relation: Relation
    field: Field


Column = FieldColumn | RelationColumn


def columns_of(
    headers: Sequence[str], renamed: Mapping[str, str], access: Access, resource: Resource
) -> tuple[Column, ...]:
    """Find out what each column is.

    :param headers: of the table, in order.
    :param renamed: header → name of a field, or ``relation.field``; a header that is not in it is a field's name.
    :raises Unprocessable: with a fault for each header or name that is not right, all at once.
    """
    faults = [
        Fault(f"--map names {name!r}, which is no header of the file", code="unknown_header", allowed=tuple(headers))
        for name in renamed
        if name not in headers
    ]
    faults += [Fault(f"the header {name!r} stands twice", code="duplicate") for name in _twice(headers)]
    columns: list[Column] = []
    for header in headers:
        column = _column(header, renamed.get(header, header), access, resource)
        if isinstance(column, Fault):
            faults.append(column)
        else:
            columns.append(column)
    written = [name for column in columns for name in _written(column)]
    faults += [Fault(f"two columns give {name}", code="duplicate") for name in _twice(written)]
    faults += [
        Fault(f"no column gives {field.name}, which every record of {resource.name} needs", code="required")
        for field in resource.fields.values()
        if field.required and field.name not in written and not faults
    ]
    if faults:
        raise Unprocessable("The columns do not fit.", faults=faults)
    return tuple(columns)


def _column(header: str, name: str, access: Access, resource: Resource) -> Column | Fault:
    at = access.of(resource)
    first, dot, rest = name.partition(".")
    if not dot:
        field = resource.fields.get(first)
        if field is None or at.field(first) is False or field.generated:
            return _unknown(header, first, at)
        if at.field(first, "create") is False:
            return Fault(f"{header}: you may not write {first}", code="read_only")
        return FieldColumn(header, field)
    relation = resource.relations.get(first)
    if relation is None or relation.many or not relation.local or not access.relation(relation):
        return Fault(f"{header}: {resource.name} has no relation {first!r} to one record", code="unknown_field")
    if any(at.field(local, "create") is False for local in relation.local):
        return Fault(f"{header}: you may not write {first}", code="read_only")
    target = access.of(relation.target)
    field = relation.target.fields.get(rest)
    if field is None or target.field(rest) is False or not (field.unique or relation.target.key == (field,)):
        unique = tuple(
            f"{first}.{each.name}" for each in target.visible_fields if each.unique or relation.target.key == (each,)
        )
        return Fault(
            f"{header}: {first} is given by one of its unique fields, not by {rest!r}",
            code="unknown_field",
            allowed=unique,
        )
    return RelationColumn(header, relation, field)


def _unknown(header: str, name: str, access: ResourceAccess) -> Fault:
    known = tuple(each.name for each in access.visible_fields if not each.generated)
    near = get_close_matches(name, known, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    return Fault(
        f"{header}: {access.resource.name} has no field {name!r} to write{guess} (--map {header}=FIELD renames it)",
        code="unknown_field",
        allowed=known,
    )


def _written(column: Column) -> tuple[str, ...]:
    return (column.field.name,) if isinstance(column, FieldColumn) else column.relation.local


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def reader_of_field(field: Field) -> Callable[[str], Any]:
    """A function that reads a field's text: by its type, then by its constraints.

    It raises ValueError, whose text is a predicate: ``is not a date; write it as 2026-11-22``. An empty text is null
    where null is allowed, and where the type has no empty text it is nothing: ``is required``.
    """
    parse = field.value.parse_text
    check = _check_of(field)

    def read(text: str) -> Any:
        if not text and (field.nullable or not field.value.textual):
            if field.nullable:
                return None
            raise ValueError("is required")
        value = parse(text)
        return value if check is None else check(value)

    return read


def _check_of(field: Field) -> Callable[[Any], Any] | None:
    if not field.constraints:
        return None
    annotation: Any = Annotated[(field.value.python_type, *field.constraints)]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def check(value: Any) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            raise ValueError(sentence(error.errors()[0])) from None

    return check
