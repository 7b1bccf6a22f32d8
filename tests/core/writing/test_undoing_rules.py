"""Undo is writing: who may not write it by hand may not undo it, and learns nothing that they may not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.ring import dump
from tests.core.writing.undone import batch, club, member, op, request_of, undo

Callers = Callable[..., TestApp]


def refused(client: TestApp, made: TestResponse, on_ring: sa.Connection, status: int = 403) -> TestResponse:
    """The answer to an undo that does nothing."""
    before = dump(on_ring)
    answer = undo(client, made, status=status)
    assert dump(on_ring) == before
    return answer


@pytest.fixture
def staff(in_ring: Callers) -> TestApp:
    return in_ring("staff")


@pytest.fixture
def reader(in_ring: Callers) -> TestApp:
    return in_ring("reader")


def test_who_may_only_read_undoes_nothing(hr: TestApp, reader: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr)
    for made in (
        hr.post_json("/api/v1/clubs", {"name": "go"}),
        hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"}),
        hr.delete(f"/api/v1/clubs/{key}"),
    ):
        assert "/clubs/" in refused(reader, made, on_ring).json["errors"][0]["detail"]


def test_nobody_is_asked_to_sign_in(in_ring: Callers, hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/clubs", {"name": "go"})
    refused(in_ring(None), made, on_ring, 401)
    undo(in_ring(None), "nothing", status=401)


def test_a_request_of_which_one_sees_nothing_is_none(
    hr: TestApp, staff: TestApp, in_ring: Callers, on_ring: sa.Connection
) -> None:
    unknown = undo(staff, "nothing", status=404).json
    key = club(hr, "dark")
    home = club(hr)
    hidden = member(hr, home, 1, owner_id=9)
    for made in (
        hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"}),
        hr.patch_json(f"/api/v1/members/{hidden}", {"nick": "x"}),
        hr.delete(f"/api/v1/members/{hidden}"),
        hr.delete(f"/api/v1/clubs/{key}"),
        hr.post_json("/api/v1/accounts", {"name": "a", "password": "x"}),
    ):
        answer = refused(staff, made, on_ring, 404).json
        assert answer["detail"] == unknown["detail"]
        refused(in_ring("stranger"), made, on_ring, 404)


def test_deleting_needs_delete_on_the_row_as_it_is(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    refused(staff, hr.post_json("/api/v1/members", {"number": 99, "club_id": home}), on_ring)
    undo(staff, staff.post_json("/api/v1/members", {"number": 100, "club_id": home}))
    refused(staff, staff.post_json("/api/v1/clubs", {"name": "go"}), on_ring)


def test_changing_back_needs_edit_before_and_after(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    who = member(hr, home, 500)
    beyond = hr.patch_json(f"/api/v1/members/{who}", {"number": 950})
    refused(staff, beyond, on_ring)  # as it is
    back = hr.patch_json(f"/api/v1/members/{who}", {"number": 501})
    refused(staff, back, on_ring)  # as it would be
    within = hr.patch_json(f"/api/v1/members/{who}", {"number": 502})
    undo(staff, within)


def test_every_field_that_changes_back_needs_write(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    who = member(hr, club(hr), 500)
    seen = hr.patch_json(f"/api/v1/members/{who}", {"grade": "B", "nick": "x"})
    answer = refused(staff, seen, on_ring).json
    (fault,) = answer["errors"]
    assert fault["detail"].endswith(f"/members/{who} grade may be seen but not written by you")
    # A rule about the row: as it is, and as it would be.
    hr.patch_json(f"/api/v1/members/{who}", {"grade": "A"})
    named = hr.patch_json(f"/api/v1/members/{who}", {"nick": "y"})
    refused(staff, named, on_ring)


def test_a_hidden_field_is_never_named(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    who = member(hr, club(hr), 500, pay="71.25")
    changed = hr.patch_json(f"/api/v1/members/{who}", {"pay": "72.25", "nick": "x"})
    answer = refused(staff, changed, on_ring)
    assert "a field that you may not write" in answer.text
    assert not any(word in answer.text for word in ("pay", "71.25", "72.25"))
    deleted = hr.delete(f"/api/v1/members/{who}")
    answer = refused(staff, deleted, on_ring)
    assert not any(word in answer.text for word in ("pay", "71.25", "72.25"))


def test_what_is_hidden_is_counted_when_it_is_in_the_way(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    one, two = (member(hr, home, number, grade="C") for number in (501, 502))
    made = hr.patch_json("/api/v1/members", [{"id": one, "nick": "a"}, {"id": two, "nick": "b"}])
    hr.patch_json(f"/api/v1/members/{two}", {"pay": "71.25"})
    answer = refused(staff, made, on_ring, 409)
    # The later change is of a field that does not exist for staff.
    assert (answer.json["changes"], answer.json.get("errors"), answer.json["unseen"]) == ([], None, 1)
    assert "71.25" not in answer.text
    hr.patch_json(f"/api/v1/members/{one}", {"owner_id": 9})
    answer = refused(staff, made, on_ring, 403)
    assert f"members/{one}" not in answer.text


def test_a_record_that_is_not_seen_is_counted_and_not_named(
    hr: TestApp, staff: TestApp, on_ring: sa.Connection
) -> None:
    home = club(hr)
    made = hr.post_json(
        "/api/v1/members", [{"number": 501, "club_id": home}, {"number": 502, "club_id": home, "owner_id": 9}]
    )
    answer = refused(staff, made, on_ring)
    assert "errors" not in answer.json
    assert "One of its records" in answer.json["detail"]


def test_creating_again_needs_create_and_write(hr: TestApp, in_ring: Callers, on_ring: sa.Connection) -> None:
    home = club(hr)
    mine = member(hr, home, 501, owner_id=7)
    deleted = hr.delete(f"/api/v1/members/{mine}")
    refused(in_ring("owner"), deleted, on_ring)
    undo(hr, deleted)


def test_a_reference_has_to_be_seen(hr: TestApp, staff: TestApp, on_ring: sa.Connection) -> None:
    """Unseen and absent are answered alike."""
    dark, light = club(hr, "dark"), club(hr)
    answers = []
    for home in (dark, club(hr, "soon gone")):
        who = member(hr, home, 600 + home)
        moved = hr.patch_json(f"/api/v1/members/{who}", {"club_id": light})
        if home != dark:
            hr.delete(f"/api/v1/clubs/{home}")
        answer = refused(staff, moved, on_ring, 409).json
        answers.append({**answer, "instance": "", "request_id": ""})
    assert answers[0] == answers[1]


def test_the_answer_lists_what_its_author_sees(hr: TestApp, staff: TestApp, in_ring: Callers) -> None:
    home = club(hr)
    who = member(hr, home, 501, owner_id=7)
    changed = hr.patch_json(f"/api/v1/members/{who}", {"nick": "x"})
    assert len(undo(staff, changed).json["records"]) == 1
    moved = hr.patch_json(f"/api/v1/members/{who}", {"owner_id": 9})
    answer = undo(staff, moved, status=403)  # of the request they see what they saw before
    assert f"members/{who}" not in answer.text
    taken = hr.patch_json(f"/api/v1/members/{who}", {"owner_id": 7})
    answer = undo(in_ring("staff"), taken).json
    assert (answer["changes"], answer["records"]) == (1, [])


@pytest.mark.parametrize(
    "pairs, status",
    [
        ({"members:view", "members:delete", "badges:view", "badges:delete"}, 200),
        ({"members:view", "members:delete", "badges:view"}, 403),
        ({"members:view", "members:delete"}, 403),
        ({"members:delete", "badges:delete"}, 404),
        ({"clubs:view", "clubs:delete"}, 404),
        (set(), 404),
    ],
)
def test_a_token_leaves_no_more_than_its_pairs(
    hr: TestApp, in_ring: Callers, on_ring: sa.Connection, pairs: set[str], status: int
) -> None:
    home = club(hr)
    made = batch(hr, op("create", "members", {"number": 1, "club_id": home}), op("create", "badges", {"code": "a"}))
    narrowed = frozenset(tuple(pair.split(":")) for pair in pairs)
    client = in_ring("hr", narrowed=narrowed)
    if status == 200:
        undo(client, made)
    else:
        refused(client, made, on_ring, status)


def test_the_undo_is_logged_under_who_undid(hr: TestApp, staff: TestApp) -> None:
    who = member(hr, club(hr), 500)
    changed = hr.patch_json(f"/api/v1/members/{who}", {"nick": "x"})
    done = undo(staff, changed)
    (row,) = hr.get(f"/api/v1/changes?request_id={request_of(done)}").json["data"]
    assert (row["actor"], row["channel"], row["verb"], row["resource"]) == ("staff", "rest", "update", "members")
    told: dict[str, Any] = row["after"]
    assert told["nick"] is None
