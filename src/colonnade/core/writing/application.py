"""The writers of an application."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.registry import Registry

from colonnade.core.database import write_connection_for
from colonnade.core.request import Request
from colonnade.core.resources import resources_of

from .author import Author
from .events import listeners_of
from .outlines import outlines_of
from .writer import Writer


def writer_for(registry: Registry, author: Author) -> Writer:
    """The writer of one who writes in a transaction of their own, such as the command line."""
    return Writer(author, resources_of(registry), listeners_of(registry), outlines_of(registry))


def writer_of(request: Request) -> Writer:
    """The writer of who sent a request, in the request's transaction."""
    access, me = request.access, request.identity_attributes  # first, for by that they are looked up
    author = Author(request.dbsession, access, me, write_connection_for(request))
    return writer_for(request.registry, author)


def includeme(config: Configurator) -> None:
    """Let plug-ins subscribe to what is written."""
    config.include("colonnade.core.writing.events")
