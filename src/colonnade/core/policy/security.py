"""Pyramid's security policy: views ask it for a permission on their context, and it asks ours."""

from __future__ import annotations

from typing import Any

from pyramid.authorization import ACLHelper
from pyramid.config import Configurator
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.security import Allowed, Denied, PermitsResult
from zope.interface import implementer

from .identity import Identity


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Who asks, and whether a view may run for them.

    A context with a method ``permits(access, permission) -> bool`` decides itself, as Collection and Record do. For any
    other the access control lists of its lineage do (first match wins), then Root's; what no entry allows is denied.
    """

    def __init__(self) -> None:
        self._lists = ACLHelper()

    def identity(self, request: Request) -> Identity:
        """Who asks; ANONYMOUS where nobody signed in. Raises Unauthorized for credentials that are not good."""
        known: Identity = request.identity
        return known

    def authenticated_userid(self, request: Request) -> int | str | None:
        """The user's key; the operator's name; None for nobody."""
        identity = self.identity(request)
        if identity.anonymous:
            return None
        return identity.name if identity.id is None else identity.id

    def permits(self, request: Request, context: Any, permission: str) -> PermitsResult:
        """Whether the view of a context may run; on rows this means: may try, for the rows are the statement's."""
        identity = self.identity(request)
        if identity.operator:
            return Allowed("the operator goes round the policy")
        decides = getattr(context, "permits", None)
        if decides is not None:
            verdict = Allowed if decides(request.access, permission) else Denied
            return verdict("%s of %r by the policy", permission, context)
        if not identity.leaves("", permission):
            return Denied("the token is narrowed, and %s is not among what it lists", permission)
        return self._by_lists(request, identity, context, permission)

    def _by_lists(self, request: Request, identity: Identity, context: Any, permission: str) -> PermitsResult:
        from colonnade.core.tree import Root

        result: PermitsResult = self._lists.permits(context, identity.principals, permission)
        if isinstance(result.ace, str):  # Pyramid's "<default deny>": no entry of the lineage matched
            result = self._lists.permits(Root(request), identity.principals, permission)
        return result

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Nothing to remember: a token is sent each time. A plug-in with sessions writes its own cookies."""
        return []

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        """Nothing to forget."""
        return []


def includeme(config: Configurator) -> None:
    """Let this policy decide on every view."""
    config.set_security_policy(SecurityPolicy())
