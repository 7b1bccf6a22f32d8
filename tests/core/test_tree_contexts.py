"""Root → Collection → Record: what traversal finds, and what the policy decides there."""

import datetime
from typing import Any

import pytest
from pyramid.authorization import Allow
from pyramid.config import Configurator
from pyramid.location import lineage
from pyramid.request import Request
from pyramid.traversal import find_resource
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from webtest import TestApp

from colonnade.core.policy import rows
from colonnade.core.policy.identity import Identity
from colonnade.core.problems import NotFound
from colonnade.core.resources import resources_of
from colonnade.core.tree import Collection, Record, Root
from tests.core.small_app import GOVERNED, small_app


class Base(DeclarativeBase):
    pass


class Book(Base):
    """A book."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    public: Mapped[bool]


class Loan(Base):
    """Who has it since when."""

    __tablename__ = "loan"
    reader: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[datetime.date] = mapped_column(primary_key=True)


PEOPLE = {
    "editor": Identity.signed_in(1, "editor", roles=["editor"]),
    "reader": Identity.signed_in(2, "reader", roles=["reader"]),
    "nobody": Identity.signed_in(3, "nobody"),
    "narrow": Identity.signed_in(1, "editor", roles=["editor"], narrowed=frozenset({("books", "view")})),
}


def describe(context: Any, request: Request) -> dict[str, object]:
    return {
        "kind": type(context).__name__,
        "name": context.__name__,
        "key": [repr(part) for part in getattr(context, "key", ())],
        "lineage": [each.__name__ for each in lineage(context)],
        "view": request.view_name,
    }


def configure(config: Configurator) -> None:
    config.set_authenticator(lambda request: PEOPLE.get(request.headers.get("X-Who", "")))
    config.add_resource(
        Book,
        acl=[
            (Allow, "role:editor", ("view", "edit")),
            (Allow, rows(Book.public.is_(True), who="role:reader"), "view"),
        ],
    )
    config.add_resource(Loan, acl=[(Allow, "role:editor", ("view", "edit"))])
    for context in (Root, Collection, Record):
        config.add_view(describe, context=context, renderer="json", permission="view")
        config.add_view(describe, context=context, name="change", renderer="json", permission="edit")
    config.add_root_acl([(Allow, "role:editor", "view")])


@pytest.fixture(scope="module")
def app() -> TestApp:
    return small_app(configure, rooms=(*GOVERNED, "colonnade.core.resources"))


def as_(who: str) -> dict[str, str]:
    return {"X-Who": who}


def test_traversal_leads_from_root_to_a_record(app: TestApp) -> None:
    assert app.get("/", headers=as_("editor")).json["kind"] == "Root"
    assert app.get("/books", headers=as_("editor")).json["lineage"] == ["books", ""]
    assert app.get("/books/7", headers=as_("editor")).json == {
        "kind": "Record",
        "name": "7",
        "key": ["7"],
        "lineage": ["7", "books", ""],
        "view": "",
    }


def test_a_composite_key_is_read_by_the_types_of_its_fields(app: TestApp) -> None:
    said = app.get("/loans/ann~2Cb,2026-11-22", headers=as_("editor")).json

    assert said["key"] == ["'ann,b'", "datetime.date(2026, 11, 22)"]
    assert said["name"] == "ann~2Cb,2026-11-22"


@pytest.mark.parametrize("path", ["/books/x", "/books/1,2", "/books/~7", "/loans/ann", "/loans/ann,today", "/no-such"])
def test_what_can_be_no_key_is_not_found(app: TestApp, path: str) -> None:
    app.get(path, headers=as_("editor"), status=404)


def test_a_text_that_is_no_key_may_be_the_name_of_a_view(app: TestApp) -> None:
    said = app.get("/books/change", headers=as_("editor")).json

    assert (said["kind"], said["view"]) == ("Collection", "change")


def test_a_context_stands_where_its_path_leads(app: TestApp) -> None:
    request = Request.blank("/")
    request.registry = app.app.registry
    record = find_resource(Root(request), "/books/7")

    assert isinstance(record, Record)
    assert record.__parent__.record("7").key == record.key == (7,)
    with pytest.raises(NotFound):
        record.__parent__.record("x")


@pytest.mark.parametrize(
    "who, path, status",
    [
        ("editor", "/books/7/change", 200),
        ("narrow", "/books/7", 200),
        ("narrow", "/books/7/change", 403),
        ("narrow", "/loans", 403),
        ("reader", "/books/7", 200),  # maybe: the statement decides
        ("reader", "/books/7/change", 403),  # may be seen, may not be edited
        ("nobody", "/books", 403),
        ("nobody", "/books/7", 404),  # as if there were none
        ("nobody", "/books/7/change", 404),
        ("nobody", "/", 403),
        ("", "/books", 401),
        ("", "/books/7", 401),
    ],
)
def test_the_policy_of_the_resource_decides(app: TestApp, who: str, path: str, status: int) -> None:
    app.get(path, headers=as_(who), status=status)


def test_a_hidden_record_and_no_record_look_alike(app: TestApp) -> None:
    hidden = app.get("/books/7", headers=as_("nobody"), status=404).json
    collection = Collection(resources_of(app.app.registry)["books"], Request.blank("/"))
    with pytest.raises(NotFound) as absent:
        collection.record("x")

    assert hidden["detail"] == absent.value.detail
    assert hidden["title"] == absent.value.title
