"""The policy of the log, and who reads it for a request."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.registry import Registry

from colonnade.core.changes.access import ChangeAccess, ChangeAccesses
from colonnade.core.changes.log import Log, log_of
from colonnade.core.changes.reading import ChangeReader
from colonnade.core.database import ReadConnection, database_of
from colonnade.core.request import Request
from colonnade.core.resources import resources_of

#: The log as a resource.
CHANGES = "changes"


def govern(config: Configurator) -> None:
    """Let the policy of the log follow from that of the records."""
    accesses = ChangeAccesses(
        kept_log(config.registry), resources_of(config.registry)[CHANGES], database_of(config.registry).dialect.name
    )
    resources_of(config.registry)[CHANGES].derived_access = accesses.of


def kept_log(registry: Registry) -> Log:
    """The log of the application, which this plug-in has switched on."""
    log = log_of(registry)
    assert log is not None
    return log


def change_reader(request: Request, connection: ReadConnection | None = None) -> ChangeReader:
    """Who reads the log for the one who sent a request.

    :param connection: another one than the request's own.
    """
    access = request.access.of(resources_of(request.registry)[CHANGES])
    assert isinstance(access, ChangeAccess)
    return ChangeReader(
        kept_log(request.registry), access, request.identity_attributes, connection or request.read_connection
    )
