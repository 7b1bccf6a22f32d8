"""Whatever is asked: a file holds the records of the JSON list, on every road and both databases."""

from __future__ import annotations

import csv
import gc
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa
from webtest import TestResponse

from colonnade.core.database.sessions import CONNECTION
from colonnade.core.resources import Resource
from colonnade.plugins.transfer.guard import unguarded
from tests.core.reading.odd.asking import Asking
from tests.core.reading.odd.house import ROADS, House, Road, house_at
from tests.core.reading.odd.models import OddPlace
from tests.harness import counts
from tests.harness.databases import Databases

CAST = {"sqlite": ":it", "postgresql": "CAST(:it AS json)"}
WORDS_OF_PAGES = {"page", "offset", "count", "cursor"}


@pytest.fixture(scope="module")
def house(databases: Databases, dialect_name: str) -> Iterator[House]:
    """The house of odd models, with the plug-in that exports."""
    plugins = {"colonnade.plugins": "rest\ntransfer\ntests.core.reading.odd", "reading.max_rows": "1000000000"}
    with databases.empty(dialect_name) as url, house_at(url, **plugins) as house:
        yield house


def get(house: House, who: str, path: str, accept: str, road: Road) -> TestResponse:
    """An answer, all of it."""
    headers = {"X-Who": who, "Accept": accept}
    url = f"/api/v1/{path}"
    if road != "lent":
        return house.apps[road].get(url, headers=headers, expect_errors=True)
    with house.database.engine.connect() as connection:
        extra = {CONNECTION: connection}
        return house.apps[road].get(url, headers=headers, extra_environ=extra, expect_errors=True)


def assert_file_is_the_list(house: House, who: str, resource: Resource, parameters: dict[str, str]) -> None:
    """Ask for a list and for each kind of file, and compare."""
    path = f"{resource.name}?{urlencode(parameters, quote_via=quote)}"
    listed = get(house, who, urlencode_more(path, limit="1000") if "limit" not in parameters else path, "*/*", "pool")
    for road in ROADS:
        lines = get(house, who, path, "application/jsonl", road)
        assert lines.status_int == listed.status_int, (who, path, road, lines.text)
        if listed.status_int != 200:
            continue
        records = listed.json["data"]
        assert [json.loads(line) for line in lines.text.split("\n")[:-1]] == records, (who, path, road)
        raw = get(house, who, path, "text/csv;formulas=raw", road)
        if has_many(records):
            assert raw.status_int == 400, (who, path, road)
            continue
        if raw.status_int == 400:
            assert not records  # it was asked for a relation to many, of which none shows
            continue
        table = read(raw)
        assert_table(resource, records, table, (who, path, road))
        guarded = read(get(house, who, path, "text/csv", road))
        assert [[unguarded(cell) for cell in row] for row in guarded[1:]] == table[1:]


def urlencode_more(path: str, **more: str) -> str:
    """The same address with more parameters."""
    return f"{path}{'' if path.endswith('?') else '&'}{urlencode(more)}"


def has_many(records: list[dict[str, Any]]) -> bool:
    """Whether a record shows a relation to many."""
    inner = [value for record in records for value in record.values() if isinstance(value, dict)]
    return any(set(each) == {"data", "next"} for each in inner) or (bool(inner) and has_many(inner))


def read(answer: TestResponse) -> list[list[str]]:
    """The rows of a table, its head first."""
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.reader(io.StringIO(answer.body.decode(), newline=""), strict=True))


def assert_table(resource: Resource, records: list[dict[str, Any]], table: list[list[str]], asked: object) -> None:
    """Every cell is what the record says, and nothing of the record is missing."""
    names, *rows = table
    paths = [path_of(resource, name) for name in names]
    shown = {path for record in records for path in leaves(resource, record)}
    assert shown <= set(paths), asked
    for record, row in zip(records, rows, strict=True):
        for path, cell in zip(paths, row, strict=True):
            assert is_cell_of(resource, path, record, cell), (asked, path, record, cell)


def path_of(resource: Resource, name: str) -> tuple[str, ...]:
    """The path that the name of a column means: fields may have points in their names."""
    if name in resource.fields:
        return (name,)
    relation, _, rest = name.partition(".")
    return (relation, *path_of(resource.relations[relation].target, rest))


def leaves(resource: Resource, record: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of the fields in a record."""
    for name, value in record.items():
        if name in resource.fields:
            yield (name,)
        elif value is not None:
            yield from ((name, *path) for path in leaves(resource.relations[name].target, value))


def is_cell_of(resource: Resource, path: tuple[str, ...], record: Any, cell: str) -> bool:
    """Whether a cell says what the record says; empty where that is null, or left out."""
    *way, name = path
    for relation in way:
        resource, record = resource.relations[relation].target, record.get(relation)
        if record is None:
            return cell == ""
    value = record.get(name)
    if value is None:
        return cell == ""
    if isinstance(value, str) and resource.fields[name].value.name != "json":
        return cell == value
    return bool(json.loads(cell) == value)


@pytest.mark.parametrize("name", ["things", "gadgets", "accounts", "workers", "trucks", "riches", "bookings", "parts"])
def test_every_type_is_written_as_the_list_has_it(house: House, name: str) -> None:
    """All columns of all rows; `things` has every type there is, the others are other people's tables."""
    assert_file_is_the_list(house, "admin", house.resources[name], {})


@pytest.mark.parametrize("seed", range(counts(1, 30)))
def test_a_random_list_is_the_same_as_a_file(house: House, seed: int) -> None:
    """By any identity, with any filter, order and relations."""
    asking = Asking(house.oracles, house.session, 7000 + seed)
    for _ in range(counts(20, 250)):
        who = asking.dice.choice(list(asking.oracles))
        asking.oracle = asking.oracles[who]
        resource = asking.dice.choice(list(asking.resources.values()))
        parameters = {name: value for name, value in asking.listed(resource) if name not in WORDS_OF_PAGES}
        assert_file_is_the_list(house, who, resource, parameters)


def test_records_that_python_writes_come_in_pages(house: House) -> None:
    """Far more of them than a batch has, in an order with nulls, and only so many if that was asked."""
    path = "workers?expand=reports(limit=2,sort=-name),place&sort=-manager.name,age"
    records = get(house, "admin", f"{path}&limit=1000", "*/*", "pool").json["data"]
    assert len(records) > 20
    for limit in (1, 7, len(records)):
        lines = get(house, "admin", f"{path}&limit={limit}", "application/jsonl", "python").text.splitlines()
        assert [json.loads(line) for line in lines] == records[:limit]


def test_a_record_is_one_line_whatever_white_space_is_in_its_documents(house: House) -> None:
    """Another program may have stored them so; line breaks within strings are escaped and stay."""
    update = sa.text(f"UPDATE odd_thing SET a_json = {CAST[house.dialect]} WHERE id = 1")
    with house.database.engine.begin() as connection:
        stored = connection.exec_driver_sql("SELECT CAST(a_json AS TEXT) FROM odd_thing WHERE id = 1").scalar()
        connection.execute(update, {"it": '{"a":\n [1,\r\n 2], "b": "two\\nlines"}'})
    try:
        lines = get(house, "admin", "things?fields=id,a_json", "application/jsonl", "pool").text.split("\n")[:-1]
        records = [json.loads(line) for line in lines]
        assert {"id": 1, "a_json": {"a": [1, 2], "b": "two\nlines"}} in records
        assert len(records) == len(get(house, "admin", "things?limit=1000&fields=id", "*/*", "pool").json["data"])
    finally:
        with house.database.engine.begin() as connection:
            connection.execute(update, {"it": stored})


@pytest.mark.parametrize("road", ["pool", "python"])
@pytest.mark.parametrize("form", ["text/csv", "application/jsonl"])
def test_long_records_do_not_fill_the_memory(house: House, form: str, road: Road) -> None:
    """A file of 40 MB needs a small part of that, whatever its records are like."""
    long = [{"id": 1000 + number, "name": "x" * 100_000} for number in range(400)]
    with house.database.engine.begin() as connection:
        connection.execute(sa.insert(OddPlace.__table__), long)
    del long
    client = house.apps[road]
    request = client.RequestClass.blank("/api/v1/places?id__gte=1000", accept=form, headers={"X-Who": "admin"})
    gc.collect()
    tracemalloc.start()
    try:
        status, _, chunks = request.call_application(client.app)
        size = sum(map(len, chunks))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        with house.database.engine.begin() as connection:
            connection.execute(sa.delete(OddPlace.__table__).where(OddPlace.id >= 1000))
    assert status == "200 OK"
    assert size > 40_000_000
    assert peak < 15_000_000
