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


def writer_of(request: Request, *, settled: bool = True) -> Writer:
    """The writer of who sent a request, in the request's transaction.

    :param settled: whether it is to be certain who that is. A view that assumes it (`core.policy.assuming`) may have
        that found out with its first statement; if that one creates a record, what the record refers to is found out
        with it, too, and nothing can be done after a refusal.
    """
    access, me = request.access, request.identity_attributes  # first, for by that they are looked up
    reading = write_connection_for(request)
    if settled:
        reading.settle()
    return writer_for(request.registry, Author(request.dbsession, access, me, reading))


def includeme(config: Configurator) -> None:
    """Let plug-ins subscribe to what is written."""
    config.include("colonnade.core.writing.events")
