"""Databases of the house as an application has them, and an application of a few views around one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import pytest
import transaction
from pydantic import SecretStr
from pyramid.config import Configurator
from pyramid.response import Response
from sqlalchemy import CheckConstraint, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from webtest import TestApp

from colonnade.core.database import Database, DatabaseSettings, keep_database, manager_of
from colonnade.core.request import Request

MakeDatabase = Callable[..., Database]
MakeApp = Callable[..., TestApp]


class Base(DeclarativeBase):
    """A base of somebody else's: these tests are about the room, not about Model."""

    metadata = MetaData()


class Team(Base):
    """What people refer to."""

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)


class Person(Base):
    """One rule of each kind."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("age >= 0", name="ck_person_age_positive"),
        UniqueConstraint("first_name", "last_name", name="uq_person_names"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    #: The attribute is called otherwise than the column.
    mail: Mapped[str | None] = mapped_column("email", String(50), unique=True)
    first_name: Mapped[str] = mapped_column(default="Ann")
    last_name: Mapped[str | None]
    age: Mapped[int] = mapped_column(default=1)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))


class TestRequest(Request):
    """The application's request with its transaction."""

    __test__ = False

    @cached_property
    def tm(self) -> transaction.TransactionManager:
        """The manager of this request's transaction."""
        return manager_of(self)


@pytest.fixture
def make_database() -> Iterator[MakeDatabase]:
    """Makes databases of an address and further settings, and closes them afterwards."""
    made: list[Database] = []

    def make(url: str, **settings: Any) -> Database:
        made.append(Database(DatabaseSettings(url=SecretStr(url), **settings)))
        return made[-1]

    yield make
    for database in made:
        database.dispose()


@pytest.fixture
def database(module_database_url: str, make_database: MakeDatabase) -> Iterator[Database]:
    """A database with the tables of Base, empty; shared by the tests of a module, so nobody changes its tables."""
    database = make_database(module_database_url, lock_timeout=100)
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()  # some tests end its connections
    with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


@pytest.fixture
def own_database(fresh_database_url: str, make_database: MakeDatabase) -> Database:
    """A database with the tables of Base for one test alone, which may do to it whatever it likes."""
    database = make_database(fresh_database_url, lock_timeout=100)
    Base.metadata.create_all(database.engine)
    return database


@pytest.fixture
def make_app() -> MakeApp:
    """Makes an application of views by path: `make_app(database, add=view)` answers at /add."""

    def make(database: Database, settings: dict[str, Any] | None = None, **views: Callable[[Request], Any]) -> TestApp:
        config = Configurator(settings=settings or {}, request_factory=TestRequest)
        keep_database(config.registry, database)
        config.include("colonnade.core.problems")
        config.include("colonnade.core.database.sessions")
        config.include("colonnade.core.database.views")
        for name, view in views.items():
            config.add_route(name, f"/{name}")
            config.add_view(_answering(view), route_name=name)
        return TestApp(config.make_wsgi_app())

    return make


def _answering(view: Callable[[Request], Any]) -> Callable[[Request], Response]:
    def answering(request: Request) -> Response:
        answer = view(request)
        return answer if isinstance(answer, Response) else Response(str(answer))

    return answering
