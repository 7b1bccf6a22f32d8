"""Fixtures for the tests of a plug-in: an application with it, on a database of its own, and callers of all kinds.

A test module (or conftest.py) says what the application is::

    @pytest.fixture(scope="session")
    def colonnade_settings():
        return {"colonnade.plugins": ["accounts", "people", "rest", "leave"]}

Each test runs in a transaction that is rolled back. Imports stand in the fixtures: pytest loads this file at every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyramid.router import Router
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session
    from webtest import TestApp

SECRET = "for-tests-only-and-long-enough-for-signing"  # noqa: S105 (it is meant to be known)


@pytest.fixture(scope="session")
def colonnade_settings() -> Mapping[str, Any]:
    """The settings of the application under test, as an INI has them; a list stands for lines. Override it."""
    return {"colonnade.plugins": ["rest"]}


@pytest.fixture(scope="session")
def colonnade_app(colonnade_settings: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    """The application, its database migrated. Without ``sqlalchemy.url`` it is a SQLite file that goes with the run."""
    from colonnade import main
    from colonnade.core.database import database_of
    from colonnade.core.database.migrations import upgrade
    from colonnade.core.plugins import plugins_of

    settings = {
        "colonnade.environment": "development",
        "colonnade.secret": SECRET,
        "sqlalchemy.url": f"sqlite:///{tmp_path_factory.mktemp('colonnade')}/test.db",
        **{
            name: "\n".join(value) if isinstance(value, (list, tuple)) else value
            for name, value in colonnade_settings.items()
        },
    }
    app = main({}, **settings)
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    yield app
    database.dispose()


@pytest.fixture
def colonnade_connection(colonnade_app: Router) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    from colonnade.core.database import database_of

    with database_of(colonnade_app.registry).engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def colonnade_session(colonnade_connection: Connection) -> Iterator[Session]:
    """A session in the test's transaction, to make rows with; `commit()` ends a savepoint."""
    from sqlalchemy.orm import Session

    with Session(colonnade_connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def colonnade_client(colonnade_app: Router, colonnade_connection: Connection) -> Callable[..., TestApp]:
    """Makes callers: ``colonnade_client()`` is nobody, ``colonnade_client(7, "staff")`` user 7 with the role staff.

    A caller is a ``webtest.TestApp`` whose requests run in the test's transaction.
    """
    from webtest import TestApp

    from colonnade.core.policy import ANONYMOUS, Identity

    def client(user_id: int | str | None = None, *roles: str) -> TestApp:
        identity = ANONYMOUS if user_id is None else Identity.signed_in(user_id, f"user {user_id}", roles=roles)
        return TestApp(colonnade_app, {"app.connection": colonnade_connection, "app.identity": identity})

    return client
