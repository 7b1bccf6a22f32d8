"""Every read on three roads and two databases: the same status, headers and bytes.

The roads: the production road on committed data; a connection that somebody lends; every value written by Python.
Floats and JSON columns are the same as values only, so what hangs from their bytes (ETags, cursors) is not compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.harness.counts import counts

from .odd.asking import Ask, Asking
from .odd.house import ROADS, Answer, House

#: Fields that are compared as values: floats, JSON.
_LOOSE = re.compile(r'"(a_float|rate|a_json|payload|an_array)":')
_LOOSE_SORT = re.compile(r"sort=[^&]*(a_float|rate)")
_CURSOR = re.compile(r"cursor=[\w-]+")
_AGES = 'where={"or":[{"age__gte":60},{"not":{"place.name":"Ann"}}]}'

EXPLICIT = (
    ("anonymous", "places"),
    ("anonymous", "workers"),
    ("admin", ""),
    ("admin", "nothing-of-that-name"),
    ("admin", "workers?expand=place,manager,badge,skills,friends,reports,old_reports,things,vehicles,bikes&limit=5"),
    ("admin", "workers?expand=reports.reports.reports,manager.manager.manager&sort=-manager.manager.name,age&limit=7"),
    ("admin", "workers/1?expand=reports(limit=1,sort=-name),skills(limit=2)"),
    ("admin", "workers/999"),
    ("admin", "workers/-1"),
    ("admin", "workers/x"),
    ("admin", "workers/1,2"),
    ("admin", "workers/99999999999999999999999"),
    ("admin", "workers/1/reports?count=exact"),
    ("admin", "workers/1/reports/1"),
    ("admin", "workers/1/badge"),
    ("admin", "workers/999/reports"),
    ("admin", f"workers?{_AGES}&sort=-salary&limit=3&count=exact"),
    ("admin", "workers?count=capped&limit=1"),
    ("admin", "workers?page=3&limit=7"),
    ("admin", "workers?offset=35&limit=7"),
    ("admin", "workers?page=1000000000000&limit=1000"),
    ("admin", "workers?cursor=abc"),
    ("admin", "workers?fields=name,place.name,reports.name"),
    ("admin", "workers?sort=reports.name"),
    ("admin", "workers?nam=x"),
    ("admin", "workers?name__nope=x"),
    ("admin", "workers?name=x&name=y"),
    ("admin", "workers?age__gte=x"),
    ("admin", "workers?limit=0"),
    ("admin", "workers?limit=1001"),
    ("admin", "workers?where={"),
    ("admin", "workers?name=%00"),
    ("admin", "workers?name=%ff"),
    ("admin", "workers?id__in="),
    ("admin", "workers?id=99999999999999999999"),
    ("admin", "places?sort__exact=Ann&limit__gte=1&floor__level=2&floor__level__gte=0"),
    ("admin", "places?sort=sort,limit,-floor__level,n,-j,f_name,s_name,key"),
    ("admin", "things?sort=-a_decimal,a_moment,-an_interval,a_uuid,some_bytes,a_time,-a_local,an_enum&limit=9"),
    ("admin", "things?expand=worker.place"),
    ("admin", "things?a_float__gte=0.1&sort=a_float&limit=3"),
    ("admin", "skills?expand=workers(sort=-name,limit=2)"),
    ("admin", "skills/~"),
    ("admin", "skills/x~7E2Cy"),
    ("admin", "skills/a~2Fb/workers"),
    ("admin", "receipts/1,100%25?expand=lines"),
    ("admin", "lines?expand=receipt&sort=-day,receipt.note"),
    ("admin", "trucks?expand=tows.tows,towed_by.driver&sort=-tows.load,wheels"),
    ("admin", "bikes?expand=driver.bikes"),
    ("admin", "accounts?expand=bookings,gadgets&sort=-balance,opened,every,at,token,blob"),
    ("admin", "parts?expand=kind_of.parts&sort=-per%25cent,gr%C3%B6%C3%9Fe&per%25cent__gte=20"),
    ("admin", "parts?q'%22%5Cuote:x=%27&fields=q'%22%5Cuote:x,kind_of.a%20b"),
    ("staff", "workers?sort=salary&fields=id,salary"),
    ("staff", "places?sort=key,Name"),
    ("staff", "gadgets?LABEL=x"),
    ("auditor", "workers?sort=salary"),
    ("auditor", "workers?expand=place"),
    ("auditor", "workers?place_id=1"),
    ("auditor", "workers/2/reports"),
    ("guest", "places?expand=workers,parent,children"),
    ("nobody", "workers"),
    ("nobody", "workers/1"),
    ("nobody", "skills"),
    ("narrowed", "skills"),
    ("narrowed", "workers?expand=skills"),
    ("narrowed", "workers?expand=place,things(limit=1)"),
)


def questions(house: House, seed: int, number: int) -> Iterator[tuple[str, str]]:
    asking = Asking(house.oracles, house.session, seed)
    for _ in range(number):
        ask: Ask = asking.ask()
        yield ask.who, ask.url


def assert_alike(one: Answer, other: Answer, question: object) -> None:
    """Hold two answers to be the same."""
    if one == other:
        return
    if one.status == other.status == 200 and (
        _LOOSE.search(one.body) or "a_float" in str(question) or "rate" in str(question)
    ):
        one, other = _loosely(one), _loosely(other)
    assert other == one, question


def _loosely(answer: Answer) -> Answer:
    headers = {name: _CURSOR.sub("", value) for name, value in answer.headers.items() if name != "ETag"}
    return replace(answer, body=json.loads(_CURSOR.sub("", answer.body)), headers=headers)


@pytest.mark.parametrize("who,path", EXPLICIT)
def test_a_read_is_answered_alike_on_every_road(house: House, who: str, path: str) -> None:
    url = f"/api/v1/{path}"
    answers = [house.ask(who, url, road) for road in ROADS]
    assert answers[0].status < 500, answers[0].body
    for road, answer in zip(ROADS, answers, strict=True):
        assert_alike(answers[0], answer, (who, url, road))


@pytest.mark.parametrize("seed", range(counts(1, 30)))
def test_a_random_read_is_answered_alike_on_every_road(house: House, seed: int) -> None:
    for who, url in questions(house, 1000 + seed, counts(30, 250)):
        answers = [house.ask(who, url, road) for road in ROADS]
        assert answers[0].status < 500, (who, url)
        for road, answer in zip(ROADS, answers, strict=True):
            assert_alike(answers[0], answer, (who, url, road))


@pytest.mark.usefixtures("postgresql_server_url")
@pytest.mark.parametrize("seed", [None, *range(counts(1, 30))])
def test_both_databases_answer_alike(house_on: Callable[[str], House], seed: int | None) -> None:
    sqlite, postgresql = house_on("sqlite"), house_on("postgresql")
    asked = EXPLICIT if seed is None else questions(sqlite, 1000 + seed, counts(30, 250))
    for who, path in asked:
        url = path if path.startswith("/") else f"/api/v1/{path}"
        assert_alike(sqlite.ask(who, url), postgresql.ask(who, url), (who, url))


def test_what_a_session_has_not_committed_is_read_by_its_own_connection_only(house: House) -> None:
    url = "/api/v1/skills/not%20there"
    with house.database.engine.connect() as connection, Session(connection) as session:
        model: Any = house.resources["skills"].model
        session.add(model(code="not there"))
        session.flush()
        assert house.get("admin", url, "lent", connection).status == 200
        assert house.get("admin", url).status == 404
        session.rollback()
        assert house.get("admin", url, "lent", connection).status == 404
