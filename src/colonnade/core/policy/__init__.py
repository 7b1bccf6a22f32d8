"""Who may do what: identity, principals, ``rows()``, ``fields()``, and lists of these compiled to SQL.

One list decides everywhere: list, detail, count, create, edit, export, expand, search and live. `acl` reads a list,
`compiling` makes one boolean expression of it, `access` keeps what was compiled for whom the same entries match.
Nothing here reads a row; a decision is True, False or an expression that a statement takes in. `assuming` lets a view
begin before it is confirmed who asks.
"""

from __future__ import annotations

from pyramid.authorization import ALL_PERMISSIONS, Allow, Authenticated, Deny, Everyone
from pyramid.config import Configurator

from .access import Access, Policy, ResourceAccess
from .acl import Entry, Where
from .compiling import Condition
from .identity import ANONYMOUS, OPERATOR, Identity
from .root import access_of, policy_of, root_acl_of
from .terms import fields, me, rows

__all__ = [
    "ALL_PERMISSIONS",
    "ANONYMOUS",
    "OPERATOR",
    "Access",
    "Allow",
    "Authenticated",
    "Condition",
    "Deny",
    "Entry",
    "Everyone",
    "Identity",
    "Policy",
    "ResourceAccess",
    "Where",
    "access_of",
    "fields",
    "includeme",
    "me",
    "policy_of",
    "root_acl_of",
    "rows",
]


def includeme(config: Configurator) -> None:
    """Bring the security policy, and the directives that say who asks and what holds for all."""
    config.include(".assuming")
    config.include(".identity")
    config.include(".security")
    config.include(".root")
