"""What came later is in the way: it is named to who may see it, counted for others, and nothing is undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from colonnade.plugins.history.models import Change
from tests.core.writing.ring import dump
from tests.core.writing.undone import batch, club, member, op, request_of, undo


def refused(client: TestApp, made: TestResponse, on_ring: sa.Connection, status: int = 409) -> TestResponse:
    """The answer to an undo that does nothing."""
    before = dump(on_ring)
    answer = undo(client, made, status=status)
    assert dump(on_ring) == before
    return answer


def test_a_later_change_is_named(hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/clubs", [{"name": "chess"}, {"name": "go"}])
    key = made.json["data"][0]["id"]
    later = hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"})
    answer = refused(hr, made, on_ring).json
    assert answer["type"].endswith(":changed-since")
    (named,) = answer["changes"]
    assert named.pop("at")
    assert named == {
        "resource": "clubs",
        "url": f"http://localhost/api/v1/clubs/{key}",
        "request_id": request_of(later),
        "actor": "hr",
    }
    assert answer["unseen"] == 0
    (fault,) = answer["errors"]
    assert fault["code"] == "changed-since"
    assert all(part in fault["detail"] for part in (f"/clubs/{key} ", "by hr", request_of(later)))


def test_once_the_later_change_is_undone_it_is_not_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    before = dump(on_ring)
    made = hr.post_json("/api/v1/clubs", {"name": "chess"})
    later = hr.patch_json(f"/api/v1/clubs/{made.json['id']}", {"motto": "x"})
    gone = hr.delete(f"/api/v1/clubs/{made.json['id']}")
    refused(hr, later, on_ring)
    for each in (gone, later, made):
        undo(hr, each)
    assert dump(on_ring) == before


def test_a_later_deletion_is_named(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr)
    made = hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"})
    later = hr.delete(f"/api/v1/clubs/{key}")
    assert refused(hr, made, on_ring).json["changes"][0]["request_id"] == request_of(later)


def test_a_record_that_was_created_again_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    hr.post_json("/api/v1/badges", {"code": "a", "colour": "red"})
    gone = hr.delete("/api/v1/badges/a")
    again = hr.post_json("/api/v1/badges", {"code": "a", "colour": "blue"})
    assert refused(hr, gone, on_ring).json["changes"][0]["request_id"] == request_of(again)


def test_undone_twice_it_is_said_that_it_is_undone(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr)
    writes: tuple[Callable[[], TestResponse], ...] = (
        lambda: hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"}),
        lambda: batch(hr, op("merge", "clubs", {"motto": "y"}, key=str(key)), op("create", "badges", {"code": "a"})),
        lambda: hr.delete(f"/api/v1/clubs/{key}"),
    )
    for write in writes:
        made = write()
        first = undo(hr, made)
        answer = refused(hr, made, on_ring).json
        assert answer["type"].endswith(":undone-already")
        assert request_of(first) in answer["detail"]


def test_what_the_log_knows_nothing_of_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr)
    made = hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "x"})
    on_ring.execute(sa.text("UPDATE ring_club SET motto = 'y' WHERE id = :key"), {"key": key})
    answer = refused(hr, made, on_ring).json
    assert answer["errors"][0]["code"] == "unlogged"
    assert answer["changes"] == [{"resource": "clubs", "url": f"http://localhost/api/v1/clubs/{key}"}]
    on_ring.execute(sa.text("DELETE FROM ring_club WHERE id = :key"), {"key": key})
    assert refused(hr, made, on_ring).json["unseen"] == 1


def test_records_that_came_to_refer_to_what_would_go_are_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    """Whatever the foreign key says of deletions: an undo takes nothing along that came later."""
    home = hr.post_json("/api/v1/clubs", {"name": "chess"})
    who = hr.post_json("/api/v1/members", {"number": 1, "club_id": home.json["id"]})
    assert refused(hr, home, on_ring).json["type"].endswith(":still-referred-to")
    for resource, body in (("remarks", {"text": "a"}), ("lockers", {})):
        later = hr.post_json(f"/api/v1/{resource}", {"member_id": who.json["id"], **body})
        assert refused(hr, who, on_ring).json["type"].endswith(":still-referred-to")
        undo(hr, later)
    undo(hr, who)


def test_a_reference_that_leads_nowhere_now_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    home, other = club(hr), club(hr, "go")
    who = member(hr, home)
    moved = hr.patch_json(f"/api/v1/members/{who}", {"club_id": other})
    gone = hr.delete(f"/api/v1/clubs/{home}")
    answer = refused(hr, moved, on_ring).json
    assert answer["type"].endswith(":reference-lost")
    assert "club_id" in answer["errors"][0]["detail"]
    undo(hr, gone)
    undo(hr, moved)


def test_a_list_that_leads_nowhere_now_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    hr.post_json("/api/v1/badges", [{"code": "a"}, {"code": "b"}])
    who = member(hr, club(hr), badges=["a"])
    changed = hr.patch_json(f"/api/v1/members/{who}", {"badges": ["b"]})
    hr.delete("/api/v1/badges/a")
    assert refused(hr, changed, on_ring).json["type"].endswith(":reference-lost")


def test_a_value_that_is_taken_now_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr, motto="x")
    changed = hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "y"})
    club(hr, "go", motto="x")
    assert refused(hr, changed, on_ring).json["type"].endswith(":already-taken")


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)  # SQLite adds no rule to a table
def test_a_rule_that_would_not_hold_is_in_the_way(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr)
    changed = hr.patch_json(f"/api/v1/clubs/{key}", {"motto": "y"})
    on_ring.execute(sa.text("ALTER TABLE ring_club ADD CONSTRAINT a_motto CHECK (motto IS NOT NULL)"))
    answer = refused(hr, changed, on_ring).json
    assert "a_motto" in answer["detail"]


@pytest.mark.parametrize(
    "request_id", ["nothing", "01a203eb-fa0e-745a-a00d-5fe9eca6145a", "%00", "%C3%BC", "x" * 200, "%20"]
)
def test_a_request_that_there_is_not(hr: TestApp, request_id: str) -> None:
    assert undo(hr, request_id, status=404).json["detail"] == "There is no such request here."


def test_conditions_of_one_record_are_refused(hr: TestApp) -> None:
    made = hr.post_json("/api/v1/badges", {"code": "a"})
    undo(hr, made, headers={"If-Match": '"x"'}, status=400)


def test_what_went_past_the_log_cannot_be_undone(hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/badges", {"code": "a"})
    for verb in ("unlogged", "baseline", "erase", "prune"):
        on_ring.execute(
            sa.text(
                "INSERT INTO change (position, at, request_id, actor, channel, resource, key, verb, count) "
                "SELECT NULL, at, request_id, actor, channel, resource, '', :verb, 3 "
                "FROM change WHERE request_id = :request LIMIT 1"
            ),
            {"request": request_of(made), "verb": verb},
        )
        assert refused(hr, made, on_ring).json["type"].endswith(":not-undoable")


def test_what_was_erased_from_the_log_does_not_come_back_by_halves(hr: TestApp, on_ring: sa.Connection) -> None:
    key = club(hr, motto="x")
    changed = hr.patch_json(f"/api/v1/clubs/{key}", {"name": "go", "motto": "y"})
    log = Change.__table__
    (before,) = on_ring.execute(sa.select(log.c.before).where(log.c.request_id == request_of(changed))).one()
    erased = {**{name: value for name, value in before.items() if name != "motto"}, "$erased": {"motto": None}}
    on_ring.execute(sa.update(log).where(log.c.request_id == request_of(changed)).values(before=erased))
    assert refused(hr, changed, on_ring).json["type"].endswith(":not-undoable")
