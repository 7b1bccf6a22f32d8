"""What every PostgreSQL connection is told when it opens."""

from __future__ import annotations

import logging
from typing import Any, Final

import psycopg
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from colonnade.core.database.sending import watch_forgetting
from colonnade.core.database.settings import MIGRATION_PATIENCE, DatabaseSettings
from colonnade.core.values import prepare_connection, prepare_dialect

#: What the text of a value depends on: `timezone` changes to_json, `datestyle` changes ||, and psycopg reads one style
#: of interval only.
_STYLES: Final = {"timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "postgres", "extra_float_digits": "1"}


def writer(settings: DatabaseSettings) -> Engine:
    """The engine for transactions."""
    bounds = {"lock_timeout": f"{settings.lock_timeout}ms"}
    engine = _engine(settings.address, settings, bounds, **settings.pool, pool_reset_on_return=None)
    watch_forgetting(engine)
    return engine


def reader(address: URL, settings: DatabaseSettings) -> Engine:
    """The engine for reads: no statement costs the round trips of a transaction, and none can change anything.

    `SET SESSION CHARACTERISTICS` and psycopg's `read_only` bind transactions that are begun, which autocommit never
    does; the server's default binds every statement.
    """
    bounds = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{settings.statement_timeout}ms",
        # A filter of many conditions is a plan of many small parts. Compiling them took a minute, running them half a
        # second; and the compiled code is thrown away with each execution.
        "jit": "off",
    }
    alone = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    return _engine(address, settings, bounds, **settings.pool, **alone)


def migrator(address: URL, settings: DatabaseSettings) -> Engine:
    """The engine for migrations."""
    return _engine(address, settings, {"lock_timeout": f"{MIGRATION_PATIENCE}ms"}, poolclass=NullPool)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what psycopg warns of when a bulk insert fails: the error itself is raised, and somebody tells it."""
    return not str(record.msg).startswith("error ignored terminating")


def _engine(address: URL, settings: DatabaseSettings, bounds: dict[str, str], **options: Any) -> Engine:
    wanted = {**_STYLES, **bounds}
    engine = create_engine(
        address,
        echo=settings.echo,
        connect_args=_arguments(address, settings, wanted),
        **options,
    )

    prepare_dialect(engine.dialect)
    logging.getLogger("psycopg").addFilter(_is_news)

    @event.listens_for(engine, "connect")
    def opened(connection: psycopg.Connection[Any], entry: ConnectionPoolEntry) -> None:
        # An integer's width would be part of a prepared statement's identity: one text made four statements.
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.prepared_max = settings.prepared_statements
        prepare_connection(connection)
        _check(connection, wanted)

    return engine


def _arguments(address: URL, settings: DatabaseSettings, wanted: dict[str, str]) -> dict[str, object]:
    own = address.query.get("options", "")
    said = [own if isinstance(own, str) else " ".join(own)]
    said += [f"-c {name}={_escaped(value)}" for name, value in wanted.items()]
    arguments: dict[str, object] = {
        "options": " ".join(filter(None, said)),
        "client_encoding": "utf8",
        "prepare_threshold": 5 if settings.prepared_statements else None,
    }
    if "connect_timeout" not in address.query:
        arguments["connect_timeout"] = settings.connect_timeout
    if "application_name" not in address.query:
        arguments["application_name"] = "colonnade"
    return arguments


def _escaped(value: str) -> str:
    """Write a value for libpq's `options`, where a space ends it."""
    return value.replace(" ", "\\ ")


def _check(connection: psycopg.Connection[Any], wanted: dict[str, str]) -> None:
    """Refuse a connection on which the start-up options did not arrive: a pooler between may have dropped them."""
    # Times are left out: the server writes them in units of its own, and what dropped one dropped all.
    told = {name: value for name, value in wanted.items() if not name.endswith("_timeout")}
    question = ", ".join(f"current_setting('{name}')" for name in told)
    autocommit = connection.autocommit
    connection.autocommit = True
    try:
        found = connection.execute(f"SELECT {question}".encode()).fetchone()
    finally:
        connection.autocommit = autocommit
    assert found is not None
    if wrong := [
        f"{name} is {had}, not {value}" for (name, value), had in zip(told.items(), found, strict=True) if had != value
    ]:
        raise psycopg.OperationalError(
            "The connection's settings are not ours: " + "; ".join(wrong) + ". Behind a pooler, make them defaults of "
            "the role: ALTER ROLE … SET … ."
        )
