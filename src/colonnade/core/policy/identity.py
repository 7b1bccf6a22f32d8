"""Who asks: the identity, how it is found, and what `me` may say of it.

The core knows an identity and an authenticator, a function; users, tokens and sessions are a plug-in's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyramid.authorization import Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry
from pyramid.request import Request

if TYPE_CHECKING:
    from colonnade.core.database import ReadConnection


@dataclass(frozen=True)
class Identity:
    """One who asks, as the policy sees them; found once a request.

    id: what ``me.id`` is: a user's key; None for nobody and for the operator.
    name: how people call them, for logs and the change log.
    principals: what entries of access control lists may name: Everyone, Authenticated, ``user:7``, ``role:hr``.
    token: which token was sent, by its public name, never its secret; None if none was.
    narrowed: the pairs (resource, permission) that the token leaves of its owner's permissions; None: all of them. A
        permission outside any resource is listed with the resource "".
    attributes: what else ``me`` knows at no further cost.
    operator: goes round the policy. Only the command line makes such an identity.
    """

    id: int | str | None
    name: str
    principals: frozenset[str]
    token: str | None = None
    narrowed: frozenset[tuple[str, str]] | None = None
    attributes: Mapping[str, object] = field(default_factory=dict, hash=False)
    operator: bool = False

    @classmethod
    def signed_in(
        cls,
        user_id: int | str,
        name: str,
        *,
        roles: Iterable[str] = (),
        token: str | None = None,
        narrowed: frozenset[tuple[str, str]] | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> Identity:
        """The identity of a user who has these roles, with the principals that go with it."""
        principals = frozenset({Everyone, Authenticated, f"user:{user_id}", *(f"role:{role}" for role in roles)})
        return cls(user_id, name, principals, token=token, narrowed=narrowed, attributes=dict(attributes or {}))

    @property
    def anonymous(self) -> bool:
        """Whether nobody has signed in."""
        return Authenticated not in self.principals

    def leaves(self, resource: str, permission: str) -> bool:
        """Whether the token, if it is narrowed, still leaves this permission on this resource."""
        return self.narrowed is None or (resource, permission) in self.narrowed


ANONYMOUS = Identity(id=None, name="anonymous", principals=frozenset({Everyone}))
OPERATOR = Identity(id=None, name="operator", principals=frozenset({Everyone, Authenticated}), operator=True)

#: request → who sent it; None if it carries no credentials; raises `problems.Unauthorized` if they are not good.
Authenticator = Callable[[Request], Identity | None]
#: What an added attribute is computed by. The connection is the request's own, for reading.
IdentityAttribute = Callable[[Identity, "ReadConnection"], object]

#: What a test puts into the WSGI environ, to ask as somebody; no header of a request can.
INJECTED: Final = "app.identity"

_AUTHENTICATOR = "colonnade.authenticator"
_ATTRIBUTES = "colonnade.identity_attributes"
_ALWAYS_THERE = ("id", "name")


def identify(request: Request) -> Identity:
    """Find out who sent a request; ask ``request.identity`` instead, which remembers.

    :raises Unauthorized: if the request carries credentials that are not good.
    """
    injected: Identity | None = request.environ.get(INJECTED)
    if injected is not None:
        return injected
    authenticator: Authenticator | None = request.registry.get(_AUTHENTICATOR)
    if authenticator is None:
        return ANONYMOUS
    return authenticator(request) or ANONYMOUS


class IdentityAttributes(Mapping[str, object]):
    """What ``me`` says of one identity: id, name, its own attributes, and the added ones, each computed at first use.

    :param functions: the added attributes, of `identity_attributes_of`.
    :param connect: gives the connection for computing; not called where nothing has to be computed.
    """

    def __init__(
        self,
        identity: Identity,
        functions: Mapping[str, IdentityAttribute],
        connect: Callable[[], ReadConnection],
    ) -> None:
        self._identity = identity
        self._functions = functions
        self._connect = connect
        self._known: dict[str, object] = {**identity.attributes, "id": identity.id, "name": identity.name}

    def __getitem__(self, name: str) -> object:
        if name not in self._known:
            self._known[name] = self._functions[name](self._identity, self._connect())
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **self._functions})

    def __len__(self) -> int:
        return len({**self._known, **self._functions})


def identity_attributes_of(registry: Registry) -> Mapping[str, IdentityAttribute]:
    """The attributes that were added to ``me``, by name."""
    functions: Mapping[str, IdentityAttribute] = registry.get(_ATTRIBUTES, {})
    return functions


def set_authenticator(config: Configurator, authenticator: Authenticator | str) -> None:
    """Say how the one who asks is found out. One for an application: two plug-ins that set it are in conflict.

    :param authenticator: a function, or its dotted name: request → Identity, or None where no credentials were sent.
        It raises `problems.Unauthorized` (``error="invalid_token"``) for credentials that are not good.
    """
    function: Authenticator = config.maybe_dotted(authenticator)

    def register() -> None:
        config.registry[_AUTHENTICATOR] = function

    title = config.object_description(function)
    introspectable = config.introspectable("colonnade authenticator", None, title, "authenticator")
    introspectable["authenticator"] = function
    config.action("colonnade authenticator", register, introspectables=(introspectable,))


def add_identity_attribute(config: Configurator, name: str, function: IdentityAttribute | str) -> None:
    """Add what ``me.<name>`` stands for in ``rows()``.

    :param name: a Python identifier; ``id`` and ``name`` are taken.
    :param function: (identity, read connection) → a value that can be bound; or its dotted name. Called once a
        request at most, and only where an entry that matches the identity uses it.
    """
    if not name.isidentifier() or name.startswith("_") or name in _ALWAYS_THERE:
        raise ConfigurationError(f"{name!r} is no name for an attribute of me: an identifier, not of {_ALWAYS_THERE}")
    resolved: IdentityAttribute = config.maybe_dotted(function)

    def register() -> None:
        config.registry[_ATTRIBUTES][name] = resolved

    introspectable = config.introspectable("colonnade identity attributes", name, f"me.{name}", "identity attribute")
    introspectable["function"] = resolved
    config.action(("colonnade identity attribute", name), register, introspectables=(introspectable,))


def includeme(config: Configurator) -> None:
    """Bring ``config.set_authenticator`` and ``config.add_identity_attribute``."""
    config.registry[_ATTRIBUTES] = {}
    config.add_directive("set_authenticator", set_authenticator)
    config.add_directive("add_identity_attribute", add_identity_attribute)
