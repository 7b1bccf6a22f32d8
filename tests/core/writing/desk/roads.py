"""The roads in: each performs a write in its own way, and says what came of it.

A road is a function ``(desk, connection, role, write) -> Outcome``; None for a write that it does not know. A new one
is judged by the same model once it stands in `ROADS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.editing import MERGE, PATCH, TASKS
from tests.harness.applications import Application

from .models import Task, task_tag
from .writes import Array, Batch, Create, Delete, Filter, Merge, One, Outcome, Patch, Replace, Write

Road: TypeAlias = Callable[[Application, sa.Connection, str | None, Write], Outcome | None]


def by_rest(
    desk: Application, connection: sa.Connection, role: str | None, write: Write, prefer: str = ""
) -> Outcome | None:
    """One request for each write."""
    if isinstance(write, Batch):
        return None
    response = _sent(desk.client(connection, role), write, prefer)
    text = f"{response.text}\n{response.headers}"
    if response.status_int >= 400:
        refused = {
            int(fault["pointer"].split("/")[1])
            for fault in response.json.get("errors", [])
            if isinstance(write, Array) and fault.get("pointer")
        }
        return Outcome(response.status_int, text, refused=frozenset(refused))
    if isinstance(write, (Array, Filter)):
        return Outcome(response.status_int, text, response.json.get("data"))
    return Outcome(response.status_int, text, [response.json if response.body else None])


def by_rest_after_a_preview(
    desk: Application, connection: sa.Connection, role: str | None, write: Write
) -> Outcome | None:
    """The same; before it the preview, which answers the same and leaves nothing."""
    before = rows_in(connection)
    preview = by_rest(desk, connection, role, write, "tx=rollback")
    assert rows_in(connection) == before
    real = by_rest(desk, connection, role, write)
    if preview is None or real is None:
        return None
    assert (preview.status, preview.documents, preview.refused) == (real.status, real.documents, real.refused)
    return Outcome(real.status, preview.text + real.text, real.documents, real.refused)


def by_batch(desk: Application, connection: sa.Connection, role: str | None, write: Write) -> Outcome | None:
    """A batch; of one where one is written."""
    if isinstance(write, (Array, Filter)):
        return None
    items = write.items if isinstance(write, Batch) else [write]
    body = {"operations": [_operation(each) for each in items]}
    response = desk.client(connection, role).post_json("/api/v1/batch", body, expect_errors=True)
    text = f"{response.text}\n{response.headers}"
    if response.status_int >= 400:
        refused = {int(fault["pointer"].split("/")[2]) for fault in response.json.get("errors", [])}
        return Outcome(response.status_int, text, refused=frozenset(refused if isinstance(write, Batch) else ()))
    results = response.json["results"]
    documents = [each.get("body") for each in results]
    if isinstance(write, Batch):
        return Outcome(response.status_int, text, documents)
    (status,) = (each["status"] for each in results)
    return Outcome(204 if status == 200 and documents == [None] else status, text, documents)


ROADS: dict[str, Road] = {"rest": by_rest, "preview": by_rest_after_a_preview, "batch": by_batch}


def _operation(write: Any) -> dict[str, Any]:
    match write:
        case Create(body):
            return {"op": "create", "resource": "tasks", "body": body}
        case Replace(code, body):
            return {"op": "replace", "resource": "tasks", "key": code, "body": body}
        case Merge(code, patch):
            return {"op": "merge", "resource": "tasks", "key": code, "body": patch}
        case Patch(code, operations):
            return {"op": "patch", "resource": "tasks", "key": code, "body": operations}
    return {"op": "delete", "resource": "tasks", "key": write.code}


def _sent(client: TestApp, write: Array | Filter | One, prefer: str) -> TestResponse:
    headers: dict[str, Any] = {"Prefer": prefer} if prefer else {}
    match write:
        case Create(body):
            return client.post_json(TASKS, body, headers=headers, expect_errors=True)
        case Replace(code, body):
            return client.put_json(f"{TASKS}/{code}", body, headers=headers, expect_errors=True)
        case Merge(code, patch):
            return client.patch_json(f"{TASKS}/{code}", patch, content_type=MERGE, headers=headers, expect_errors=True)
        case Patch(code, operations):
            return client.patch_json(
                f"{TASKS}/{code}", operations, content_type=PATCH, headers=headers, expect_errors=True
            )
        case Delete(code):
            return client.delete(f"{TASKS}/{code}", headers=headers, expect_errors=True)
        case Array(items):
            return _array(client, items, headers)
        case Filter():
            headers["Prefer"] = ", ".join(filter(None, [prefer, f"max-affected={write.most}"]))
            url = f"{TASKS}?{write.filter}"
            if write.change is None:
                return client.delete(url, headers=headers, expect_errors=True)
            kind = PATCH if isinstance(write.change, list) else MERGE
            return client.patch_json(url, write.change, content_type=kind, headers=headers, expect_errors=True)


def _array(client: TestApp, items: Any, headers: dict[str, str]) -> TestResponse:
    match items[0]:
        case Create():
            return client.post_json(TASKS, [each.body for each in items], headers=headers, expect_errors=True)
        case Replace():
            return client.put_json(TASKS, [each.body for each in items], headers=headers, expect_errors=True)
        case Merge():
            return client.patch_json(TASKS, [each.patch for each in items], headers=headers, expect_errors=True)
    return client.delete_json(TASKS, [{"code": each.code} for each in items], headers=headers, expect_errors=True)


def rows_in(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """All tasks by code, with the numbers of their tags, past everything that is tested."""
    names = [prop.key for prop in sa.inspect(Task).column_attrs]
    found = connection.execute(sa.select(*(getattr(Task, name) for name in names)))
    rows = {row.code: {**dict(zip(names, row, strict=True)), "tags": frozenset()} for row in found}
    for code, number in connection.execute(sa.select(task_tag.c.task, task_tag.c.tag)):
        rows[code]["tags"] |= {number}
    return rows
