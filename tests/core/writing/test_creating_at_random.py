"""Random bodies by random roles leave exactly what a model in plain Python says, and show what it says may be shown;
each by itself, and as an array."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.writing.oracle import DEFAULTS, HIDDEN, ROLES, bodies, made_of, outcomes, sees, stored
from tests.harness.applications import Application
from tests.harness.counts import counts


@settings(max_examples=counts(40, 2_000))
@given(calls=st.lists(st.tuples(st.sampled_from(ROLES), bodies()), min_size=1, max_size=8))
def test_random_creations_leave_and_show_what_a_plain_model_says(
    a_shop: Application, calls: list[tuple[str | None, dict[str, Any]]]
) -> None:
    records: list[dict[str, Any]] = []
    with a_shop.undone() as connection:
        for number, (role, body) in enumerate(calls):
            mark = f"mark-{number}"
            sent = {**body, "data": mark}
            client = a_shop.client(connection, role)
            preview = client.post_json("/api/v1/items", [sent], headers={"Prefer": "tx=rollback"}, expect_errors=True)
            response = client.post_json("/api/v1/items", sent, expect_errors=True)
            # Of several rules of the database any may be told.
            assert preview.status_int in outcomes(role, body, records), (role, body, preview.text)
            if preview.status_int == response.status_int:
                _check_array_of_one(preview, response)
            assert response.status_int in outcomes(role, body, records), (role, body, response.text)
            if response.status_int == 201:
                records.append({**made_of(body), "data": mark})
                _check_answer(role, records[-1], response)
            # Of what others stored, or were refused, nothing comes back.
            others = {f"mark-{each}" for each in range(len(calls))} - {mark}
            assert not [each for each in others if f'"{each}"' in response.text]
        assert stored(connection) == sorted(records, key=lambda each: each["name"])


def _check_answer(role: str | None, record: dict[str, Any], response: Any) -> None:
    if not sees(role, record):
        assert response.body == b""
        return
    shown = response.json
    assert set(shown) == (set(DEFAULTS) | {"id", "data", "sold_at", "twice"}) - HIDDEN.get(role or "", set())
    assert shown["twice"] == (None if record["size"] is None else record["size"] * 2)
    for name in set(record) & set(shown):
        assert (Decimal(shown[name]) if name in ("price", "reserve") else shown[name]) == record[name]


def _check_array_of_one(array: Any, alone: Any) -> None:
    """What is answered to an array of one is what is answered to its record, but for the place and the key."""
    if alone.status_int == 201:
        (shown,) = array.json["data"]
        assert _without_key(shown) == _without_key(alone.json if alone.body else None)
        return
    assert array.json["type"] == alone.json["type"]
    if "errors" in alone.json and alone.json["type"] == "about:blank":
        errors = [("/0" + each["pointer"], each["code"]) for each in alone.json["errors"]]
        assert [(each["pointer"], each["code"]) for each in array.json["errors"]] == errors


def _without_key(document: dict[str, Any] | None) -> dict[str, Any] | None:
    return document and {name: value for name, value in document.items() if name != "id"}
