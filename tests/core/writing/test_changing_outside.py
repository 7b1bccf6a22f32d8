"""A record that holds what its fields would not take, as others have stored it or the database has calculated it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.plugins.history.models import Change
from tests.core.writing.bottles import BOTTLE, bottle, furnish, logged
from tests.core.writing.editing import merged, operation, patched
from tests.core.writing.test_changing_plainly import listened
from tests.harness.applications import Application

#: By database: what is stored past us, and the member that answers show then.
STORED = [
    ("postgresql", "bought_on = 'infinity'", ("bought_on", "infinity")),
    ("postgresql", "bought_on = '0044-03-15 BC'", ("bought_on", "0044-03-15 BC")),
    ("postgresql", "seen_at = 'infinity'", ("seen_at", "infinity")),
    ("postgresql", "told_at = '-infinity'", ("told_at", "-infinity")),
    ("postgresql", "opens_at = '24:00'", ("opens_at", "24:00:00")),
    ("postgresql", "price = 'NaN'", ("price", "NaN")),
    ("sqlite", "number = 2147483647", ("twice", 2**32 - 2)),
]
by_road = pytest.mark.parametrize("by_unit", [False, True], ids=["statement", "unit of work"])


@by_road
@pytest.mark.parametrize("dialect_name, setting, member", STORED, indirect=["dialect_name"])
def test_others_of_its_fields_are_changed_all_the_same(
    a_cellar: Application, in_cellar: sa.Connection, setting: str, member: tuple[str, Any], by_unit: bool
) -> None:
    name, value = member
    furnish(a_cellar, in_cellar, bottle())
    store_past_us(in_cellar, setting)
    client = a_cellar.client(in_cellar, "hr")
    with listened(a_cellar) if by_unit else nullcontext():
        assert merged(client, BOTTLE, {"key_0": "m"}).json[name] == value
        is_so = operation("test", f"/{name}", value=value)
        assert patched(client, BOTTLE, is_so, operation("replace", "/key_0", value="p")).json[name] == value
        is_not = operation("test", f"/{name}", value=1)
        patched(client, BOTTLE, is_not, operation("replace", "/key_0", value="q"), status=409)
    last_request = in_cellar.scalar(sa.select(Change.request_id).order_by(Change.id.desc()).limit(1))
    undone = client.post(f"/api/v1/requests/{last_request}/undo", status=409)
    assert undone.json["type"].endswith(":not-undoable")
    (_, _, _, before, after), (_, _, _, _, last) = logged(in_cellar)
    assert before == {**after, "key_0": "k", "counted": 0}
    assert last == {**after, "key_0": "p", "counted": 2}
    assert after[name] == value


@by_road
@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_calculated_one_may_be_sent_back_as_it_was_shown(
    a_cellar: Application, in_cellar: sa.Connection, by_unit: bool
) -> None:
    furnish(a_cellar, in_cellar, bottle())
    store_past_us(in_cellar, "number = 2147483647")
    client = a_cellar.client(in_cellar, "hr")
    whole = {**client.get(BOTTLE).json, "key_0": "x"}
    with listened(a_cellar) if by_unit else nullcontext():
        assert merged(client, BOTTLE, whole).json["key_0"] == "x"
        refused = merged(client, BOTTLE, {**whole, "twice": 2**32 - 4}, 422)
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/twice"]


def store_past_us(connection: sa.Connection, setting: str) -> None:
    """Store something in the first bottle, whatever the constraints of SQLite say of it."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
    connection.exec_driver_sql(f"UPDATE cellar_bottle SET {setting} WHERE id = 1")
    if is_sqlite:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 0")
