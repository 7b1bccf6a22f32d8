"""``POST /api/v1/RESOURCE/import``: a file as the body of a request."""

from __future__ import annotations

from collections.abc import Callable

from cornice import Service
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.changes.origin import come_by
from colonnade.core.policy import Access
from colonnade.core.problems import BadRequest, Conflict
from colonnade.core.resources import RESOURCES_READY, Resource, resources_of
from colonnade.core.settings import settings_of
from colonnade.core.tree import Collection
from colonnade.core.writing import writer_of
from colonnade.core.writing.bulk import BulkWriter
from colonnade.plugins.rest.conditions import refuse_conditions, refuse_unconditional
from colonnade.plugins.rest.preferences import Preferences
from colonnade.plugins.rest.services import PREFIX, cors_of
from colonnade.plugins.rest.writing import writing
from colonnade.plugins.transfer.settings import TransferSettings

from .answers import answer, description, refusal
from .asking import asked_of
from .streams import body_stream


class ImportedCollection(Collection):
    """All rows of a resource, as an import means to write them."""

    def permits(self, access: Access, permission: str) -> bool:
        """Whether some row may be created or edited; which of them it is the file says."""
        mine = access.of(self.resource)
        return mine.may("create") or mine.may("edit")


@writing
def import_(request: Request, preferences: Preferences) -> Response:
    """Write a record for each row of the body."""
    refuse_conditions(request, "An import")
    asked = asked_of(request)
    if asked.reading.key:
        refuse_unconditional(request)
    stream = body_stream(request, settings_of(request.registry, TransferSettings).max_body_bytes)
    if preferences.return_ == "changes":
        raise BadRequest("An import answers how many records it wrote; the log has its changes, by its request id.")
    come_by(request.dbsession, "import")
    writer = writer_of(request)
    source, rows = asked.reading.begin(stream, writer, request.context.resource)
    outcome = BulkWriter(writer, source, continuing=asked.continuing).write(rows)
    if outcome.refusals and not asked.continuing:
        raise refusal(outcome)
    most = preferences.max_affected
    if most is not None and outcome.created + outcome.changed > most:
        raise Conflict(f"The file writes more than {most:,} records, so none was written.", slug="max-affected")
    return answer(outcome)


def add_services(config: Configurator) -> None:
    """Register the import of every resource; before the records, one of which may have the key "import"."""
    cors = cors_of(config.registry)
    methods = ("POST", "OPTIONS") if cors else ("POST",)
    for resource in filter(lambda each: each.writable, resources_of(config.registry).values()):
        path = f"{PREFIX}/{resource.name}/import"
        service = Service(
            f"import {resource.name}", path, factory=_collection(resource), request_method=methods, **cors
        )
        service.add_view("POST", import_, permission="create", openapi=description(resource))
        config.add_cornice_service(service)


def _collection(resource: Resource) -> Callable[[Request], ImportedCollection]:
    def factory(request: Request) -> ImportedCollection:
        return ImportedCollection(resource, request)

    return factory


def includeme(config: Configurator) -> None:
    """Bring the services."""
    config.add_road("rest import", kind="write", summary="POST of a file to RESOURCE/import")
    config.action("colonnade import services", lambda: add_services(config), order=RESOURCES_READY + 5)
