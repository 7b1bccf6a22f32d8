"""Random writes by random roles, by every road, leave exactly what a model in plain Python says they may, are answered
as it says, and show nothing that it says may not be seen."""

from __future__ import annotations

import re
from copy import deepcopy
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.writing.desk.application import store
from tests.core.writing.desk.drawing import a_table, write
from tests.core.writing.desk.models import Step, Task, task_tag
from tests.core.writing.desk.roads import ROADS, Road, rows_in
from tests.core.writing.desk.rules import Row, sees, sees_field
from tests.core.writing.desk.table import NAMES, Table
from tests.harness.applications import Application
from tests.harness.counts import counts

#: Values that `drawing` makes, to be looked for where they should not be.
MARK = re.compile(r"(?:secret|note|data|origin)-\d")


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
@settings(max_examples=counts(50, 2_000))
@given(dice=st.randoms(use_true_random=True))  # evenly: hypothesis would rather repeat itself
def test_random_writes_leave_and_show_what_a_plain_model_says(a_desk: Application, road: Road, dice: Random) -> None:
    table = a_table(dice)
    with a_desk.undone() as connection:
        _store(connection, table)
        for _ in range(dice.randint(4, 12)):
            role, what = write(dice, table)
            before = deepcopy(table.rows)
            verdict = table.judge(role, what)
            outcome = road(a_desk, connection, role, what)
            if outcome is None:
                table.rows = before
                continue
            told = (role, what, before, outcome.text)
            assert outcome.status in verdict.statuses, told
            assert rows_in(connection) == table.rows, told
            assert outcome.refused == verdict.refused, told
            if verdict.done and outcome.documents is not None:
                assert outcome.documents == verdict.documents, told
            seen = _marks(role, before) | _marks(role, table.rows) | set(MARK.findall(repr(what)))
            assert set(MARK.findall(outcome.text)) <= seen, told


def _store(connection: sa.Connection, table: Table) -> None:
    for row in table.rows.values():
        store(connection, Task(**{name: row[name] for name in NAMES - {"tags", "twice"}}))
        if row["tags"]:
            connection.execute(sa.insert(task_tag), [{"task": row["code"], "tag": tag} for tag in row["tags"]])
    store(connection, *(Step(task_code=code) for code in table.referred))


def _marks(role: str | None, rows: dict[str, Row]) -> set[str]:
    """What a role may see of some rows."""
    shown: list[Any] = [
        row[name] for row in rows.values() if sees(role, row) for name in NAMES if sees_field(role, name, row)
    ]
    return set(MARK.findall(repr(shown)))
