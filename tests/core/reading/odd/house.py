"""An application of the odd plug-in on one database, asked on three roads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr
from pyramid.router import Router
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from webtest import TestApp

import colonnade
from colonnade.core.database import Database, DatabaseSettings, database_of
from colonnade.core.database.sessions import CONNECTION
from colonnade.core.resources import Resources, resources_of
from tests.core.stubs import DEVELOPMENT

from . import rows
from .asking import Ask
from .oracle import Oracle
from .policies import PEOPLE, POLICIES, reflected_policies

Road = Literal["pool", "lent", "python"]
#: The production road on committed data; a connection that somebody lends; every value written by Python.
ROADS: tuple[Road, ...] = ("pool", "lent", "python")
_COMPARED = ("Content-Type", "ETag", "Link", "Vary", "Cache-Control", "WWW-Authenticate")
_REQUEST_ID = re.compile(r'"request_id": ?"[^"]*"')


@dataclass(frozen=True)
class Answer:
    """What came back, without what is of the moment."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class House:
    """Two applications on one database: one lets the database write, the other Python."""

    dialect: str
    database: Database
    apps: Mapping[Road, TestApp]
    session: Session
    resources: Resources
    oracles: dict[str, Oracle] = field(default_factory=dict)

    def ask(self, who: str, url: str, road: Road = "pool") -> Answer:
        """GET a URL."""
        if road != "lent":
            return self.get(who, url, road)
        with self.database.engine.connect() as connection:
            return self.get(who, url, road, connection)

    def get(self, who: str, url: str, road: Road = "pool", connection: Connection | None = None) -> Answer:
        """GET a URL, perhaps on a connection of the caller's."""
        extra = {} if connection is None else {CONNECTION: connection}
        response = self.apps[road].get(url, headers={"X-Who": who}, extra_environ=extra, expect_errors=True)
        headers = {name: response.headers[name] for name in _COMPARED if name in response.headers}
        return Answer(response.status_int, headers, _REQUEST_ID.sub('"request_id": ""', response.text))

    def answer(self, ask: Ask, road: Road = "pool") -> Answer:
        """The answer to a question."""
        return self.ask(ask.who, ask.url, road)


@contextmanager
def house_at(url: str, **settings: str) -> Iterator[House]:
    """Make the tables, fill them, and start both applications."""
    database = Database(DatabaseSettings(url=SecretStr(url)))
    rows.create_tables(database.engine)
    with database.sessions.begin() as session:
        rows.fill(session)
    app = start(url, **settings)
    by_python = start(url, **{"reading.written_by": "python"}, **settings)
    apps: dict[Road, TestApp] = {"pool": TestApp(app), "lent": TestApp(app), "python": TestApp(by_python)}
    registry = app.registry
    try:
        with Session(database.reader) as session:
            resources = resources_of(registry)
            house = House(database.dialect.name, database_of(registry), apps, session, resources)
            policies: Any = {**POLICIES, **reflected_policies(registry["odd reflected"])}
            house.oracles = {name: Oracle(resources, policies, session, who) for name, who in PEOPLE.items()}
            yield house
    finally:
        for each in (database, database_of(app.registry), database_of(by_python.registry)):
            each.dispose()


def start(url: str, **settings: str) -> Router:
    """Start the application."""
    plugins = {"colonnade.plugins": "rest\ntests.core.reading.odd"}
    return colonnade.main({}, **DEVELOPMENT | plugins | {"sqlalchemy.url": url} | settings)
