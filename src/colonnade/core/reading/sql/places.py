"""The place of a record in its list: its sort values, which a cursor holds.

Where the record shows them they are read off its text, for the one record that a page ends with; so the database need
not write them for each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from colonnade.core.reading.shape import Order, Selection

Path: TypeAlias = tuple[str, ...]
"""The names that lead to a value in a record."""


def paths(orders: Sequence[Order], selection: Selection) -> tuple[Path, ...] | None:
    """Where the sort values stand in a record; None if it does not show them all, or is none to be read in passing."""
    found = [_path(order, selection) for order in orders]
    shown = tuple(path for path in found if path is not None)
    return shown if len(shown) == len(found) and _plain(selection) else None


def place_in(record: str, known: Sequence[Path]) -> list[object]:
    """The sort values of a record: null where one is left out, or hangs from a relation that is.

    :raises ValueError: if it is no JSON.
    """
    whole = json.loads(record)
    return [_value(whole, path) for path in known]


def _path(order: Order, selection: Selection) -> Path | None:
    names = []
    for step in order.way:
        inner = next((inner for shown, inner in selection.ones if shown.relation == step.relation), None)
        if inner is None:
            return None
        names.append(step.relation)
        selection = inner
    return (*names, order.field) if order.field in selection.fields else None


def _plain(selection: Selection) -> bool:
    """Whether it shows nothing but values that have an order: documents may be long and deep, and hold any number."""
    fields = selection.access.resource.fields
    values = all(fields[name].value.ordered for name in selection.fields)
    return values and not selection.manys and all(_plain(inner) for _, inner in selection.ones)


def _value(record: Any, path: Path) -> object:
    for name in path:
        if record is None:
            return None
        record = record.get(name)
    return record
