"""What random writers may give to the archive's records."""

from __future__ import annotations

import random
from typing import Any

import sqlalchemy as sa

from .models import (
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


def key(dice: random.Random, model: type[Any]) -> dict[str, Any]:
    """A key, which may be taken."""
    return {name: dice.choice(values) for name, values in KEYS.get(model, (("id", IDS),))}


def names_of_key(model: type[Any]) -> list[str]:
    """What a record is found by."""
    return [name for name, _ in KEYS.get(model, (("id", ()),))]


def drawn(dice: random.Random, model: type[Any]) -> dict[str, Any]:
    """Some of its values."""
    return {name: dice.choice(values) for name, values in VALUES[model].items() if dice.random() < 0.5}
