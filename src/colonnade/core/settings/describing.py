"""What is in force and where it came from, for the command that prints it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr
from pyramid.registry import Registry

from .declaration import Settings, is_secret
from .gather import gathered_of
from .masking import MASK, masked
from .origin import DEFAULT
from .source import variable_of


@dataclass(frozen=True)
class Setting:
    """One setting in force.

    :ivar key: as the INI has it.
    :ivar variable: as the environment has it.
    :ivar value: as text, lists one item a line; a secret is masked, and so is the password of a URL.
    :ivar origin: ``development.ini:12``, ``COLONNADE_SECRET``, ``settings`` (a program handed it over) or ``default``.
    """

    key: str
    variable: str
    value: str
    origin: str
    help: str
    secret: bool


def describe_settings(registry: Registry) -> tuple[Setting, ...]:
    """List every declared setting of an application: the core's, then each plug-in's, in the order of declaration."""
    gathered = gathered_of(registry)
    return tuple(
        Setting(
            key=f"{prefix}.{name}",
            variable=variable_of(f"{prefix}.{name}"),
            value=_text(settings, name),
            origin=str(gathered.source.origin(f"{prefix}.{name}") or DEFAULT),
            help=field.description or "",
            secret=is_secret(type(settings), name),
        )
        for prefix, settings in gathered.by_prefix.items()
        for name, field in type(settings).model_fields.items()
    )


def commented(prefix: str, cls: type[Settings]) -> str:
    """Write settings as an INI has them that leaves all as it is: each with its help and default, commented out."""
    blocks = []
    for name, field in cls.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        value = "" if default is None else _written(_opened(default)).replace("%", "%%")
        first, *others = ["", *value.splitlines()] if "\n" in value else [value]
        help_ = [f"# {line}" for line in textwrap.wrap(field.description or "", 118)]
        blocks.append(
            "\n".join([*help_, f"# {prefix}.{name} = {first}".rstrip(), *(f"#     {each}" for each in others)])
        )
    return "\n\n".join(blocks) + "\n"


def _opened(default: object) -> object:
    """A default is in the source for all to see, so it is no secret."""
    return default.get_secret_value() if isinstance(default, SecretStr) else default


def _text(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if value is None:
        return ""
    if is_secret(type(settings), name):
        return MASK if value else ""
    return masked(_written(value))


def _written(value: object) -> str:
    """Write a value as an INI would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Mapping):
        return str(dict(value))
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(map(str, value))
    return str(value)
