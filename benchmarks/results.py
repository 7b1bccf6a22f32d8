"""From samples to figures: medians with their range, ratios of pairs, goals met and missed. Nothing here measures.

A ratio is that of two rates of the same round; what is told is the median of these, not the ratio of two medians.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Spread = dict[str, float]

PRODUCT, ON_WAITRESS = "colonnade", "colonnade-waitress"
#: Whose rate is divided by that of the product on the same server.
BY_WAITRESS = frozenset({"floor-waitress"})
FIGURES = ("rate", "p50", "p99", "cpu")
#: At how many connections, on which database, the goals hold.
GOALS_AT = (16, "postgresql")
GOALS = {
    "fastapi": {"list": 6.0, "one": 8.0, "create": 4.0, "hello": 2.0},
    "drf": {"list": 10.0, "one": 10.0, "create": 5.0, "hello": 7.0},
    "floor": {"list": 0.9, "one": 0.6, "create": 0.6, "hello": 0.5},
}


def spread(values: Iterable[float]) -> Spread:
    """The median and the range of some rounds."""
    known = list(values)
    return {"median": statistics.median(known), "low": min(known), "high": max(known)}


def figures(samples: Sequence[Row]) -> dict[str, Any]:
    """Dialect → system → work → connections → figure → spread; `errors` is the sum."""
    found: dict[str, Any] = {}
    for (dialect, system, work, connections), rows in _grouped(
        samples, "dialect", "system", "work", "connections"
    ).items():
        place = found.setdefault(dialect, {}).setdefault(system, {}).setdefault(work, {})
        place[str(connections)] = {name: spread(row[name] for row in rows) for name in FIGURES} | {
            "errors": sum(row["errors"] for row in rows)
        }
    return found


def memory(sizes: Sequence[Row]) -> dict[str, dict[str, Spread]]:
    """Dialect → system → spread, in MB."""
    found: dict[str, dict[str, Spread]] = {}
    for (dialect, system), rows in _grouped(sizes, "dialect", "system").items():
        found.setdefault(dialect, {})[system] = spread(row["resident"] for row in rows)
    return found


def ratios(samples: Sequence[Row], dialect: str, connections: int) -> dict[str, dict[str, Spread]]:
    """Peer → work → how many times the peer's throughput the product has: spread over the rounds that have both."""
    rates = {
        (row["system"], row["work"], row["round"]): row["rate"]
        for row in samples
        if (row["dialect"], row["connections"]) == (dialect, connections)
    }
    pairs: dict[str, dict[str, list[float]]] = {}
    for (system, work, turn), rate in rates.items():
        ours = rates.get((ON_WAITRESS if system in BY_WAITRESS else PRODUCT, work, turn))
        if system != PRODUCT and ours is not None and rate:
            pairs.setdefault(system, {}).setdefault(work, []).append(ours / rate)
    return {peer: {work: spread(each) for work, each in works.items()} for peer, works in pairs.items()}


def medians(of: Mapping[str, Mapping[str, Spread]]) -> dict[str, dict[str, float]]:
    """The same without the ranges."""
    return {peer: {work: each["median"] for work, each in works.items()} for peer, works in of.items()}


def goals(found: Mapping[str, Mapping[str, Spread]]) -> list[dict[str, Any]]:
    """Each goal beside what was found; those that were not measured are neither met nor missed."""
    return [
        {
            "against": peer,
            "work": work,
            "goal": goal,
            "ratio": ratio["median"] if ratio else None,
            "met": ratio["median"] >= goal if ratio else None,
        }
        for peer, works in GOALS.items()
        for work, goal in works.items()
        for ratio in (found.get(peer, {}).get(work),)
    ]


def compiled(facts: Row, samples: Sequence[Row], sizes: Sequence[Row], **more: Any) -> dict[str, Any]:
    """All that results.json says."""
    connections, dialect = GOALS_AT
    main = ratios(samples, dialect, connections)
    each_connections = sorted({row["connections"] for row in samples})
    each_dialect = list(dict.fromkeys(row["dialect"] for row in samples))
    return {
        "facts": facts,
        "ratios": medians(main),
        "goals": goals(main),
        "ratios_with_ranges": {
            dialect: {str(number): ratios(samples, dialect, number) for number in each_connections}
            for dialect in each_dialect
        },
        "figures": figures(samples),
        "memory": memory(sizes),
        **more,
        "samples": list(samples),
        "sizes": list(sizes),
    }


def _grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    key: Callable[[Row], tuple[Any, ...]] = lambda row: tuple(row[name] for name in names)  # noqa: E731
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
