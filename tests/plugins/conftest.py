"""Who calls the `app` of a module, and a session for rows that requests are to find."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade.core.database import database_of
from colonnade.plugins.accounts import User, create_token, create_user
from tests.functional.company import EVERY_USE, found
from tests.harness.applications import application

NUMBERS = itertools.count()


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


@pytest.fixture
def admin(session: Session) -> User:
    """Somebody new who may do everything."""
    user = create_user(session, f"admin.{next(NUMBERS)}", ["admin"])
    session.commit()
    return user


@pytest.fixture
def known_token(client: TestApp, session: Session, admin: User) -> str:
    """A token of theirs that the application knows already."""
    _, made = create_token(session, admin)
    session.commit()
    client.get("/api/v1/departments", headers={"Authorization": f"Bearer {made}"}, status=200)
    return made
