"""Random files by key, CSV and JSON Lines, by random roles: what a model in plain Python says, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core.writing.desk.application import store
from tests.core.writing.desk.models import Task
from tests.core.writing.desk.rules import TEAMS, grants, may, never_written, sees, sees_field, writes_field
from tests.core.writing.importing import imported
from tests.harness.applications import Application
from tests.harness.counts import counts

Record = dict[str, Any]

NAMES = ("code", "title", "points", "price", "state", "owner_id", "note", "bonus", "grade", "origin", "team_name")
DEFAULTS: Record = {**dict.fromkeys(NAMES), "price": Decimal(10), "state": "open", "grade": "C"}
#: Of each field, values that its type and its constraints take; most are what is stored already, or harmless.
RIGHT: dict[str, list[Any]] = {
    "title": [*(f"T{code}" for code in "abcd"), *(f"N{number}" for number in range(6))],
    "points": [None, 5, 5, 60, 999, 1000],
    "price": ["10", "10.00", "20.5"],
    "state": ["open", "open", "done", "sealed"],
    "owner_id": [7, 7, 8, 9, None],
    "note": [None, "n", "m"],
    "bonus": [None, 1, 6],
    "grade": ["C", "C", "B"],
    "origin": [None, None, "x"],
    "team_name": [None, "blue", "dark", "absent"],
}
WRONG: dict[str, list[Any]] = {
    "title": ["x" * 21],
    "points": [-1, "x"],
    "price": ["x", "1.001"],
    "state": ["x" * 11],
    "owner_id": ["x"],
    "bonus": ["1.5"],
}


def creates(role: str, row: Record, task: Record) -> bool:
    """Whether a row may create this task."""
    return (
        row.get("title") is not None
        and never_written(role).isdisjoint(row)
        and may(role, "create", task)
        and all(writes_field(role, name, "create", task) for name in row)
    )


def changes(role: str, row: Record, before: Record, after: Record) -> bool:
    """Whether a row may make the one of the other; whether that is seen then is not asked."""
    changed = [name for name in row if after[name] != before[name]]
    if not all(sees_field(role, name, before) for name in row):
        return False
    return not changed or (
        may(role, "edit", before)
        and grants(role, "edit", after)
        and all(writes_field(role, name, "edit", task) for name in changed for task in (before, after))
    )


def holds(task: Record) -> bool:
    """Whether the rules of the database hold."""
    points, bonus = task["points"], task["bonus"]
    return (points is None or points < 1000) and (points is None or bonus is None or points >= bonus)


def valued(row: Record) -> Record:
    """A row as Python values."""
    return {name: Decimal(value) if name == "price" else value for name, value in row.items()}


def expected(role: str, tasks: dict[str, Record], rows: list[Record | None]) -> tuple[set[int], dict[str, Record]]:
    """The places of the rows that are refused, and the tasks after the others.

    :param rows: None for one that cannot be read.
    """
    refused: set[int] = set()
    claims: dict[tuple[str, Any], int] = {}
    after = {code: dict(task) for code, task in tasks.items()}
    for place, raw in enumerate(rows):
        if raw is None:
            refused.add(place)
            continue
        row = valued(raw)
        before = tasks.get(row["code"])
        found = before if before is not None and sees(role, before) else None
        team = row.get("team_name")
        if team is not None and team not in TEAMS.get(role, ()) and (found is None or found["team_name"] != team):
            refused.add(place)
            continue
        unique = [(name, row[name]) for name in ("code", "title") if row.get(name) is not None]
        taken = len([each for each in unique if claims.setdefault(each, place) != place]) > 0
        result = {**(DEFAULTS if found is None else found), **row}
        right = creates(role, row, result) if found is None else changes(role, row, found, result)
        taken |= any(
            result["title"] == each["title"] and (found is None or each["code"] != row["code"])
            for each in tasks.values()
        )
        if taken or (found is None and before is not None) or not right or not holds(result):
            refused.add(place)
        else:
            after[row["code"]] = result
    return refused, after


@st.composite
def stored_tasks(draw: st.DrawFn) -> dict[str, Record]:
    """Some tasks that are there."""

    def drawn(code: str) -> Record:
        task = {**DEFAULTS, "code": code, "title": f"T{code}"}
        for name in ("points", "state", "owner_id", "note", "origin"):
            task[name] = draw(st.sampled_from([each for each in RIGHT[name] if each != 1000]))
        task["team_name"] = draw(st.sampled_from([None, "blue", "dark"]))
        return task

    return {code: drawn(code) for code in "abcd"[: draw(st.integers(1, 4))]}


@st.composite
def files(draw: st.DrawFn, tasks: dict[str, Record]) -> tuple[list[Record], list[Record | None], str]:
    """Rows, the same with None for those that cannot be read, and the format; most are right."""
    form = draw(st.sampled_from(["csv", "jsonl"]))
    columns = [name for name in RIGHT if draw(st.integers(0, 2)) == 0 or (name == "title" and draw(st.booleans()))]
    rows: list[Record] = []
    readable: list[Record | None] = []
    codes = [*tasks, *(f"n{number}" for number in range(3))]
    for number in range(draw(st.integers(1, 5))):
        code = draw(st.sampled_from(codes)) if draw(st.integers(0, 4)) == 0 else codes[number % len(codes)]
        row: Record = {"code": code}
        wrong = False
        for name in columns:
            if form == "jsonl" and draw(st.integers(0, 3)) == 0:
                continue
            dice = draw(st.integers(0, 24))
            if dice == 0 and name in WRONG:
                row[name], wrong = draw(st.sampled_from(WRONG[name])), True
            elif code in tasks and dice > 8 and tasks[code][name] is not None:
                row[name] = str(tasks[code][name]) if name == "price" else tasks[code][name]
            elif name == "title" and dice > 3:
                row[name] = f"N{number}"
            else:
                row[name] = draw(st.sampled_from(RIGHT[name]))
        rows.append(row)
        readable.append(None if wrong else row)
    return rows, readable, form


def written(rows: list[Record], form: str) -> str:
    """The file."""
    if form == "jsonl":
        return "".join(f"{json.dumps(row)}\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def stored(connection: sa.Connection) -> dict[str, Record]:
    """All tasks."""
    rows = connection.execute(sa.select(*(getattr(Task, name) for name in NAMES)))
    return {row[0]: dict(zip(NAMES, row, strict=True)) for row in rows}


@settings(max_examples=counts(100, 5_000))
@given(st.data(), st.sampled_from(["hr", "staff", "owner", "giver"]), st.booleans())
def test_random_files_by_key_leave_what_a_plain_model_says(
    a_desk: Application, data: st.DataObject, role: str, continuing: bool
) -> None:
    tasks = data.draw(stored_tasks())
    rows, readable, form = data.draw(files(tasks))
    # Whether a title that one row gives up is free for another one depends on their order.
    given_up = {tasks[row["code"]]["title"] for row in rows if not _keeps_title(row, tasks)}
    assume(given_up.isdisjoint(row.get("title") for row in rows))
    refused, after = expected(role, tasks, readable)
    with a_desk.undone() as connection:
        store(connection, *(Task(**task) for task in tasks.values()))
        outcome = imported(
            a_desk, connection, "tasks", written(rows, form), role=role, key="code", form=form, continuing=continuing
        )
        first = 1 if form == "jsonl" else 2
        assert {each.line - first for each in outcome.refusals} == refused, outcome.refusals
        assert stored(connection) == (after if continuing or not refused else tasks)
        if continuing or not refused:
            assert outcome.created + outcome.changed + outcome.unchanged == len(rows) - len(refused)


def _keeps_title(row: Record, tasks: dict[str, Record]) -> bool:
    return row["code"] not in tasks or row.get("title") in (None, tasks[row["code"]]["title"])
