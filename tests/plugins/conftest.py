"""Who calls the `app` of a module, and a session for rows that requests are to find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyramid.router import Router
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade.core.database import database_of


@pytest.fixture
def client(app: Router) -> TestApp:
    return TestApp(app)


@pytest.fixture
def session(app: Router) -> Iterator[Session]:
    """For rows that requests are to find: `session.commit()`."""
    with database_of(app.registry).sessions() as session:
        yield session
