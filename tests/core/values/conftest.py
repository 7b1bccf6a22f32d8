"""Engines as the database room makes them, without the application around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from colonnade.core.values import prepare_connection, prepare_dialect


@pytest.fixture(scope="module")
def engine(module_database_url: str) -> Iterator[Engine]:
    with prepared_engine(module_database_url) as engine:
        yield engine


class prepared_engine:  # noqa: N801 - it reads as a function
    """An engine whose dialect and connections are prepared; disposed of at the end of the block."""

    def __init__(self, url: str, **options: str) -> None:
        address = make_url(url)
        if address.get_backend_name() == "postgresql":
            options = {"timezone": "UTC", "datestyle": "ISO, YMD", **options}
            said = " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in options.items())
            self.engine = create_engine(address, connect_args={"options": said})
        else:
            self.engine = create_engine(address)
        prepare_dialect(self.engine.dialect)

        @event.listens_for(self.engine, "connect")
        def opened(connection: Any, entry: ConnectionPoolEntry) -> None:
            prepare_connection(connection)
            if address.get_backend_name() == "sqlite":
                connection.isolation_level = None  # or CREATE TABLE would not be rolled back

        @event.listens_for(self.engine, "begin")
        def begins(connection: Connection) -> None:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")

    def __enter__(self) -> Engine:
        return self.engine

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()
