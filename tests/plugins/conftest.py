"""Who calls the `app` of a module, and a session for rows that requests are to find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade.core.database import database_of
from tests.functional.company import EVERY_USE, found
from tests.harness.applications import application


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, module_database_url: str) -> Iterator[Router]:
    """The company, with the PLUGINS of a module that has no other application."""
    with application(module_database_url, request.module.PLUGINS, **EVERY_USE) as made:
        with made.database.sessions.begin() as session:
            found(session)
        yield made.app


@pytest.fixture(scope="module")
def plain(request: pytest.FixtureRequest, app: Router, module_database_url: str) -> Iterator[TestApp]:
    """One that looks up who asks before it does anything: there is no other attempt that could."""
    settings = {**EVERY_USE, "retry.attempts": "1"}
    with application(module_database_url, request.module.PLUGINS, **settings) as made:
        yield TestApp(made.app)


@pytest.fixture
def client(app: Router) -> TestApp:
    return TestApp(app)


@pytest.fixture
def session(app: Router) -> Iterator[Session]:
    """For rows that requests are to find: `session.commit()`."""
    with database_of(app.registry).sessions() as session:
        yield session
