"""Random tables by random roles: all rows or none, as the same model in plain Python says of single bodies."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade.core.problems import Forbidden, Unprocessable
from tests.core.writing.importing import imported
from tests.core.writing.oracle import HIDDEN, READ_ONLY, REQUIRED, RIGHT, is_valid, made_of, outcomes, stored
from tests.harness.applications import Application
from tests.harness.counts import counts

#: Texts that are wrong; where a field has a default, the empty text is right.
WRONG: dict[str, list[str]] = {
    "name": ["", "x" * 21, "\x00"],
    "price": ["1000000", "x", "", "1.001"],
    "size": ["0", "1.5", "9" * 20],
    "kind": ["?", "GIFT"],
    "status": ["x" * 11],
    "reserve": ["q"],
    "batch": ["x" * 11],
    "owner_id": ["x"],
    "box_code": ["x" * 21],
    "made_on": ["2026-02-30", "1"],
}


#: Values that no rule has anything against, whoever gives them.
HARMLESS: dict[str, list[Any]] = {
    "price": ["99.99", 55.5],
    "size": [1, 999, None],
    "kind": ["goods"],
    "reserve": ["0", 10],
    "batch": [None],
    "box_code": [None],
}


@dataclass(frozen=True)
class Table:
    """Columns, and for each row its values; a value that is wrong is a text of `WRONG`, in a list."""

    names: list[str]
    rows: list[list[Any]]

    @property
    def text(self) -> str:
        """As CSV."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.names)
        writer.writerows([cell[0] if isinstance(cell, list) else cell for cell in row] for row in self.rows)
        return out.getvalue()

    def bodies(self) -> list[dict[str, Any] | None]:
        """The body that each row stands for; None for one that is wrong."""
        return [
            None if any(isinstance(cell, list) for cell in row) else dict(zip(self.names, row, strict=True))
            for row in self.rows
        ]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of which most is right."""
    names = [name for name in RIGHT if draw(st.integers(0, 19)) > (0 if name in REQUIRED else 12)]
    if draw(st.integers(0, 19)) == 0:
        names.append("odd")

    names = names or ["name"]

    def cell(row: int, name: str) -> Any:
        dice = draw(st.integers(0, 39))
        if name in WRONG and dice == 0:
            return [draw(st.sampled_from(WRONG[name]))]
        if name in HARMLESS and dice > 6:
            return draw(st.sampled_from(HARMLESS[name]))
        return RIGHT[name][row] if name == "name" and dice > 4 else draw(st.sampled_from(RIGHT.get(name, ["x"])))

    rows = range(draw(st.integers(1, 6)))
    return Table(names, [[cell(row, name) for name in names] for row in rows])


def refused_lines(role: str, table: Table) -> set[int]:
    """The rows that may not be created, by their lines."""
    refused = set()
    read: list[dict[str, Any]] = []
    for line, body in enumerate(table.bodies(), start=2):
        if body is None or not is_valid(role, body):
            refused.add(line)
            continue
        if outcomes(role, body, read) != {201}:
            refused.add(line)
        read.append(made_of(body))  # what a row would have taken counts, whether it is created or not
    return refused


@settings(max_examples=counts(60, 3_000))
@given(role=st.sampled_from(["hr", "staff", "intake", "clerk"]), table=tables())
def test_random_tables_leave_what_a_plain_model_says(a_shop: Application, role: str, table: Table) -> None:
    hidden, read_only = HIDDEN.get(role, set()), READ_ONLY.get(role, set())
    with a_shop.undone() as connection:
        if set(table.names) & {*hidden, "odd"} or not set(table.names) >= REQUIRED:
            with pytest.raises(Unprocessable):
                imported(a_shop, connection, "items", table.text, role=role)
        elif set(table.names) & read_only:
            with pytest.raises(Forbidden):
                imported(a_shop, connection, "items", table.text, role=role)
        else:
            created = imported(a_shop, connection, "items", table.text, role=role)
            refused = refused_lines(role, table)
            assert {each.line for each in created.refusals} == refused
            made = [made_of(body) for body in table.bodies() if body is not None]
            expected = [] if refused else sorted(made, key=lambda each: each["name"])
            assert [{**each, "data": None} for each in expected] == stored(connection)
            return
        assert stored(connection) == []
