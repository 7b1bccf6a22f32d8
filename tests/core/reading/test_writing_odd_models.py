"""Models of every kind, written: what is read of each can be written back, and nothing fails."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa
from webtest import TestResponse

from colonnade.core.database.sessions import CONNECTION
from colonnade.core.resources import Resource
from colonnade.core.tree import join_key

from .odd.house import House

#: Mapped to a query: made of the records of others.
MADE_OF_OTHERS = "riches"


def test_what_is_read_of_a_record_of_any_kind_can_be_written_back(house: House) -> None:
    with house.database.engine.connect() as connection:
        transaction = connection.begin()
        app, environ, headers = house.apps["pool"], {CONNECTION: connection}, {"X-Who": "admin"}

        def ask(method: str, url: str, body: object = None, **more: str) -> TestResponse:
            sent = {**headers, **more}
            if body is None:
                call = app.get if method == "get" else app.delete
                return call(url, headers=sent, extra_environ=environ, expect_errors=True)
            call = getattr(app, f"{method}_json")
            return call(url, body, headers=sent, extra_environ=environ, expect_errors=True)

        for name, resource in house.resources.items():
            for each in ask("get", f"/api/v1/{name}?limit=2").json["data"]:
                url = f"/api/v1/{name}/{_segment(resource, each)}"
                before = ask("get", url)
                writes = [ask("put", url, before.json), ask("patch", url, {}), ask("patch", url, before.json)]
                if name == MADE_OF_OTHERS:
                    assert {answer.status_int for answer in writes} == {403}
                    assert ask("delete", url).status_int == 403
                    continue
                for answer in writes:
                    assert (answer.status_int, answer.body) == (200, before.body), (url, answer.text)
                    assert answer.headers["ETag"] == before.headers["ETag"]
                assert ask("delete", url, Prefer="tx=rollback").status_int in (204, 409)
            created = ask("post", f"/api/v1/{name}", {})
            assert created.status_int in ((403,) if name == MADE_OF_OTHERS else (201, 422, 409)), (name, created.text)
        transaction.rollback()


def _segment(resource: Resource, record: dict[str, object]) -> str:
    """The key of a record as it stands in its URL."""
    parts = [field.value.to_text(field.value.parse(record[field.name])) for field in resource.key]
    return quote(join_key(parts), safe="")


def test_pairs_that_stand_twice_between_two_records_are_written_as_one(house: House) -> None:
    with house.database.engine.connect() as connection:
        transaction = connection.begin()
        app, environ, headers = house.apps["pool"], {CONNECTION: connection}, {"X-Who": "admin"}
        url = "/api/v1/places/3"

        def visitors() -> list[int]:
            page = app.get(f"{url}?expand=visitors(limit=100)", headers=headers, extra_environ=environ).json["visitors"]
            return [each["id"] for each in page["data"]]

        present = visitors()
        for keys in (present[:1], [*present[2:]], [], present):
            app.patch_json(url, {"visitors": keys}, headers=headers, extra_environ=environ, status=200)
            assert visitors() == sorted(keys)
        transaction.rollback()


def test_a_record_is_created_with_pairs_that_might_stand_twice(house: House) -> None:
    with house.database.engine.connect() as connection:
        transaction = connection.begin()
        app, environ, headers = house.apps["pool"], {CONNECTION: connection}, {"X-Who": "admin"}
        first = app.get("/api/v1/workers?limit=1", headers=headers, extra_environ=environ).json["data"][0]["id"]
        if house.dialect == "postgresql":  # the rows of the house have not been drawn from it
            table = house.resources["places"].mapper.local_table
            sequence = sa.func.pg_get_serial_sequence(str(table), "id")
            connection.execute(sa.select(sa.func.setval(sequence, 1_000_000)))
        body = {"name": "new", "visitors": [first]}
        url = "/api/v1/places?expand=visitors"
        made = app.post_json(url, body, headers=headers, extra_environ=environ, status=201)
        assert [each["id"] for each in made.json["visitors"]["data"]] == [first]
        transaction.rollback()
