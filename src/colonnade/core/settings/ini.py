"""On which line of which INI file each setting of an application stands.

PasteDeploy hands over values and no lines, so the file is read once more, the way PasteDeploy reads it: `use` is
followed through sections and files (`use = config:base.ini#name`), the nearest section winning; `set name =` and
[DEFAULT] give global values, `get name =` takes one. What PasteDeploy handed over stays the truth: a line counts only
if it says the same.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from .origin import Origin

#: What PasteDeploy takes for the section of an application, before ":name".
_APPLICATIONS = ("app", "application", "composite", "composit", "pipeline", "filter-app")
_SCHEME = re.compile(r"[a-zA-Z]+:")


@dataclass(frozen=True)
class Written:
    """One line that gives a setting.

    :ivar layer: 0 in a section; below that the global ones: 1 by `set`, 2 in [DEFAULT].
    :ivar hidden_by: the line of [DEFAULT] for whose sake PasteDeploy skips this one.
    """

    key: str
    value: str
    origin: Origin
    layer: int
    hidden_by: Origin | None = None


@dataclass(frozen=True)
class Application:
    """The section of an application and those that it uses, with all their lines, the one that wins first."""

    section: Origin
    name: str
    written: tuple[Written, ...]

    def agreement(self, settings: Mapping[str, object]) -> int:
        """Count the settings that are as this section has them."""
        return sum(each.layer == 0 and settings.get(each.key) == each.value for each in self.written)


def find_application(path: str, settings: Mapping[str, object], variables: Mapping[str, str]) -> Application | None:
    """Find the section of a file that an application was started from: the one that says most of these settings.

    PasteDeploy does not tell which (`pserve production.ini#second`, or a composite's part).

    :param variables: the global configuration, for interpolation.
    :returns: None if there is no such file or no section of an application in it.
    """
    file = _File.read(path, variables)
    if file is None:
        return None
    found = [_application(file, section, variables) for section in file.parser.sections() if _name(section)]
    # max() keeps the first of equals: let that be "main".
    found.sort(key=lambda each: not each.name.endswith(":main"))
    return max(found, key=lambda each: each.agreement(settings), default=None)


def _application(file: _File, section: str, variables: Mapping[str, str]) -> Application:
    written = sorted(_follow(file, section, {}, variables, frozenset()), key=lambda each: each.layer)
    return Application(file.section(section), section, tuple(written))


def _follow(
    file: _File,
    section: str,
    inherited: Mapping[str, Origin],
    variables: Mapping[str, str],
    seen: frozenset[tuple[str, str]],
) -> Iterator[Written]:
    """Yield the lines of a section, then of the one that it uses.

    :param inherited: the [DEFAULT] lines of the files that use this one, which hide its sections' lines.
    """
    if (file.path, section) in seen:
        return
    hiding = {**file.defaults(), **inherited}
    for key, origin in file.options(section):
        value = file.get(section, key)
        if key.startswith("set "):
            yield Written(key[4:].strip(), value, origin, layer=1)
        elif key.startswith("get "):
            yield Written(key[4:].strip(), variables.get(value, value), origin, layer=0)
        else:
            yield Written(key, value, origin, layer=0, hidden_by=hiding.get(key))
    yield from (Written(key, file.get("DEFAULT", key), origin, layer=2) for key, origin in file.defaults().items())

    use = file.get(section, "use")
    target, name = _target(file, use)
    following = target and target.find(name)
    if target and following:
        yield from _follow(target, following, hiding, variables, seen | {(file.path, section)})


def _target(file: _File, use: str) -> tuple[_File | None, str]:
    if not _SCHEME.match(use):
        return file, use
    scheme, _, rest = use.partition(":")
    if scheme.lower() != "config":
        return None, ""
    path, _, name = rest.partition("#")
    return _File.read(os.path.join(os.path.dirname(file.path), unquote(path.strip())), file.variables), name or "main"


def _name(section: str) -> str:
    """Return the name in the header of an application's section, "" of any other."""
    kind, _, name = section.partition(":")
    return (name.strip() or "main") if kind in _APPLICATIONS else ""


class _Key(str):
    """The key of an option, which remembers its line."""

    line: int


class _Parser(configparser.ConfigParser):
    """A parser whose keys know their lines: it is asked for `optionxform` while it stands on the line of the key."""

    line = 0

    def optionxform(self, optionstr: str) -> str:
        key = _Key(optionstr)
        key.line = self.line
        return key

    def read_lines(self, text: list[str]) -> None:
        def counted() -> Iterator[str]:
            for self.line, line in enumerate(text, start=1):
                yield line
            self.line = 0

        self.read_file(counted())


@dataclass(frozen=True)
class _File:
    path: str
    text: tuple[str, ...]
    parser: _Parser
    variables: Mapping[str, str]

    @classmethod
    def read(cls, path: str, variables: Mapping[str, str]) -> _File | None:
        path = os.path.abspath(path)
        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            parser = _Parser(defaults={"here": os.path.dirname(path), "__file__": path})
            parser.read_lines(text)
            # As PasteDeploy does, so that they interpolate; a file's own [DEFAULT] wins. They are no lines of the file.
            known = parser.defaults()
            parser.read_dict(
                {"DEFAULT": {key: value.replace("%", "%%") for key, value in variables.items() if key not in known}}
            )
        except (OSError, configparser.Error):
            return None  # PasteDeploy has read it, or it was never a file: no lines can be told.
        return cls(path, tuple(line.rstrip("\n") for line in text), parser, variables)

    def get(self, section: str, key: str) -> str:
        try:
            return self.parser.get(section, key, fallback="")
        except configparser.InterpolationError:
            return self.parser.get(section, key, raw=True, fallback="")

    def defaults(self) -> dict[str, Origin]:
        """The lines of [DEFAULT] (PasteDeploy's own values have none)."""
        return {str(key): self._origin(key) for key in self.parser.defaults() if isinstance(key, _Key) and key.line}

    def options(self, section: str) -> Iterator[tuple[str, Origin]]:
        """The lines of a section itself: a key that is there and in [DEFAULT] is met with the section's line."""
        defaults = self.defaults()
        for key in self.parser.options(section):
            if isinstance(key, _Key) and key.line and not (key in defaults and defaults[key].line == key.line):
                yield str(key), self._origin(key)

    def section(self, name: str) -> Origin:
        for number, line in enumerate(self.text, start=1):
            header = self.parser.SECTCRE.match(line.strip())
            if header and header.group("header") == name:
                return Origin("line", self.path, number)
        return Origin("line", self.path, 1)

    def find(self, name: str) -> str | None:
        return next((each for each in self.parser.sections() if _name(each) == name), None)

    def _origin(self, key: _Key) -> Origin:
        """The line of a key, with the lines below that continue its value: those that are indented."""
        end = key.line
        while end < len(self.text) and (not self.text[end].strip() or self.text[end][0] in " \t#;"):
            end += 1
        return Origin("line", self.path, key.line, self.text[key.line - 1 : end])
