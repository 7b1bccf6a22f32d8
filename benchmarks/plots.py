"""The pictures of the report, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

OURS, BARE, THEIRS = "#1f5fa8", "#9aa5b1", "#d08a3c"


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Write `postgresql.svg`, `sqlite.svg` and `growth.svg`."""
    mpl.rcParams.update({"svg.hashsalt": "colonnade", "svg.fonttype": "none", "font.size": 9})
    for dialect in results["figures"]:
        _save(_throughput(results, dialect), folder / f"{dialect}.svg")
    if results.get("growth"):
        _save(_growth(results["growth"]), folder / "growth.svg")


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)


def _throughput(results: Mapping[str, Any], dialect: str) -> Any:
    """For each work the systems, one bar each, with the range of the rounds."""
    found, facts = results["figures"][dialect], results["facts"]
    works = [work for work in facts["works"] if any(work in system for system in found.values())]
    columns = 2 if len(works) > 3 else 1
    rows = -(-len(works) // columns)
    names = list(reversed(found))
    figure, axes = plt.subplots(rows, columns, figsize=(6.5 * columns, 0.26 * len(names) * rows + rows), squeeze=False)
    for place, axis in enumerate(axes.flat):
        if place >= len(works):
            axis.set_visible(False)
            continue
        work = works[place]
        here = [(name, found[name][work]["16"]["rate"]) for name in names if "16" in found[name].get(work, {})]
        middle = [rate["median"] for _, rate in here]
        beside = [
            [rate["median"] - rate["low"] for _, rate in here],
            [rate["high"] - rate["median"] for _, rate in here],
        ]
        bars = axis.barh([facts["systems"][name] for name, _ in here], middle, xerr=beside, ecolor="#444444")
        for bar, (name, _) in zip(bars, here, strict=True):
            bar.set_color(
                OURS
                if name.startswith("colonnade")
                else BARE
                if name.startswith("floor") or name == "pyramid-alone"
                else THEIRS
            )
        axis.set_title(f"{work}: {facts['works'][work]}", x=0, ha="left", fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("requests a second at 16 connections, median and range", fontsize=9)
    figure.tight_layout()
    return figure


def _growth(growth: Mapping[str, Any]) -> Any:
    """Milliseconds by rows, and the cost of a request by routes."""
    lines = growth["lines"]
    figure, axes = plt.subplots(1, len(lines), figsize=(5 * len(lines), 3.6), squeeze=False)
    for axis, each in zip(axes.flat, lines, strict=True):
        for name, points in each["of"].items():
            axis.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel(each["x"])
        axis.set_ylabel(each["y"])
        axis.set_xticks(sorted({x for points in each["of"].values() for x, _ in points}))
        axis.get_xaxis().set_major_formatter("{x:,.0f}")
        axis.minorticks_off()
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure
