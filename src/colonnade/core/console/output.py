"""How a verb writes: results to standard output, remarks to standard error, so that a result can be piped on."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click


def write_json(value: object) -> None:
    """Write one JSON document to standard output. Times are UTC, as in the API: ``2026-11-22T09:00:00.000000Z``."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_text))


def write_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows in columns, each as wide as it needs: nothing is cut off, so that a line can be searched and piped."""
    table = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(headings, *table, strict=True)]
    click.echo(click.style(_line(headings, widths), bold=True))
    for row in table:
        click.echo(_line(row, widths))


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    click.echo(text, err=True)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return " ".join(str(value).split())


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two, an accent that combines none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return str(value)
