"""The verbs that plug-ins give to the ``colonnade`` command.

The core keeps only the name and where the verb is to be found; the command line imports it when it is asked for, so an
application that serves loads none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry

_CATEGORY = "colonnade commands"
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_VERB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Command:
    """One verb.

    :ivar name: what one types.
    :ivar dotted: where its ``click.Command`` is: "package.module:attribute".
    :ivar where: file and line of the call that registered it.
    """

    name: str
    dotted: str
    where: tuple[str, int]


def add_command(config: Configurator, name: str, dotted: str) -> None:
    """Add a verb to the ``colonnade`` command.

    :param name: what one types: lower-case words joined by hyphens.
    :param dotted: where its ``click.Command`` is: "package.module:attribute", or ".module:attribute" beside the caller.
    :raises ConfigurationError: for a name or a place that cannot be one.
    """
    info = config.action_info
    here = f"{info.file}:{info.line}"
    full = f"{config.package_name}{dotted}" if dotted.startswith((".", ":")) else dotted
    if not _VERB.fullmatch(name):
        raise ConfigurationError(f"{here}: {name!r} is no name for a verb: lower-case words joined by hyphens")
    if not _DOTTED.fullmatch(full):
        raise ConfigurationError(f'{here}: the verb {name} should be "package.module:attribute", not {dotted!r}')
    introspectable = config.introspectable(_CATEGORY, name, name, "command")
    introspectable["command"] = Command(name, full, (info.file, info.line))
    config.action(("colonnade command", name), introspectables=(introspectable,))


def commands_of(registry: Registry) -> tuple[Command, ...]:
    """Return the verbs of all plug-ins that are on, in the order of registration."""
    return tuple(each["introspectable"]["command"] for each in registry.introspector.get_category(_CATEGORY, ()))


def includeme(config: Configurator) -> None:
    """Bring ``config.add_command``."""
    config.add_directive("add_command", add_command)
