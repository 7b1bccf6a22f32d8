"""The writer of a request."""

from __future__ import annotations

from colonnade.core.request import Request
from colonnade.core.resources import resources_of

from .author import Author
from .writer import Writer


def writer_of(request: Request) -> Writer:
    """The writer of who sent a request, in the request's transaction."""
    author = Author(request.dbsession, request.access, request.identity_attributes)
    return Writer(author, resources_of(request.registry))
