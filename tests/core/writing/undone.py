"""What the tests of undoing have in common."""

from __future__ import annotations

from typing import Any

from webtest import TestApp, TestResponse


def request_of(response: TestResponse) -> str:
    """The id of the request that was answered."""
    return response.headers["X-Request-Id"]


def undo(client: TestApp, response: TestResponse | str, **more: Any) -> TestResponse:
    """Undo what was answered so."""
    request_id = response if isinstance(response, str) else request_of(response)
    return client.post(f"/api/v1/requests/{request_id}/undo", **more)


def club(client: TestApp, name: str = "chess", **more: Any) -> int:
    """A new club's id."""
    return client.post_json("/api/v1/clubs", {"name": name, **more}).json["id"]


def member(client: TestApp, club_id: int, number: int = 1, **more: Any) -> int:
    """A new member's id."""
    return client.post_json("/api/v1/members", {"number": number, "club_id": club_id, **more}).json["id"]


def op(verb: str, resource: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """One operation of a batch."""
    return {"op": verb, "resource": resource, **({} if body is None else {"body": body}), **more}


def batch(client: TestApp, *operations: dict[str, Any], **more: Any) -> TestResponse:
    """Several operations in one request."""
    return client.post_json("/api/v1/batch", {"operations": list(operations)}, **more)
