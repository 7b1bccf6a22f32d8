"""The archive's application, and the log of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyramid.config import Configurator

from colonnade import ALL_PERMISSIONS, Allow
from colonnade.core.changes import log_of
from colonnade.core.changes.log import Log
from tests.harness.applications import Application, application

from .models import (
    Book,
    Event,
    Heard,
    Kept,
    Label,
    Line,
    Page,
    Quiet,
    Remark,
    Shelf,
    Tag,
    Talk,
    Truck,
    Vehicle,
)

OPEN: list[Any] = [(Allow, "role:hr", ALL_PERMISSIONS)]
NAMES = {Shelf: "shelves", Heard: "heard", Quiet: "quiet"}


def includeme(config: Configurator) -> None:
    """Declare everything."""
    config.add_plugin("archive", summary="An archive")
    for model in (Shelf, Tag, Book, Page, Line, Remark, Label, Vehicle, Truck, Event, Talk, Heard, Quiet):
        config.add_resource(model, name=NAMES.get(model), acl=OPEN, logged=model is not Quiet)


class Archive(Application):
    """The application."""

    @property
    def log(self) -> Log:
        """Its log."""
        log = log_of(self.app.registry)
        assert log is not None
        return log


@contextmanager
def archive(url: str, *, logged: bool = True) -> Iterator[Archive]:
    """The application on a database, whose tables it makes where they are not there already."""
    plugins = ["rest", "transfer", *(["history"] if logged else []), __name__]
    with application(url, plugins, Kept.metadata) as made:
        yield Archive(made.app)
