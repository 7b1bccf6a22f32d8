"""A body becomes values: every member known, of the right type, and one that its author may write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.resources.schemas import given
from colonnade.core.values.constraints import sentence

from .fields import WritableFields

#: How many members that are no fields are told one by one, each with what it may have meant.
MOST_UNKNOWN = 20


def read_body(fields: WritableFields, body: object) -> tuple[dict[str, Any], list[Fault]]:
    """Read the body of a creation.

    :param body: what `json_body` gave; members by field name.
    :returns: the values that are right, by field name, as Python values; and a fault for each member that is not.
    :raises Unprocessable: for a body that is no object.
    """
    if not isinstance(body, Mapping):
        raise Unprocessable(
            f"A record of {fields.resource.name} is a JSON object.",
            faults=[Fault("must be a JSON object; a request creates one record", pointer="", code="object")],
        )
    unknown = [name for name in body if name not in fields.known]
    told = [*(name for name in body if name in fields.known), *unknown[:MOST_UNKNOWN]]
    faults = [replace(fault, pointer=_pointer((name,))) for name in told if (fault := fields.fault(name))]
    if len(unknown) > MOST_UNKNOWN:
        faults.append(Fault(f"{len(unknown) - MOST_UNKNOWN} more members are no fields either", pointer=""))
    # What may not be written is validated too: everything that is wrong is told at once.
    validated = {
        name: value for name, value in body.items() if name in fields.known and not fields.known[name].generated
    }
    values, wrong = _validated(fields, validated)
    faults += wrong
    faults += [Fault("is required", pointer=_pointer((field.name,)), code="missing") for field in fields.missing(body)]
    return values, faults


def _validated(fields: WritableFields, members: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    schema = fields.resource.create_schema
    if schema is None:
        raise TypeError(f"{fields.resource.name} is not complete yet")
    try:
        return given(schema.model_validate(members)), []
    except ValidationError as error:
        errors = error.errors()
    # What is missing is told by who knows what the author may write.
    faults = [
        Fault(sentence(each), pointer=_pointer(each["loc"]), code=str(each["type"]))
        for each in errors
        if each["type"] != "missing" or len(each["loc"]) > 1
    ]
    wrong = {each["loc"][0] for each in errors}
    right = {name: _parsed(fields, name, value) for name, value in members.items() if name not in wrong}
    return right, faults


def _parsed(fields: WritableFields, name: str, value: object) -> object:
    return None if value is None else fields.resource.fields[name].value.parse(value)


def _pointer(path: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part)[:200].replace("~", "~0").replace("/", "~1") for part in path)
