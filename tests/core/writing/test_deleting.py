"""What becomes of those that refer to a record which is deleted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Branch, Folder, Label, Leaf, Loose, Page, Sheet, Slip, Step, Task
from tests.core.writing.editing import A, Caller, task

FOLDER = "/api/v1/folders/1"


def still_referred_to(at_desk: Caller, role: str) -> str:
    """What a role is told, of a folder that is in use."""
    refused = at_desk(role).delete(FOLDER, status=409)
    assert refused.json["type"] == "urn:colonnade:problem:still-referred-to"
    assert "errors" not in refused.json
    return str(refused.json["detail"])


def test_a_record_is_deleted(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Folder(id=1), Folder(id=2))
    response = at_desk("staff").delete(FOLDER, status=204)
    assert response.body == b""
    at_desk("staff").delete(FOLDER, status=404)
    assert stored(on_desk, Folder, "id") == [(2,)]


@pytest.mark.parametrize("role", ["hr", "staff"])
def test_a_foreign_key_in_the_way_is_a_conflict(at_desk: Caller, on_desk: sa.Connection, role: str) -> None:
    """For those too who do not see all fields of the record."""
    store(on_desk, Folder(id=1, secret="s"), Slip(id=1, folder_id=1))
    assert "still refer" in still_referred_to(at_desk, role)
    assert stored(on_desk, Slip, "folder_id") == [(1,)]
    assert stored(on_desk, Folder, "secret") == [("s",)]


@pytest.mark.parametrize("model", [Sheet, Loose])
@pytest.mark.parametrize("role", ["hr", "staff"])
def test_the_orm_sets_no_reference_to_null_past_the_policy(
    at_desk: Caller, on_desk: sa.Connection, model: type[Sheet], role: str
) -> None:
    store(on_desk, Folder(id=1), model(id=1, folder_id=1))
    said = still_referred_to(at_desk, role)
    seen = role == "hr" or model is Sheet
    assert (model.__name__.lower() in said) == seen  # what staff do not see is not named
    assert stored(on_desk, model, "folder_id") == [(1,)]


def test_the_orm_deletes_what_the_models_author_said(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Folder(id=1), Folder(id=2), Page(id=1, folder_id=1), Page(id=2, folder_id=2))
    at_desk("staff").delete(FOLDER, status=204)
    assert stored(on_desk, Page, "id") == [(2,)]


def test_the_database_deletes_or_sets_to_null_what_the_foreign_key_says(
    at_desk: Caller, on_desk: sa.Connection
) -> None:
    store(on_desk, Folder(id=1), Folder(id=2))
    store(on_desk, Leaf(id=1, folder_id=1), Leaf(id=2, folder_id=2), Label(id=1, folder_id=1), Label(id=2, folder_id=2))
    at_desk("staff").delete(FOLDER, status=204)
    assert stored(on_desk, Leaf, "id") == [(2,)]
    assert stored(on_desk, Label, "id", "folder_id") == [(1, None), (2, 2)]


def test_a_refused_deletion_has_deleted_nothing(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Folder(id=1))
    store(on_desk, Leaf(id=1, folder_id=1), Label(id=1, folder_id=1), Page(id=1, folder_id=1), Slip(id=1, folder_id=1))
    still_referred_to(at_desk, "hr")
    counts = [len(stored(on_desk, model, "id")) for model in (Leaf, Page, Slip)]
    assert counts == [1, 1, 1]
    assert stored(on_desk, Label, "folder_id") == [(1,)]


def test_an_array_deletes_all_or_none(at_desk: Caller, on_desk: sa.Connection) -> None:
    store(on_desk, Folder(id=1), Folder(id=2), Folder(id=3))
    store(on_desk, Slip(id=1, folder_id=2))
    client = at_desk("hr")
    refused = client.delete_json("/api/v1/folders", [{"id": 1}, {"id": 2}, {"id": 9}, {"id": 3}], status=409)
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/1", "/2"]
    assert len(stored(on_desk, Folder, "id")) == 3
    assert client.delete_json("/api/v1/folders", [{"id": 3}, {"id": 1}], status=200).json == {"affected": 2}
    assert stored(on_desk, Folder, "id") == [(2,)]


def test_what_the_deletion_of_one_took_with_it_is_deleted_too(at_desk: Caller, on_desk: sa.Connection) -> None:
    """All that a filter means go, in whatever order the database prunes them."""
    store(on_desk, Branch(id=1))
    store(on_desk, Branch(id=2, parent_id=1))
    store(on_desk, Branch(id=3, parent_id=2), Branch(id=9))
    response = at_desk("hr").delete("/api/v1/branches?id__lt=5", headers={"Prefer": "max-affected=3"}, status=200)
    assert response.json == {"affected": 3}
    assert stored(on_desk, Branch, "id") == [(9,)]


def test_a_task_in_use_is_not_deleted(at_desk: Caller, on_desk: sa.Connection) -> None:
    task(on_desk)
    store(on_desk, Step(task_code="a"))
    at_desk("staff").delete(A, status=409)
    at_desk("owner").delete(A, status=409)
    assert stored(on_desk, Task, "code") == [("a",)]
