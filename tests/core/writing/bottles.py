"""A bottle of the cellar that is changed, and what is said of its changes."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from colonnade.plugins.history.models import Change
from tests.core.writing.cellar import Bottle, Colour, Rack, store
from tests.harness.applications import Application

BOTTLE = "/api/v1/bottles/1"
FULL: dict[str, Any] = {
    "number": 5,
    "text": "old",
    "key_0": "k",
    "row": 2**40,
    "record": True,
    "price": Decimal("12.50"),
    "bought_on": dt.date(2000, 2, 29),
    "seen_at": dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC),
    "told_at": dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC).replace(tzinfo=None),
    "opens_at": dt.time(9, 30),
    "rests": dt.timedelta(hours=1),
    "mark": uuid.UUID(int=5),
    "colour": Colour.RED,
    "data": {"é": [1, 2.5, None, "x"], "b": {"c": 1}},
    "paper": [1],
    "pin": "s3cret",
    "code": {"a": 1},
    "rack_letter": "A",
}


def furnish(made: Application, connection: sa.Connection, *records: Any) -> None:
    """Store racks, a bottle whose values are taken, and these."""
    racks = [Rack(id=number, letter=letter, dark=letter == "D") for number, letter in enumerate("ABD", 1)]
    store(made, connection, *racks)
    store(made, connection, Bottle(id=2, text="taken", key_0="taken", row=1), *records)


def bottle(**values: Any) -> Bottle:
    """The one that is changed."""
    return Bottle(**{"id": 1, **FULL, **values})


def logged(connection: sa.Connection) -> list[tuple[Any, ...]]:
    """What the log says, in order."""
    columns = (Change.verb, Change.resource, Change.key, Change.before, Change.after)
    return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(Change.id))]


def plain_changes(sent: list[str]) -> int:
    """How many records were changed by statements that return their images."""
    return sum(text.startswith("UPDATE cellar_") and "RETURNING" in text for text in sent)
