"""What must not be so in production, whoever set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from pydantic import SecretStr
from pyramid.config.settings import Settings as PyramidSettings
from pyramid.settings import aslist

from .declaration import Settings
from .masking import PASSWORD
from .origin import SETTINGS, Mistake, Origin
from .source import Source

#: Pyramid's own switches for development.
_OFF = (
    "debug_all",
    "debug_authorization",
    "debug_notfound",
    "debug_routematch",
    "debug_templates",
    "reload_all",
    "reload_templates",
    "reload_assets",
)
#: What images and tutorials start with.
_KNOWN_PASSWORDS = frozenset(
    {"admin", "changeme", "changethis", "colonnade", "guest", "password", "postgres", "root", "secret", "test"}
)
_IMPLIED_BY = {"debug": "debug_all", "reload": "reload_all"}


def unsafe(source: Source, settings: Mapping[str, Settings]) -> Iterator[Mistake]:
    """Tell everything that production must not start with."""
    for prefix, each in settings.items():
        reasons = [*each.unsafe(), *_guessable_passwords(each)]
        for name, why in reasons:
            key = f"{prefix}.{name}"
            yield Mistake(source.origin(key) or source.section, f"{key} {why}; production does not start so")
    yield from _development_switches(source)


def _guessable_passwords(settings: Settings) -> Iterator[tuple[str, str]]:
    """Look into every URL: of the database, of a broker, of a mail server."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        found = PASSWORD.search(text) if isinstance(text, str) else None
        if found and unquote(found["password"]).lower() in {found["user"].lower(), *_KNOWN_PASSWORDS}:
            yield name, "has a password that anybody would try first"


def _development_switches(source: Source) -> Iterator[Mistake]:
    """Tell which of Pyramid's development switches are on, by INI or by ``PYRAMID_*`` variable, and of the toolbar."""
    in_force = PyramidSettings(source.values)
    for name in _OFF:
        everything = _IMPLIED_BY[name.partition("_")[0]]
        if in_force[name] and (name == everything or not in_force[everything]):
            yield Mistake(_origin(source, name), f"pyramid.{name} is on; it should be off in production")
    included, origin = source.values.get("pyramid.includes", ""), source.origin("pyramid.includes") or SETTINGS
    for name in aslist(included):
        if "toolbar" in name:
            yield Mistake(origin.of_item(name), f"{name} shows visitors the insides; it should be off in production")


def _origin(source: Source, name: str) -> Origin:
    for key in (f"pyramid.{name}", name):
        if key in source.values and _is_on(source.values, key):
            return source.origin(key) or SETTINGS
    return Origin("environment", f"PYRAMID_{name.upper()}")


def _is_on(values: Mapping[str, object], key: str) -> bool:
    return str(values[key]).lower() in ("t", "true", "y", "yes", "on", "1")
