"""How long, as an operator writes it: 12h, 30d, 4w."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import click

_UNITS: Final[Mapping[str, timedelta]] = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def duration_of(text: str) -> timedelta | None:
    """So many hours, days or weeks; None if the text is something else.

    :raises OverflowError: for more than a `timedelta` holds.
    """
    found = re.fullmatch(r"(\d{1,9})([hdw])", text, re.ASCII)
    return int(found[1]) * _UNITS[found[2]] if found else None


class Duration(click.ParamType[timedelta]):
    """The type of an option that says how long: 12h, 90d, 8w."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        if isinstance(value, timedelta):
            return value
        try:
            duration = duration_of(value)
        except OverflowError:
            duration = None
        if duration is None:
            self.fail(f"{value!r} is no duration; write 90d, 12h or 8w", param, ctx)
        return duration
