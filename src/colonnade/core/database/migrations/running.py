"""Migrate a database: each plug-in's migrations in its own order, the plug-ins in theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationInfo
from alembic.script.base import Script
from sqlalchemy import Connection, Engine, column, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from colonnade.core.database import postgresql, sqlite
from colonnade.core.database.database import Database
from colonnade.core.database.errors import translated
from colonnade.core.database.migrations.sources import MigrationError, Source, sources_of
from colonnade.core.database.model import Model
from colonnade.core.plugins import Plugin

#: Known to PostgreSQL only as a number: whoever migrates a database holds this advisory lock of it.
_LOCK = 0x436F_6C6F_6E6E_6164

#: `alembic.op` is one for the whole process.
_ALEMBIC = Lock()


@dataclass(frozen=True)
class Step:
    """One migration of one plug-in, that was run or has to be."""

    plugin: str
    revision: str
    summary: str


def upgrade(
    database: Database, plugins: Iterable[Plugin], report: Callable[[Step], object] = lambda _: None
) -> tuple[Step, ...]:
    """Run all migrations that a database has not seen; whoever else migrates it waits, and finds nothing left to do.

    On SQLite the migrations of one plug-in are one transaction, on PostgreSQL each is one.

    :param report: told of each plug-in's migrations as soon as they are committed.
    :returns: what was run.
    :raises MigrationError: where migrations and database do not go together; what was committed before stays.
    """
    sources = sources_of(plugins)
    done: list[Step] = []
    with _alone(migrating_engine(database)) as connection:
        for source in sources:
            for step in upgrade_one(connection, source):
                report(step)
                done.append(step)
    return tuple(done)


def pending(database: Database, plugins: Iterable[Plugin]) -> tuple[Step, ...]:
    """What `upgrade` would run, by looking only; readiness asks this.

    A revision that is not known here counts as done: newer code has migrated the database and this one still serves.
    """
    with translated(), database.reader.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        missing: list[Step] = []
        for source in sources_of(plugins):
            known = _known(source)
            at = _revisions_in(connection, source) if source.version_table in tables else ()
            if {each.revision for each in known}.issuperset(at):
                missing += known[_position(known, at) :]
    return tuple(missing)


def upgrade_one(connection: Connection, source: Source) -> tuple[Step, ...]:
    """Run the migrations of one plug-in on a connection that is in no transaction.

    :raises MigrationError: saying which migration failed, and why.
    """
    scripts = source.scripts()
    if scripts is None:
        return ()
    by_revision = {script.revision: script for script in scripts.walk_revisions()}
    at: list[str] = []
    steps: list[Step] = []

    def to_run(heads: Any, _context: MigrationContext) -> Any:
        if unknown := set(heads) - by_revision.keys():
            raise MigrationError(
                f"the database is at {', '.join(sorted(unknown))} of {source.plugin}, which is not installed here: "
                "newer code has migrated it"
            )
        # What alembic.command.upgrade does; it has no public name.
        for step in scripts._upgrade_revs("head", heads):
            at.append(step.revision.revision)
            yield step

    def applied(ctx: object, step: MigrationInfo, heads: object, run_args: object) -> None:
        steps.append(_step(source, by_revision[str(step.up_revision_id)]))

    is_sqlite = connection.dialect.name == "sqlite"
    with _ALEMBIC, EnvironmentContext(Config(), scripts, fn=to_run, destination_rev="head") as environment:
        environment.configure(
            connection=connection,
            version_table=source.version_table,
            target_metadata=Model.metadata,
            render_as_batch=True,
            transactional_ddl=True,
            transaction_per_migration=not is_sqlite,
            on_version_apply=applied,
        )
        try:
            with environment.begin_transaction():
                environment.run_migrations()
                if is_sqlite:
                    _check_references(connection, source)
        except SQLAlchemyError as error:
            raise MigrationError(f"the migration {'/'.join([source.plugin, *at[-1:]])} failed: {error}") from error
    # Where nothing was run, Alembic leaves the transaction in which it looked, and would commit no migration within it.
    connection.rollback()
    return tuple(steps)


def migrating_engine(database: Database) -> Engine:
    """An engine for migrations of this database: no pool, and long waits for others."""
    settings = database.settings
    room: Any = sqlite if settings.address.get_backend_name() == "sqlite" else postgresql
    engine: Engine = room.migrator(settings.address, settings)
    return engine


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection of the only one who migrates. On SQLite each transaction sees to that by itself."""
    with translated():
        connection = engine.connect()
    with connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_lock(_LOCK)))
            connection.commit()  # the lock is the session's: it ends with the connection, which is in no pool
        yield connection


def _check_references(connection: Connection, source: Source) -> None:
    """References are not checked while SQLite rebuilds a table, so they are checked before COMMIT."""
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        tables = ", ".join(sorted({f"{row[0]} → {row[2]}" for row in broken}))
        raise MigrationError(f"the migrations of {source.plugin} would leave references to nothing: {tables}")


def _revisions_in(connection: Connection, source: Source) -> Sequence[str]:
    return connection.scalars(select(column("version_num")).select_from(table(source.version_table))).all()


def _known(source: Source) -> tuple[Step, ...]:
    """The migrations of a plug-in; readiness asks often, so they are read again only when a file came or went."""
    return _read(source, source.directory.stat().st_mtime_ns) if source.directory.is_dir() else ()


@lru_cache(maxsize=256)
def _read(source: Source, _changed: int) -> tuple[Step, ...]:
    return tuple(_step(source, script) for script in source.revisions())


def _position(known: Sequence[Step], at: Sequence[str]) -> int:
    return max((number for number, step in enumerate(known, 1) if step.revision in at), default=0)


def _step(source: Source, script: Script) -> Step:
    return Step(source.plugin, script.revision, (script.doc or "").strip())
