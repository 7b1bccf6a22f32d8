"""The report: RESULTS.md, made of results.json and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.results import GOALS, GOALS_AT, PRODUCT

Results = Mapping[str, Any]

DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
FIGURES = {
    "rate": ("Requests a second", "{:,.0f}"),
    "p50": ("Milliseconds until the answer, of half of the requests", "{:.2f}"),
    "p99": ("Milliseconds until the answer, of 99 in 100", "{:.1f}"),
    "cpu": ("Microseconds of the server's CPU for a request", "{:,.0f}"),
}


def markdown(results: Results) -> str:
    """The whole report."""
    titles, works = results["facts"]["systems"], results["facts"]["works"]
    parts = [*_head(results), *_goals(results, titles)]
    for dialect in results["figures"]:
        parts += _database(results, dialect, titles, works)
    parts += _growth(results.get("growth") or {})
    parts += _bounds(results, titles)
    parts += _machine(results["facts"])
    return "\n".join(parts) + "\n"


# -- Parts


def _head(results: Results) -> Iterator[str]:
    plan = results["facts"]["plan"]
    yield "# What was measured"
    yield ""
    yield (
        f"By `make bench`, {results['facts']['when']}. Rounds: {plan['rounds']}, every system in each;"
        f" {plan['seconds']} s for each figure. One process each, on one core; load generator and database on the"
        " other. All gave equal answers, but for Kinto, which has a data model of its own. How to read and repeat it:"
        " [README](README.md)."
    )
    if plan["quick"]:
        yield ""
        yield "**A quick run: too short to compare by.**"


def _goals(results: Results, titles: Mapping[str, str]) -> Iterator[str]:
    connections, dialect = GOALS_AT
    yield from ("", "## Goals", "")
    yield (
        f"Throughput of the product (granian) as a multiple of the other's: median of the ratios of each round,"
        f" {connections} connections, {DATABASES[dialect]}."
    )
    yield ""
    works = list(dict.fromkeys(work for each in GOALS.values() for work in each))
    known = {(goal["against"], goal["work"]): goal for goal in results["goals"]}
    rows = []
    for peer in GOALS:
        cells = []
        for work in works:
            goal = known[peer, work]
            if goal["ratio"] is None:
                cells.append("not measured")
            else:
                mark = "met" if goal["met"] else "**missed**"
                cells.append(f"{ratio(goal['ratio'])} of {goal['goal']:g}: {mark}")
        rows.append([titles.get(peer, peer), *cells])
    yield from table(["against", *works], rows)


def _database(results: Results, dialect: str, titles: Mapping[str, str], works: Mapping[str, str]) -> Iterator[str]:
    found = results["figures"][dialect]
    kinds = [work for work in works if any(work in system for system in found.values())]
    sizes = sorted({int(number) for system in found.values() for each in system.values() for number in each})
    yield from ("", f"## {DATABASES[dialect]}", "")
    yield from (f"![Requests a second]({dialect}.svg)", "")
    for connections in reversed(sizes):
        key = str(connections)
        yield from (f"### {connections} connection{'s' if connections > 1 else ''}", "")
        for figure, (about, form) in FIGURES.items():
            yield from (f"{about}: median (range).", "")
            yield from table(
                ["system", *kinds],
                [
                    [titles[name], *(_spread(each, work, key, figure, form) for work in kinds)]
                    for name, each in found.items()
                ],
            )
            yield ""
        beside = results["ratios_with_ranges"][dialect].get(key, {})
        yield from ("The product's throughput as a multiple of theirs: median of the rounds' ratios (range).", "")
        yield from table(
            ["against", *kinds],
            [[titles[name], *(_ratio(each.get(work)) for work in kinds)] for name, each in beside.items()],
        )
        yield ""
    if errors := list(_errors(found, titles)):
        yield from ("Requests that were refused or not answered; rates do not count them:", "", *errors, "")
    yield from ("### Memory", "", "MB of the process that serves, resident, after a round's work: median (range).", "")
    sizes_of = results["memory"][dialect]
    yield from table(["system", "MB"], [[titles[name], _whole(each, "{:,.0f}")] for name, each in sizes_of.items()])


def _errors(found: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    for name, system in found.items():
        for work, each in system.items():
            for connections, figures in each.items():
                if figures["errors"]:
                    yield f"- {titles[name]}, {work}, {connections} connections: {figures['errors']:,}"


def _growth(growth: Mapping[str, Any]) -> Iterator[str]:
    if not growth:
        return
    yield from ("", "## Growth", "", "![What grows](growth.svg)", "")
    yield "In process, one thread, PostgreSQL: milliseconds until the answer, medians (range)."
    for part in growth["parts"]:
        yield from ("", f"### {part['title']}", "", part["about"], "")
        yield from table(part["head"], part["rows"])


def _bounds(results: Results, titles: Mapping[str, str]) -> Iterator[str]:
    missed = [goal for goal in results["goals"] if goal["met"] is False]
    profiles = results.get("profiles") or {}
    if not missed:
        return
    yield from ("", "## What bounds the goals that are missed", "")
    for goal in missed:
        against = titles.get(goal["against"], goal["against"])
        why = _bound(results["figures"], goal)
        yield f"- {goal['work']} against {against}: {ratio(goal['ratio'])} of {goal['goal']:g}. {why}"
    yield ""
    yield (
        "For these works, in process and in one thread: what the product and the floor take for a request, and where"
        " the product's time goes under Python's profiler (which makes small functions look dearer than they are)."
    )
    for work in dict.fromkeys(goal["work"] for goal in missed):
        if work not in profiles:
            continue
        profile = profiles[work]
        yield from ("", f"### {work}", "")
        yield from table(["", "CPU, µs", "wall, µs"], profile["cost"])
        yield from ("", "By whose it is, µs a request, without what it calls:", "")
        yield from table(["whose", "µs", "calls"], profile["owners"])
        yield from ("", "By package:", "")
        yield from table(["package", "µs", "calls"], profile["packages"])
        yield from ("", "The dearest functions, without what they call:", "")
        yield from table(["function", "µs", "calls"], profile["functions"])


def _bound(found: Mapping[str, Any], goal: Mapping[str, Any]) -> str:
    """What the figures of the same run say of a goal: is it the database, or the server's processor?"""
    connections, dialect = GOALS_AT
    at = {
        name: works[goal["work"]][str(connections)] for name, works in found[dialect].items() if goal["work"] in works
    }
    needed = at[goal["against"]]["rate"]["median"] * goal["goal"]
    ours = at[PRODUCT]
    said = f"That would be {needed:,.0f} requests a second"
    floor = at.get("floor")
    if floor is not None and needed > floor["rate"]["median"]:
        return (
            f"{said}; the floor, which only sends the statements, has {floor['rate']['median']:,.0f}:"
            " above what the database answers."
        )
    allowed, taken = 1e6 / needed, ours["cpu"]["median"]
    said += f", so {allowed:,.0f} µs of the server's core for each; the product takes {taken:,.0f}."
    if taken <= allowed:
        return f"{said} So it has time left, and waits for the database."
    # What the server itself takes is in both: in Pyramid's alone, and in the floor's.
    parts = {name: _cpu(found[dialect], name, "hello") for name in ("pyramid-alone", "floor")}
    if parts["pyramid-alone"] is None or parts["floor"] is None or floor is None:
        return said
    statements = floor["cpu"]["median"] - parts["floor"]
    least = parts["pyramid-alone"] + statements
    said += f" Pyramid alone takes {parts['pyramid-alone']:,.0f}"
    if goal["work"] != "hello":
        said += f", the statements {statements:,.0f}"
    if least >= allowed:
        return f"{said}: out of reach."
    return f"{said}: that leaves {allowed - least:,.0f} for everything else, which takes {taken - least:,.0f}."


def _cpu(found: Mapping[str, Any], system: str, work: str) -> float | None:
    """The processor's time of a work, in µs a request; None if it was not measured."""
    at = found.get(system, {}).get(work, {}).get(str(GOALS_AT[0]))
    return None if at is None else float(at["cpu"]["median"])


def _machine(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Machine and versions", "")
    yield from (f"- {name}: {value}" for name, value in facts["machine"].items())
    yield ""
    yield from table(["package", "version"], [[name, version] for name, version in facts["versions"].items()])
    yield from ("", "What was asked:", "")
    yield from table(["work", ""], [[name, title] for name, title in facts["works"].items()])


# -- Cells


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A table of Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def ratio(value: float) -> str:
    """With as many digits as mean something."""
    return f"{value:.1f}×" if value >= 2 else f"{value:.2f}×"


def _spread(system: Mapping[str, Any], work: str, connections: str, name: str, form: str) -> str:
    figures = system.get(work, {}).get(connections)
    return "" if figures is None else _whole(figures[name], form)


def _whole(spread: Mapping[str, float], form: str) -> str:
    return f"{form.format(spread['median'])} ({form.format(spread['low'])}–{form.format(spread['high'])})"


def _ratio(spread: Mapping[str, float] | None) -> str:
    return "" if spread is None else f"{ratio(spread['median'])} ({ratio(spread['low'])}–{ratio(spread['high'])})"
