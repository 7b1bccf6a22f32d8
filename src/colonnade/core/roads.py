"""The roads on which resources are read and written, registered so that a test can enumerate all of them.

A road is each view, verb or worker that reads or writes a resource. Whoever builds one says so; the policy's tests walk
every registered road, so that a new one cannot forget the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry

_CATEGORY = "colonnade roads"


@dataclass(frozen=True)
class Road:
    """One way to a resource.

    :ivar name: what it is, such as "rest list".
    :ivar kind: ``read`` or ``write``.
    :ivar resource: the name of the resource it leads to; ``*`` for every one.
    :ivar where: file and line of the call that registered it.
    """

    name: str
    kind: Literal["read", "write"]
    resource: str
    summary: str
    where: tuple[str, int]


def add_road(
    config: Configurator, name: str, *, kind: Literal["read", "write"], resource: str = "*", summary: str = ""
) -> None:
    """Register a road.

    :param name: what it is, such as "rest list"; one name may be used once for each resource.
    :param kind: ``read`` or ``write``; a road that does both is two.
    :param resource: the name of the resource it leads to; ``*`` for every one.
    :param summary: one sentence.
    :raises ConfigurationError: for another kind.
    """
    info = config.action_info
    if kind not in ("read", "write"):
        raise ConfigurationError(f"{info.file}:{info.line}: the kind of a road is read or write, not {kind!r}")
    road = Road(name, kind, resource, summary, (info.file, info.line))
    discriminator = ("colonnade road", name, kind, resource)
    introspectable = config.introspectable(_CATEGORY, discriminator, f"{name} {resource}", "road")
    introspectable["road"] = road
    config.action(discriminator, introspectables=(introspectable,))


def roads_of(registry: Registry) -> tuple[Road, ...]:
    """Return all roads of an application, in the order of registration."""
    return tuple(each["introspectable"]["road"] for each in registry.introspector.get_category(_CATEGORY, ()))


def includeme(config: Configurator) -> None:
    """Bring ``config.add_road``."""
    config.add_directive("add_road", add_road)
