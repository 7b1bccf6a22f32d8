"""Do the Model classes and the migrations agree? Asked of an empty database that only the migrations have made."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations.ops import AlterColumnOp, ModifyTableOps, UpgradeOps
from sqlalchemy import Column, Connection, Identity, Table, inspect
from sqlalchemy.orm import DeclarativeBase

from colonnade.core.database.database import Database
from colonnade.core.database.migrations.portable import portable
from colonnade.core.database.migrations.running import upgrade_one
from colonnade.core.database.migrations.scratch import NoScratchDatabase, is_told, scratch_postgresql, scratch_sqlite
from colonnade.core.database.migrations.sources import sources_of, tables_of
from colonnade.core.database.model import Model
from colonnade.core.plugins import Plugin


@dataclass(frozen=True)
class Difference:
    """Something that a Model class says and no migration has done, or the other way round."""

    plugin: str
    database: str
    text: str

    def __str__(self) -> str:
        return f"{self.plugin}: {self.text} (on {self.database})"


@dataclass(frozen=True)
class Comparison:
    """What was found.

    differences: what a new migration has to do; empty where classes and migrations agree.
    notes: what a person may want to know: tables that migrations made and no class describes, databases not looked at.
    """

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ToDo:
    """What would make the tables of a plug-in what its classes say, and what could not be compared."""

    operations: UpgradeOps
    notes: tuple[str, ...]


def check(database: Database, plugins: Sequence[Plugin]) -> Comparison:
    """Compare on SQLite, and on PostgreSQL too where that is the application's database.

    Only tables of Model classes of these plug-ins are compared; those of other bases are left to their owners.

    :raises MigrationError: if a migration fails on an empty database.
    """
    differences: list[Difference] = []
    notes: list[str] = []
    for room in (scratch_sqlite, scratch_postgresql)[: 2 if database.dialect.name == "postgresql" else 1]:
        try:
            with room(database.settings) as connection:
                notes += migrate_from_nothing(connection, plugins)
                for plugin in plugins:
                    found = to_do(connection, plugin, plugins)
                    notes += found.notes
                    differences += (
                        Difference(plugin.name, connection.dialect.name, _in_words(each))
                        for each in _flat(found.operations.as_diffs())
                    )
        except NoScratchDatabase as error:
            notes.append(f"not compared on PostgreSQL: {error}")
    return Comparison(tuple(differences), tuple(dict.fromkeys(notes)))


def migrate_from_nothing(connection: Connection, plugins: Sequence[Plugin]) -> list[str]:
    """Run all migrations on an empty database.

    :returns: a note for each table that they made and that no class of any base describes.
    """
    notes = []
    described = {table.name for base in _bases(DeclarativeBase) for table in base.metadata.tables.values()}
    for source in sources_of(plugins):
        before = set(inspect(connection).get_table_names())
        connection.rollback()
        upgrade_one(connection, source)
        made = set(inspect(connection).get_table_names()) - before - {source.version_table}
        connection.rollback()
        notes += [
            f"{source.plugin}: its migrations make {name}, a table that no class describes; nothing will be done to it"
            for name in sorted(made - described)
        ]
    return notes


def to_do(connection: Connection, plugin: Plugin, plugins: Sequence[Plugin]) -> ToDo:
    """What has to be done to a database, so that it has the tables of a plug-in's Model classes, with plain types."""
    own = {table.name for table in tables_of(plugin, plugins)}
    context = MigrationContext.configure(
        connection,
        opts={
            "include_object": _only(own),
            "compare_type": _compare_type,
            "compare_server_default": True,
            "target_metadata": Model.metadata,
        },
    )
    # Alembic and SQLAlchemy warn of what they cannot compare, such as an index over an expression on SQLite.
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        operations = produce_migrations(context, portable(Model.metadata)).upgrade_ops
    connection.rollback()
    assert operations is not None
    if connection.dialect.name == "sqlite":
        _leave_out_identities(operations)
    notes = dict.fromkeys(f"{plugin.name}: {warning.message}" for warning in warned)
    return ToDo(operations, tuple(notes))


def _compare_type(context: MigrationContext, found: object, column: Column[Any], *types: object) -> bool | None:
    """None lets Alembic compare; False says that the types are the same."""
    assert context.connection is not None
    return None if is_told(context.connection, column) else False


def _leave_out_identities(operations: UpgradeOps) -> None:
    """SQLite knows no identity columns, so none that is there is ever found to be one."""
    for table in operations.ops:
        if isinstance(table, ModifyTableOps):
            for column in table.ops:
                if isinstance(column, AlterColumnOp) and isinstance(column.modify_server_default, Identity):
                    column.modify_server_default = False
            table.ops = [each for each in table.ops if not isinstance(each, AlterColumnOp) or each.has_changes()]
    operations.ops = [each for each in operations.ops if not isinstance(each, ModifyTableOps) or each.ops]


def _only(own: Collection[str]) -> Any:
    def include(thing: Any, name: str | None, kind: str, reflected: bool, compared_to: Any) -> bool:
        return kind != "table" or name in own

    return include


def _bases(base: type[Any]) -> list[type[Any]]:
    """All declarative bases of this process: the direct subclasses of DeclarativeBase."""
    return [each for each in base.__subclasses__() if hasattr(each, "metadata")]


def _flat(diffs: list[Any]) -> list[tuple[Any, ...]]:
    """Alembic lists the changes of one column in a list of their own."""
    return [each for diff in diffs for each in (diff if isinstance(diff, list) else [diff])]


def _in_words(diff: tuple[Any, ...]) -> str:
    kind, *rest = diff
    match kind:
        case "add_table":
            return f"no migration makes the table {rest[0].name}"
        case "add_column" | "remove_column":
            what = "no migration adds" if kind == "add_column" else "the class no longer has"
            return f"{what} {rest[1]}.{rest[2].name}"
        case "add_fk" | "add_constraint" | "add_index" | "remove_fk" | "remove_constraint" | "remove_index":
            what = "no migration adds" if kind.startswith("add") else "the class no longer has"
            thing = rest[0]
            columns = ", ".join(column.name for column in thing.columns)
            return f"{what} {kind.partition('_')[2]} {thing.name} ({columns}) of {_table_of(thing)}"
        case _ if kind.startswith("modify_"):
            _schema, table, column, _existing, old, new = rest
            what = kind.removeprefix("modify_").replace("_", " ")
            return f"the {what} of {table}.{column} is {old!r} by the migrations and {new!r} by the class"
    return f"{kind} {rest}"


def _table_of(thing: Any) -> str:
    table: Table = thing.table
    return str(table.name)
