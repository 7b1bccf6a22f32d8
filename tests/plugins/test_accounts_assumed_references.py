"""What a new record refers to is looked up with who makes it; the answers are those of one who looks up first."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.router import Router
from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from webtest import TestApp, TestResponse

from colonnade import Allow, rows
from colonnade.core.database import database_of
from colonnade.core.writing import writer_of
from colonnade.plugins.accounts import User
from tests.harness.stored import TYPES, stored_metadata

PLUGINS = ("accounts", "rest", "people", "history", __name__)
BOXES = "/api/v1/boxes"


class Stored(DeclarativeBase):
    metadata = stored_metadata()
    type_annotation_map = TYPES


class Shelf(Stored):
    """Seen where it is open."""

    __tablename__ = "references_shelf"
    __table_args__ = (UniqueConstraint("row", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    row: Mapped[str] = mapped_column(String(5))
    place: Mapped[int]
    open: Mapped[bool]


class Vault(Stored):
    """Seen by nobody."""

    __tablename__ = "references_vault"
    id: Mapped[int] = mapped_column(primary_key=True)


class Box(Stored):
    """Refers to all of them; whichever comes last."""

    __tablename__ = "references_box"
    __table_args__ = (ForeignKeyConstraint(["row", "place"], [Shelf.row, Shelf.place]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    a_vault_id: Mapped[int | None] = mapped_column(ForeignKey(Vault.id))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey(Shelf.id))
    row: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[int | None]
    z_vault_id: Mapped[int | None] = mapped_column(ForeignKey(Vault.id))


def includeme(config: Configurator) -> None:
    config.add_plugin("references", summary="For tests", requires=["rest"])
    staff = ("view", "create", "edit")
    config.add_resource(Shelf, name="shelves", acl=[(Allow, rows(Shelf.open, who="role:staff"), "view")])
    config.add_resource(Vault, acl=[])
    config.add_resource(Box, name="boxes", acl=[(Allow, "role:staff", staff)])
    config.add_route("pending", "/pending")
    config.add_view(
        pending, route_name="pending", permission="__no_permission_required__", renderer="json", assumes_identity=True
    )


def pending(request: Request) -> dict[str, Any]:
    """Makes a shelf that nobody has flushed, and what stands there."""
    writer = writer_of(request, settled=False)
    request.dbsession.add(Shelf(id=50, row="p", place=1, open=True))
    return {"key": writer.create(writer.resources["boxes"], {"shelf_id": 50}).key[0]}


@pytest.fixture
def token(app: Router, session: Session, admin: User, known_token: str) -> str:
    """One of staff's, that the application knows."""
    if not sa.inspect(database_of(app.registry).engine).has_table("references_box"):
        Stored.metadata.create_all(database_of(app.registry).engine)
        session.add_all([Shelf(id=1, row="a", place=1, open=True), Shelf(id=2, row="a", place=2, open=False)])
        session.add_all([Shelf(id=3, row="a", place=3, open=True), Vault(id=1)])
    admin.granted[0].role = "staff"
    session.commit()
    sent(TestApp(app), known_token, {"shelf_id": "x"})  # it is known with its role from here on
    return known_token


def sent(client: TestApp, token: str, body: Any, path: str = BOXES) -> TestResponse:
    return client.post_json(path, body, headers={"Authorization": f"Bearer {token}"}, expect_errors=True)


@pytest.mark.parametrize(
    "body, wrong",
    [
        ({}, set()),
        ({"shelf_id": 1}, set()),
        ({"shelf_id": 2}, {"/shelf_id"}),  # it is there, and closed
        ({"shelf_id": 9}, {"/shelf_id"}),
        ({"row": "a", "place": 3}, set()),
        ({"row": "a", "place": 2}, {"/row", "/place"}),
        ({"row": "a", "place": None}, set()),
        ({"a_vault_id": 1}, {"/a_vault_id"}),
        ({"z_vault_id": 1}, {"/z_vault_id"}),
        ({"shelf_id": 2, "row": "a", "place": 3}, {"/shelf_id"}),
        ({"shelf_id": 1, "row": "a", "place": 2}, {"/row", "/place"}),
        ({"a_vault_id": 1, "shelf_id": 2, "z_vault_id": 1}, {"/a_vault_id", "/shelf_id", "/z_vault_id"}),
        ({"a_vault_id": 1, "shelf_id": 1}, {"/a_vault_id"}),
        ({"shelf_id": 1, "z_vault_id": 1}, {"/z_vault_id"}),
        ({"shelf_id": 2, "row": "b", "place": 1, "z_vault_id": 1}, {"/shelf_id", "/row", "/place", "/z_vault_id"}),
    ],
)
def test_every_reference_that_leads_nowhere_is_told(
    client: TestApp, plain: TestApp, token: str, body: dict[str, Any], wrong: set[str]
) -> None:
    for each in (client, plain):
        answer = sent(each, token, body)
        assert answer.status_int == (422 if wrong else 201)
        told = {error["pointer"] for error in answer.json["errors"]} if wrong else set()
        assert told == wrong


def test_in_a_batch_it_is_told_where_it_stands(client: TestApp, plain: TestApp, token: str) -> None:
    bodies = [{"shelf_id": 2}, {"shelf_id": 1}, {"z_vault_id": 1}]
    operations = [{"op": "create", "resource": "boxes", "body": body} for body in bodies]
    answers = [sent(each, token, {"operations": operations}, "/api/v1/batch").json for each in (client, plain)]
    told = [[error["pointer"] for error in answer["errors"]] for answer in answers]
    assert told == [["/operations/0/body/shelf_id", "/operations/2/body/z_vault_id"]] * 2
    assert answers[0]["detail"] == answers[1]["detail"]


def test_what_is_pending_is_there_to_be_referred_to(client: TestApp, session: Session, token: str) -> None:
    made = sent(client, token, {}, "/pending")
    assert made.status_int == 200
    assert session.get_one(Box, made.json["key"]).shelf_id == 50
