"""Links (OpenAPI 3.1, section 4.8.20): from the answer to a creation to what can be done with the record."""

from __future__ import annotations

from colonnade.core.resources import Resource

from .known import Known
from .schemas import Schema

_KINDS = {
    "one": "Get the record.",
    "replace": "Replace the record.",
    "patch": "Change some of the record.",
    "delete": "Delete the record.",
}


def creation_links(known: Known, resource: Resource) -> Schema:
    """The member ``links`` of a response whose body is a new record; none where a key needs escapes in a URL."""
    if any(field.value.textual for field in resource.key):
        return {}
    parts = [f"$response.body#/{field.name.replace('~', '~0').replace('/', '~1')}" for field in resource.key]
    key = parts[0] if len(parts) == 1 else ",".join(f"{{{part}}}" for part in parts)
    links = {
        known.ids[kind, resource.name]: {
            "operationId": known.ids[kind, resource.name],
            "parameters": {"key": key},
            "description": description,
        }
        for kind, description in _KINDS.items()
        if (kind, resource.name) in known.ids
    }
    return {"links": links} if links else {}
