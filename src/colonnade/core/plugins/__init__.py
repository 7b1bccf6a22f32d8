"""What a plug-in is: how it is named, found, asked what it is, ordered, and told apart from others.

A plug-in is a module with an ``includeme(config)`` whose first call is ``config.add_plugin``. This room turns the
names in ``colonnade.plugins`` into :class:`Plugin` records, in the order in which they can be included. It knows none
of them by name, and what they add is no business of it.
"""

from .finding import Found, find_plugins
from .plugin import Plugin, add_plugin, includeme, keep_plugins, plugin_of_module, plugins_of

__all__ = [
    "Found",
    "Plugin",
    "add_plugin",
    "find_plugins",
    "includeme",
    "keep_plugins",
    "plugin_of_module",
    "plugins_of",
]
