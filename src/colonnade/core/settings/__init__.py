"""Settings as plug-ins declare them: typed, documented, and checked all at once before anything starts.

Whoever has settings writes a :class:`Settings` class; this room reads the values from the environment, the INI and the
defaults, in that order, says everything that is wrong with its file and line, and gives the frozen instance to whoever
asks :func:`settings_of`. It knows where a value was written; what a setting means is the business of its owner, so no
capability's setting is declared here, only the core's own.
"""

from pydantic import Field, SecretStr

from .core import DEVELOPMENT_SECRET, CoreSettings
from .declaration import Settings, lines
from .describing import Setting, commented, describe_settings
from .gather import Gathered, gather, gathered_of, keep_settings, settings_of
from .origin import DEFAULT, SETTINGS, ConfigurationErrors, Mistake, Origin, nearest
from .source import Source, read_source

__all__ = [
    "DEFAULT",
    "DEVELOPMENT_SECRET",
    "SETTINGS",
    "ConfigurationErrors",
    "CoreSettings",
    "Field",
    "Gathered",
    "Mistake",
    "Origin",
    "SecretStr",
    "Setting",
    "Settings",
    "Source",
    "commented",
    "describe_settings",
    "gather",
    "gathered_of",
    "keep_settings",
    "lines",
    "nearest",
    "read_source",
    "settings_of",
]
