"""A plug-in whose classes are mapped in every way that matters to the log, and an application of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from colonnade.plugins.history.models import Change
from tests.harness.applications import Application, application


class Base(DeclarativeBase):
    """Not Model: these tables are no plug-in's of ours."""


class Box(Base):
    """Something with a name and a number, within another one perhaps."""

    __tablename__ = "works_box"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column("name", sa.String(50))  # the column has another name
    size: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None] = mapped_column(sa.String(50), info={"personal": True})
    code: Mapped[str | None] = mapped_column(sa.String(50), info={"secret": True})
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("works_box.id"))
    parent: Mapped[Box | None] = relationship(remote_side="Box.id")


class Party(Base):
    """Somebody: by joined inheritance a person or not."""

    __tablename__ = "works_party"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "party"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(50))


class Person(Party):
    """Somebody who is a human being."""

    __tablename__ = "works_person"
    __mapper_args__ = {"polymorphic_identity": "person"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(sa.ForeignKey(Party.id), primary_key=True)
    age: Mapped[int] = mapped_column(default=30)


class Scrap(Base):
    """What nobody keeps a log of."""

    __tablename__ = "works_scrap"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(50))


def includeme(config: Configurator) -> None:
    """The plug-in."""
    config.add_plugin("works", summary="For tests")
    config.add_resource(Box, name="boxes", acl=[])
    config.add_resource(Party, name="parties", acl=[])
    config.add_resource(Person, name="people", acl=[])
    config.add_resource(Scrap, name="scraps", acl=[], logged=False)


@contextmanager
def works(url: str, plugins: Sequence[str] = ("history",)) -> Iterator[Application]:
    """The application on an empty database."""
    with application(url, ("accounts", "rest", *plugins, __name__), Base.metadata) as made:
        yield made


def changes_of(session: Session, **where: Any) -> list[Change]:
    """The log in the order of writing."""
    return list(session.scalars(sa.select(Change).filter_by(**where).order_by(Change.id)))


def told(session: Session, **where: Any) -> list[tuple[Any, ...]]:
    """Verb, resource and key of each change."""
    return [(each.verb, each.resource, each.key) for each in changes_of(session, **where)]
