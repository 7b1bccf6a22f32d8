"""Records that get another key, or leave the lists of others: what the log tells of it, and what an undo does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from webtest import TestApp

from colonnade import ALL_PERMISSIONS, Allow
from colonnade.core.changes import log_of
from colonnade.core.changes.origin import ORIGIN, Origin
from tests.core.changes.archive.replaying import replayed, stored
from tests.harness.applications import Application, application

URL = "/api/v1"


class Keyed(DeclarativeBase):
    """Of these tests alone."""


crate_mark = sa.Table(
    "keyed_crate_mark",
    Keyed.metadata,
    sa.Column("crate", ForeignKey("keyed_crate.code", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True),
    sa.Column("mark", ForeignKey("keyed_mark.id", ondelete="CASCADE"), primary_key=True),
)


class Mark(Keyed):
    """On many crates."""

    __tablename__ = "keyed_mark"
    id: Mapped[int] = mapped_column(primary_key=True)


class Crate(Keyed):
    """Its author names it, and may name it anew."""

    __tablename__ = "keyed_crate"
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(10), unique=True)
    marks: Mapped[list[Mark]] = relationship(secondary=crate_mark, passive_deletes=True, passive_updates=True)


class Part(Keyed):
    """Goes with its crate, whatever that is called."""

    __tablename__ = "keyed_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    crate_code: Mapped[str] = mapped_column(ForeignKey(Crate.code, onupdate="CASCADE", ondelete="CASCADE"))


def includeme(config: Configurator) -> None:
    """Declare them."""
    config.add_plugin("keyed", summary="For tests")
    for model in (Mark, Crate, Part):
        config.add_resource(model, acl=[(Allow, "role:hr", ALL_PERMISSIONS)])


@pytest.fixture(scope="module")
def shop(module_database_url: str) -> Iterator[Application]:
    with application(module_database_url, ("rest", "history", __name__), Keyed.metadata) as made:
        yield made


@pytest.fixture
def connection(shop: Application) -> Iterator[sa.Connection]:
    with shop.undone() as connection:
        yield connection


@pytest.fixture
def hr(shop: Application, connection: sa.Connection) -> TestApp:
    return shop.client(connection, "hr")


def written(shop: Application, connection: sa.Connection, request_id: str) -> Session:
    session = shop.database.sessions(bind=connection, join_transaction_mode="create_savepoint")
    session.info[ORIGIN] = Origin(request_id)
    return session


@pytest.fixture
def renamed(shop: Application, connection: sa.Connection) -> None:
    """A crate with marks and a part has got another key, by the session whose request is ``renaming``."""
    with written(shop, connection, "making") as session:
        session.add(Crate(code="old", name="n", marks=[Mark(id=1), Mark(id=2)]))
        session.flush()
        session.add(Part(id=1, crate_code="old"))
        session.commit()
    with written(shop, connection, "renaming") as session:
        session.get_one(Crate, "old").code = "new"
        session.commit()


def records(shop: Application, connection: sa.Connection) -> Any:
    log = log_of(shop.registry)
    assert log is not None
    assert replayed(connection, log) == stored(connection, log)
    return stored(connection, log)


@pytest.mark.usefixtures("renamed")
def test_it_goes_under_one_key_and_comes_whole_under_the_other(
    shop: Application, connection: sa.Connection, hr: TestApp
) -> None:
    now = records(shop, connection)
    assert now["crates"] == {"new": {"code": "new", "name": "n", "marks": [1, 2]}}
    followed = hr.get(f"{URL}/changes?after=0").json["data"][-3:]
    told = [(each["verb"], each["resource"], each["key"]) for each in followed]
    assert sorted(told) == [("create", "crates", "new"), ("delete", "crates", "old"), ("update", "parts", "1")]
    assert told.index(("delete", "crates", "old")) < told.index(("create", "crates", "new"))


@pytest.mark.usefixtures("renamed")
def test_the_history_of_each_key_is_its_own(hr: TestApp) -> None:
    new = hr.get(f"{URL}/crates/new/history").json["data"]
    assert [(each["verb"], each["after"]["marks"]) for each in new] == [("create", [1, 2])]
    old = hr.get(f"{URL}/crates/old/history?sort=position").json["data"]
    assert [(each["verb"], each["request_id"]) for each in old] == [("create", "making"), ("delete", "renaming")]
    assert new[0]["request_id"] == "renaming"  # by which the one leads to the other
    assert hr.get(f"{URL}/crates/new?as_of={new[0]['position'] - 1}", status=404)
    assert hr.get(f"{URL}/crates/old?as_of={old[0]['position']}").json == {"code": "old", "name": "n"}


@pytest.mark.usefixtures("renamed")
def test_an_undo_gives_it_its_key_back_with_all_that_goes_with_it(
    shop: Application, connection: sa.Connection, hr: TestApp
) -> None:
    renamed = records(shop, connection)
    undone = hr.post(f"{URL}/requests/renaming/undo").json["request_id"]
    before = records(shop, connection)
    assert before["crates"] == {"old": {"code": "old", "name": "n", "marks": [1, 2]}}
    assert before["parts"] == {"1": {"id": 1, "crate_code": "old"}}
    hr.post(f"{URL}/requests/{undone}/undo")
    assert records(shop, connection) == renamed


@pytest.mark.usefixtures("renamed")
def test_what_is_deleted_leaves_the_lists_of_others_and_comes_back_into_them(
    shop: Application, connection: sa.Connection, hr: TestApp
) -> None:
    """The class knows nothing of the lists that its records are in; the database takes the pairs away."""
    before = records(shop, connection)
    gone = hr.delete(f"{URL}/marks/2").headers["X-Request-Id"]
    (change,) = hr.get(f"{URL}/crates/new/history?request_id={gone}").json["data"]
    assert (change["verb"], change["before"]["marks"], change["after"]["marks"]) == ("update", [1, 2], [1])
    assert records(shop, connection)["crates"]["new"]["marks"] == [1]
    hr.post(f"{URL}/requests/{gone}/undo")
    assert records(shop, connection) == before
