"""Root's list, which ends the list of every resource, and the policy that comes of all lists together."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.authorization import ALL_PERMISSIONS, Allow
from pyramid.config import Configurator
from pyramid.registry import Registry
from pyramid.request import Request

from .access import Access, Policy
from .acl import Entry, Where, placed, read_root_acl
from .source import entry_lines

_ROOT = "colonnade.root_acl"
_POLICY = "colonnade.policy"

#: Administrators may do what no entry before this one denies.
CORE_ACL = read_root_acl([(Allow, "role:admin", ALL_PERMISSIONS)], Where.here())


def add_root_acl(config: Configurator, acl: Sequence[object]) -> None:
    """Append entries to Root's list, which comes after the list of every resource.

    :param acl: entries without ``rows()``, and with no ``fields()`` but the one that speaks of every field.
    :raises ConfigurationError: for an entry that cannot hold for every resource.
    """
    where = Where(config.action_info.file, config.action_info.line)
    lines = entry_lines(where, "add_root_acl", "acl", len(acl))
    entries: list[Entry] = []
    for index, raw in enumerate(acl):
        entries += read_root_acl([raw], lines[index] if lines else where)
    introspectable = config.introspectable("colonnade root acl", (where, len(acl)), str(where), "root acl")
    introspectable["entries"] = placed(entries, where)
    config.action(None, lambda: config.registry[_ROOT].extend(entries), introspectables=(introspectable,))


def root_acl_of(registry: Registry) -> tuple[Entry, ...]:
    """Root's list: what plug-ins added, then the core's own entry."""
    return (*registry[_ROOT], *CORE_ACL)


def policy_of(registry: Registry) -> Policy:
    """The policy of an application, once its configuration is committed."""
    policy: Policy | None = registry.get(_POLICY)
    if policy is None:
        policy = registry[_POLICY] = Policy(root_acl_of(registry))
    return policy


def access_of(request: Request) -> Access:
    """What the one who asks may do."""
    return policy_of(request.registry).of(request.identity)


def includeme(config: Configurator) -> None:
    """Bring ``config.add_root_acl``."""
    config.registry[_ROOT] = []
    config.add_directive("add_root_acl", add_root_acl)
