"""Colonnade: a backend that a team runs instead of writes, on Pyramid.

``main()`` is the composition of the whole application. The other names are what the author of a plug-in imports; each
is loaded when it is first asked for, so that importing ``colonnade`` costs nothing and does nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
    from pyramid.router import Router

    from colonnade.core.database import Model
    from colonnade.core.policy import fields, me, rows
    from colonnade.core.settings import Settings, settings_of
    from colonnade.core.writing import AfterWrite, BeforeWrite

__all__ = [
    "ALL_PERMISSIONS",
    "AfterWrite",
    "Allow",
    "Authenticated",
    "BeforeWrite",
    "Deny",
    "Everyone",
    "Model",
    "Settings",
    "fields",
    "main",
    "me",
    "rows",
    "settings_of",
]

#: The rooms of the core, in the order in which they are included.
CORE = (
    "colonnade.core.routes",
    "colonnade.core.plugins",
    "colonnade.core.commands",
    "colonnade.core.roads",
    "colonnade.core.services",
    "colonnade.core.operation",
    "colonnade.core.database",
    "colonnade.core.policy",
    "colonnade.core.problems",
    "colonnade.core.request",
    "colonnade.core.host",
    "colonnade.core.tree",
    "colonnade.core.resources",
    "colonnade.core.reading",
    "colonnade.core.writing",
    "colonnade.core.changes",
)


def main(global_config: Mapping[str, Any], **settings: Any) -> Router:
    """Make the WSGI application: the ``paste.app_factory`` of an INI's ``use = egg:colonnade``.

    Neither a database nor a network is needed for it.

    :param global_config: what PasteDeploy hands over; ``__file__`` names the INI, {} if there is none.
    :param settings: the section of the application, or what a program gives: ``main({}, **{"colonnade.secret": …})``.
    :raises pyramid.exceptions.ConfigurationError: with everything that keeps it from starting, and where it stands.
    """
    from pyramid.config import Configurator

    from colonnade.core.composition import check_composition, commit
    from colonnade.core.database import DatabaseSettings
    from colonnade.core.plugins import find_plugins, keep_plugins
    from colonnade.core.reading import ReadingSettings
    from colonnade.core.settings import CoreSettings, gather, keep_settings, read_source

    # 1. The settings: gather, check, freeze. The plug-ins say what they are, and none runs yet.
    core: dict[str, type[Settings]] = {
        "colonnade": CoreSettings,
        "sqlalchemy": DatabaseSettings,
        "reading": ReadingSettings,
    }
    source = read_source(global_config, settings)
    found = find_plugins(source, core)
    gathered = gather(source, {**core, **found.settings}, asleep=found.asleep, mistakes=found.mistakes)

    # 2. The core.
    config = Configurator(settings=gathered.left_over())
    keep_settings(config.registry, gathered)
    keep_plugins(config.registry, found.plugins)
    for room in CORE:
        config.include(room)
    core_views = commit(config)

    # 3. The plug-ins, each after those that it requires.
    for plugin in found.plugins:
        config.include(plugin.includeme)

    # 4. The closing check: nothing unguarded, nothing out of reach.
    config.commit()
    check_composition(config, core_views)
    return config.make_wsgi_app()


#: Where the names for authors come from.
_NAMES = {
    "ALL_PERMISSIONS": "pyramid.authorization",
    "AfterWrite": "colonnade.core.writing",
    "Allow": "pyramid.authorization",
    "Authenticated": "pyramid.authorization",
    "BeforeWrite": "colonnade.core.writing",
    "Deny": "pyramid.authorization",
    "Everyone": "pyramid.authorization",
    "Model": "colonnade.core.database",
    "Settings": "colonnade.core.settings",
    "fields": "colonnade.core.policy",
    "me": "colonnade.core.policy",
    "rows": "colonnade.core.policy",
    "settings_of": "colonnade.core.settings",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
