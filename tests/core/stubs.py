"""A bench on which a test writes INI files and small plug-ins, and starts the application from them."""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from pyramid.paster import get_app
from pyramid.router import Router

import colonnade
from colonnade.core.settings import ConfigurationErrors

SECRET = "0h-so-Random-and-L0ng-that-nobody-guesses-it"
DEVELOPMENT: Mapping[str, str] = {"colonnade.secret": SECRET, "colonnade.environment": "development"}


@dataclass
class Bench:
    """A folder, which is the working directory and can be imported from."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def ini(self, name: str, text: str) -> Path:
        """Write an INI file. Its first line is line 1: the text begins right after the quotes or one line below."""
        path = self.folder / name
        path.write_text(dedent(text).removeprefix("\n"))
        return path

    def plugin(self, name: str, text: str) -> str:
        """Write a module, which the rest of the test may import; return its name."""
        path = self.folder / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(self.folder).parents[:-1]:
            (self.folder / package / "__init__.py").touch()
        path.write_text(dedent(text).removeprefix("\n"))
        importlib.invalidate_caches()
        return name

    def start(self, ini: str | Path, name: str | None = None) -> Router:
        """Start the application as pserve does."""
        return get_app(str(self.folder / ini), name)

    def mistakes(self, ini: str | Path, name: str | None = None) -> list[str]:
        """Start, and return the mistakes for which it did not."""
        with pytest.raises(ConfigurationErrors) as caught:
            self.start(ini, name)
        return [str(each) for each in caught.value.mistakes]


@contextmanager
def bench_at(folder: Path) -> Iterator[Bench]:
    """Set up a bench in a folder; afterwards nothing that it imported is left."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in list(os.environ):
            if name.upper().startswith(("COLONNADE_", "PYRAMID_")):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
        monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a module may be written again within a second
        before = set(sys.modules)
        try:
            yield Bench(folder, monkeypatch)
        finally:
            for name, module in list(sys.modules.items()):
                if name not in before and str(getattr(module, "__file__", None)).startswith(str(folder)):
                    del sys.modules[name]


def start(**settings: Any) -> Router:
    """Start the application as a program does, with `__` for the dot."""
    return colonnade.main({}, **DEVELOPMENT | {key.replace("__", "."): value for key, value in settings.items()})


def mistakes_of(**settings: Any) -> list[str]:
    """Start so, and return the mistakes for which it did not."""
    with pytest.raises(ConfigurationErrors) as caught:
        start(**settings)
    return [str(each) for each in caught.value.mistakes]
