"""How much one request may ask for, told once its names are resolved: rows to be shown, relations to be joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .grammar import refused
from .limits import ReadingSettings
from .shape import AllOf, AnyOf, Exists, Node, NotOf, Order, Selection, Test, Way


def check_rows(selection: Selection, values: Mapping[str, Any], limit: int, limits: ReadingSettings) -> None:
    """Keep the product of a list's limit and the limits of the relations within it.

    :param values: of the slots, the limits of expanded relations among them.
    :raises BadRequest: if more records could be shown than one answer may have.
    """
    most = limit * (1 + _within(selection, values))
    if most > limits.max_rows:
        detail = (
            f"could show {most} records at once, those of every parent counted; {limits.max_rows} are allowed. Lower "
            "limit, or the limits inside expand, as in expand=salaries(limit=5)"
        )
        raise refused("expand", detail, code="too_many")


def _within(selection: Selection, values: Mapping[str, Any]) -> int:
    """The most records that are shown within one."""
    of_ones = sum(_within(inner, values) for _, inner in selection.ones)
    of_manys = sum(values[many.slot] * (1 + _within(many.selection, values)) for many in selection.manys)
    return int(of_ones + of_manys)


def check_joins(where: Node | None, orders: Iterable[Order], selection: Selection, limits: ReadingSettings) -> None:
    """Keep the number of relations to one that the filters and orders follow; each is a join.

    :raises BadRequest: if there are more than one statement may have.
    """
    number = len(_joined(() if where is None else _ways(where), orders)) + _joined_within(selection)
    if where is not None:
        number += sum(len(_joined(_ways(each), ())) for each in _inner(where))
    if number > limits.max_joins:
        detail = f"and sort follow {number} relations in all; {limits.max_joins} are allowed"
        raise refused("where", detail, code="too_many")


def _joined(ways: Iterable[Way], orders: Iterable[Order]) -> set[Way]:
    every = [*ways, *(order.way for order in orders)]
    return {way[:end] for way in every for end in range(1, len(way) + 1)}


def _joined_within(selection: Selection) -> int:
    of_ones = sum(_joined_within(inner) for _, inner in selection.ones)
    return of_ones + sum(len(_joined((), many.orders)) + _joined_within(many.selection) for many in selection.manys)


def _ways(node: Node) -> Iterator[Way]:
    """The ways of the conditions on one row; those on related rows are a matter of their own."""
    match node:
        case Test(way) | Exists(way):
            yield way
        case AllOf(items) | AnyOf(items):
            for each in items:
                yield from _ways(each)
        case NotOf(item):
            yield from _ways(item)


def _inner(node: Node) -> Iterator[Node]:
    """The conditions on related rows, at any depth."""
    match node:
        case Exists(_, _, items):
            yield AllOf(items)
            for each in items:
                yield from _inner(each)
        case AllOf(items) | AnyOf(items):
            for each in items:
                yield from _inner(each)
        case NotOf(item):
            yield from _inner(item)
