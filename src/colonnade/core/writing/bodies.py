"""A body becomes values: every member known, of the right type, and one that its author may write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from colonnade.core.policy import ResourceAccess
from colonnade.core.problems import Fault, Forbidden, Unprocessable
from colonnade.core.resources import Field
from colonnade.core.resources.schemas import given
from colonnade.core.values.constraints import sentence


class Bodies:
    """Reads the bodies of creations of one resource, for one identity.

    A field that does not exist for the identity is as unknown as one that exists for nobody.
    """

    def __init__(self, access: ResourceAccess) -> None:
        self.access = access
        self.resource = access.resource
        schema = access.resource.create_schema
        if schema is None:
            raise TypeError(f"{access.resource.name} is not complete yet")
        self.schema = schema
        self.known = frozenset(field.name for field in self._known())
        self.hidden = frozenset(self.resource.fields) - self.known

    def _known(self) -> Iterable[Field]:
        # Who may create without viewing anything names fields by what may be written.
        sees_nothing = not self.access.may("view")
        return (
            field
            for field in self.resource.fields.values()
            if sees_nothing or self.access.field(field.name) is not False
        )

    def values(self, body: object) -> dict[str, Any]:
        """Validate one body.

        :param body: what `json_body` gave; members by field name.
        :returns: the values that it holds, by field name, as Python values.
        :raises Unprocessable: with a fault for each member that is wrong, all at once.
        :raises Forbidden: for a member that its author may see but not write.
        """
        if not isinstance(body, Mapping):
            raise Unprocessable(
                f"A record of {self.resource.name} is a JSON object.",
                faults=[Fault("must be a JSON object", pointer="", code="object")],
            )
        faults = [self._unknown(name) for name in body if name not in self.known]
        faults += [self._generated(name) for name in body if name in self.known and self._is_generated(name)]
        writable = {name: value for name, value in body.items() if name in self.known and not self._is_generated(name)}
        validated, wrong = self._validated(writable)
        if faults or wrong:
            raise Unprocessable("The record is not valid.", faults=[*faults, *wrong])
        self._permit(writable)
        return validated

    def _is_generated(self, name: str) -> bool:
        return self.resource.fields[name].generated

    def _validated(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
        try:
            return given(self.schema.model_validate(body)), []
        except ValidationError as error:
            faults = []
            for each in error.errors():
                name = str(each["loc"][0]) if each["loc"] else ""
                if name in self.hidden or (each["type"] == "missing" and not self._may_write(name)):
                    raise Forbidden(
                        f"You may not create a record of {self.resource.name}: it needs a field that you may not write."
                    ) from None
                faults.append(Fault(sentence(each), pointer=_pointer(each["loc"]), code=str(each["type"])))
            return {}, faults

    def _may_write(self, name: str) -> bool:
        return self.access.field(name, "create") is not False

    def _permit(self, names: Iterable[str]) -> None:
        refused = [name for name in names if not self._may_write(name)]
        if refused:
            raise Forbidden(
                f"You may not write {', '.join(refused)}.",
                faults=[
                    Fault("may be seen but not written by you", pointer=_pointer((n,)), code="read_only")
                    for n in refused
                ],
            )

    def _unknown(self, name: str) -> Fault:
        known = [field for field in self.resource.fields if field in self.known and not self._is_generated(field)]
        near = get_close_matches(name, known, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        return Fault(
            f"{self.resource.name} has no field {name[:80]!r}{guess}",
            pointer=_pointer((name,)),
            code="unknown_field",
            allowed=tuple(known),
        )

    def _generated(self, name: str) -> Fault:
        return Fault("is made by the database; leave it out", pointer=_pointer((name,)), code="generated")


def _pointer(path: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part)[:200].replace("~", "~0").replace("/", "~1") for part in path)
