"""The shop, once for each database; a test that writes rolls back what it did."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.core.writing import listening
from tests.core.writing.cellar import cellar
from tests.core.writing.desk.application import desk
from tests.core.writing.ring import ring
from tests.core.writing.shop import shop
from tests.harness.applications import Application
from tests.harness.databases import Databases


@pytest.fixture(scope="session")
def a_shop(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """The application."""
    with databases.empty(dialect_name) as url, shop(url) as made:
        yield made


@pytest.fixture
def connection(a_shop: Application) -> Iterator[sa.Connection]:
    """A transaction that is rolled back."""
    with a_shop.undone() as connection:
        yield connection


@pytest.fixture
def caller(a_shop: Application, connection: sa.Connection) -> Callable[..., TestApp]:
    """Makes callers: ``caller("staff")``; nobody with None."""
    return lambda role, **more: a_shop.client(connection, role, **more)


@pytest.fixture(scope="session")
def a_desk(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """The application with whose records everything is done."""
    with databases.empty(dialect_name) as url, desk(url) as made:
        yield made


@pytest.fixture
def on_desk(a_desk: Application) -> Iterator[sa.Connection]:
    """A transaction on the desk's database that is rolled back."""
    with a_desk.undone() as connection:
        yield connection


@pytest.fixture
def at_desk(a_desk: Application, on_desk: sa.Connection) -> Callable[..., TestApp]:
    """Makes callers at the desk: ``at_desk("staff")``; nobody with None."""
    return lambda role, **more: a_desk.client(on_desk, role, **more)


@pytest.fixture(scope="session")
def heard_desk(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """The desk, and who listens to it."""
    with databases.empty(dialect_name) as url, desk(url, listening.includeme) as made:
        yield made


@pytest.fixture
def heard(heard_desk: Application) -> Iterator[sa.Connection]:
    """A transaction on its database that is rolled back."""
    with heard_desk.undone() as connection:
        yield connection


@pytest.fixture(scope="session")
def a_ring(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """The application with a change log."""
    with databases.empty(dialect_name) as url, ring(url) as made:
        yield made


@pytest.fixture
def on_ring(a_ring: Application) -> Iterator[sa.Connection]:
    """A transaction on the ring's database that is rolled back."""
    with a_ring.undone() as connection:
        yield connection


@pytest.fixture(scope="session")
def a_cellar(databases: Databases, dialect_name: str) -> Iterator[Application]:
    """The application whose records something is made of when they change; with a change log."""
    with databases.empty(dialect_name) as url, cellar(url) as made:
        yield made


@pytest.fixture
def in_cellar(a_cellar: Application) -> Iterator[sa.Connection]:
    """A transaction on the cellar's database that is rolled back."""
    with a_cellar.undone() as connection:
        yield connection


@pytest.fixture
def in_ring(a_ring: Application, on_ring: sa.Connection) -> Callable[..., TestApp]:
    """Makes callers: ``in_ring("staff")``; nobody with None."""
    return lambda role, **more: a_ring.client(on_ring, role, **more)


@pytest.fixture
def hr(in_ring: Callable[..., TestApp]) -> TestApp:
    """Who may do everything in the ring."""
    return in_ring("hr")
