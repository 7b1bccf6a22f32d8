"""What one request may cost, and that requests which write the same records do not stand in each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.functional.company import Company, company
from tests.resilience.serving import Client, served


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company to write to."""
    with company(fresh_database_url) as made:
        yield made


def renamed(key: int) -> dict[str, Any]:
    return {"op": "merge", "resource": "departments", "key": key, "body": {"name": "Renamed"}}


def test_a_batch_heeds_how_many_records_may_change(firm: Company) -> None:
    client = firm.client("hr")
    before = client.get("/api/v1/departments").json
    batch = {"operations": [renamed(1), renamed(2)]}
    refused = client.post_json("/api/v1/batch", batch, headers={"Prefer": "max-affected=1"}, status=409)
    assert refused.json["type"].endswith("max-affected")
    assert client.get("/api/v1/departments").json == before
    client.post_json("/api/v1/batch", batch, headers={"Prefer": "max-affected=2"}, status=200)


def test_a_batch_takes_no_query(firm: Company) -> None:
    refused = firm.client("hr").post_json("/api/v1/batch?x=1", {"operations": []}, status=400)
    assert [fault["parameter"] for fault in refused.json["errors"]] == ["x"]


@pytest.mark.parametrize(
    "body, faults",
    [
        ({}, [("/operations", "array")]),
        ([], [("/operations", "array")]),
        ({"operations": {}}, [("/operations", "array")]),
        ({"operations": [], "dry_run": True}, [("/dry_run", "unknown_member")]),
        ({"operation": []}, [("/operations", "array"), ("/operation", "unknown_member")]),
    ],
)
def test_a_batch_of_another_shape_is_told_what_is_wrong_with_it(
    firm: Company, body: object, faults: list[tuple[str, str]]
) -> None:
    told = firm.client("hr").post_json("/api/v1/batch", body, status=422).json
    assert [(each["pointer"], each["code"]) for each in told["errors"]] == faults


def test_of_a_batch_without_sense_some_faults_are_told(firm: Company) -> None:
    nonsense = {"operations": [dict.fromkeys(map(str, range(50)), 0)] * 500}
    refused = firm.client(None).post_json("/api/v1/batch", nonsense, status=422)
    assert len(refused.json["errors"]) < 250
    assert len(refused.body) < 100_000


def test_of_an_array_without_sense_so_many_faults_are_told_and_the_rest_is_not_looked_at(firm: Company) -> None:
    nonsense = [{"id": 3, **{f"odd{number}": 1 for number in range(15)}}] * 500
    refused = firm.client("hr").patch_json("/api/v1/employees", nonsense, status=422)
    assert len(refused.json["errors"]) == 1_000
    assert "not looked at" in refused.json["detail"]


def test_a_table_of_more_columns_than_anything_has_is_refused(firm: Company) -> None:
    text = ",".join(f"column{number}" for number in range(3_000)) + "\n"
    refused = firm.client("hr").post(
        "/api/v1/employees/import", text, headers={"Content-Type": "text/csv"}, expect_errors=True
    )
    assert refused.status_int == 422
    assert "3,000 columns" in refused.json["detail"]
    assert len(refused.body) < 2_000


def test_arrays_and_batches_of_the_same_records_in_any_order_all_succeed(firm: Company) -> None:
    """Each locks its records in one order, whatever theirs is: none waits for one that waits for it."""
    keys = list(range(10, 22))
    with served(firm.app, threads=6) as port:
        client = Client(port, firm.tokens["hr"])

        def array(order: list[int]) -> int:
            return client.send(
                "PATCH", "/api/v1/employees", [{"id": key, "title": f"T{order[0]}"} for key in order]
            ).status

        def batch(order: list[int]) -> int:
            body = {"title": f"B{order[0]}"}
            operations = [{"op": "merge", "resource": "employees", "key": key, "body": body} for key in order]
            return client.send("POST", "/api/v1/batch", {"operations": operations}).status

        for _ in range(4):
            with ThreadPoolExecutor(4) as clients:
                asked = [
                    clients.submit(write, order) for write in (array, batch) for order in (keys, list(reversed(keys)))
                ]
            assert [each.result() for each in asked] == [200] * 4
