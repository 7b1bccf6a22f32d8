"""From a name in the INI to the function that includes a plug-in."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
import traceback
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from colonnade.core.settings import nearest

from .plugin import Includeme

GROUP = "colonnade.plugins"
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?")


class Unresolvable(Exception):
    """A name that leads to no plug-in. Its text says why, and what may have been meant."""


def installed() -> dict[str, set[str]]:
    """Return the plug-ins that are installed: the name of the entry point, and the dotted names behind it."""
    found: dict[str, set[str]] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(entry.name, set()).add(entry.value)
    return found


def resolve(name: str, known: Mapping[str, set[str]]) -> tuple[Includeme, str]:
    """Find what a name stands for.

    :param name: an entry point's name or a dotted name: of a module that has an ``includeme``, or of a function.
    :param known: the entry points, see :func:`installed`.
    :returns: the function, and the dotted name of the module that it was found in.
    :raises Unresolvable: if there is no such thing.
    :raises ImportError: the real one, if it is there and cannot be imported.
    """
    behind = known.get(name)
    if behind is None:
        target = _load(name)
        if target is None:
            raise Unresolvable(f"there is no plug-in {name}{nearest(name, _candidates(name, known))}")
    elif len(behind) > 1:
        raise Unresolvable(
            f"several installed packages bring a plug-in {name};"
            f" give the dotted name of one: {' or '.join(sorted(behind))}"
        )
    else:
        (dotted,) = behind
        target = _load(dotted)
        if target is None:
            raise Unresolvable(f"the plug-in {name} is installed as {dotted}, which does not exist")
    if isinstance(target, types.ModuleType):
        module, function = target.__name__, getattr(target, "includeme", None)
    else:
        module, function = getattr(target, "__module__", ""), target
    if not callable(function):
        raise Unresolvable(f"{name} is no plug-in: {module or repr(target)} has no function includeme(config)")
    return cast(Includeme, function), module


def bad_includes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Tell which names of ``pyramid.includes`` cannot be included, and why: Pyramid's own error names no setting."""
    for name in names:
        try:
            if _load(name) is None:
                yield name, f"pyramid.includes names {name}, which is not installed"
        except ImportError as error:
            yield name, f"{name} of pyramid.includes cannot be imported: {real_error(error)}"


def real_error(error: ImportError) -> str:
    """The error itself and the line that raised it, the import machinery left out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _load(dotted: str) -> object | None:
    """Import a module, or an attribute of one ("package.module:attribute", or all dots); None if there is none."""
    if not _DOTTED.fullmatch(dotted):
        return None
    module, _, path = dotted.partition(":")
    target: object | None = _import(module)
    if target is None and not path and "." in module:
        module, _, path = module.rpartition(".")
        target = _import(module)
    for attribute in path.split(".") if path else ():
        target = getattr(target, attribute, None)
    return target


def _import(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # This very module is missing, or a package above it; anything else is an import of its own that fails.
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise


def _candidates(name: str, known: Mapping[str, set[str]]) -> set[str]:
    """What a name may have meant: an installed plug-in, or a neighbour of the module that it names."""
    candidates = {*known, *(dotted for behind in known.values() for dotted in behind)} if "." in name else {*known}
    package, dot, _ = name.partition(":")[0].rpartition(".")
    parent = _load(package) if dot else None
    if isinstance(parent, types.ModuleType):
        candidates.update(f"{package}.{each.name}" for each in pkgutil.iter_modules(getattr(parent, "__path__", [])))
    return candidates
