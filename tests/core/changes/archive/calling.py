"""Random requests, right and wrong ones, by every road of HTTP: one by one, many, files, batches, previews, undos."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from webtest import TestApp, TestResponse

from .application import Archive
from .models import Book, Event, Line, Page, Shelf, Tag, Truck
from .replaying import Records, replayed
from .values import KEYS, drawn, key, names_of_key

RESOURCES: dict[type[Any], str] = {
    Shelf: "shelves",
    Tag: "tags",
    Book: "books",
    Page: "pages",
    Line: "lines",
    Event: "events",
    Truck: "trucks",
}
WAYS = (
    *("post", "posts", "put", "patch", "patches", "filter", "delete", "deletes", "delete by filter", "batch"),
    *("csv", "jsonl", "csv by key", "jsonl by key", "undo", "undo", "undo"),
)
PREFERENCES = ("max-affected=100", "max-affected=100", "max-affected=100", "max-affected=100, tx=rollback")
NEW = ("post", "posts", "filter", "delete by filter", "csv", "jsonl", "csv by key", "jsonl by key", "undo")


class Calling:
    """Sends requests, and remembers their ids: of those that did something, and of those that did not."""

    def __init__(self, dice: random.Random, archive: Archive, connection: sa.Connection) -> None:
        self.dice = dice
        self.archive = archive
        self.connection = connection
        self.client: TestApp = archive.client(connection, "hr")
        self.sent: list[str] = []
        #: What the log came to before each request that did something, by its id; the last one comes last.
        self.done: dict[str, Records] = {}

    def call(self) -> str:
        """Send something; say what it was, and hold the log to what was answered."""
        dice = self.dice
        model = dice.choice(list(RESOURCES))
        there = self.client.get(f"/api/v1/{RESOURCES[model]}?limit=100").json["data"]
        chosen = [each for each in there if dice.random() < 0.5]
        way = dice.choice([each for each in WAYS if chosen or each in NEW])
        prefer = dice.choice(PREFERENCES)
        before = self.now()
        request_id = None
        if way == "undo":
            if not self.sent:
                return "nothing to undo"
            request_id = dice.choice([*self.sent, next(reversed(self.done), self.sent[0])])
            answer = self._send("POST", f"requests/{request_id}/undo", prefer)
        else:
            answer = self._write(way, model, chosen, prefer)
        said = f"{way} {RESOURCES[model]} {prefer} {answer.status_int} {answer.text[:300]}"
        assert answer.status_int < 500, said
        after = self.now()
        if answer.status_int >= 400 or "rollback" in prefer:
            assert after == before, said
        elif request_id is not None and request_id == next(reversed(self.done), None):
            assert _without_versions(after) == _without_versions(self.done[request_id]), said
        own = answer.headers["X-Request-Id"]
        self.sent.append(own)
        if after != before:
            self.done[own] = before
        return said

    def now(self) -> Records:
        """What the log comes to."""
        return replayed(self.connection, self.archive.log)

    def _write(self, way: str, model: type[Any], chosen: Sequence[Mapping[str, Any]], prefer: str) -> TestResponse:
        dice = self.dice
        path = RESOURCES[model]
        keys = [{name: each[name] for name in names_of_key(model)} for each in chosen]
        one = f"{path}/{','.join(map(str, keys[0].values()))}" if keys else path
        match way:
            case "post":
                return self._send("POST", path, prefer, self._body(model))
            case "posts":
                return self._send("POST", path, prefer, [self._body(model) for _ in range(dice.randint(1, 4))])
            case "put":
                return self._send("PUT", one, prefer, {**chosen[0], **self._body(model, keyed=False)})
            case "patch":
                return self._send("PATCH", one, prefer, self._body(model, keyed=False))
            case "patches":
                return self._send("PATCH", path, prefer, [{**self._body(model, keyed=False), **each} for each in keys])
            case "filter":
                where = f"{path}?{self._filter(model)}"
                return self._send(
                    "PATCH", where, prefer, self._body(model, keyed=False), "application/merge-patch+json"
                )
            case "delete":
                return self._send("DELETE", one, prefer)
            case "deletes":
                return self._send("DELETE", path, prefer, keys)
            case "delete by filter":
                return self._send("DELETE", f"{path}?{self._filter(model)}", prefer)
            case "batch":
                made = [{"op": "create", "resource": path, "body": self._body(model)} for _ in range(2)]
                going = [{"op": "delete", "resource": path, "key": ",".join(map(str, each.values()))} for each in keys]
                return self._send("POST", "batch", prefer, {"operations": [made[0], *going, made[1]]})
        return self._import(way, model, keys, prefer)

    def _import(self, way: str, model: type[Any], keys: Sequence[Mapping[str, Any]], prefer: str) -> TestResponse:
        """A file of new records, by key with changes of those that are there."""
        by_key = way.endswith("by key")
        named = names_of_key(model)
        rows = [{**self._body(model, keyed=False), **each} for each in keys if by_key]
        for _ in range(self.dice.randint(1, 4)):
            made = {**self._body(model), **({"id": None} if by_key and model not in KEYS else {})}
            rows.append(made)
        query = f"?on-error={self.dice.choice(('continue', 'refuse'))}" + (f"&key={','.join(named)}" * by_key)
        path = f"{RESOURCES[model]}/import{query}"
        if way.startswith("jsonl"):
            text = "\n".join(json.dumps({**each, **self._lists(model)}) for each in rows)
            return self._send("POST", path, prefer, text, "application/jsonl")
        columns = [name for name in dict.fromkeys(name for each in rows for name in each) if name != "data"]
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return self._send("POST", path, prefer, out.getvalue(), "text/csv")

    def _filter(self, model: type[Any]) -> str:
        return f"{names_of_key(model)[0]}={self.dice.choice([1, 2, 3] if model is not Shelf else ['a', 'b', 'c'])}"

    def _body(self, model: type[Any], *, keyed: bool = True) -> dict[str, Any]:
        given = {**drawn(self.dice, model), **self._lists(model)}
        if model is Book:
            given["title"] = self.dice.choice("xy")
        if model is Tag:
            given["name"] = self.dice.choice("xyz")
        return {**given, **(key(self.dice, model) if keyed and model in KEYS else {})}

    def _lists(self, model: type[Any]) -> dict[str, Any]:
        """The keys of a relation, of records that are there."""
        if model not in (Book, Tag) or self.dice.random() < 0.5:
            return {}
        name, other = ("tags", "tags") if model is Book else ("books", "books")
        there = self.client.get(f"/api/v1/{other}?limit=100&fields=id").json["data"]
        return {name: [each["id"] for each in there if self.dice.random() < 0.5]}

    def _send(self, method: str, path: str, prefer: str, body: Any = None, kind: str = "") -> TestResponse:
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        environ = {"content_type": kind or "application/json"} if text is not None else {}
        return self.client.request(
            f"/api/v1/{path}",
            method=method,
            headers={"Prefer": prefer},
            body=(text or "").encode(),
            expect_errors=True,
            **environ,
        )


def _without_versions(records: Records) -> Records:
    """All but what counts on, or is made anew, with each writing, whatever is written."""
    made = {"version", "stamp", "touched"}
    return {
        name: {key: {k: v for k, v in image.items() if k not in made} for key, image in own.items()}
        for name, own in records.items()
    }
