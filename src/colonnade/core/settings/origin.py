"""Where a setting came from, and what is wrong with one, as data."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pyramid.exceptions import ConfigurationError


@dataclass(frozen=True)
class Origin:
    """Where the value of a setting was written down.

    :ivar kind: ``line`` (of a file), ``environment`` (a variable), ``settings`` (a program handed it to ``main()``),
        ``default`` (nobody set it).
    :ivar name: the path of the file, or the variable's name.
    :ivar line: the line, counted from 1, for ``line``.
    """

    kind: Literal["line", "environment", "settings", "default"]
    name: str = ""
    line: int = 0
    #: The lines of the file that the value takes, so that an item of a list can be told from its neighbours.
    text: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def of_item(self, item: object, nth: int = 0) -> Origin:
        """Narrow the origin of a list to the line on which an item stands; the list's own if it cannot be told.

        :param nth: which one is meant, if the list has it several times, counted from 0.
        """
        # The first line may hold an item beside the key: `colonnade.plugins = rest`.
        items = [re.split("[=:]", line, maxsplit=1)[-1] if n == 0 else line for n, line in enumerate(self.text)]
        found = [self.line + n for n, written in enumerate(items) if written.strip() == str(item)]
        return Origin(self.kind, self.name, found[nth]) if nth < len(found) else self

    def __str__(self) -> str:
        if self.kind == "line":
            return f"{short_path(self.name)}:{self.line}"
        return self.name or self.kind


SETTINGS = Origin("settings")
DEFAULT = Origin("default")


@dataclass(frozen=True)
class Mistake:
    """One thing that keeps the application from starting: where it stands, and what is wrong and would be right."""

    origin: Origin
    text: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.text}"


class ConfigurationErrors(ConfigurationError):
    """The application cannot start. Says everything that is wrong at once, each with its place.

    :ivar mistakes: the same as data.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: (each.origin.name, each.origin.line)))
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        count = "one mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        lines = [str(mistake).replace("\n", "\n    ") for mistake in self.mistakes]
        return "\n  ".join([f"Colonnade cannot start: {count}.", *lines])


def short_path(path: str) -> str:
    """Write a path as one would type it: relative to the working directory if it lies below, else absolute."""
    here = Path.cwd()
    return os.path.relpath(path, here) if Path(path).is_relative_to(here) else path


def nearest(name: str, known: Collection[str]) -> str:
    """Say which of the known names this one may have meant: "; did you mean x?", or the list of them, or nothing."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""
