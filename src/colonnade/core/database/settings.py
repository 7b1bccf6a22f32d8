"""The settings of the database: `sqlalchemy.*`."""

from __future__ import annotations

import difflib
from typing import Any

from psycopg.pq import Conninfo
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from colonnade.core.settings import Settings

#: What SQLAlchemy calls the databases and drivers that the house is built and tested on.
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})

#: Milliseconds.
_DAY = 86_400_000
#: Milliseconds that a migration waits for locks: for another that runs, and for tables in use.
MIGRATION_PATIENCE = 600_000


class DatabaseSettings(Settings):
    """Where the data are, and how long a request may wait for them."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///colonnade.sqlite"),
        description="The database as an SQLAlchemy URL: sqlite:///file or postgresql://user:password@host/name.",
    )
    read_url: SecretStr | None = Field(
        default=None,
        description="A replica that safe requests (GET, HEAD) read from; without one they read from `url` too.",
    )
    read_lag: int = Field(
        default=5,
        ge=1,
        le=3600,
        description="Seconds for which a client that has written reads from `url`, for `read_url` may not have it yet.",
    )
    pool_size: int = Field(
        default=5, ge=1, le=1000, description="Connections that each process keeps open, in each of its two pools."
    )
    max_overflow: int = Field(
        default=10, ge=0, le=1000, description="Connections that a pool may open above that while there is a rush."
    )
    pool_timeout: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="Seconds to wait for a free connection; then the answer is 503: a longer queue helps nobody.",
    )
    connect_timeout: int = Field(
        default=5, ge=2, le=60, description="Seconds to wait for the PostgreSQL server to accept a connection."
    )
    statement_timeout: int = Field(
        default=10_000,
        ge=0,
        le=_DAY,
        description="Milliseconds that one statement of a read may take; 0 for no limit.",
    )
    lock_timeout: int = Field(
        default=5_000,
        ge=1,
        le=_DAY,
        description="Milliseconds that a write waits for another's lock; on SQLite that is its busy_timeout.",
    )
    prepared_statements: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="Statements that a PostgreSQL connection keeps prepared; 0 behind PgBouncer in transaction mode.",
    )
    echo: bool = Field(default=False, description="Log the SQL that goes through SQLAlchemy, with its parameters.")

    @field_validator("url", "read_url")
    @classmethod
    def _of_a_known_kind(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is not None:
            _check(secret.get_secret_value())
        return secret

    @field_validator("read_url")
    @classmethod
    def _same_kind(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        primary = info.data.get("url")
        if secret is not None and primary is not None:
            kinds = [make_url(each.get_secret_value()).get_backend_name() for each in (primary, secret)]
            if kinds[0] != kinds[1]:
                raise ValueError(f"it should be {kinds[0]}, as `url` is, not {kinds[1]}")
        return secret

    @property
    def pool(self) -> dict[str, Any]:
        """The arguments of `create_engine` for a pool."""
        return {"pool_size": self.pool_size, "max_overflow": self.max_overflow, "pool_timeout": self.pool_timeout}

    @property
    def address(self) -> URL:
        """`url`, parsed, with the driver named."""
        return _with_driver(make_url(self.url.get_secret_value()))

    @property
    def replica_address(self) -> URL | None:
        """`read_url`, parsed likewise."""
        return None if self.read_url is None else _with_driver(make_url(self.read_url.get_secret_value()))


def _check(text: str) -> None:
    """Refuse what we could not serve, in words that do not repeat the text: there may be a password in it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("it should be an SQLAlchemy URL, such as sqlite:///colonnade.sqlite") from None
    if url.drivername not in _DRIVERS:
        raise ValueError(f"it should be sqlite or postgresql (through psycopg 3), not {url.drivername}")
    if url.get_backend_name() == "sqlite":
        _check_sqlite(url)
    else:
        _check_postgresql(url)


def _check_postgresql(url: URL) -> None:
    if not url.database:
        raise ValueError("it should name the database: postgresql://user:password@host/name")
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    if unknown := sorted(url.query.keys() - known):
        close = difflib.get_close_matches(unknown[0], known, n=1)
        meant = f"; did you mean {close[0]}?" if close else ": what follows the ? is for libpq, as in ?sslmode=require"
        raise ValueError(f"PostgreSQL knows no option {unknown[0]!r}{meant}")


def _check_sqlite(url: URL) -> None:
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise ValueError(
            "it should name a file, sqlite:///path: a database in memory belongs to one connection, "
            "and reads have a pool of their own"
        )
    if url.username or url.host or url.port:
        raise ValueError("a path begins after three slashes, sqlite:///path, an absolute one after four")
    if url.query:
        raise ValueError("it should be a path and nothing more: what follows the ? is not used")


def _with_driver(url: URL) -> URL:
    return url.set(drivername={"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}[url.get_backend_name()])
