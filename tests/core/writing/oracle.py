"""What the shop's rules come to, in plain Python: which items may be created by whom, and who sees them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from tests.core.writing.shop import Item

ROLES = ("hr", "staff", "intake", "clerk", "reader", "stranger", None)
HIDDEN = {"staff": {"reserve", "batch"}}
READ_ONLY = {"staff": {"status"}}
BOXES = {"hr": {"mine", "dark", "theirs", "nobody's"}, "staff": {"mine", "dark"}}

#: Of each field, values that are right and values that are not.
RIGHT: dict[str, list[Any]] = {
    "name": [*"abcdefghijkl", "é" * 20],
    "price": ["20.00", 5, "99.99", 100, "-1", 55.5],
    "size": [1, 999, 1000, None],
    "kind": ["goods", "gift"],
    "status": ["new", "old"],
    "reserve": ["0", 10, "50.00"],
    "batch": [None, "b1", "b2"],
    "owner_id": [7, 8, None],
    "box_code": [None, "mine", "theirs", "absent"],
    "made_on": [None, "2026-11-22"],
}
WRONG: dict[str, list[Any]] = {
    "name": ["", "x" * 21, None, 5, "\x00"],
    "price": ["1000000", "x", None, "1.001", []],
    "size": [0, "1", 10**20],
    "kind": ["?", None],
    "status": [5, "x" * 11],
    "reserve": ["q", None],
    "batch": [5, "x" * 11],
    "owner_id": ["x", True],
    "box_code": [5, "x" * 21],
    "made_on": ["2026-02-30", 1],
    "id": [1],
    "twice": [2],
    "odd": [1],
}
REQUIRED = {"name", "price"}
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(RIGHT),
    "kind": "goods",
    "status": "new",
    "reserve": Decimal(10),
}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A body of which most members are right."""
    body = {
        name: draw(st.sampled_from(RIGHT[name])) for name in RIGHT if name in REQUIRED or draw(st.integers(0, 3)) == 0
    }
    if draw(st.integers(0, 4)) == 0:
        name = draw(st.sampled_from(sorted(WRONG)))
        body[name] = draw(st.sampled_from(WRONG[name]))
    if draw(st.integers(0, 9)) == 0:
        del body[draw(st.sampled_from(sorted(body)))]
    return body


def is_valid(role: str, body: dict[str, Any]) -> bool:
    """Whether the author may send this, as far as types, names and references go."""
    known = set(RIGHT) - HIDDEN.get(role, set())
    return (
        set(body) <= known
        and set(body) >= REQUIRED
        and all(value in RIGHT[name] and type(value) in map(type, RIGHT[name]) for name, value in body.items())
        and (body.get("box_code") is None or body["box_code"] in BOXES.get(role, set()))
    )


def made_of(body: dict[str, Any]) -> dict[str, Any]:
    """The record that a valid body makes."""
    made = {**DEFAULTS, **body}
    return {**made, "price": Decimal(str(made["price"])), "reserve": Decimal(str(made["reserve"]))}


def outcomes(role: str | None, body: dict[str, Any], records: list[dict[str, Any]]) -> set[int]:
    """The statuses that the answer may have; several where more than one rule of the database is broken."""
    if role is None:
        return {401}
    if role in ("reader", "stranger"):
        return {403}
    if not is_valid(role, body):
        return {422}
    if READ_ONLY.get(role, set()) & set(body):
        return {403}
    made = made_of(body)
    broken = set()
    if any(made["name"] == each["name"] or made["batch"] == each["batch"] != None for each in records):  # noqa: E711
        broken.add(409)
    if made["price"] < 0 or made["price"] < made["reserve"] or (made["size"] or 0) >= 1000:
        broken.add(422)
    if broken:
        return broken
    if role == "staff" and made["price"] >= 100:
        return {403}
    if role == "intake" and made["kind"] == "gift" and "size" in body:
        return {403}
    return {201}


def sees(role: str | None, record: dict[str, Any]) -> bool:
    """Whether a role (of user 7) may view a record."""
    return role in ("hr", "staff") or (role == "intake" and record["owner_id"] == 7)


def stored(connection: sa.Connection) -> list[dict[str, Any]]:
    """All items, by name, past everything that is tested."""
    names = [*DEFAULTS, "data"]
    rows = connection.execute(sa.select(*(getattr(Item, name) for name in names)).order_by(Item.name))
    return [
        {**row, "kind": row["kind"].value, "made_on": row["made_on"] and row["made_on"].isoformat()}
        for row in (dict(zip(names, each, strict=True)) for each in rows)
    ]
