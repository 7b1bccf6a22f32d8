"""Write a migration: what the Model classes of a plug-in say, and its migrations so far have not done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from alembic.autogenerate import render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateForeignKeyOp, CreateTableOp, MigrateOperation, ModifyTableOps, UpgradeOps
from sqlalchemy import Connection, ForeignKeyConstraint

from colonnade.core.database.database import Database
from colonnade.core.database.migrations.comparing import migrate_from_nothing, to_do
from colonnade.core.database.migrations.scratch import NoScratchDatabase, scratch_postgresql, scratch_sqlite
from colonnade.core.database.migrations.sources import sources_of
from colonnade.core.database.model import Model
from colonnade.core.plugins import Plugin

_SCRIPT = '''"""{summary}"""

{imports}

revision = {revision!r}
down_revision = {previous!r}


def upgrade() -> None:
{body}
'''


def new_migration(
    database: Database, plugin: Plugin, plugins: Sequence[Plugin], message: str, *, empty: bool = False
) -> Path | None:
    """Write a plug-in's next migration; None, and no file, where there is nothing to do.

    The classes are compared with what the migrations make of an empty database, of the kind that the application uses;
    its own database is not looked at, so it may be anything, and away.

    :param message: what it is for; the name of the file is made of it.
    :param empty: write one without any operation, to be filled in by hand: for the data, or for what cannot be
    compared.
    :raises MigrationError: if a migration fails on an empty database.
    """
    source = next(each for each in sources_of(plugins) if each.plugin == plugin.name)
    body = "    pass  # to be written by hand" if empty else _body(database, plugin, plugins)
    if body is None:
        return None
    done = source.revisions()
    revision = source.next_revision()
    path = source.directory / f"{revision}_{_slug(message)}.py"
    script = _SCRIPT.format(
        summary=message.strip().rstrip(".").replace('"', "'") + ".",
        imports=_imports(body),
        revision=revision,
        previous=done[-1].revision if done else None,
        body=body,
    )
    source.directory.mkdir(exist_ok=True)
    path.write_text(script, encoding="utf-8")
    return path


def _body(database: Database, plugin: Plugin, plugins: Sequence[Plugin]) -> str | None:
    """The operations as Python; None if there are none."""
    rooms = (scratch_postgresql, scratch_sqlite) if database.dialect.name == "postgresql" else (scratch_sqlite,)
    for room in rooms:
        try:
            with room(database.settings) as connection:
                migrate_from_nothing(connection, plugins)
                return _written(connection, to_do(connection, plugin, plugins))
        except NoScratchDatabase:
            continue
    return None


def _written(connection: Connection, operations: UpgradeOps) -> str | None:
    if operations.is_empty():
        return None
    context = MigrationContext.configure(connection, opts={"target_metadata": Model.metadata})
    text = render_python_code(
        UpgradeOps(ops=_circles_last(operations.ops)), render_as_batch=True, migration_context=context
    )
    # What Alembic says to those who generate and do not look.
    return re.sub(
        r"^ *# .*commands auto generated.*\n|\n *# ### end Alembic commands ###", "", text, flags=re.MULTILINE
    )


def _circles_last(operations: Sequence[MigrateOperation]) -> list[MigrateOperation]:
    """Take the references that close a circle out of CREATE TABLE, where PostgreSQL has no table yet to refer to."""
    later: list[MigrateOperation] = []
    for operation in operations:
        if isinstance(operation, CreateTableOp):
            closing = [each for each in operation.columns if isinstance(each, ForeignKeyConstraint) and each.use_alter]
            for constraint in closing:
                constraint.use_alter = False
                added = CreateForeignKeyOp.from_constraint(constraint)
                later.append(ModifyTableOps(operation.table_name, [added], schema=operation.schema))
            operation.columns = [each for each in operation.columns if each not in closing]
    return [*operations, *later]


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
