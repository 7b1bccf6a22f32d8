"""Words that the tests of changing share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Task

Caller = Callable[..., TestApp]
TASKS = "/api/v1/tasks"
A = f"{TASKS}/a"
MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"
#: What is sent with a change of a filter.
ALL = {"Prefer": "max-affected=10"}


def faults(response: TestResponse) -> set[tuple[str, str]]:
    """Where, and what kind."""
    return {(fault["pointer"], fault["code"]) for fault in response.json.get("errors", [])}


def merged(client: TestApp, path: str, patch: Any, status: int | str = 200, **headers: str) -> TestResponse:
    """The answer to a merge patch."""
    return client.patch_json(path, patch, content_type=MERGE, headers=headers, status=status)


def patched(client: TestApp, path: str, *operations: dict[str, Any], status: int | str = 200) -> TestResponse:
    """The answer to a JSON patch."""
    return client.patch_json(path, list(operations), content_type=PATCH, status=status)


def operation(op: str, path: str, **more: Any) -> dict[str, Any]:
    """One operation of a JSON patch; its source is called ``source`` here."""
    if "source" in more:
        more["from"] = more.pop("source")
    return {"op": op, "path": path, **more}


#: Each way to change a task, given a client, a URL and members to have; what they are called; whether all are needed.
WAYS: dict[str, Any] = {
    "put": lambda client, url, members: client.put_json(
        url, {"title": "A", "owner_id": 7, **members}, expect_errors=True
    ),
    "merge": lambda client, url, members: merged(client, url, members, "*"),
    "patch": lambda client, url, members: patched(
        client, url, *(operation("add", f"/{name}", value=value) for name, value in members.items()), status="*"
    ),
    "array": lambda client, url, members: client.patch_json(
        TASKS, [{"code": url.rpartition("/")[2], **members}], expect_errors=True
    ),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def task(connection: sa.Connection, **values: Any) -> None:
    """Store a task."""
    store(connection, Task(**{"code": "a", "title": "A", "owner_id": 7, **values}))


def of_task(connection: sa.Connection, *names: str) -> tuple[Any, ...]:
    """What is stored of the one task."""
    (row,) = stored(connection, Task, *names)
    return row


def plain(response: Any) -> Any:
    """An answer without what differs each time, and without the place within an array."""
    return {name: value for name, value in response.json.items() if name not in ("request_id", "instance")}


def tasks(connection: sa.Connection, codes: str = "abc", **values: Any) -> None:
    """Store a task for each letter."""
    store(connection, *(Task(**{"code": code, "title": code.upper(), "owner_id": 7, **values}) for code in codes))


def pointers(response: TestResponse) -> list[tuple[str, str]]:
    """Where and what kind, in order."""
    return [(fault["pointer"], fault["code"]) for fault in response.json["errors"]]
