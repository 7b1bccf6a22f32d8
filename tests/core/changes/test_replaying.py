"""After any random sequence of writes, by sessions of plug-in code and by every road of REST, replaying the log from
empty gives exactly every row of every kept resource."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.core.changes.archive.application import Archive, archive
from tests.core.changes.archive.models import (
    Book,
    Bus,
    Cupboard,
    Event,
    Heard,
    Label,
    Line,
    Page,
    Quiet,
    Remark,
    Room,
    Shelf,
    Tag,
    Talk,
    Truck,
    Vehicle,
)
from tests.core.changes.archive.replaying import check, replayed
from tests.harness.counts import counts

CODES = ("a", "b", "c")
IDS = (1, 2, 3)
#: Of each class, what may be given and changed.
VALUES: dict[type[Any], dict[str, tuple[Any, ...]]] = {
    Room: {},
    Quiet: {"name": tuple("xyz")},
    Shelf: {"title": (None, "T", "U"), "room_id": (None, *IDS)},
    Cupboard: {"shelf_code": (None, *CODES)},
    Tag: {"name": tuple("xyz")},
    Book: {
        "title": tuple("xyz"),
        "n": (None, 0, 5),
        "text": (None, "long"),
        "word": (None, "LOUD"),
        "data": (None, {"a": 1.5}, [1, None], "x"),
        "pin": (None, "secret"),
        "shelf_code": (None, *CODES),
        "first_id": (None, *IDS),
    },
    Page: {"number": IDS, "book_id": (None, *IDS)},
    Line: {"text": tuple("xyz")},
    Remark: {
        "page_id": (None, *IDS),
        "line_number": (None, *IDS),
        "answers_id": (None, *IDS),
        "cupboard_id": (None, *IDS),
        "shelf_code": (None, *CODES),
        "text": tuple("xyz"),
    },
    Label: {"text": tuple("xyz")},
    Vehicle: {"plate": tuple("xyz"), "shelf_code": (None, *CODES)},
    Truck: {"plate": tuple("xyz"), "load": IDS, "shelf_code": CODES},
    Bus: {"plate": tuple("xyz"), "seats": IDS},
    Event: {"name": tuple("xyz"), "shelf_code": (None, *CODES)},
    Talk: {"name": tuple("xyz"), "speaker": tuple("xyz")},
    Heard: {"quiet_id": (None, *IDS)},
}
KEYS: dict[type[Any], tuple[tuple[str, tuple[Any, ...]], ...]] = {
    Shelf: (("code", CODES),),
    Line: (("page_id", IDS), ("number", IDS)),
    Label: (("shelf_code", CODES), ("place", IDS)),
}
EXPRESSIONS: dict[tuple[type[Any], str], Any] = {
    (Book, "n"): Book.n + 1,
    (Shelf, "title"): sa.func.upper(sa.literal("e")),
    (Talk, "speaker"): sa.func.lower(sa.literal("E")),
}
RESOURCES = {
    Shelf: "shelves",
    Tag: "tags",
    Book: "books",
    Page: "pages",
    Line: "lines",
    Event: "events",
    Truck: "trucks",
}


@pytest.fixture(scope="module")
def kept(module_database_url: str) -> Iterator[Archive]:
    with archive(module_database_url) as made:
        yield made


def key(dice: random.Random, model: type[Any]) -> dict[str, Any]:
    return {name: dice.choice(values) for name, values in KEYS.get(model, (("id", IDS),))}


def one(dice: random.Random, session: Session, model: type[Any]) -> Any:
    """A record that is there, if there is one."""
    with session.no_autoflush:
        found = session.scalars(sa.select(model).order_by(*sa.inspect(model).primary_key)).all()
    return dice.choice(found) if found else None


WAYS = ("add", "add", "add", "change", "change", "delete", "expression", "key", "many", "expire")


def add(dice: random.Random, session: Session, model: type[Any], given: dict[str, Any]) -> None:
    record = model(**{"title": "t"} if model is Book else {}, **key(dice, model))
    for name, value in given.items():
        setattr(record, name, value)
    if dice.random() < 0.5:
        session.merge(record)
    else:
        session.add(record)


def change(dice: random.Random, session: Session, record: Any, given: dict[str, Any]) -> None:
    if dice.random() < 0.5:
        session.expire(record)
    for name, value in given.items():
        setattr(record, name, value)


def step(dice: random.Random, session: Session) -> str:
    """Do something to some object; the flush comes when it comes."""
    model = dice.choice(list(VALUES))
    what = dice.choice(WAYS)
    record = one(dice, session, model)
    given = {name: dice.choice(values) for name, values in VALUES[model].items() if dice.random() < 0.5}
    if what == "add":
        add(dice, session, model, given)
    elif record is None:
        return "nothing"
    elif what == "change":
        change(dice, session, record, given)
    elif what == "delete":
        session.delete(record)
    elif what == "expression":
        for (owner, name), expression in EXPRESSIONS.items():
            if isinstance(record, owner):
                setattr(record, name, expression)
    elif what == "key" and model in KEYS:
        name, values = dice.choice(KEYS[model])
        setattr(record, name, dice.choice(values))
    elif what == "many" and isinstance(record, Book) and (tag := one(dice, session, Tag)) is not None:
        record.tags.remove(tag) if tag in record.tags else record.tags.append(tag)
    elif what == "expire":
        session.expire_all()
    return f"{what} {model.__name__}"


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of what a session had better not be told
@settings(max_examples=counts(60, 4_000))
@given(seed=st.integers(0, 2**32))
def test_random_sessions_are_replayed(kept: Archive, seed: int) -> None:
    dice = random.Random(seed)
    with kept.undone() as connection, kept.database.sessions(bind=connection) as session:
        done: list[str] = []
        for _ in range(dice.randint(1, 6)):
            nested = session.begin_nested()
            try:
                for _ in range(dice.randint(1, 5)):
                    done.append(step(dice, session))
                    if dice.random() < 0.5:
                        session.flush()
                if dice.random() < 0.2:
                    done.append("rolled back")
                    nested.rollback()
                else:
                    nested.commit()
            except (sa.exc.SQLAlchemyError, ValueError, AssertionError) as error:
                if isinstance(error, AssertionError) and "Dependency rule" not in str(error):
                    raise
                done.append(f"failed: {type(error).__name__}")
                nested.rollback()
            try:
                check(connection, kept.log)
            except AssertionError as error:
                raise AssertionError(f"{done}\n{error}") from None


def call(dice: random.Random, archive: Archive, connection: sa.Connection) -> str:
    """Send something that may or may not be right."""
    model = dice.choice(list(RESOURCES))
    resource = RESOURCES[model]
    client = archive.client(connection, "hr")

    def body(*, keyed: bool = True) -> dict[str, Any]:
        given = {
            name: dice.choice(values) for name, values in VALUES[model].items() if name != "pin" and dice.random() < 0.5
        }
        if model is Book:
            given["title"] = dice.choice(["x", "y"])
        if model is Tag:
            given["name"] = dice.choice("xyz")
        return {**given, **(key(dice, model) if keyed and model in KEYS else {})}

    there = client.get(f"/api/v1/{resource}?limit=100").json["data"]
    names = [name for name, _ in KEYS.get(model, (("id", ()),))]
    chosen = [each for each in there if dice.random() < 0.5]
    path = f"/api/v1/{resource}"
    keys = [{name: each[name] for name in names} for each in chosen]
    one_path = f"{path}/{','.join(str(value) for value in keys[0].values())}" if keys else f"{path}/1"
    prefer = dice.choice(["max-affected=100", "max-affected=100", "max-affected=100, tx=rollback"])
    headers = {"Prefer": prefer}
    send: dict[str, Callable[[], Any]] = {
        "post": lambda: client.post_json(path, body(), headers=headers, expect_errors=True),
        "posts": lambda: client.post_json(path, [body(), body()], headers=headers, expect_errors=True),
        "put": lambda: client.put_json(
            one_path, {**chosen[0], **body(keyed=False)}, headers=headers, expect_errors=True
        ),
        "patch": lambda: client.patch_json(one_path, body(keyed=False), headers=headers, expect_errors=True),
        "patches": lambda: client.patch_json(
            path, [{**body(keyed=False), **each} for each in keys], headers=headers, expect_errors=True
        ),
        "filter": lambda: client.patch_json(
            f"{path}?{names[0]}={dice.choice([1, 2, 'a', 'b'])}",
            body(keyed=False),
            headers={"Content-Type": "application/merge-patch+json", **headers},
            expect_errors=True,
        ),
        "delete": lambda: client.delete(one_path, headers=headers, expect_errors=True),
        "deletes": lambda: client.delete_json(path, keys, headers=headers, expect_errors=True),
        "batch": lambda: client.post_json(
            "/api/v1/batch",
            {
                "operations": [
                    {"op": "create", "resource": resource, "body": body()},
                    *(
                        {"op": "delete", "resource": resource, "key": ",".join(map(str, each.values()))}
                        for each in keys
                    ),
                    {"op": "create", "resource": resource, "body": body()},
                ]
            },
            headers=headers,
            expect_errors=True,
        ),
    }
    way = dice.choice([each for each in send if chosen or each in ("post", "posts", "filter")])
    before = replayed(connection, archive.log)
    answer = send[way]()
    assert answer.status_int < 500, (way, answer.text)
    if answer.status_int >= 400 or "rollback" in prefer:
        assert replayed(connection, archive.log) == before, (way, answer.text)
    return f"{way} {resource} {answer.status_int}"


@settings(max_examples=counts(40, 3_000))
@given(seed=st.integers(0, 2**32))
def test_random_requests_are_replayed(kept: Archive, seed: int) -> None:
    dice = random.Random(seed)
    with kept.undone() as connection:
        done: list[str] = []
        for _ in range(dice.randint(1, 8)):
            done.append(call(dice, kept, connection))
            try:
                check(connection, kept.log)
            except AssertionError as error:
                raise AssertionError(f"{done}\n{error}") from None
