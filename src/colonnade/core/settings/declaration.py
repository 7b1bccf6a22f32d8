"""The class that a plug-in writes to declare its settings."""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Annotated, Any, Self, Union, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

_LISTS = frozenset({list, tuple, set, frozenset, Sequence, Set})
_SECRETS = (SecretStr, SecretBytes, Secret)


class Settings(BaseSettings):
    """Subclass this to declare settings: one annotated field each, with a default unless it is required.

    ::

        class RestSettings(Settings):
            cors_origins: list[str] = Field(default=[], description="Origins that a browser may call from.")
            token: SecretStr | None = Field(default=None, description="…")

    The field's ``description`` is its one line of help. A ``SecretStr`` is a secret: it is never printed. Values come
    as text from an INI file or the environment: lists have one item a line, other structures are JSON, an empty text is
    None where None is allowed (and an empty variable counts as absent). Instances cannot be changed.

    A plug-in's instance is made from ``<plugin>.<field>`` of the INI and ``COLONNADE_<PLUGIN>__<FIELD>`` of the
    environment, and read by :func:`colonnade.core.settings.settings_of`. Made directly,
    ``RestSettings(cors_origins=[])``, it reads no environment: tests do that.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        enable_decoding=False,
        env_ignore_empty=True,
        env_prefix="",
        protected_namespaces=(),
    )

    def unsafe(self) -> Iterable[tuple[str, str]]:
        """Say what must not be so in production: pairs of a field's name and why. Override it to refuse to start."""
        return ()

    @classmethod
    def read(cls, variables: str, given: Mapping[str, object]) -> Self:
        """Make an instance from the environment, then the given values, then the defaults.

        :param variables: what the names of the environment variables begin with, ``COLONNADE_REST__``.
        :raises pydantic.ValidationError: with every value that is not right.
        """
        arguments: dict[str, Any] = {"_env_prefix": variables, **given}
        return cls(**arguments)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment precede the INI. Without a prefix there is no environment: `path` is not $PATH."""
        if isinstance(env_settings, EnvSettingsSource) and env_settings.env_prefix:
            return env_settings, init_settings
        return (init_settings,)

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        kinds = set(_kinds(cls.model_fields[str(info.field_name)].annotation))
        if not value and type(None) in kinds:
            return None
        if str in kinds:
            return value
        if kinds & _LISTS:
            return _json(value) if value.lstrip().startswith("[") else lines(value)
        if kinds & {dict, Mapping} or any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
            return _json(value) if value else {}
        return value


def lines(value: object) -> list[Any]:
    """Read a list that is written one item a line; a list stays what it is."""
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    return list(value) if isinstance(value, Iterable) else [value]


def is_secret(cls: type[Settings], name: str) -> bool:
    """Tell whether a field must never be printed."""
    return any(
        isinstance(kind, type) and issubclass(kind, _SECRETS)
        for kind in _kinds(cls.model_fields[name].annotation, inside=True)
    )


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"it should be JSON: {error}") from None


def _kinds(annotation: Any, *, inside: bool = False) -> Iterable[Any]:
    """Yield the classes that an annotation allows: those of a union, and with `inside` those within lists too."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0], inside=inside)
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _kinds(part, inside=inside)
    else:
        yield origin or annotation
        if inside:
            for part in get_args(annotation):
                yield from _kinds(part, inside=True)
