"""Who may call: which operations are open to everybody, and which ask for a token."""

from __future__ import annotations

from typing import Any

from pyramid.authorization import Everyone
from pyramid.registry import Registry

from colonnade.core.operation import Operation
from colonnade.core.policy import ANONYMOUS, policy_of, root_acl_of

from .endpoints import Endpoint

SCHEME = "bearer"
#: What each kind of operation on a resource asks for.
_PERMISSIONS = {
    **dict.fromkeys(("list", "one", "related", "history"), "view"),
    "create": "create",
    **dict.fromkeys(("replace", "patch", "replace_many", "patch_many"), "edit"),
    **dict.fromkeys(("delete", "delete_many"), "delete"),
}

Security = list[dict[str, list[str]]]


def schemes(registry: Registry) -> dict[str, Any]:
    """The security schemes of an application; none where no plug-in can tell who asks."""
    if not registry.introspector.get_category("colonnade authenticator", ()):
        return {}
    return {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, sent as `Authorization: Bearer …` (RFC 6750).",
        }
    }


def security(registry: Registry, endpoint: Endpoint) -> Security:
    """What an operation asks for: [] nothing; a token; or a token if one likes, where others see some of it too.

    It is read off the policy as it stands for somebody who has not signed in.
    """
    if not schemes(registry):
        return []
    if endpoint.operation is not None and endpoint.operation.kind == "batch":
        return [{}, {SCHEME: []}]  # it depends on what is in it
    if endpoint.permission is None:
        return []
    if _open(registry, endpoint):
        return [{}, {SCHEME: []}]
    return [{SCHEME: []}]


def _open(registry: Registry, endpoint: Endpoint) -> bool:
    """Whether somebody who has not signed in gets anywhere."""
    operation = endpoint.operation
    if operation is None or operation.resource is None:
        return _root_allows(registry, str(endpoint.permission))
    return _resource_allows(registry, operation)


def _resource_allows(registry: Registry, operation: Operation) -> bool:
    access = policy_of(registry).of(ANONYMOUS)
    assert operation.resource is not None
    if not access.of(operation.resource).may(_PERMISSIONS[operation.kind]):
        return False
    return operation.relation is None or access.relation(operation.relation)


def _root_allows(registry: Registry, permission: str) -> bool:
    """The decision of Root's list, for a view that stands outside of the resources."""
    for entry in root_acl_of(registry):
        if entry.principal == Everyone and entry.speaks_of(permission):
            return entry.allow
    return False
