"""What a token leaves of its owner's permissions: pairs of a resource and a permission, as data and as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from colonnade.core.problems import Fault, Unprocessable
from colonnade.core.settings import nearest

if TYPE_CHECKING:
    from pyramid.registry import Registry

Pairs = frozenset[tuple[str, str]]


def write_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Write pairs as they are stored: ``departments:view employees:view``."""
    return " ".join(sorted(f"{resource}:{permission}" for resource, permission in pairs))


def read_pairs(text: str) -> Pairs:
    """Read what `write_pairs` wrote."""
    return frozenset(
        (resource, permission) for resource, _, permission in (each.partition(":") for each in text.split())
    )


def check_pairs(texts: Iterable[str], registry: Registry) -> Pairs:
    """Read pairs that a person wrote, ``employees:view``; ``:name`` is a permission that is of no resource.

    :raises Unprocessable: for a resource or permission that there is not; it names the nearest that there is.
    """
    known = known_pairs(registry)
    faults, pairs = [], set()
    for text in texts:
        resource, colon, permission = text.partition(":")
        if not colon:
            faults.append(Fault(f"{text}: write resource:permission, such as employees:view."))
        elif resource not in known:
            faults.append(Fault(f"{text}: there is no resource {resource}{nearest(resource, known)}"))
        elif permission not in known[resource]:
            what = (
                f"{resource} knows no permission {permission}" if resource else f"there is no permission {permission}"
            )
            faults.append(Fault(f"{text}: {what}{nearest(permission, known[resource])}"))
        pairs.add((resource, permission))
    if faults:
        raise Unprocessable("A token cannot be narrowed to what there is not.", faults=faults)
    return frozenset(pairs)


def known_pairs(registry: Registry) -> dict[str, frozenset[str]]:
    """The permissions that each resource knows, by its name; under "" those of views that are of no resource."""
    from pyramid.security import NO_PERMISSION_REQUIRED

    from colonnade.core.policy import policy_of
    from colonnade.core.policy.acl import PERMISSIONS
    from colonnade.core.resources import resources_of

    policy = policy_of(registry)
    views = registry.introspector.get_category("permissions", ())
    named = frozenset(each["introspectable"]["value"] for each in views)
    return {
        "": frozenset(each for each in named if isinstance(each, str) and each != NO_PERMISSION_REQUIRED),
        **{
            resource.name: frozenset(PERMISSIONS).union(*(entry.names for entry in policy.entries(resource)))
            for resource in resources_of(registry).values()
        },
    }
