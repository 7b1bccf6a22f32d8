"""Pages: following ``next`` visits each row once, in order, whatever the order is and whatever others do meanwhile."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from colonnade.core.reading import ReadingSettings, parse
from colonnade.core.resources import Resource
from tests.harness.counts import counts
from tests.harness.databases import Databases

from .odd.asking import Asking
from .odd.house import House, house_at
from .odd.models import OddSkill, OddThing
from .odd.oracle import Refused

LIMITS = ReadingSettings()
WHO = ("admin", "staff", "guest", "auditor", "both")


def pages(house: House, who: str, url: str, most: int = 200) -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, by its links."""
    following: str | None = url
    while following is not None:
        most -= 1
        assert most, f"no end of {url}"
        answer = house.ask(who, following)
        assert answer.status == 200, (who, following, answer.body)
        yield answer.json["data"]
        following = answer.json["next"]
        assert (f'<{following}>; rel="next"' in answer.headers.get("Link", "")) is (following is not None)
        following = following and following.removeprefix("http://localhost")


def key_of(resource: Resource, record: Any) -> tuple[str, ...]:
    """The key of a record of an answer."""
    return tuple(str(record[field.name]) for field in resource.key)


@pytest.mark.parametrize("seed", range(counts(1, 30)))
def test_following_next_visits_each_row_once_in_order(house: House, seed: int) -> None:
    asking = Asking(house.oracles, house.session, 7000 + seed)
    for _ in range(counts(15, 200)):
        who = asking.dice.choice(WHO)
        oracle = asking.oracle = house.oracles[who]
        resource = asking.dice.choice([each for each in house.resources.values() if oracle.may_view(each)])
        sort = quote(asking.sort(resource) if asking.chance(0.9) else "", safe=",")
        limit = asking.dice.choice((1, 2, 5, 13))
        try:
            rows = oracle.ordered(resource, oracle.rows(resource), parse(f"sort={sort}", LIMITS).sort)
        except Refused:
            continue
        expected = [tuple(field.value.to_text(getattr(row, field.name)) for field in resource.key) for row in rows]
        url = f"/api/v1/{resource.name}?limit={limit}&sort={sort}"
        visited = [key_of(resource, record) for page in pages(house, who, url) for record in page]
        assert visited == expected, (who, url)


@pytest.mark.parametrize(
    "sort", ["name", "-salary,age", "manager.name,-age", "-manager.place.name", "place.head.salary"]
)
@pytest.mark.parametrize("who", ["admin", "staff"])
def test_where_a_page_ends_does_not_depend_on_what_it_shows(house: House, who: str, sort: str) -> None:
    """A cursor is bound to no more than the user, the list, its sort and its filters: so it is the same text."""

    def cursors(shown: str) -> list[str]:
        url: str | None = f"/api/v1/workers?limit=2&sort={sort}&{shown}"
        found = []
        while url is not None:
            following = house.ask(who, url).json["next"]
            found += re.findall(r"cursor=([^&]+)", following or "")
            url = following and following.removeprefix("http://localhost")
        return found

    expected = cursors("fields=id")
    assert len(expected) > 5
    for shown in (
        "",
        "expand=manager.place,place.head",
        "expand=manager,place.head,reports(limit=1)",
        "expand=things,manager.place",
        "fields=salary,age,name,manager.name,manager.place.name,place.head.salary",
        "fields=name,manager.place.id,place.head.salary",
    ):
        assert cursors(shown) == expected, shown


def test_pages_by_number_and_by_offset_are_the_same_rows(house: House) -> None:
    for by in ("page=1", "offset=0"):
        url = f"/api/v1/workers?sort=-salary,name&limit=7&{by}"
        by_number = [record["id"] for page in pages(house, "admin", url) for record in page]
        assert by_number == [
            r["id"] for page in pages(house, "admin", "/api/v1/workers?sort=-salary,name") for r in page
        ]


def test_prev_leads_back(house: House) -> None:
    for here, before in (("page=3", "page=2"), ("offset=9", "offset=4"), ("offset=2", "offset=0")):
        link = house.ask("admin", f"/api/v1/workers?limit=5&{here}").headers["Link"]
        assert re.search(rf'<http://localhost/api/v1/workers\?limit=5&{before}>; rel="prev"', link)
    assert "prev" not in house.ask("admin", "/api/v1/workers?limit=5&page=1").headers["Link"]


def test_the_rest_of_an_expanded_relation_is_behind_its_next(house: House) -> None:
    asked = "reports(limit=2,sort=-name,age),reports.place(),skills(limit=1),skills.workers(limit=1,sort=-id)"
    for fields in ("", "&fields=id,reports.name,skills", "&fields=name,reports.place.name,skills.workers.id"):
        for worker in house.ask("staff", f"/api/v1/workers?limit=50&expand={asked.replace('()', '')}{fields}").json[
            "data"
        ]:
            for name in ("reports", "skills"):
                _check_rest(house, worker, name, "staff")


def _check_rest(house: House, record: Any, name: str, who: str) -> None:
    shown = record[name]
    if shown["next"] is None:
        return
    collection = re.sub(r"offset=\d+", "offset=0", shown["next"].removeprefix("http://localhost"))
    every = [each for page in pages(house, who, collection) for each in page]
    rest = [each for page in pages(house, who, shown["next"].removeprefix("http://localhost")) for each in page]
    assert [*shown["data"], *rest] == every
    assert rest


def test_a_next_link_keeps_what_was_asked_and_is_a_link(house: House) -> None:
    url = "/api/v1/workers?limit=1&sort=-name&name__ne=%22a,b%20%3C%3E%22&fields=id&expand=place"
    following = house.ask("admin", url).json["next"]
    assert following.startswith(f"http://localhost{url}&cursor=")
    assert following in house.ask("admin", url).headers["Link"]


# -- Cursors elsewhere


FOREIGN_PLACES = (
    ("other staff", "/api/v1/workers?sort=name&limit=2"),
    ("staff", "/api/v1/workers?sort=-name&limit=2"),
    ("staff", "/api/v1/workers?sort=name,age&limit=2"),
    ("staff", "/api/v1/workers?limit=2"),
    ("staff", "/api/v1/workers?sort=name&limit=2&age__gte=1"),
    ("staff", "/api/v1/workers?sort=name&limit=2&where={}"),
    ("staff", "/api/v1/skills?limit=2"),
    ("staff", "/api/v1/places?sort=name&limit=2"),
    ("staff", "/api/v1/places/2/workers?sort=name&limit=2"),
    ("anonymous", "/api/v1/places?sort=name&limit=2"),
)


@pytest.mark.parametrize("who,url", FOREIGN_PLACES)
def test_a_cursor_is_worth_nothing_elsewhere(house: House, who: str, url: str) -> None:
    home = "/api/v1/workers?sort=name&limit=2"
    following = house.ask("staff", home).json["next"]
    cursor = following.partition("cursor=")[2]
    assert house.ask("staff", f"{home}&cursor={cursor}").status == 200
    if who != "anonymous":
        answer = house.ask(who, f"{url}&cursor={cursor}")
        assert (answer.status, answer.json["errors"][0]["parameter"]) == (400, "cursor")
    else:
        assert house.ask(who, f"{url}&cursor={cursor}").status in (400, 401)


def test_a_cursor_of_one_records_relation_is_worth_nothing_at_another(house: House) -> None:
    asked = "?limit=1&sort=name"
    places = [
        row["id"]
        for row in house.ask("admin", "/api/v1/places?expand=workers").json["data"]
        if len(row["workers"]["data"]) > 1
    ]
    one, other, *_ = places
    cursor = house.ask("admin", f"/api/v1/places/{one}/workers{asked}").json["next"].partition("cursor=")[2]
    assert house.ask("admin", f"/api/v1/places/{one}/workers{asked}&cursor={cursor}").status == 200
    assert house.ask("admin", f"/api/v1/places/{other}/workers{asked}&cursor={cursor}").status == 400
    assert house.ask("admin", f"/api/v1/workers{asked}&cursor={cursor}").status == 400


def test_a_cursor_may_go_on_with_other_fields_and_another_limit(house: House) -> None:
    following = house.ask("admin", "/api/v1/workers?sort=name&limit=2").json["next"].removeprefix("http://localhost")
    answer = house.ask("admin", following.replace("limit=2", "limit=3") + "&fields=id&expand=place")
    assert (answer.status, len(answer.json["data"])) == (200, 3)


def test_a_cursor_holds_nothing_that_its_reader_may_not_see(house: House) -> None:
    from base64 import urlsafe_b64decode

    salaries = {f'"{salary}"' for salary in _salaries_of_others(house)}
    for page in _following_links(house, "staff", "/api/v1/workers?sort=salary&limit=1&fields=id"):
        cursor = page.partition("cursor=")[2]
        held = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("latin-1")
        assert not any(salary in held for salary in salaries)


def _salaries_of_others(house: House) -> set[str]:
    seen = {row.get("salary") for row in house.ask("staff", "/api/v1/workers?limit=100").json["data"]}
    every = {row.get("salary") for row in house.ask("admin", "/api/v1/workers?limit=100").json["data"]}
    return {salary for salary in every - seen if salary is not None}


def _following_links(house: House, who: str, url: str | None) -> Iterator[str]:
    while url is not None:
        url = house.ask(who, url).json["next"]
        if url is not None:
            yield url
            url = url.removeprefix("http://localhost")


# -- While others write


@pytest.fixture(scope="module")
def own_house(databases: Databases, dialect_name: str) -> Iterator[House]:
    """A house in which the tests of this module may write."""
    with databases.empty(dialect_name) as url, house_at(url) as house:
        yield house


SORTS = ("a_small,-a_text", "-a_decimal", "a_moment,a_bool", "-a_small,-id", "worker.name,-a_date")


@pytest.mark.parametrize("sort", SORTS)
def test_paging_while_others_insert_and_delete_visits_each_row_that_stays_once(own_house: House, sort: str) -> None:
    dice = random.Random(sort)
    everything = "/api/v1/things?limit=1000&fields=id"
    ids = [row["id"] for page in pages(own_house, "admin", everything) for row in page]
    leaving = dice.sample(ids, 5)
    visited: list[int] = []
    for page in pages(own_house, "admin", f"/api/v1/things?sort={sort}&limit=3&fields=id"):
        visited += [row["id"] for row in page]
        _meddle(own_house, dice, [leaving.pop()] if leaving else [])
    assert len(visited) == len(set(visited))
    after = [row["id"] for page in pages(own_house, "admin", f"{everything}&sort={sort}") for row in page]
    stayed = set(ids) & set(after)
    assert [each for each in visited if each in stayed] == [each for each in after if each in stayed]


def _meddle(house: House, dice: random.Random, leaving: list[int]) -> None:
    with house.database.sessions.begin() as session:
        session.execute(sa.delete(OddThing).where(OddThing.id.in_(leaving)))
        if dice.random() < 0.5:  # not as many as are passed, or there would be no end
            thing = OddThing(id=dice.randrange(10**6, 10**9), a_small=dice.choice((None, -2, 0, 4)))
            thing.a_bool, thing.a_text = dice.choice((None, True)), dice.choice((None, "Ann", ""))
            session.add(thing)


def test_a_link_is_never_longer_than_what_is_read(own_house: House) -> None:
    with own_house.database.sessions.begin() as session:
        session.add_all(
            [OddSkill(code=f"long {i}", title="é" * length) for i, length in enumerate((2000, 30_000, 30_001))]
        )
    short = own_house.ask("admin", "/api/v1/skills?sort=title&limit=1&title__startswith=%C3%A9%C3%A9")
    assert own_house.ask("admin", short.json["next"].removeprefix("http://localhost")).status == 400
    url = "/api/v1/skills?sort=-title&limit=1&title__startswith=%C3%A9%C3%A9"
    refused = own_house.ask("admin", url)
    assert (refused.status, refused.json["errors"][0]["parameter"]) == (400, "sort")
    assert "page by numbers" in refused.json["detail"]
    by_number = [row["code"] for page in pages(own_house, "admin", f"{url}&page=1&fields=code") for row in page]
    assert by_number == ["long 2", "long 1", "long 0"]


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("shown", ["", "&fields=id"])
def test_what_is_no_value_of_its_type_is_no_place_to_go_on_from(own_house: House, shown: str) -> None:
    with own_house.database.sessions.begin() as session:
        session.execute(sa.text("UPDATE odd_worker SET age = 'old'"))
    refused = own_house.ask("admin", f"/api/v1/workers?sort=age&limit=1{shown}")
    assert (refused.status, refused.json["errors"][0]["code"]) == (400, "value")
    assert own_house.ask("admin", f"/api/v1/workers?sort=age&limit=1&page=1{shown}").status == 200
