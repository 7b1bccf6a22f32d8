"""What answers say, held against an oracle in plain Python: filters, sorts, fields, expands, all under policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from colonnade.core.problems import BadRequest
from colonnade.core.reading import Query, ReadingSettings, parse
from tests.harness.counts import counts, thorough
from tests.harness.databases import DIALECTS

from .odd.asking import Ask, Asking
from .odd.house import House
from .odd.oracle import Expected, Oracle, Refused
from .odd.policies import PEOPLE

LIMITS = ReadingSettings()


def shown(value: Any) -> Any:
    """A JSON value as the oracle has it: objects as pairs, in order; of a link only whether there is one."""
    if isinstance(value, dict):
        return [(name, item is not None if name == "next" else shown(item)) for name, item in value.items()]
    return [shown(each) for each in value] if isinstance(value, list) else value


def expected(house: House, ask: Ask) -> tuple[int, Any]:
    """The status and the body that the oracle says."""
    oracle = house.oracles[ask.who]
    resource = house.resources[ask.resource]
    if not oracle.may_view(resource):
        return 401 if ask.who == "anonymous" else (403 if ask.key is None else 404), None
    if ask.relation and not oracle.has_relation(resource, ask.relation):
        return 401 if ask.who == "anonymous" else 404, None
    try:
        query = parse(ask.query, LIMITS)
        if ask.relation:
            return _related(house, oracle, ask, query)
        if ask.key is not None:
            record = house.session.get(resource.model, ask.key)
            tree = oracle.tree(resource, query)
            return (200, oracle.record(resource, record, tree)) if oracle.sees(resource, record) else (404, None)
        return 200, _page(oracle.list(resource, query, query.limit or LIMITS.default_limit))
    except (BadRequest, Refused):
        return 400, None


def _related(house: House, oracle: Oracle, ask: Ask, query: Query) -> tuple[int, Any]:
    resource = house.resources[ask.resource]
    relation, record = resource.relations[ask.relation], house.session.get(resource.model, ask.key)
    limit = query.limit or LIMITS.default_limit
    page = oracle.list(relation.target, query, limit, (relation, record))
    return (200, _page(page)) if oracle.sees(resource, record) else (404, None)


def _page(page: Expected) -> Any:
    pairs = [("data", page.data), ("next", page.goes_on)]
    return pairs if page.total is None else [*pairs, ("total", page.total)]


def assert_true(house: House, ask: Ask) -> None:
    """Hold an answer to the oracle's."""
    answer = house.answer(ask)
    status, body = expected(house, ask)
    assert answer.status == status, f"{ask.who}: {ask.url}\n{answer.body}"
    if status == 200:
        assert shown(answer.json) == normal(body), f"{ask.who}: {ask.url}"


@pytest.mark.parametrize("seed", range(counts(1, 40)))
def test_a_random_read_says_what_the_oracle_says(house: House, seed: int) -> None:
    asking = Asking(house.oracles, house.session, seed)
    for _ in range(counts(80, 250)):
        assert_true(house, asking.ask())


#: On PostgreSQL in a usual run those for whom a policy chooses among rows; random reads are of everybody on both.
LED = [
    (dialect, who)
    for dialect in DIALECTS
    for who in PEOPLE
    if dialect == "sqlite" or who in ("staff", "guest", "both") or thorough()
]


@pytest.mark.parametrize("dialect_name, who", LED, indirect=["dialect_name"])
def test_each_relation_leads_to_what_may_be_seen_and_no_further(house: House, who: str) -> None:
    oracle = house.oracles[who]
    for resource in house.resources.values():
        for name, relation in resource.relations.items():
            if oracle.has_relation(resource, name) and oracle.may_view(resource):
                key = relation.target.key[0].name
                led = {"not": {name + "__isnull": True, f"{name}.{key}__isnull": True}}
                asked = (("where", json.dumps({"or": [led, {name + "__isnull": True}]})), ("expand", name))
                assert_true(house, Ask(who, resource.name, (*asked, ("limit", "1000"))))
                some = (("where", json.dumps({f"{name}.{key}__isnull": False})), ("count", "exact"), ("limit", "1"))
                assert_true(house, Ask(who, resource.name, some))


def normal(value: Any) -> Any:
    """Pairs as tuples, objects of JSON columns as pairs."""
    if isinstance(value, dict):
        return [(name, normal(item)) for name, item in value.items()]
    if isinstance(value, list):
        return [(each[0], normal(each[1])) if isinstance(each, tuple) else normal(each) for each in value]
    return value
