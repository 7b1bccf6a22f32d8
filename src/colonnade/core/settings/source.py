"""What the application was handed, and where each value came from: the INI, a program, the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from .ini import Application, find_application
from .origin import SETTINGS, Mistake, Origin

VARIABLES = "COLONNADE_"
#: The prefix of the core's own settings.
CORE = "colonnade"
#: Variables that begin alike and are no settings: the command's own, and those of a test suite.
_NO_SETTING = re.compile("COLONNADE_INI|COLONNADE_TRUSTED_PROXIES|COLONNADE_TEST_[^_].*")


@dataclass(frozen=True)
class Source:
    """Every value that was handed to ``main()``, and the environment's.

    :ivar values: by the key of the INI, ``rest.cors_origins``: text, or anything if a program called ``main()``.
    :ivar section: the section of the INI, for what is missing from it.
    :ivar variables: the variables that begin with ``COLONNADE_`` and are not empty: upper case → their own spelling.
    """

    values: Mapping[str, object] = field(repr=False)
    origins: Mapping[str, Origin]
    section: Origin
    variables: Mapping[str, str]
    mistakes: tuple[Mistake, ...] = ()

    def raw(self, key: str) -> tuple[object, Origin]:
        """Return the value in force, not yet read, and its origin; (None, the section) if nobody set it."""
        variable = self.variables.get(variable_of(key))
        if variable is not None:
            return os.environ[variable], Origin("environment", variable)
        if key in self.values:
            return self.values[key], self.origins.get(key, SETTINGS)
        return None, self.section

    def origin(self, key: str) -> Origin | None:
        """Say where the value in force was set; None if nobody did."""
        return self.raw(key)[1] if key in self.values or variable_of(key) in self.variables else None

    def fields(self, prefix: str) -> dict[str, object]:
        """Return what the INI or the program says under a prefix, by the name of the field."""
        start = len(prefix) + 1
        return {key[start:]: value for key, value in self.values.items() if key.startswith(f"{prefix}.")}

    def prefixes(self) -> dict[str, list[str]]:
        """Return the keys by their prefix."""
        found: dict[str, list[str]] = {}
        for key in self.values:
            prefix, dot, _ = key.partition(".")
            if dot:
                found.setdefault(prefix, []).append(key)
        return found


def read_source(global_config: Mapping[str, object], settings: Mapping[str, object]) -> Source:
    """Find out where the settings that PasteDeploy or a program handed to ``main()`` were written.

    Of the global configuration ([DEFAULT], `set`) the keys with a dot are settings, which the section's own precede.
    """
    values = {key: value for key, value in global_config.items() if "." in key} | dict(settings)
    variables = {
        name.upper(): name
        for name, value in os.environ.items()
        if name.upper().startswith(VARIABLES) and not _NO_SETTING.fullmatch(name.upper()) and value
    }
    application = _application(global_config, settings)
    if application is None:
        return Source(values, {}, SETTINGS, variables)
    origins = {}
    for each in reversed(application.written):  # The nearest is the first: let it be the last word.
        if values.get(each.key) == each.value:
            origins[each.key] = each.origin
    hidden = tuple(_hidden(application, values))
    return Source(values, origins, application.section, variables, hidden)


def variable_of(key: str) -> str:
    """Return the environment variable of a setting.

    `rest.cors_origins` is ``COLONNADE_REST__CORS_ORIGINS``, `sqlalchemy.url` ``COLONNADE_SQLALCHEMY__URL``; the core's
    own have one part, `colonnade.secret` is ``COLONNADE_SECRET``. No name has two underscores, which tells them apart.
    """
    prefix, _, name = key.partition(".")
    return variables_of(prefix) + name.upper()


def variables_of(prefix: str) -> str:
    """Return what the variables of a prefix begin with."""
    return VARIABLES if prefix == CORE else f"{VARIABLES}{prefix.upper()}__"


def _application(global_config: Mapping[str, object], settings: Mapping[str, object]) -> Application | None:
    path = global_config.get("__file__")
    if not isinstance(path, str):
        return None
    variables = {key: value for key, value in global_config.items() if isinstance(value, str)}
    return find_application(path, settings, variables)


def _hidden(application: Application, values: Collection[str]) -> Iterator[Mistake]:
    """Tell of lines that PasteDeploy skips without a word."""
    for each in application.written:
        if each.hidden_by is not None and "." in each.key and each.key in values:
            yield Mistake(
                each.origin,
                f"{each.key} stands in [DEFAULT] too ({each.hidden_by}), and PasteDeploy lets that one win;"
                f" write `set {each.key} = ...` here, or remove one of them",
            )
