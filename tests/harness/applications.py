"""Applications of some plug-ins on a database, let go of afterwards: the one way in which tests make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pyramid.registry import Registry
from webtest import TestApp

from colonnade import main
from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import Identity

SECRET = "for-tests-only-and-long-enough-for-signing"


@dataclass(frozen=True)
class Application:
    """An application over a database that has its tables."""

    app: Any

    @property
    def registry(self) -> Registry:
        """What it is made of."""
        return self.app.registry

    @property
    def database(self) -> Database:
        """Its database."""
        return database_of(self.registry)

    def client(self, connection: sa.Connection | None, role: str | None, *, user_id: int = 7, **more: Any) -> TestApp:
        """One who calls, with a role; in a transaction that the test rolls back, if a connection is given."""
        environ: dict[str, Any] = {} if connection is None else {"app.connection": connection}
        if role is not None:
            environ["app.identity"] = Identity.signed_in(user_id, role, roles=[role], **more)
        return TestApp(self.app, environ)

    @contextmanager
    def undone(self) -> Iterator[sa.Connection]:
        """A transaction that is rolled back."""
        with self.database.engine.connect() as connection:
            transaction = connection.begin()
            yield connection
            transaction.rollback()


@contextmanager
def application(url: str, plugins: Iterable[str], *tables: sa.MetaData, **more: str) -> Iterator[Application]:
    """An application in development; its database is migrated, and has these tables besides.

    :param more: further settings, and other values for those that are given here.
    """
    with unmigrated(url, plugins, **more) as made:
        upgrade(made.database, plugins_of(made.registry), lambda _: None)
        for metadata in tables:
            metadata.create_all(made.database.engine)
        yield made


@contextmanager
def unmigrated(url: str, plugins: Iterable[str], **more: str) -> Iterator[Application]:
    """The same without any table."""
    made = Application(main({}, **settings(url, plugins, **more)))
    try:
        yield made
    finally:
        made.database.dispose()


def settings(url: str, plugins: Iterable[str], **more: str) -> dict[str, str]:
    """The settings of an application in development."""
    return {
        "colonnade.environment": "development",
        "colonnade.secret": SECRET,
        "colonnade.plugins": "\n".join(plugins),
        "sqlalchemy.url": url,
        **more,
    }
