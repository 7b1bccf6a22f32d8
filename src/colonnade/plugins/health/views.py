"""``/health`` and ``/ready``, as services, so that they are documented like all others."""

from __future__ import annotations

import json

from cornice import Service
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from colonnade.core.problems import Unavailable

from .checks import faults

RETRY_AFTER = 5  # seconds


def health(request: Request) -> Response:
    """The process answers; that is all it says. It asks neither the database nor who asks."""
    return _status("alive")


def ready(request: Request) -> Response:
    """All that requests need is there; raises Unavailable, which names what is not."""
    if found := faults(request):
        names = ", ".join(str(fault.code) for fault in found)
        raise Unavailable(f"Not ready: {names}.", faults=found, slug="not-ready", retry_after=RETRY_AFTER)
    return _status("ready")


def _status(status: str) -> Response:
    body = json.dumps({"status": status}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    return Response(app_iter=[body], headerlist=headers)


def _described(summary: str, status: str) -> dict[str, object]:
    """The operation for the API's document."""
    schema = {
        "type": "object",
        "properties": {"status": {"const": status}},
        "required": ["status"],
        "additionalProperties": False,
    }
    answer = {"description": summary, "content": {"application/json": {"schema": schema}}}
    return {"summary": summary, "tags": ["health"], "security": [], "responses": {"200": answer}}


def includeme(config: Configurator) -> None:
    """Add both services; they are built anew for each application, because Cornice's keep what they are told."""
    for name, view, summary, status in (
        ("health", health, "Whether the process answers", "alive"),
        ("ready", ready, "Whether all that requests need is there", "ready"),
    ):
        service = Service(name, f"/{name}", description=summary)
        service.add_view("GET", view, permission=NO_PERMISSION_REQUIRED, openapi=_described(summary, status))
        config.add_cornice_service(service)
