"""The order of plug-ins: each after those that it requires, else as the INI has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from colonnade.core.settings import Mistake, nearest

from .plugin import Plugin


def in_order(plugins: Sequence[Plugin]) -> tuple[tuple[Plugin, ...], tuple[Mistake, ...]]:
    """Sort plug-ins, stably.

    :returns: the plug-ins, and a mistake for each circle of requirements.
    """
    by_name = {plugin.name: plugin for plugin in plugins}
    done: dict[str, Plugin] = {}
    circles: dict[frozenset[str], Mistake] = {}

    def visit(plugin: Plugin, path: tuple[str, ...]) -> None:
        if plugin.name in path:
            circle = path[path.index(plugin.name) :]
            circles.setdefault(frozenset(circle), _circular(circle, by_name))
        elif plugin.name not in done:
            for required in plugin.requires:
                if required in by_name:
                    visit(by_name[required], (*path, plugin.name))
            done.setdefault(plugin.name, plugin)

    for plugin in plugins:
        visit(plugin, ())
    return tuple(done.values()), tuple(circles.values())


def missing(plugins: Iterable[Plugin], installed: Collection[str], broken: Collection[str]) -> Iterable[Mistake]:
    """Tell which requirements are not met.

    :param installed: names that could be put on.
    :param broken: names that are on and could not be found, which has been told.
    """
    on = [plugin.name for plugin in plugins]
    for plugin in plugins:
        for required in plugin.requires:
            if required in on or required in broken:
                continue
            if required in installed:
                hint = ", which is installed: name it in colonnade.plugins too"
            else:
                hint = f", which is not on{nearest(required, {*on, *installed} - {plugin.name})}"
            file, line = plugin.where
            yield Mistake(plugin.origin, f"{plugin.name} requires {required}{hint} (see {file}:{line})")


def _circular(circle: tuple[str, ...], by_name: Mapping[str, Plugin]) -> Mistake:
    places = ", ".join("{}:{}".format(*by_name[name].where) for name in circle)
    way = " requires ".join((*circle, circle[0]))
    return Mistake(by_name[circle[0]].origin, f"{way}; one of them has to go without ({places})")
