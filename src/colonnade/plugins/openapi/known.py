"""What the descriptions of all operations draw on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from colonnade.core.operation import Operation
from colonnade.core.reading import ReadingSettings
from colonnade.core.resources import Resource

from .headers import CACHED, headers
from .schemas import Schema, ref

JSON = "application/json"
#: The name of the schema of the changes that a write made.
CHANGES = "ChangesMade"


@dataclass(frozen=True)
class Known:
    """One application.

    resources: those that operations show.
    names: of their schemas, by the names of the resources.
    limits: those of reading.
    ids: of its operations on resources, by kind and name of the resource.
    formats: the media types of lists, beside JSON.
    logged: whether a change log is kept, so that a write may be answered with the changes that it makes.
    """

    resources: tuple[Resource, ...]
    names: Mapping[str, str]
    limits: ReadingSettings
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    logged: bool = False

    def name(self, resource: Resource) -> str:
        """The name of a resource's schema."""
        return self.names[resource.name]

    def written(self, *schemas: Schema) -> Schema:
        """The content of an answer to a write; by `schemas`, or the changes for who would rather have these."""
        either = (*schemas, ref(CHANGES)) if self.logged else schemas
        return {JSON: {"schema": either[0] if len(either) == 1 else {"anyOf": list(either)}}}

    def page(self, resource: Resource) -> Schema:
        """The response that is a list."""
        return {
            "description": "A page.",
            "headers": headers(*CACHED, "Link"),
            "content": {JSON: {"schema": ref(self.name(resource) + "List")}},
        }


def resource_of(operation: Operation) -> Resource:
    """The resource of an operation that has one."""
    assert operation.resource is not None
    return operation.resource


def words(name: str) -> str:
    """A name as one would say it."""
    return name.replace("-", " ").replace("_", " ")
