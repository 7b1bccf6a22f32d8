"""What reading keeps for an application, and the reader of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.registry import Registry

from colonnade.core.database import ReadConnection, database_of
from colonnade.core.policy import Access
from colonnade.core.request import Request
from colonnade.core.settings import CoreSettings, settings_of

from .cursor import Cursors
from .limits import ReadingSettings
from .questions import Questions
from .reader import Reader
from .shapes import Shapes

_KEY = "colonnade.reading"


@dataclass(frozen=True)
class Reading:
    """The limits, the questions, the statements and the cursors of an application."""

    limits: ReadingSettings
    questions: Questions
    shapes: Shapes
    cursors: Cursors

    def reader(self, connection: ReadConnection, access: Access, me: Mapping[str, object], base: str) -> Reader:
        """A reader on a connection, for one identity; `base` is the address of the API."""
        return Reader(connection, access, me, self.shapes, self.limits, self.cursors, base)


def reading_of(registry: Registry) -> Reading:
    """What reading keeps for an application."""
    reading: Reading = registry[_KEY]
    return reading


def reader_of(request: Request, base: str) -> Reader:
    """The reader of who sent a request.

    :param base: the address of the API, for the links in answers.
    """
    return reading_of(request.registry).reader(
        request.read_connection, request.access, request.identity_attributes, base
    )


def includeme(config: Configurator) -> None:
    """Make room for the statements of this application."""
    limits = settings_of(config.registry, ReadingSettings)
    secret = settings_of(config.registry, CoreSettings).secret.get_secret_value().encode()
    shapes = Shapes(database_of(config.registry).dialect, limits.statement_cache)
    config.registry[_KEY] = Reading(limits, Questions(limits), shapes, Cursors(secret))
