"""Plug-ins written to disk, imported, changed and forgotten, as a developer's are from one run to the next."""

from __future__ import annotations

import gc
import importlib
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from colonnade.core.database import Model
from colonnade.core.plugins import Plugin
from colonnade.core.settings import Origin

_NUMBERS = itertools.count()


@dataclass
class Workshop:
    """Where plug-ins are written."""

    folder: Path
    written: set[str] = field(default_factory=set)

    def plugin(self, name: str, models: str = "", package: str = "") -> Plugin:
        """A plug-in of this name, a package, whose models are these; written again, it has only the new ones."""
        package = package or name
        self.forget(package)
        directory = self.folder.joinpath(*package.split("."))
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "__init__.py").touch()
        (directory / "models.py").write_text(_HEAD + dedent(models), encoding="utf-8")
        self.written.add(package)
        importlib.invalidate_caches()
        importlib.import_module(f"{package}.models")
        return a_plugin(name, package)

    def migration(self, plugin: Plugin, number: str, upgrade: str) -> Path:
        """Write a migration by hand."""
        folder = self.folder.joinpath(*plugin.module.split("."), "migrations")
        folder.mkdir(exist_ok=True)
        path = folder / f"{number}_by_hand.py"
        previous = None if number == "0001" else f"{int(number) - 1:04}"
        body = "\n".join("    " + line for line in dedent(upgrade).strip().splitlines())
        path.write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = {number!r}\ndown_revision = {previous!r}\ndef upgrade():\n{body}\n",
            encoding="utf-8",
        )
        return path

    def forget(self, package: str) -> None:
        """Let the process know nothing of a package and its classes."""
        for name in [each for each in sys.modules if each == package or each.startswith(package + ".")]:
            module = sys.modules.pop(name)
            tables = [each.__table__ for each in vars(module).values() if _is_model(each, name)]
            tables += [each for each in vars(module).values() if each in Model.metadata.tables.values()]
            for table in tables:
                Model.metadata.remove(table)
            vars(module).clear()
        gc.collect()

    def names(self, plugin: Plugin) -> list[str]:
        """The migrations of a plug-in."""
        return sorted(path.name for path in self.folder.joinpath(plugin.module, "migrations").glob("*.py"))


def _is_model(thing: Any, module: str) -> bool:
    return isinstance(thing, type) and issubclass(thing, Model) and thing is not Model and thing.__module__ == module


def a_plugin(name: str, module: str, migrations: str | None = None) -> Plugin:
    """A plug-in that is on."""
    return Plugin(
        name=name,
        summary="",
        requires=(),
        settings=None,
        migrations=migrations,
        where=("here.py", 1),
        module=module,
        origin=Origin("default"),
        includeme=lambda config: None,
    )


_HEAD = """
from __future__ import annotations
import enum, uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from colonnade.core.database import Model
"""


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """An empty workshop, whose packages can be imported."""
    folder = tmp_path / f"workshop{next(_NUMBERS)}"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    # A module that is written again within a second, as long as before, would be taken for what was compiled.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    workshop = Workshop(folder)
    # What is there already is nothing that `forget` is to collect, and would be looked through each time.
    gc.collect()
    gc.freeze()
    yield workshop
    for package in workshop.written:
        workshop.forget(package)
