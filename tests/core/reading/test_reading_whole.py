"""The whole of a list, batch by batch: the rows of the list, as of one moment, on a connection that comes back."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa

from colonnade.core.database import Snapshot, database_of
from colonnade.core.policy import policy_of
from colonnade.core.policy.identity import IdentityAttributes, identity_attributes_of
from colonnade.core.problems import BadRequest, Problem
from colonnade.core.reading import Records, Table, Whole, parse, reading_of
from tests.harness.counts import counts

from .odd.asking import Asking
from .odd.house import House, Road
from .odd.policies import PEOPLE

WORDS_OF_PAGES = {"page", "offset", "count", "cursor"}


def whole(house: House, who: str, road: Road = "pool") -> Whole:
    """What reads for one of the people."""
    registry = house.apps[road].app.registry
    connection = database_of(registry).open_read()
    identity = PEOPLE[who].identity
    me = IdentityAttributes(identity, identity_attributes_of(registry), connect=lambda: connection)
    base = "http://localhost/api/v1"
    return Whole(reading_of(registry).reader(connection, policy_of(registry).of(identity), me, base))


def records(house: House, who: str, path: str, road: Road, size: int) -> list[Any]:
    """All records, so many at a time."""
    name, _, query = path.partition("?")
    reading = whole(house, who, road)
    source = reading.records(house.resources[name], parse(query, reading.reader.limits))
    return [json.loads(text) for text in drained(source, size)]


def drained(source: Records, size: int) -> list[str]:
    """What a source has, so many at a time."""
    found: list[str] = []
    try:
        while batch := source.fetch(size):
            assert len(batch) <= size
            found += batch
        assert not source.fetch(size)
    finally:
        source.close()
    return found


def transposed(table: Table, size: int) -> list[tuple[Any, ...]]:
    """The rows of a table, so many at a time."""
    found: list[tuple[Any, ...]] = []
    try:
        while columns := table.fetch(size):
            found += zip(*columns, strict=True)
    finally:
        table.close()
    return found


@pytest.mark.parametrize("seed", range(counts(1, 30)))
def test_batches_of_any_size_make_the_list(house: House, seed: int) -> None:
    """Also where Python writes, a page for each batch, in orders of any kind."""
    asking = Asking(house.oracles, house.session, 8000 + seed)
    for _ in range(counts(20, 250)):
        who = asking.dice.choice(list(asking.oracles))
        asking.oracle = asking.oracles[who]
        resource = asking.dice.choice([each for each in asking.resources.values() if asking.oracle.may_view(each)])
        asked = {name: value for name, value in asking.listed(resource) if name not in WORDS_OF_PAGES}
        path = f"{resource.name}?{urlencode(asked, quote_via=quote)}"
        listed = house.ask(who, f"/api/v1/{resource.name}?{urlencode({'limit': '1000', **asked}, quote_via=quote)}")
        for road in ("pool", "python"):
            size = asking.dice.choice((1, 2, 3, 7))
            if listed.status == 200:
                assert records(house, who, path, road, size) == listed.json["data"], (who, path, road, size)
            else:
                with pytest.raises(BadRequest):
                    records(house, who, path, road, size)


@pytest.mark.parametrize("sort", ["-an_interval", "a_float,-a_decimal", "a_moment", "some_bytes,-an_enum", "-a_text"])
def test_pages_go_on_after_any_value(house: House, sort: str) -> None:
    """Nulls and the ends of every type are among them."""
    expected = house.ask("admin", f"/api/v1/things?sort={sort}&fields=id&limit=1000").json["data"]
    assert records(house, "admin", f"things?sort={sort}&fields=id", "python", 2) == expected


def test_a_table_is_read_in_batches_too(house: House) -> None:
    """Names, and rows in the order that was asked for."""
    for road in ("pool", "python"):
        reading = whole(house, "admin", road)
        query = parse("fields=id,name,place.name&sort=-name", reading.reader.limits)
        table = reading.table(house.resources["workers"], query)
        assert table.names == ("id", "name", "place.name")
        assert table.free == (False, True, True)
        listed = house.ask("admin", "/api/v1/workers?fields=id,name,place.name&sort=-name&limit=1000").json["data"]
        expected = [(each["id"], each["name"], (each.get("place") or {}).get("name")) for each in listed]
        assert [(int(row[0]), *row[1:]) for row in transposed(table, 4)] == expected


@pytest.mark.parametrize("road", ["pool", "python"])
def test_its_connection_is_that_of_the_reader_and_goes_back_when_it_is_closed(house: House, road: Road) -> None:
    """Also where it is left in the middle, or refused."""
    pool: Any = database_of(house.apps[road].app.registry).reader.pool
    before = pool.checkedout()
    for _ in range(3):
        reading = whole(house, "admin", road)
        source = reading.records(house.resources["workers"], parse("", reading.reader.limits))
        assert len(source.fetch(2)) == 2
        assert pool.checkedout() == before + 1
        reading.reader.connection.close()  # type: ignore[attr-defined]  # as at the end of a request
        assert len(source.fetch(2)) == 2
        source.close()
        source.close()
        assert pool.checkedout() == before
    with pytest.raises(Problem):
        reading.records(house.resources["workers"], parse("nam=x", reading.reader.limits))
    assert pool.checkedout() == before


def test_all_statements_of_a_snapshot_see_the_same(house: House) -> None:
    """What another commits in between is not there; the next one has it."""
    database = house.database
    table = sa.Table("whole_moment", sa.MetaData(), sa.Column("n", sa.Integer, primary_key=True))
    counted = sa.select(sa.func.count()).select_from(table)
    table.create(database.engine)
    try:
        snapshot = Snapshot(database.open_read())
        assert snapshot.rows(counted)[0][0] == 0
        with database.engine.begin() as connection:
            connection.execute(table.insert(), [{"n": number} for number in range(5)])
        assert snapshot.rows(counted)[0][0] == 0
        stream = snapshot.streaming(sa.select(table))
        assert stream.fetch(3) == []
        snapshot.close()
        snapshot = Snapshot(database.open_read())
        stream = snapshot.streaming(sa.select(table).order_by(table.c.n))
        assert [tuple(row) for row in stream.fetch(3)] == [(0,), (1,), (2,)]
        snapshot.close()
    finally:
        table.drop(database.engine)
