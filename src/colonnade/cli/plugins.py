"""``colonnade plugins``: what is on, what each adds, and what could be switched on."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colonnade.core.console import Invocation, json_option, note, pass_invocation, write_json

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from colonnade.core.plugins import Plugin
    from colonnade.core.plugins.plugin import Declaration, Includeme

#: What is told of a plug-in, by Pyramid's name of the category; what directives of plug-ins register comes after these.
_HEADINGS = {
    "colonnade resources": "resources",
    "routes": "routes",
    "static views": "static files",
    "subscribers": "subscribers",
    "tweens": "tweens",
    "colonnade commands": "verbs",
    "colonnade roads": "roads",
    "colonnade identity attributes": "attributes of me",
    "colonnade authenticator": "authenticator",
    "colonnade root acl": "permissions for all",
}
_UNLOGGED = "not logged"
#: Parts of these, or of no interest to an operator.
_LEFT_OUT = frozenset(
    {"views", "permissions", "templates", "root factories", "view mappers", "view derivers", "colonnade plugins"}
)


@click.command()
@json_option
@pass_invocation
def plugins(invocation: Invocation, as_json: bool) -> None:
    """Print the plug-ins that are on, in order, with what each adds; then those that are installed and off."""
    from colonnade.core.plugins import plugins_of

    registry = invocation.registry
    on = plugins_of(registry)
    added = _added(registry, on)
    shown = [_members(plugin, True, str(plugin.origin), added[plugin.name]) for plugin in on]
    shown += [_members(each, False, None, _settings_of(each)) for each in _off({plugin.includeme for plugin in on})]
    if as_json:
        write_json(shown)
        return
    for each in shown:
        click.echo(f"{click.style(each['name'], bold=True)}  {each['summary']}{'' if each['on'] else ' (off)'}")
        _line("named in", [each["origin"]] if each["on"] else [])
        _line("requires", each["requires"])
        for heading, titles in each["adds"].items():
            _line(heading, titles)
        click.echo()


def _off(on: Collection[Includeme]) -> Iterator[Declaration]:
    """What the installed plug-ins that are off say of themselves; nothing of one that cannot be asked."""
    from colonnade.core.plugins.probing import ask
    from colonnade.core.plugins.resolving import Unresolvable, installed, resolve

    known = installed()
    for name in sorted(known):
        try:
            includeme, _ = resolve(name, known)
            if includeme not in on:
                yield ask(includeme, name)
        except (Unresolvable, ImportError) as error:
            note(f"The plug-in {name} is off, and could not be switched on: {error}")


def _members(plugin: Declaration, on: bool, origin: str | None, added: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "on": on,
        "summary": plugin.summary,
        "origin": origin,
        "requires": plugin.requires,
        "adds": added,
    }


def _settings_of(plugin: Declaration) -> dict[str, list[str]]:
    if plugin.settings is None:
        return {}
    return {"settings": [f"{plugin.name}.{name}" for name in plugin.settings.model_fields]}


def _line(heading: str, titles: Sequence[str]) -> None:
    for number, title in enumerate(titles):
        click.echo(f"  {heading if number == 0 else '':<12} {title}")


def _added(registry: Registry, on: Sequence[Plugin]) -> dict[str, dict[str, list[str]]]:
    """What each plug-in adds: heading → titles."""
    found = {plugin.name: _settings_of(plugin) for plugin in on}
    for category, entries in registry.introspector.categorized():
        if category in _LEFT_OUT:
            continue
        heading = _HEADINGS.get(category, category.removeprefix("colonnade "))
        for entry in entries:
            owner = _owner(entry["introspectable"], on)
            if owner is not None:
                found[owner.name].setdefault(heading, []).append(_title(entry["introspectable"]))
    order = ["settings", "resources", _UNLOGGED, *_HEADINGS.values()]
    _tell_unlogged(registry, on, found)
    return {
        name: dict(sorted(headings.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order)))
        for name, headings in found.items()
    }


def _tell_unlogged(registry: Registry, on: Sequence[Plugin], found: Mapping[str, dict[str, list[str]]]) -> None:
    """Say of the resources that plug-ins keep out of the change log that they do."""
    for entry in registry.introspector.get_category("colonnade resources") or ():
        resource = entry["introspectable"]["resource"]
        owner = _owner(entry["introspectable"], on)
        if owner is not None and not resource.logged:
            found[owner.name].setdefault(_UNLOGGED, []).append(resource.name)


def _title(introspectable: Any) -> str:
    if introspectable.category_name == "routes":
        return str(introspectable["pattern"])
    if introspectable.category_name == "colonnade resources":
        resource = introspectable["resource"]
        return f"{resource.name} ({resource.model.__qualname__})"
    return str(introspectable.title)


def _owner(introspectable: Any, on: Sequence[Plugin]) -> Plugin | None:
    """The plug-in in whose files the directive was called; the most special one, if it lies within another."""
    if introspectable.action_info.file is None:  # Pyramid's cache busters do not say who asked for them
        return None
    file = Path(introspectable.action_info.file)
    owners = [(len(home.parts), plugin) for plugin in on for home in _homes(plugin) if file.is_relative_to(home)]
    return max(owners, key=lambda each: each[0], default=(0, None))[1]


def _homes(plugin: Plugin) -> Iterator[Path]:
    """The folders of a plug-in that is a package, the file of one that is a module."""
    module = sys.modules[plugin.module]
    yield from map(Path, getattr(module, "__path__", None) or [module.__file__ or ""])
