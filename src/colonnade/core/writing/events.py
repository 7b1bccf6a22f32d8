"""Events of writing: what a plug-in subscribes to, to validate across resources, to fill in, to keep derived data.

::

    config.add_subscriber(check_overlap, BeforeWrite, resource="leave-requests", verb=("create", "patch"))

Both predicates take one name or several; without them a subscriber hears of everything. Every road in fires both
events for every record, in the transaction of the write; where nobody listens, nothing is made. What is to happen
outside of the database (mail, other services) does not belong here: the transaction may yet be rolled back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry
from sqlalchemy import ClauseElement
from zope.interface import implementedBy

from colonnade.core.resources import Resource, resources_of
from colonnade.core.settings import nearest

if TYPE_CHECKING:
    from pyramid.registry import Introspectable
    from sqlalchemy.orm import Session

    from .author import Author

Verb = Literal["create", "replace", "patch", "delete"]
VERBS: tuple[Verb, ...] = get_args(Verb)

_KEY = "colonnade.writing.listeners"


@dataclass(eq=False)
class WriteEvent:
    """What both events tell.

    resource: of which a record is written.
    verb: ``create``, ``replace``, ``patch`` (by whichever kind of patch, or an import) or ``delete``.
    author: who writes; ``author.access.identity`` says under which name.
    before: the fields of the record as it was, by name, hidden ones included; None when it is created.
    """

    resource: Resource
    verb: Verb
    author: Author
    before: Mapping[str, Any] | None

    @property
    def session(self) -> Session:
        """The session whose transaction this is; what is added to it is written, or rolled back, with the rest."""
        return self.author.session


@dataclass(eq=False)
class BeforeWrite(WriteEvent):
    """A record is about to be written: everything in it is valid, and its author may write it.

    A subscriber may change ``values``, or raise a problem (`Unprocessable`, `Forbidden`, `Conflict`) that says why it
    must not be; a `Fault` with the pointer ``/name`` shows at which field. What a subscriber puts into ``values`` is
    not held against the permissions of the author, nor against the constraints of the fields: it is the plug-in's own
    doing. Only what could not be stored at all is an error.

    values: what will be written, by field name: Python values as the model has them; for a many-to-many relation the
        list of related objects. Of a replacement or a patch only what changes. Empty when the record is deleted.
    """

    values: dict[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> Mapping[str, Any] | None:
        """The fields as they will be, as far as that is known before the database adds its own; None on deletion.

        It is for reading: what a subscriber changes, it changes in ``values``.
        """
        return None if self.verb == "delete" else MappingProxyType({**(self.before or {}), **self.values})

    def require_storable(self) -> None:
        """Tell the author of a subscriber what it has put into ``values`` that cannot be stored.

        :raises SubscriberError: for a name that is no field, and a value that the field's type does not take.
        """
        for name, value in self.values.items():
            field = self.resource.fields.get(name)
            if field is None and name not in self.resource.relations:
                known = [*self.resource.fields, *self.resource.relations]
                raise SubscriberError(f"values[{name!r}]: {self.resource.name} has no such field{nearest(name, known)}")
            if field is None or value is None or isinstance(value, ClauseElement):
                continue
            try:
                field.value.check(value)
            except ValueError as error:
                raise SubscriberError(f"values[{name!r}] = {value!r} {error}, as Python has it") from error


@dataclass(eq=False)
class AfterWrite(WriteEvent):
    """A record has been written, and its author was allowed to; the transaction goes on.

    A subscriber may still raise a problem, which undoes everything.

    after: the fields as they are now, with what the database made; None when the record was deleted.
    """

    after: Mapping[str, Any] | None = None


class SubscriberError(ValueError):
    """A subscriber to `BeforeWrite` has put into ``values`` what no record could have: the mistake of its author."""


class Listeners:
    """Who listens to the writing of an application. A road asks before it makes an event."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[tuple[type[WriteEvent], str, Verb], bool] = {}

    def hear(self, event: type[WriteEvent], resource: Resource, verb: Verb) -> bool:
        """Tell whether anybody might listen to this event for this resource and verb."""
        slot = (event, resource.name, verb)
        known = self._known.get(slot)
        if known is None:
            known = self._known[slot] = self._hear(event, resource, verb)
        return known

    def notify(self, event: WriteEvent) -> None:
        """Tell everybody who listens, in the order in which they subscribed."""
        self._registry.notify(event)
        if isinstance(event, BeforeWrite):
            event.require_storable()

    def _hear(self, event: type[WriteEvent], resource: Resource, verb: Verb) -> bool:
        handlers = self._registry.adapters.subscriptions((implementedBy(event),), None)
        deaf = [
            subscriber["derived_subscriber"]
            for subscriber in self._subscribers()
            if not all(each.admits(resource, verb) for each in subscriber["predicates"] if isinstance(each, _Admits))
        ]
        return any(handler not in deaf for handler in handlers)

    def _subscribers(self) -> Iterable[Introspectable]:
        found = self._registry.introspector.get_category("subscribers") or ()
        return [each["introspectable"] for each in found]


class _Admits(ABC):
    """A predicate of subscribers: one name, or several."""

    word: ClassVar[str]

    def __init__(self, value: str | Iterable[str], config: Configurator) -> None:
        self.names = (value,) if isinstance(value, str) else tuple(value)
        known = self.known(config)
        for name in self.names:
            if name not in known:
                # Pyramid says in which line of which file.
                raise ConfigurationError(f"there is no {self.word} {name}{nearest(name, known)}")

    @abstractmethod
    def known(self, config: Configurator) -> Sequence[str]:
        """The names that there are."""

    @abstractmethod
    def admits(self, resource: Resource, verb: Verb) -> bool:
        """Tell whether such a write is subscribed to."""

    def text(self) -> str:
        """What stands in Pyramid's own messages."""
        return f"{self.word} = {', '.join(self.names)}"

    phash = text

    def __call__(self, event: WriteEvent) -> bool:
        return self.admits(event.resource, event.verb)


class OfResource(_Admits):
    """``resource="employees"``: by name."""

    word = "resource"

    def known(self, config: Configurator) -> Sequence[str]:
        return tuple(resources_of(config.registry))

    def admits(self, resource: Resource, verb: Verb) -> bool:
        return resource.name in self.names


class OfVerb(_Admits):
    """``verb="create"``."""

    word = "verb"

    def known(self, config: Configurator) -> Sequence[str]:
        return VERBS

    def admits(self, resource: Resource, verb: Verb) -> bool:
        return verb in self.names


def listeners_of(registry: Registry) -> Listeners:
    """Who listens to the writing of an application."""
    listeners: Listeners = registry[_KEY]
    return listeners


def includeme(config: Configurator) -> None:
    """Let subscribers say which resource and which verb they mean."""
    config.registry[_KEY] = Listeners(config.registry)
    config.add_subscriber_predicate("resource", OfResource)
    config.add_subscriber_predicate("verb", OfVerb)
