"""What a plug-in is, and ``config.add_plugin``, by which it says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry

from colonnade.core.settings import Origin, Settings

_KEY = "colonnade.plugins"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

Includeme = Callable[[Configurator], None]


@dataclass(frozen=True)
class Declaration:
    """What a plug-in says of itself by ``config.add_plugin``.

    :ivar name: lower-case words joined by underscores; the prefix of its settings and the name of its version table.
    :ivar summary: one sentence: what it adds.
    :ivar requires: the names of the plug-ins that have to be included before it.
    :ivar settings: the class of its settings, read under ``<name>.``.
    :ivar migrations: where its migrations are, "package:folder"; None for the folder ``migrations`` beside its module,
        if there is one.
    :ivar where: file and line of the call.
    """

    name: str
    summary: str
    requires: tuple[str, ...]
    settings: type[Settings] | None
    migrations: str | None
    where: tuple[str, int]

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        :raises ConfigurationError: saying what would be right.
        """
        here = "{}:{}".format(*self.where)
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{self.name!r} is no name for a plug-in ({here}): it should be lower-case words of letters and digits,"
                " joined by underscores"
            )
        if self.settings is not None and not (isinstance(self.settings, type) and issubclass(self.settings, Settings)):
            raise ConfigurationError(
                f"the settings of {self.name} should be a subclass of Settings, not {self.settings!r} ({here})"
            )
        if isinstance(self.requires, str) or not all(isinstance(each, str) for each in self.requires):
            raise ConfigurationError(
                f"`requires` of {self.name} should be a list of names, not {self.requires!r} ({here})"
            )


@dataclass(frozen=True)
class Plugin(Declaration):
    """A plug-in that is on.

    :ivar module: the dotted name of the module that it was found in: its models and migrations lie at or below it.
    :ivar origin: the line of the INI that names it.
    :ivar includeme: what includes it.
    """

    module: str
    origin: Origin
    includeme: Includeme = field(repr=False)


def add_plugin(
    config: Configurator,
    name: str,
    *,
    summary: str = "",
    requires: Sequence[str] = (),
    settings: type[Settings] | None = None,
    migrations: str | None = None,
) -> None:
    """Say what this plug-in is.

    This has to be the first call of its ``includeme``, so that the order and the settings of all plug-ins are known
    before any of them runs.

    :param name: lower-case words joined by underscores: the prefix of its settings, the name of its version table.
    :param summary: one sentence: what it adds.
    :param requires: names of the plug-ins that have to be on, and come before it.
    :param settings: the class of its settings, read under ``<name>.``.
    :param migrations: where its migrations are, "package:folder"; by default the folder ``migrations`` beside it.
    :raises ConfigurationError: if it is included by another plug-in and not named in ``colonnade.plugins``.
    """
    info = config.action_info
    plugin = next((each for each in plugins_of(config.registry) if each.name == name), None)
    if plugin is None:
        raise ConfigurationError(
            f"{info.file}:{info.line}: the plug-in {name} was included without being named in colonnade.plugins;"
            f" name it there, and in the `requires` of the plug-in that needs it"
        )
    introspectable = config.introspectable("colonnade plugins", name, name, "plug-in")
    introspectable["plugin"] = plugin
    config.action(("colonnade plugin", name), introspectables=(introspectable,))


def plugins_of(registry: Registry) -> tuple[Plugin, ...]:
    """Return the plug-ins that are on, each after those that it requires."""
    return cast("tuple[Plugin, ...]", registry.get(_KEY, ()))


def keep_plugins(registry: Registry, plugins: Iterable[Plugin]) -> None:
    """Put the plug-ins where :func:`plugins_of` finds them."""
    registry[_KEY] = tuple(plugins)


def plugin_of_module(plugins: Iterable[Plugin], module: str) -> Plugin | None:
    """Return the plug-in that a module belongs to: the one with the longest package prefix; None for nobody's.

    :param module: a dotted name, such as a model's ``__module__``.
    """
    owners = (each for each in plugins if f"{module}.".startswith(f"{each.module}."))
    return max(owners, key=lambda each: len(each.module), default=None)


def includeme(config: Configurator) -> None:
    """Bring ``config.add_plugin``."""
    config.add_directive("add_plugin", add_plugin)
