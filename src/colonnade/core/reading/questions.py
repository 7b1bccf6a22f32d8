"""Query strings that have been asked before: read once, and resolved once for each policy that they meet."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from colonnade.core.policy.access import Access
from colonnade.core.resources import Resource

from .grammar import Query, parse
from .limits import ReadingSettings
from .planning import Plan, Planning

#: Characters of a query string that is kept; a page's cursor will hardly be asked for again.
_LONGEST: Final = 500
#: Plans that are kept of one query: for the resources and the policies that it was asked of.
_PLANS: Final = 20


class Questions:
    """What an application was asked: the latest query strings, as many as there are statements. Safe for threads."""

    def __init__(self, limits: ReadingSettings) -> None:
        self._limits = limits
        self._read = lru_cache(limits.statement_cache)(self._parse)

    def query(self, text: str) -> Query:
        """Read a query string, still percent-encoded, as WSGI hands it over.

        :raises BadRequest: for what is not its grammar; its faults name the parameters.
        """
        if len(text) > _LONGEST or "cursor=" in text:
            return self._parse(text)
        return self._read(text)

    def _parse(self, text: str) -> Query:
        return parse(text, self._limits)


def plan_of(access: Access, limits: ReadingSettings, resource: Resource, query: Query, limit: int = 1) -> Plan:
    """Resolve a query over a resource, or remember how that went for others of the same policy.

    :param limit: the most records of it that are shown.
    :raises BadRequest: as `Planning` does.
    """
    slot = (access.of(resource), limit)
    known: Plan | None = query.plans.get(slot)
    if known is not None:
        for each in known.met:
            if access.of(each.resource) is not each:
                break
        else:
            return known
    plan = Planning(access, limits).plan(resource, query, limit)
    if all(each.resource.derived_access is None for each in plan.met):  # such an access is made for one request
        if len(query.plans) >= _PLANS:
            query.plans.clear()
        query.plans[slot] = plan
    return plan
