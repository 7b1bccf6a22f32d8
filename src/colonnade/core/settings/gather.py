"""Gather the settings of everybody who declared some, check them all, and freeze them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pyramid.registry import Registry

from .declaration import Settings, is_secret, lines
from .masking import MASK, masked, without
from .origin import ConfigurationErrors, Mistake, Origin, nearest
from .safety import unsafe
from .source import CORE, VARIABLES, Source, variable_of, variables_of

S = TypeVar("S", bound=Settings)
_KEY = "colonnade.settings"


@dataclass(frozen=True)
class Gathered:
    """All settings in force, by prefix, and where they came from."""

    by_prefix: Mapping[str, Settings]
    source: Source = field(repr=False)

    def of(self, cls: type[S]) -> S:
        """Return the settings of a class.

        :raises LookupError: if no core room and no plug-in that is on declares it.
        """
        for settings in self.by_prefix.values():
            if type(settings) is cls:
                return settings
        raise LookupError(
            f"{cls.__module__}.{cls.__qualname__} has not been read: no plug-in that is on says"
            f" config.add_plugin(..., settings={cls.__name__})"
        )

    def left_over(self) -> dict[str, object]:
        """Return what nobody declared: the settings of Pyramid and of its add-ons."""
        return {key: value for key, value in self.source.values.items() if key.partition(".")[0] not in self.by_prefix}


def gather(
    source: Source,
    declared: Mapping[str, type[Settings]],
    *,
    asleep: Collection[str] = (),
    mistakes: Iterable[Mistake] = (),
) -> Gathered:
    """Read and check every declared setting; tell everything that is wrong at once.

    :param declared: the classes by their prefix: ``{"colonnade": CoreSettings, "rest": RestSettings}``.
    :param asleep: names of plug-ins that are installed and not on; their settings may stand there unused.
    :param mistakes: what is known to be wrong already, to be told in the same breath.
    :raises ConfigurationErrors: with each mistake's file and line, or variable.
    """
    found = [*source.mistakes, *mistakes]
    read: dict[str, Settings] = {}
    for prefix, cls in declared.items():
        fields = source.fields(prefix)
        known = cls.model_fields
        found.extend(_unknown(source, prefix, name, known) for name in fields if name not in known)
        try:
            read[prefix] = cls.read(variables_of(prefix), {name: fields[name] for name in fields if name in known})
        except ValidationError as error:
            found.extend(_mistake(source, prefix, cls, detail) for detail in error.errors(include_url=False))
    found.extend(_unknown_variables(source, declared, asleep))
    found.extend(_misspelt_prefixes(source, declared, asleep))
    if source.raw(f"{CORE}.environment")[0] in (None, "", "production"):
        found.extend(unsafe(source, read))
    if found:
        # Without the chain: a ValidationError holds the values, secrets among them.
        raise ConfigurationErrors(found) from None
    return Gathered(MappingProxyType(read), source)


def keep_settings(registry: Registry, gathered: Gathered) -> None:
    """Put the settings where :func:`settings_of` finds them."""
    registry[_KEY] = gathered


def gathered_of(registry: Registry) -> Gathered:
    """Return all settings of an application."""
    return cast(Gathered, registry[_KEY])


def settings_of(registry: Registry, cls: type[S]) -> S:
    """Return the settings in force of one class: ``settings_of(config.registry, RestSettings).cors_origins``.

    :raises LookupError: if no plug-in that is on declares the class.
    """
    return gathered_of(registry).of(cls)


def _unknown(source: Source, prefix: str, name: str, known: Collection[str]) -> Mistake:
    key = f"{prefix}.{name}"
    text = f"{key} is no setting{nearest(key, [f'{prefix}.{field}' for field in known])}"
    return Mistake(source.origin(key) or source.section, text)


def _mistake(source: Source, prefix: str, cls: type[Settings], detail: ErrorDetails) -> Mistake:
    """Say in our words what pydantic found, never with the value of a secret."""
    where = [str(part) for part in detail["loc"]]
    if not where:  # The class as a whole: a validator of the model.
        keys = [source.origin(f"{prefix}.{name}") for name in cls.model_fields]
        return Mistake(next(filter(None, keys), source.section), f"{prefix}: {_words(detail)}")
    name, inside = where[0], where[1:]
    key = f"{prefix}.{name}"
    origin = source.origin(key)
    if detail["type"] == "missing" and not inside:
        help_ = (cls.model_fields[name].description or "it has no default").rstrip(".")
        return Mistake(source.section, f"{key} is missing ({help_}); set it here or as {variable_of(key)}")
    if origin is None:
        origin = source.section
    elif inside and inside[0].isdigit():
        origin = origin.of_item(detail["input"])
    raw = detail["input"]
    words = _words(detail)
    if is_secret(cls, name):
        shown, words = MASK, without(words, [raw, source.raw(key)[0], *lines(source.raw(key)[0])])
    else:
        shown, words = repr(masked(str(raw))) if isinstance(raw, str) else repr(raw), masked(words)
    return Mistake(origin, f"{'.'.join([key, *inside])} is {shown}; {words}")


def _words(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message.replace("Input should", "it should", 1)


def _unknown_variables(
    source: Source, declared: Mapping[str, type[Settings]], asleep: Collection[str]
) -> Iterator[Mistake]:
    known = {variable_of(f"{prefix}.{name}") for prefix, cls in declared.items() for name in cls.model_fields}
    ignored = tuple(variables_of(name) for name in asleep)
    for name, spelling in source.variables.items():
        if name not in known and not name.startswith(ignored or "\0"):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"variables that begin with {VARIABLES} are settings"
            yield Mistake(Origin("environment", spelling), f"there is no such setting; {hint}")


def _misspelt_prefixes(
    source: Source, declared: Mapping[str, type[Settings]], asleep: Collection[str]
) -> Iterator[Mistake]:
    """Tell of `sqlachemy.url`, of `rset.max_items`: a prefix that nobody owns, nearly one which somebody does."""
    for prefix, keys in source.prefixes().items():
        if prefix in declared or prefix in asleep:
            continue
        close = [each for each in declared if sorted(each) == sorted(prefix)]
        close = close or difflib.get_close_matches(prefix, declared, n=1, cutoff=0.85)
        for key in keys if close else ():
            text = f"{key} is no setting; did you mean {close[0]}{key[len(prefix) :]}?"
            yield Mistake(source.origin(key) or source.section, text)
