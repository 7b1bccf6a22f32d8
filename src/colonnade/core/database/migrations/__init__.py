"""Migrations: Alembic's, with a version table for each plug-in, upgraded in the order of the plug-ins.

A plug-in's migrations are the files ``0001_….py``, ``0002_….py`` in the folder ``migrations`` beside its module: each
has a `revision` (its number), a `down_revision` (the one before) and a function `upgrade`, in which `alembic.op`
changes the database. They are found by convention and run by `upgrade`; `new_migration` writes one by comparing the
Model classes of the plug-in with what its migrations make; `check` tells whether they agree. There is no way down: undo
a migration by another.

One migration serves both databases, so it says what is portable: ordinary SQLAlchemy types, `op.batch_alter_table` for
what SQLite can only do by copying a table. What is for one of them only asks `op.get_bind().dialect.name`. Tables of
classes of other bases are their owners' business: nothing here looks at them.
"""

from colonnade.core.database.migrations.comparing import Comparison, Difference, check
from colonnade.core.database.migrations.generating import NewMigration, new_migration
from colonnade.core.database.migrations.running import Step, pending, upgrade
from colonnade.core.database.migrations.sources import MigrationError, Source, sources_of, tables_of

__all__ = [
    "Comparison",
    "Difference",
    "MigrationError",
    "NewMigration",
    "Source",
    "Step",
    "check",
    "new_migration",
    "pending",
    "sources_of",
    "tables_of",
    "upgrade",
]
