"""What a declaration says, as data: a resource, its fields, its relations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapper

from colonnade.core.policy.acl import Entry, Where
from colonnade.core.values import Value

if TYPE_CHECKING:
    from pydantic import BaseModel

    from colonnade.core.database import ReadConnection
    from colonnade.core.policy.access import Access, ResourceAccess


@dataclass(frozen=True, eq=False)
class Field:
    """A column (or computed expression) of a model, as every capability sees it."""

    name: str
    value: Value
    column: ColumnElement[Any]
    nullable: bool = False
    key: bool = False
    #: The database makes it: a generated key, a computed column, an expression. Never written by a caller.
    generated: bool = False
    #: A creation without it is refused: not nullable, no default.
    required: bool = False
    #: The constant that a creation without it stores; None if there is none to show.
    default: object = None
    #: A creation without it stores what a function or the database makes then: a time, a random text.
    made: bool = False
    unique: bool = False
    #: Never kept in the change log: ``mapped_column(info={"secret": True})``.
    secret: bool = False
    #: Can be erased from the change log: ``info={"personal": True}``.
    personal: bool = False
    description: str = ""
    #: pydantic's and annotated-types' constraints, from ``Annotated[...]``.
    constraints: tuple[object, ...] = ()


@dataclass(frozen=True, eq=False)
class Relation:
    """A way from one resource to another."""

    name: str
    source: Resource
    target: Resource
    many: bool
    #: The source's own foreign key, as names of its fields (many-to-one only).
    local: tuple[str, ...] = ()
    #: The target's foreign key, as names of its fields (one-to-many only).
    remote: tuple[str, ...] = ()
    #: Through a table of its own (many-to-many).
    secondary: bool = False
    #: Nothing keeps that table from leading to the same row twice.
    repeats: bool = False
    #: Written as a list of keys of the related records.
    by_keys: bool = False
    nullable: bool = True
    description: str = ""


@dataclass(eq=False)
class Resource:
    """One declared model: what every capability reads. Nothing of it changes once the application is made."""

    name: str
    model: type[Any]
    mapper: Mapper[Any]
    summary: str
    where: Where
    fields: Mapping[str, Field]
    acl: tuple[Entry, ...] = ()
    plugin: str | None = None
    relations: Mapping[str, Relation] = field(default_factory=dict)
    #: Whether its changes are kept in the change log.
    logged: bool = True
    #: Nobody may write it, whatever the lists say: it is made of something else.
    read_only: bool = False
    #: Gives the access to it, where that follows from the access to other resources; None where the lists decide.
    derived_access: Callable[[Access], ResourceAccess] | None = None
    #: Is called with the connection before records are read on it: something has to be done before they can be.
    before_read: Callable[[ReadConnection], object] | None = None
    #: The pydantic model that a body of a creation is validated by.
    create_schema: type[BaseModel] | None = None
    #: The same with every member left out at will: what a patch is validated by.
    edit_schema: type[BaseModel] | None = None

    @cached_property
    def key(self) -> tuple[Field, ...]:
        """The fields that make the key, in the order in which they stand in a URL."""
        return tuple(each for each in self.fields.values() if each.key)

    @property
    def writable(self) -> bool:
        """Whether anybody may write it at all."""
        return not self.read_only

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields and relations that a list of permissions may name."""
        return frozenset(self.fields) | frozenset(self.relations)

    def __repr__(self) -> str:
        return f"<Resource {self.name}>"


class Resources(Mapping[str, Resource]):
    """The resources of an application by name, in the order of their declaration."""

    def __init__(self) -> None:
        self._by_name: dict[str, Resource] = {}
        self._by_model: dict[type[Any], Resource] = {}

    def add(self, resource: Resource) -> None:
        """Take in a resource; the directive's discriminators have made sure that it is the only one of its name."""
        self._by_name[resource.name] = resource
        self._by_model[resource.model] = resource

    def of_model(self, model: type[Any]) -> Resource | None:
        """The resource that was declared for a mapped class."""
        return self._by_model.get(model)

    def __getitem__(self, name: str) -> Resource:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
