"""Write a migration: what the Model classes of a plug-in say, and its migrations so far have not done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alembic.autogenerate import render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateForeignKeyOp, CreateTableOp, MigrateOperation, ModifyTableOps, UpgradeOps
from sqlalchemy import Connection, ForeignKeyConstraint
from sqlalchemy.schema import SchemaItem

from colonnade.core.database.database import Database
from colonnade.core.database.migrations.comparing import ToDo, migrate_from_nothing, to_do
from colonnade.core.database.migrations.scratch import NoScratchDatabase, scratch_postgresql, scratch_sqlite
from colonnade.core.database.migrations.sources import sources_of
from colonnade.core.database.model import Model
from colonnade.core.plugins import Plugin

_REMARK = re.compile(r" *# (.*commands auto generated|### end Alembic commands)")
_SCRIPT = '''"""{summary}"""

{imports}

revision = {revision!r}
down_revision = {previous!r}


def upgrade() -> None:
{body}
'''


@dataclass(frozen=True)
class NewMigration:
    """What was written: a file, or None where there is nothing to do; and what a person has to see to by hand."""

    path: Path | None
    notes: tuple[str, ...] = ()


def new_migration(
    database: Database, plugin: Plugin, plugins: Sequence[Plugin], message: str, *, empty: bool = False
) -> NewMigration:
    """Write a plug-in's next migration, if there is something to do.

    The classes are compared with what the migrations make of an empty database, of the kind that the application uses;
    its own database is not looked at, so it may be in any state, and away.

    :param message: what it is for; the name of the file is made of it.
    :param empty: write one without operations, to be filled in by hand: for data, or for what cannot be compared.
    :raises MigrationError: if a migration fails on an empty database.
    """
    if empty:
        return NewMigration(_write(plugin, plugins, message, "    pass  # to be written by hand"))
    found, body = _compare(database, plugin, plugins)
    return NewMigration(_write(plugin, plugins, message, body) if body else None, found.notes)


def _compare(database: Database, plugin: Plugin, plugins: Sequence[Plugin]) -> tuple[ToDo, str]:
    """What is to be done, and the same as Python."""
    if database.dialect.name == "postgresql":
        with suppress(NoScratchDatabase), scratch_postgresql(database.settings) as connection:
            return _compare_on(connection, plugin, plugins)
    with scratch_sqlite(database.settings) as connection:
        return _compare_on(connection, plugin, plugins)


def _compare_on(connection: Connection, plugin: Plugin, plugins: Sequence[Plugin]) -> tuple[ToDo, str]:
    migrate_from_nothing(connection, plugins)
    found = to_do(connection, plugin, plugins)
    return found, "" if found.operations.is_empty() else _as_python(connection, found.operations)


def _as_python(connection: Connection, operations: UpgradeOps) -> str:
    context = MigrationContext.configure(connection, opts={"target_metadata": Model.metadata})
    in_order = UpgradeOps(ops=_circles_last(operations.ops))
    text = render_python_code(in_order, render_as_batch=True, migration_context=context)
    # Alembic frames them with remarks for those who do not look at what they have generated.
    return "\n".join(line for line in text.splitlines() if not _REMARK.match(line)).rstrip()


def _circles_last(operations: Sequence[MigrateOperation]) -> list[MigrateOperation]:
    """Take the references that close a circle out of CREATE TABLE, where PostgreSQL has no table yet to refer to."""
    later: list[MigrateOperation] = []
    for operation in operations:
        if isinstance(operation, CreateTableOp):
            kept: list[SchemaItem] = []
            for item in operation.columns:
                if isinstance(item, ForeignKeyConstraint) and item.use_alter:
                    item.use_alter = False
                    added = CreateForeignKeyOp.from_constraint(item)
                    later.append(ModifyTableOps(operation.table_name, [added], schema=operation.schema))
                else:
                    kept.append(item)
            operation.columns = kept
    return [*operations, *later]


def _write(plugin: Plugin, plugins: Sequence[Plugin], message: str, body: str) -> Path:
    source = next(each for each in sources_of(plugins) if each.plugin == plugin.name)
    done = source.revisions()
    revision = source.next_revision()
    script = _SCRIPT.format(
        summary=_summary(message),
        imports=_imports(body),
        revision=revision,
        previous=done[-1].revision if done else None,
        body=body,
    )
    path = source.directory / f"{revision}_{_slug(message)}.py"
    source.directory.mkdir(exist_ok=True)
    path.write_text(script, encoding="utf-8")
    return path


def _summary(message: str) -> str:
    """One line, as a docstring may hold it."""
    line = " ".join(message.split()).replace("\\", "/").replace('"', "'")
    return f"{line.rstrip('.') or 'No word about it'}."


def _imports(body: str) -> str:
    lines = ["import sqlalchemy as sa"] if re.search(r"\bsa\.", body) else []
    lines.append("from alembic import op")
    if re.search(r"\bpostgresql\.", body):
        lines.append("from sqlalchemy.dialects import postgresql")
    return "\n".join(lines)


def _slug(message: str) -> str:
    """Words of ASCII letters and digits, joined by underscores, as a file's name may have on every system."""
    plain = unicodedata.normalize("NFKD", message).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("_") or "migration"
