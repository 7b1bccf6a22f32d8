"""A body becomes values: every member known, of the right type, and one that its author may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from colonnade.core.changes import Unreadable
from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources import Field
from colonnade.core.resources.schemas import given
from colonnade.core.values.constraints import sentence
from colonnade.core.values.documents import JsonValue

from .fields import WritableFields
from .patching.values import equal
from .relations import keys_given

#: How many members that are no fields are told one by one, each with what it may have meant.
MOST_UNKNOWN = 20

Members = Mapping[str, object]


def require_object(fields: WritableFields, body: object) -> Members:
    """The members of a body.

    :raises Unprocessable: for a body that is no object.
    """
    if isinstance(body, (dict, Mapping)):  # a dict, as most are, is known without Mapping's own question
        return body
    raise Unprocessable(
        f"A record of {fields.resource.name} is a JSON object.",
        faults=[Fault("must be a JSON object", pointer="", code="object")],
    )


def read_new(fields: WritableFields, members: Members) -> tuple[dict[str, Any], list[Fault]]:
    """Read the members of a record that is to be created.

    :returns: the values that are right, by field name, as Python values; and a fault for each member that is not.
    """
    faults = [] if members.keys() <= fields.free else [*_unwritable(fields, members), *_unknown(fields, members)]
    # What may not be written is validated too: everything that is wrong is told at once.
    values, wrong = _validated(fields, _schema(fields.resource.create_schema), members)
    faults += wrong
    faults += [Fault("is required", pointer=pointer(field.name), code="missing") for field in fields.missing(members)]
    return values, faults


def read_changes(
    fields: WritableFields, members: Members, record: Any, shown: Callable[[str], object]
) -> tuple[dict[str, Any], list[Fault]]:
    """Read members that a stored record is to have.

    A member that may be seen but not written is no fault where it has the value that is stored.

    :param shown: gives a member of the record as its author sees it, as JSON has it.
    :returns: the values that differ from the stored ones; and a fault for each member that is not right.
    """
    faults: list[Fault] = []
    sent = members
    if not members.keys() <= fields.free:
        locked = {fault.pointer: fault for fault in _unwritable(fields, members)}
        stays = {
            name
            for name in members
            if pointer(name) in locked and _is_stored(fields, name, members[name], record, shown)
        }
        for name in stays:
            locked.pop(pointer(name), None)
        sent = {name: value for name, value in members.items() if name not in stays}
        faults = [*locked.values(), *_unknown(fields, members)]
    values, wrong = _validated(fields, _schema(fields.resource.edit_schema), sent)
    changed = {
        name: value
        for name, value in values.items()
        if name in fields.relations or not same(fields.known[name], value, getattr(record, name))
    }
    return changed, faults + wrong


def same(field: Field, one: Any, other: Any) -> bool:
    """Tell whether two values are the same to whoever reads them: 1 and 1.0 are in JSON, 1 and true are not."""
    if one is None or other is None:
        return one is other
    if isinstance(one, Unreadable) or isinstance(other, Unreadable):
        return bool(one == other)
    if isinstance(field.value, JsonValue):
        return equal(one, other)
    return one is other or field.value.to_json(one) == field.value.to_json(other)


def pointer(*path: object) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part)[:200].replace("~", "~0").replace("/", "~1") for part in path)


def _unwritable(fields: WritableFields, members: Members) -> list[Fault]:
    """The members that exist and are not the author's to give."""
    found = [(name, fields.fault(name)) for name in members if name in fields.known or name in fields.relations]
    return [replace(fault, pointer=pointer(name)) for name, fault in found if fault is not None]


def _unknown(fields: WritableFields, members: Members) -> list[Fault]:
    unknown = [name for name in members if name not in fields.known and name not in fields.relations]
    faults = [replace(fault, pointer=pointer(name)) for name in unknown[:MOST_UNKNOWN] if (fault := fields.fault(name))]
    if len(unknown) > MOST_UNKNOWN:
        faults.append(Fault(f"{len(unknown) - MOST_UNKNOWN} more members are no fields either", pointer=""))
    return faults


def _is_stored(fields: WritableFields, name: str, raw: object, record: Any, shown: Callable[[str], object]) -> bool:
    if name in fields.relations:
        return isinstance(raw, list) and sorted(map(repr, raw)) == sorted(map(repr, cast("list[object]", shown(name))))
    field = fields.known[name]
    try:
        value = None if raw is None else field.value.parse(raw)
    except ValueError:  # as it may be stored all the same
        return equal(raw, shown(name))
    return same(field, value, getattr(record, name))


def _schema(schema: type[BaseModel] | None) -> type[BaseModel]:
    if schema is None:
        raise TypeError("the resource is not complete yet")
    return schema


def _validated(fields: WritableFields, schema: type[BaseModel], members: Members) -> tuple[dict[str, Any], list[Fault]]:
    sent = {
        name: value
        for name, value in members.items()
        if name in fields.relations or (name in fields.known and not fields.known[name].generated)
    }
    try:
        return _given(fields, schema, sent), []
    except ValidationError as error:
        errors = error.errors()
    # What is missing is told by who knows what the author may write.
    faults = [
        Fault(sentence(each), pointer=pointer(*each["loc"]), code=str(each["type"]))
        for each in errors
        if each["type"] != "missing" or len(each["loc"]) > 1
    ]
    wrong = {each["loc"][0] for each in errors}
    right = {name: value for name, value in sent.items() if name not in wrong}
    return _given(fields, _schema(fields.resource.edit_schema), right), faults


def _given(fields: WritableFields, schema: type[BaseModel], members: Members) -> dict[str, Any]:
    values = given(schema.model_validate(members))
    for name in fields.relations.keys() & values.keys():
        values[name] = keys_given(fields.relations[name], values[name])
    return values
