"""An application with a log for the tests of a module, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.core.changes.works import works
from tests.harness.applications import Application


@pytest.fixture(scope="module")
def made(module_database_url: str) -> Iterator[Application]:
    with works(module_database_url) as made:
        yield made


@pytest.fixture
def session(made: Application) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with made.database.sessions() as session:
        yield session
        session.rollback()
