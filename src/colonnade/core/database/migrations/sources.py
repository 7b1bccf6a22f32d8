"""Where the migrations of each plug-in lie, which tables are its own, and in what order its migrations stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.script.base import Script
from alembic.util import CommandError
from sqlalchemy import Table

from colonnade.core.database.model import Model
from colonnade.core.plugins import Plugin, plugin_of_module
from colonnade.core.problems import Conflict

_NUMBERED = re.compile(r"\d{4,}(?=_)")


class MigrationError(Conflict):
    """What is wrong with migrations, and what would be right; for the person who runs `colonnade migrate`."""

    slug = "migration"


@dataclass(frozen=True)
class Source:
    """The migrations of one plug-in.

    plugin: its name, of which its version table is made: each plug-in counts for itself, so that one that is switched
    off,
        removed and added again finds its tables as it left them.
    directory: where its files are, ``0001_first.py`` and so on; it need not be there.
    """

    plugin: str
    directory: Path

    @property
    def version_table(self) -> str:
        """The table that holds the revision of this plug-in's tables."""
        return f"alembic_version_{self.plugin}"

    def files(self) -> list[Path]:
        """The migrations, in the order of their numbers.

        :raises MigrationError: if two have the same number.
        """
        files = sorted(path for path in self.directory.glob("*.py") if path.name != "__init__.py")
        for one, other in pairwise(files):
            numbers = _NUMBERED.match(one.name), _NUMBERED.match(other.name)
            if numbers[0] and numbers[1] and numbers[0][0] == numbers[1][0]:
                raise MigrationError(
                    f"{self.plugin} has two migrations of one number, {one.name} and {other.name}: give the later one "
                    "the next number, in its name and in `revision`, and let its `down_revision` be the other"
                )
        return files

    def next_revision(self) -> str:
        """The number of the migration that is made next: ``0001`` for the first one."""
        numbers = [int(found[0]) for path in self.files() if (found := _NUMBERED.match(path.name))]
        return f"{max(numbers, default=0) + 1:04}"

    def scripts(self) -> ScriptDirectory | None:
        """The migrations as Alembic has them; None where there are none.

        :raises MigrationError: if they form no line.
        """
        if not self.files():
            return None
        scripts = ScriptDirectory(str(self.directory), version_locations=[str(self.directory)])
        try:
            heads = scripts.get_heads()
        except (CommandError, KeyError) as error:
            raise MigrationError(
                f"the migrations of {self.plugin} in {self.directory} cannot be read: {error}"
            ) from error
        if len(heads) != 1:
            raise MigrationError(
                f"the migrations of {self.plugin} in {self.directory} form no line: nothing follows {', '.join(heads)}"
            )
        return scripts

    def revisions(self) -> tuple[Script, ...]:
        """The migrations, the first one first."""
        scripts = self.scripts()
        return () if scripts is None else tuple(scripts.walk_revisions())[::-1]


def sources_of(plugins: Iterable[Plugin]) -> tuple[Source, ...]:
    """The migrations of plug-ins, in the order of the plug-ins.

    :raises MigrationError: if two plug-ins share a folder.
    """
    sources = tuple(Source(plugin.name, _directory(plugin)) for plugin in plugins)
    owners: dict[Path, str] = {}
    for source in sources:
        other = owners.setdefault(source.directory, source.plugin)
        if other != source.plugin and source.directory.is_dir():
            raise MigrationError(
                f"{other} and {source.plugin} share the folder {source.directory}: make one of them a package, or say "
                "config.add_plugin(…, migrations='package:folder')"
            )
    return sources


def _directory(plugin: Plugin) -> Path:
    package, _, folder = (plugin.migrations or f"{plugin.module}:migrations").partition(":")
    spec = find_spec(package)
    if spec is None:
        raise MigrationError(f"{plugin.name} says that its migrations are in {package}, which there is not")
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)), folder or "migrations")
    return Path(str(spec.origin)).with_name(folder or "migrations")


def tables_of(plugin: Plugin, plugins: Sequence[Plugin]) -> tuple[Table, ...]:
    """The tables of the Model classes that a plug-in declares, and those that lie between two of them (many-to-many).

    A class belongs to the plug-in with the longest package that its module is in.
    """
    return tuple(table for table, owner in _owners(plugins) if owner == plugin)


def _owners(plugins: Sequence[Plugin]) -> Iterator[tuple[Table, Plugin]]:
    Model.registry.configure()
    owners: dict[Table, Plugin] = {}
    between: dict[Table, Plugin] = {}
    for mapper in sorted(Model.registry.mappers, key=lambda each: len(list(each.iterate_to_root()))):
        plugin = plugin_of_module(plugins, mapper.class_.__module__)
        if plugin is not None:
            if isinstance(mapper.local_table, Table):
                owners.setdefault(mapper.local_table, plugin)
            for relation in mapper.relationships:
                if isinstance(relation.secondary, Table):
                    between.setdefault(relation.secondary, plugin)
    owned = {**between, **owners}
    for table in Model.metadata.tables.values():
        if table in owned:
            yield table, owned[table]
