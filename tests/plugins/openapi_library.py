"""A plug-in for the tests of the document: every type of value, every kind of relation, services of its own."""

import enum
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from cornice import Service
from pydantic import BaseModel
from pydantic import Field as Constraint
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.router import Router
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, Numeric, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from webtest import TestApp

from colonnade import ALL_PERMISSIONS, Allow, Deny, Everyone, Model, fields, main
from colonnade.core.database import database_of
from colonnade.core.policy import Identity
from colonnade.core.problems import NotFound, Unauthorized


class Binding(enum.Enum):
    """How a book is bound."""

    PAPER = "paper"
    CLOTH = "cloth"


book_tag = Table(
    "openapi_book_tag",
    Model.metadata,
    Column("book_id", Integer, ForeignKey("openapi_book.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("openapi_tag.id"), primary_key=True),
)


class Author(Model):
    """One who writes. The second sentence is for readers of the code."""

    __tablename__ = "openapi_author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[
        Annotated[str, Constraint(min_length=1, description="As printed on the cover, such as Anna Seghers.")]
    ] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(200), unique=True)
    born_on: Mapped[date | None]
    royalty: Mapped[Annotated[Decimal, Constraint(ge=0, le=50)]] = mapped_column(Numeric(5, 2), default=Decimal(10))
    # By function, not by name: another test may have a class Book.
    books: Mapped[list["Book"]] = relationship(lambda: Book, back_populates="author")


class Book(Model):
    """A book."""

    __tablename__ = "openapi_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("openapi_author.id"), index=True)
    isbn: Mapped[Annotated[str | None, Constraint(pattern="^[0-9]{13}$", examples=["9783351034962"])]] = mapped_column(
        String(13)
    )
    pages: Mapped[Annotated[int, Constraint(ge=1)]] = mapped_column(default=100)
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    weight: Mapped[float | None]
    binding: Mapped[Binding] = mapped_column(default=Binding.PAPER)
    in_print: Mapped[bool] = mapped_column(default=True)
    printed_at: Mapped[datetime | None]
    opens_at: Mapped[time | None]
    lent_for: Mapped[timedelta | None]
    token: Mapped[uuid.UUID | None]
    cover: Mapped[bytes | None] = mapped_column(LargeBinary(100))
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    limit: Mapped[str | None] = mapped_column(Text)
    author: Mapped[Author | None] = relationship(lambda: Author, back_populates="books")
    tags: Mapped[list["Tag"]] = relationship(lambda: Tag, secondary=book_tag)


class Tag(Model):
    """A word on books."""

    __tablename__ = "openapi_tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(20), unique=True)


class Shelf(Model):
    """Where a book stands; its key has two parts, one of them text."""

    __tablename__ = "openapi_shelf"
    room: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None] = mapped_column(Text)
    filter: Mapped[str | None] = mapped_column(Text)


class Opening(BaseModel):
    """When the library opens."""

    day: str
    hours: list[int] = []


PLUGINS = ("health", "rest", "openapi", __name__)
SECRET = "for-the-tests-of-the-document-and-nothing-else"


def library(url: str = "sqlite:////nowhere/at/all.db", plugins: Iterable[str] = PLUGINS, **settings: str) -> Router:
    """An application with this plug-in; `settings` are written `openapi__title`."""
    dotted = {name.replace("__", "."): value for name, value in settings.items()}
    return main(
        {},
        **{
            "colonnade.secret": SECRET,
            "colonnade.environment": "development",
            "colonnade.plugins": "\n".join(plugins),
            "sqlalchemy.url": url,
            **dotted,
        },
    )


def document(plugins: Iterable[str] = PLUGINS, **settings: str) -> Any:
    """What an application with these plug-ins says of itself."""
    return TestApp(library(plugins=plugins, **settings)).get("/openapi.json").json


def make_tables(app: Router) -> None:
    """Create the tables of this plug-in, and that of the answers that are kept for repeats."""
    ours = ("openapi_", "idempotent_answer")
    tables = [table for name, table in Model.metadata.tables.items() if name.startswith(ours)]
    Model.metadata.create_all(database_of(app.registry).engine, tables=tables)


@contextmanager
def stocked_library(url: str) -> Iterator[TestApp]:
    """The library with two authors, three books and what belongs to them; it reads short bodies."""
    wsgi = library(url, rest__max_body_bytes="2048")
    make_tables(wsgi)
    app = TestApp(wsgi, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
    for path, bodies in _STOCK.items():
        for body in bodies:
            app.post_json(f"/api/v1/{path}", body, headers={"Authorization": "Bearer librarian"})
    yield app
    database_of(wsgi.registry).dispose()


_STOCK: dict[str, list[dict[str, Any]]] = {
    "authors": [{"name": "Anna Seghers", "born_on": "1900-11-19"}, {"name": "B. Traven", "royalty": "12.5"}],
    "books": [
        {"title": "Transit", "author_id": 1, "price": 12, "lent_for": "P14D", "cover": "AA==", "weight": 0.4},
        {"title": "Das Totenschiff", "author_id": 2, "extra": [1, {"a": None}], "opens_at": "09:30"},
        {"title": "Beowulf", "printed_at": "2026-11-22T09:00:00Z", "binding": "cloth", "limit": "none"},
    ],
    "tags": [{"word": "exile"}],
    "shelves": [{"room": "a/b,c", "number": 3}],
}


def identify(request: Request) -> Identity | None:
    """`Bearer <role>`: whoever says so has the role."""
    scheme, _, role = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    if role not in ("librarian", "reader", "nobody"):
        raise Unauthorized("There is no such token.", error="invalid_token")
    return Identity.signed_in(7, role, roles=[role])


def opening(request: Request) -> dict[str, Any]:
    """When the library opens

    On one day of the week.
    """
    if request.matchdict["day"] == "sunday":
        raise NotFound("Closed on Sundays.")
    return {"day": request.matchdict["day"], "hours": [9, 17]}


def undescribed(request: Request) -> dict[str, Any]:
    """Count the visitors of today."""
    return {"visitors": 3}


def includeme(config: Configurator) -> None:
    """Declare the resources and two services, one that is described and one that is not."""
    config.add_plugin("openapi_library", summary="Books and their authors")
    staff = (Allow, "role:librarian", ALL_PERMISSIONS)
    config.add_resource(Author, acl=[staff, (Deny, Everyone, fields("royalty").view), (Allow, Everyone, "view")])
    config.add_resource(Book, acl=[staff, (Allow, "role:reader", "view")])
    config.add_resource(Tag, acl=[staff, (Allow, "role:reader", ["view", "create"])])
    config.add_resource(Shelf, name="shelves", acl=[staff, (Allow, "role:reader", "view")])
    config.set_authenticator(identify)
    hours = Service("opening", r"/opening/{day:[a-z]+}")
    hours.add_view(
        "GET",
        opening,
        permission=NO_PERMISSION_REQUIRED,
        openapi={
            "responses": {"200": {"description": "The hours.", "content": {"application/json": {"schema": Opening}}}}
        },
    )
    config.add_cornice_service(hours)
    visitors = Service("visitors", "/visitors", description="Visitors")
    visitors.add_view("GET", undescribed, permission="view")
    config.add_cornice_service(visitors)
