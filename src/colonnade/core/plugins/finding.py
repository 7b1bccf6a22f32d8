"""Find the plug-ins that ``colonnade.plugins`` names: what they are, in order, and what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from pyramid.exceptions import ConfigurationError
from pyramid.settings import aslist

from colonnade.core.settings import SETTINGS, Mistake, Origin, Settings, Source, lines

from .ordering import in_order, missing
from .plugin import Declaration, Includeme, Plugin
from .probing import ask
from .resolving import Unresolvable, bad_includes, installed, real_error, resolve

#: Prefixes of settings that are Pyramid's and its add-ons'; a plug-in of that name would take them for its own.
_FOREIGN = frozenset({"pyramid", "tm", "retry", "debugtoolbar", "jinja2", "mako", "cornice"})


@dataclass(frozen=True)
class Found:
    """The plug-ins that are on, in order; those that are installed and off; and what is wrong."""

    plugins: tuple[Plugin, ...]
    asleep: frozenset[str]
    mistakes: tuple[Mistake, ...]

    @property
    def settings(self) -> dict[str, type[Settings]]:
        """The settings that they declare, by prefix."""
        return {plugin.name: plugin.settings for plugin in self.plugins if plugin.settings is not None}


def find_plugins(source: Source, core: Collection[str]) -> Found:
    """Find and ask every plug-in that is named; include none.

    :param core: the prefixes of the core's settings, which no plug-in may take for its name.
    """
    value, origin = source.raw("colonnade.plugins")
    known = installed()
    plugins: list[Plugin] = []
    mistakes: list[Mistake] = []
    broken: set[str] = set()
    named: Counter[str] = Counter()
    for name in lines(value if value is not None else ()):
        place = origin.of_item(name, named[name])
        named[name] += 1
        try:
            plugins.append(_find(name, place, known, plugins, {*core, *_FOREIGN}))
        except (Unresolvable, ConfigurationError) as error:
            mistakes.append(Mistake(place, str(error)))
            broken.add(name)
        except ImportError as error:
            mistakes.append(Mistake(place, f"{name} cannot be imported: {real_error(error)}"))
            broken.add(name)
        except Exception as error:
            error.add_note(f"This happened while Colonnade asked the plug-in {name} what it is, named at {place}.")
            raise
    includes, origin = source.values.get("pyramid.includes", ""), source.origin("pyramid.includes") or SETTINGS
    mistakes += [Mistake(origin.of_item(include), text) for include, text in bad_includes(aslist(includes))]
    ordered, circles = in_order(plugins)
    mistakes += [*missing(plugins, known, broken), *circles]
    asleep = frozenset(known) - {plugin.name for plugin in plugins}
    return Found(ordered, asleep, tuple(mistakes))


def _find(
    name: str, place: Origin, known: Mapping[str, set[str]], others: Sequence[Plugin], reserved: Collection[str]
) -> Plugin:
    includeme, module = resolve(name, known)
    for other in others:
        if other.includeme is includeme:
            raise Unresolvable(f"{name} is listed twice; it stands at {other.origin} already")
    declaration = ask(includeme, name)
    for wrong in _claims(declaration, others, reserved):
        raise Unresolvable(wrong)
    return _plugin(declaration, module, place, includeme)


def _claims(declaration: Declaration, others: Sequence[Plugin], reserved: Collection[str]) -> Iterator[str]:
    """Say what a plug-in claims that is another's."""
    here = "{}:{}".format(*declaration.where)
    if declaration.name in reserved:
        yield f"no plug-in can be called {declaration.name}: settings of that prefix are not a plug-in's ({here})"
    for other in others:
        there = "{}:{}".format(*other.where)
        if other.name == declaration.name:
            yield f"two plug-ins are called {other.name}: {there} (from {other.origin}) and {here}"
        elif other.settings is not None and other.settings is declaration.settings:
            yield f"{other.name} ({there}) and {declaration.name} ({here}) share one settings class; subclass it"


def _plugin(declaration: Declaration, module: str, origin: Origin, includeme: Includeme) -> Plugin:
    said = {each.name: getattr(declaration, each.name) for each in fields(declaration)}
    return Plugin(**said, module=module, origin=origin, includeme=includeme)
