"""What a caller may try: names and values that mean something to SQL, numbers without end, questions without bound."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp

from colonnade.core.database import database_of, statements_of

from .odd.house import House, start
from .odd.rows import TEXTS

HOSTILE = (
    "'",
    '"',
    "'; DROP TABLE odd_worker; --",
    '" OR 1=1 --',
    "name) OR (1=1",
    "id; SELECT 1",
    "name/**/",
    "na\nme",
    "t0~.name",
    '"t0~"',
    "%s",
    "%(id)s",
    ":p0",
    "$1",
    "?",
    "\\",
    "__class__",
    "metadata",
    "registry",
    "__table__",
    "_sa_instance_state",
    "query",
    "a" * 5000,
    "name" * 100,
    "\u202e",
    "é",
    "😀",
    "😀".encode("utf-16", "surrogatepass").decode("latin-1"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_becomes_sql(house: House, name: str) -> None:
    written = quote(name, safe="")
    with statements_of(house.database) as seen:
        for query in (
            f"{written}=1",
            f"{written}__gte=1",
            f"name__{written}=1",
            f"place.{written}=1",
            f"sort={written}",
            f"sort=-place.{written}",
            f"fields={written}",
            f"fields=place.{written}",
            f"expand={written}",
            f"expand=reports(sort={written})",
            f"expand=reports.{written}",
            "where=" + quote(json.dumps({name: 1})),
            "where=" + quote(json.dumps({"or": [{f"reports.{name}__in": [1]}]})),
            f"count={written}",
            f"page={written}",
            f"limit={written}",
        ):
            answer = house.ask("admin", f"/api/v1/workers?{query}")
            assert answer.status == 400, query
            assert len(answer.body) < 8000
    assert seen == []


@pytest.mark.parametrize(
    "query, meant",
    [
        ("limt=5", "limit"),
        ("srot=id", "sort"),
        ("feilds=id", "fields"),
        ("expnad=x", "expand"),
        ("cuont=exact", "count"),
        ("curser=x", "cursor"),
        ("naem=x", "name"),
    ],
)
def test_a_misspelt_parameter_is_told_what_it_may_have_meant(house: House, query: str, meant: str) -> None:
    told = house.ask("admin", f"/api/v1/workers?{query}").json
    assert told["errors"][0]["detail"].endswith(f"; did you mean {meant}?")
    assert told["errors"][0]["parameter"] == query.partition("=")[0]


def test_a_misspelt_parameter_of_one_record_is_told_too(house: House) -> None:
    told = house.ask("admin", "/api/v1/workers/1?feilds=id").json
    assert told["errors"][0]["detail"].endswith("use it on the list; did you mean fields?")


@pytest.mark.parametrize("operator", ["exact", "contains", "startswith", "endswith", "iexact", "icontains", "in"])
def test_no_sign_has_a_meaning_of_its_own_in_a_value(house: House, operator: str) -> None:
    for text in TEXTS:
        written = '"' + text.replace('"', '""') + '"' if operator == "in" else text
        answer = house.ask("admin", f"/api/v1/workers?limit=1000&name__{operator}={quote(written, safe='')}")
        names = [row["name"] for row in answer.json["data"]]
        every = [row["name"] for row in house.ask("admin", "/api/v1/workers?limit=1000").json["data"]]
        assert names == [each for each in every if _matches(operator, each, text)], text


def _matches(operator: str, name: str, text: str) -> bool:
    if operator.startswith("i") and operator != "in":
        return _matches(operator[1:], name.upper(), text.upper())
    return {"contains": text in name, "startswith": name.startswith(text), "endswith": name.endswith(text)}.get(
        operator, name == text
    )


NUMBERS = (
    "99999999999999999999",
    "-99999999999999999999",
    "9" * 400,
    "2147483648",
    "9223372036854775808",
    "1e5",
    "0x1",
    "NaN",
)


@pytest.mark.parametrize(
    "number", [*NUMBERS, "Infinity", "\u0661", "", " 1", "1 ", "1_0", "+1", "1.0", "--1", "true", "null"]
)
def test_a_number_is_right_or_said_to_be_wrong(house: House, number: str) -> None:
    for name in ("id", "age__gte", "salary__lt", "id__in", "place.id", "limit", "page", "offset"):
        answer = house.ask("admin", f"/api/v1/workers?{name}={quote(number)}")
        assert answer.status in (200, 400), (name, answer.body)
        if answer.status == 400:
            assert answer.json["errors"][0]["parameter"] == name
    assert house.ask("admin", f"/api/v1/workers/{quote(number) or '~'}").status in (200, 404)
    assert house.ask("admin", f"/api/v1/receipts/{quote(number) or '~'},x").status == 404


@given(data=st.binary(max_size=60))
def test_any_bytes_in_a_query_are_answered(request: pytest.FixtureRequest, data: bytes) -> None:
    house: House = request.getfixturevalue("house_on")("sqlite")
    application = house.apps["pool"].app
    answer = TestApp(application).get(
        "/api/v1/places", headers={"X-Who": "admin"}, extra_environ={"QUERY_STRING": data.decode("latin-1")}, status="*"
    )
    assert answer.status_int in (200, 400)


@given(text=st.text(max_size=20))
def test_any_text_is_a_key_of_nothing_or_of_its_own_row(request: pytest.FixtureRequest, text: str) -> None:
    house: House = request.getfixturevalue("house_on")("sqlite")
    path = quote(text.encode("utf-8", "surrogatepass"), safe="")
    answer = house.ask("admin", f"/api/v1/skills/{path}/workers?limit=1")
    assert answer.status in (200, 404) or (answer.status == 400 and "\ud800" <= max(text) <= "\udfff")


@pytest.mark.parametrize("road", ["pool", "python"])
def test_a_key_with_every_awkward_sign_leads_to_its_row(house: House, road: Any) -> None:
    for receipt in house.ask("admin", "/api/v1/receipts?expand=lines(limit=1)&limit=100", road).json["data"]:
        following = receipt["lines"]["next"]
        if following is not None:
            answer = house.ask("admin", following.removeprefix("http://localhost"), road)
            assert all(line["code"] == receipt["code"] for line in answer.json["data"])
            assert answer.json["data"]


# -- What is hidden does not exist


HIDDEN = (
    ("auditor", "workers", "place_id"),
    ("auditor", "workers", "place"),
    ("auditor", "workers", "badge"),
    ("auditor", "workers", "salary"),
    ("staff", "gadgets", "LABEL"),
    ("narrowed", "workers", "skills"),
    ("guest", "workers", "vehicles"),
    ("guest", "places", "workers.vehicles"),
)


@pytest.mark.parametrize("who,resource,name", HIDDEN)
def test_what_is_hidden_is_as_unknown_as_what_is_not_there(house: House, who: str, resource: str, name: str) -> None:
    *way, last = name.split(".")
    nothing = ".".join([*way, "nothing"])
    for query in (
        "{}=1",
        "{}__isnull=true",
        "{}.id=1",
        "sort={}",
        "sort=-{}.id",
        "fields={}",
        "expand={}",
        "fields={}.id",
    ):
        hidden, absent = (house.ask(who, f"/api/v1/{resource}?{query.format(each)}") for each in (name, nothing))
        assert hidden.status == absent.status == 400
        assert _without_guess(hidden.json, last) == _without_guess(absent.json, "nothing")
        assert last not in hidden.json["errors"][0].get("allowed", ())


def _without_guess(problem: Any, name: str) -> str:
    said = json.dumps(problem).replace(name, "NAME")
    return re.sub(r"; did you mean \w+\?", "", said)


def test_a_relation_that_is_hidden_is_no_list_either(house: House) -> None:
    for who, path in (
        ("narrowed", "workers/1/skills"),
        ("guest", "workers/1/vehicles"),
        ("auditor", "places/1/workers"),
    ):
        assert house.ask(who, f"/api/v1/{path}").status == 404, (who, path)
        assert house.ask(who, f"/api/v1/{path}?nam=1").status == 404


def test_a_row_that_may_not_be_seen_is_as_absent_as_one_that_is_not_there(house: House) -> None:
    seen = {row["id"] for row in house.ask("staff", "/api/v1/workers?limit=1000").json["data"]}
    every = {row["id"] for row in house.ask("admin", "/api/v1/workers?limit=1000").json["data"]}
    for hidden in sorted(every - seen):
        for rest in ("", "/reports", "/reports?count=exact", "?expand=place"):
            here = house.ask("staff", f"/api/v1/workers/{hidden}{rest}")
            there = house.ask("staff", f"/api/v1/workers/99999{rest}")
            assert (here.status, here.body.replace(str(hidden), "99999")) == (there.status, there.body)
            assert here.status == 404


# -- Limits


@pytest.fixture(scope="module")
def narrow(house: House) -> Iterator[TestApp]:
    """An application with narrow limits, on the database of the house."""
    limits = {"max_rows": "500", "max_joins": "3", "statement_cache": "5", "max_limit": "400", "count_cap": "7"}
    url = house.database.url.render_as_string(hide_password=False)
    app = start(url, **{f"reading.{name}": value for name, value in limits.items()})
    yield TestApp(app, {"HTTP_X_WHO": "admin"})
    database_of(app.registry).dispose()


@pytest.mark.parametrize(
    "query,status",
    [
        ("limit=400", 200),
        ("limit=10&expand=reports(limit=49)", 200),
        ("limit=10&expand=reports(limit=50)", 400),
        ("limit=10&expand=reports(limit=24),skills(limit=25)", 200),
        ("limit=10&expand=reports(limit=25),skills(limit=25)", 400),
        ("limit=5&expand=reports(limit=9),reports.reports(limit=10)", 200),
        ("limit=5&expand=reports(limit=9),reports.reports(limit=11)", 400),
        ("limit=10&expand=place.workers(limit=50)", 400),
        ("expand=reports", 400),
        ("fields=reports.name&limit=40", 400),
    ],
)
def test_the_product_of_limits_is_limited(narrow: TestApp, query: str, status: int) -> None:
    answer = narrow.get(f"/api/v1/workers?{query}", status=status)
    if status == 400:
        assert "500 are allowed" in answer.json["detail"]
        assert answer.json["errors"][0]["code"] == "too_many"


def test_one_record_has_the_same_limit(narrow: TestApp) -> None:
    narrow.get("/api/v1/workers/1?expand=reports(limit=400),skills(limit=99)")
    narrow.get("/api/v1/workers/1?expand=reports(limit=400),skills(limit=100)", status=400)


@pytest.mark.parametrize(
    "query,status",
    [
        ("place.name=x&place.n=1&manager.name=x&sort=manager.manager.name", 200),
        ("place.name=x&manager.name=x&sort=manager.manager.name,badge.colour", 400),
        ("reports.place.name=x&reports.manager.name=x&place.name=x", 200),
        ("reports.place.head.name=x&place.head.name=x", 400),
        ("expand=reports(sort=place.name,manager.manager.name)", 200),
        ("expand=reports(sort=place.name,manager.manager.name)&sort=place.name", 400),
    ],
)
def test_the_relations_that_conditions_and_orders_follow_are_limited(narrow: TestApp, query: str, status: int) -> None:
    answer = narrow.get(f"/api/v1/workers?limit=1&{query}", status=status)
    assert status == 200 or "3 are allowed" in answer.json["detail"]


def test_as_many_joins_as_are_allowed_can_be_made(house: House) -> None:
    ways = ["place", "place.parent", "place.head", "manager", "manager.manager", "manager.place", "badge", "badge.bike"]
    ways += [
        f"{way}.{name}"
        for way in ("manager.manager", "place.head", "manager.place.head")
        for name in ("manager", "place", "badge")
    ]
    ways += [f"place.parent.{name}.name" for name in ("parent", "head")]
    conditions = "&".join(f"{way}.{'colour' if way.endswith('badge') else 'id'}__isnull=true" for way in ways[:17])
    assert house.ask("admin", f"/api/v1/workers?{conditions}&sort=place.parent.parent.name").status == 200


def test_a_capped_count_stops(narrow: TestApp) -> None:
    assert narrow.get("/api/v1/workers?count=capped&limit=1").json["total"] == 8
    assert narrow.get("/api/v1/workers?count=exact&limit=1").json["total"] == 40
    assert narrow.get("/api/v1/workers?count=capped&limit=1&id__lte=3").json["total"] == 3


def test_a_full_cache_answers_as_an_empty_one(narrow: TestApp, house: House) -> None:
    urls = [f"/api/v1/workers?sort={sort}&limit=2" for sort in ("id", "-id", "name", "-name", "age", "-age", "salary")]
    for url in urls * 2:
        assert narrow.get(url).json["data"] == house.ask("admin", url).json["data"]


def test_deep_and_wide_questions_get_an_answer(house: House) -> None:
    deep: Any = {"name": "x"}
    for _ in range(3):
        deep = {
            "or": [{"not": deep}, {"reports.reports.reports.reports.name__icontains": "n", "place.head.name__ne": "y"}]
        }
    wide = {
        "or": [{"skills.workers.friends.age__gte": age, "things.a_small__in": list(range(30))} for age in range(24)]
    }
    for where in (deep, wide):
        for who in ("admin", "staff", "guest"):
            answer = house.ask(who, f"/api/v1/workers?limit=2&where={quote(json.dumps(where))}")
            assert answer.status == 200 or "more at once than the database can take in" in answer.json["detail"]


# -- A table that others write


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_values_that_no_cursor_can_hold_page_by_numbers(house: House) -> None:
    """SQLite keeps a text that is longer than its column declares."""
    url = "/api/v1/skills?limit=1&title=too%20long"
    with house.database.engine.connect() as connection:
        for digit in "01":
            row = {"code": digit * 41, "title": "too long"}
            connection.execute(sa.text("INSERT INTO odd_skill (code, title) VALUES (:code, :title)"), row)
        answer = house.get("admin", url, "pool", connection)
        assert (answer.status, answer.json["errors"][0]["parameter"]) == (400, "sort")
        answer = house.get("admin", f"{url}&page=1", "pool", connection)
        assert (answer.json["data"][0]["code"], answer.json["next"]) == ("0" * 41, f"http://localhost{url}&page=2")
        connection.rollback()
