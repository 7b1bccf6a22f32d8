"""Undo restores exactly what was: whatever was written, in whatever order it has to be brought back."""

from __future__ import annotations

import sqlalchemy as sa
from webtest import TestApp

from tests.core.writing.ring import dump
from tests.core.writing.undone import batch, club, member, op, request_of, undo

FULL = {
    "nick": "Ö",
    "pay": "12.50",
    "weight": 0.1,
    "born_on": "1990-02-03",
    "seen_at": "2026-11-22T09:00:00.000001Z",
    "data": {"a": [1, 2.5, None, True, "ü"], "b": {"c": 12345678901234567890}},
    "grade": "B",
    "owner_id": 7,
}


def test_a_creation_is_undone_by_deletion(hr: TestApp, on_ring: sa.Connection) -> None:
    before = dump(on_ring)
    made = hr.post_json("/api/v1/clubs", {"name": "chess"})
    answer = undo(hr, made)
    assert answer.json == {
        "request_id": request_of(answer),
        "undone": request_of(made),
        "changes": 1,
        "records": [{"verb": "delete", "resource": "clubs", "url": f"http://localhost/api/v1/clubs/{made.json['id']}"}],
    }
    assert dump(on_ring) == before


def test_a_change_is_undone_to_the_value_before(hr: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    who = member(hr, home, **FULL)
    before = dump(on_ring)
    other = {**dict.fromkeys(FULL), "pay": "1", "grade": "Z", "number": 2, "mentor_id": who}
    changed = hr.patch_json(f"/api/v1/members/{who}", other, headers={"Content-Type": "application/merge-patch+json"})
    assert dump(on_ring) != before
    assert undo(hr, changed).json["records"][0]["verb"] == "update"
    assert dump(on_ring) == before


def test_a_deleted_record_comes_back_with_its_key_and_every_column_but_secrets(
    hr: TestApp, on_ring: sa.Connection
) -> None:
    home = club(hr)
    who = member(hr, home, **FULL, pin="1234")
    without_secrets = dump(on_ring, frozenset({"pin"}))
    deleted = hr.delete(f"/api/v1/members/{who}")
    assert undo(hr, deleted).json["records"][0]["verb"] == "create"
    assert dump(on_ring, frozenset({"pin"})) == without_secrets
    assert hr.get(f"/api/v1/members/{who}").json["pin"] is None


def test_what_needs_a_secret_is_not_created_again(hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/accounts", {"name": "a", "password": "x"})
    deleted = hr.delete(f"/api/v1/accounts/{made.json['id']}")
    before = dump(on_ring)
    assert undo(hr, deleted, status=409).json["type"].endswith(":not-undoable")
    assert dump(on_ring) == before


def test_versions_count_on(hr: TestApp) -> None:
    made = hr.post_json("/api/v1/accounts", {"name": "a", "password": "x"})
    path = f"/api/v1/accounts/{made.json['id']}"
    changed = hr.patch_json(path, {"name": "b"})
    undo(hr, changed)
    answered = hr.get(path).json
    assert (answered["name"], answered["version"]) == ("a", 3)
    undo(hr, made)
    hr.get(path, status=404)


def test_a_secret_stays_as_it_is(hr: TestApp) -> None:
    who = member(hr, club(hr), pin="1234")
    changed = hr.patch_json(f"/api/v1/members/{who}", {"pin": "5678", "nick": "x"})
    undo(hr, changed)
    assert hr.get(f"/api/v1/members/{who}").json["pin"] == "5678"


def test_an_undo_can_be_undone(hr: TestApp, on_ring: sa.Connection) -> None:
    states = [dump(on_ring)]
    made = hr.post_json("/api/v1/clubs", {"name": "chess"})
    states.append(dump(on_ring))
    first = undo(hr, made)
    assert dump(on_ring) == states[0]
    second = undo(hr, first)
    assert dump(on_ring) == states[1]
    third = undo(hr, second)
    assert dump(on_ring) == states[0]
    undo(hr, third)
    assert dump(on_ring) == states[1]


def test_many_to_many_relations_come_back(hr: TestApp, on_ring: sa.Connection) -> None:
    hr.post_json("/api/v1/badges", [{"code": code} for code in "abc"])
    who = member(hr, club(hr), badges=["a", "b"])
    states = [dump(on_ring)]
    changed = hr.patch_json(f"/api/v1/members/{who}", {"badges": ["b", "c"]})
    states.append(dump(on_ring))
    deleted = hr.delete(f"/api/v1/members/{who}")
    assert dump(on_ring)["ring_member_badge"] == []
    undo(hr, deleted)
    assert dump(on_ring) == states[1]
    undo(hr, changed)
    assert dump(on_ring) == states[0]


def test_a_list_that_was_made_with_its_record_goes_with_it(hr: TestApp, on_ring: sa.Connection) -> None:
    hr.post_json("/api/v1/badges", [{"code": code} for code in "abc"])
    home = club(hr)
    before = dump(on_ring)
    made = hr.post_json("/api/v1/members", {"number": 1, "club_id": home, "badges": ["a", "c"]})
    undo(hr, made)
    assert dump(on_ring) == before


def test_a_list_and_what_is_on_it_go_together(hr: TestApp, on_ring: sa.Connection) -> None:
    who = member(hr, club(hr))
    states = [dump(on_ring)]
    made = batch(hr, op("create", "badges", {"code": "a"}), op("merge", "members", {"badges": ["a"]}, key=str(who)))
    states.append(dump(on_ring))
    undone = undo(hr, made)
    assert dump(on_ring) == states[0]
    undo(hr, undone)
    assert dump(on_ring) == states[1]


def test_a_key_that_was_changed_comes_back(hr: TestApp, on_ring: sa.Connection) -> None:
    hr.post_json("/api/v1/badges", {"code": "a"})
    before = dump(on_ring)
    changed = hr.patch_json("/api/v1/badges/a", {"code": "b", "colour": "red"})
    undo(hr, changed)
    assert dump(on_ring) == before


def test_records_that_refer_to_each_other_in_a_circle_go_and_come_back(hr: TestApp, on_ring: sa.Connection) -> None:
    states = [dump(on_ring)]
    made = batch(
        hr,
        op("create", "clubs", {"name": "chess"}, **{"as": "club"}),
        op("create", "members", {"number": 1, "club_id": {"$ref": "club.id"}}, **{"as": "one"}),
        op("create", "members", {"number": 2, "club_id": {"$ref": "club.id"}, "mentor_id": {"$ref": "one.id"}}),
        op("merge", "members", {"mentor_id": {"$ref": "one.id"}}, key={"$ref": "one"}),
        op("merge", "clubs", {"leader_id": {"$ref": "one.id"}}, key={"$ref": "club"}),
    )
    states.append(dump(on_ring))
    undone = undo(hr, made)
    assert undone.json["changes"] == 3
    assert dump(on_ring) == states[0]
    undo(hr, undone)
    assert dump(on_ring) == states[1]


def test_a_record_that_was_changed_several_times_goes_back_to_the_first_state(
    hr: TestApp, on_ring: sa.Connection
) -> None:
    hr.post_json("/api/v1/badges", {"code": "a"})
    before = dump(on_ring)
    made = batch(
        hr,
        op("merge", "badges", {"colour": "red"}, key="a"),
        op("merge", "badges", {"code": "b"}, key="a"),
        op("create", "badges", {"code": "a", "colour": "blue"}),
        op("merge", "badges", {"code": "c", "colour": "green"}, key="b"),
        op("delete", "badges", key="a"),
        op("create", "badges", {"code": "z"}),
        op("delete", "badges", key="z"),
    )
    undo(hr, made)
    assert dump(on_ring) == before


def test_values_that_were_exchanged_are_exchanged_again(hr: TestApp, on_ring: sa.Connection) -> None:
    """A unique value is free before it is taken; where two wait for each other, one gives its own up first."""
    home = club(hr)
    one, two, three = (member(hr, home, number, nick=f"n{number}") for number in (1, 2, 3))
    before = dump(on_ring)
    made = batch(
        hr,
        op("merge", "members", {"nick": None}, key=str(one)),
        op("merge", "members", {"nick": "n1"}, key=str(two)),
        op("merge", "members", {"nick": "n2"}, key=str(three)),
        op("merge", "members", {"nick": "n3"}, key=str(one)),
        op("delete", "members", key=str(two)),
        op("create", "members", {"number": 9, "club_id": home, "nick": "n1"}),
    )
    undo(hr, made)
    assert dump(on_ring) == before


def test_a_chain_is_undone_from_its_end(hr: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    before = dump(on_ring)
    names = [f"m{number}" for number in range(30)]
    made = batch(
        hr,
        *(
            op(
                "create",
                "members",
                {
                    "number": 100 - index,
                    "club_id": home,
                    **({"mentor_id": {"$ref": f"{names[index - 1]}.id"}} if index else {}),
                },
                **{"as": name},
            )
            for index, name in enumerate(names)
        ),
    )
    after = dump(on_ring)
    undone = undo(hr, made)
    assert dump(on_ring) == before
    undo(hr, undone)
    assert dump(on_ring) == after


def test_what_the_database_took_along_comes_back(hr: TestApp, on_ring: sa.Connection) -> None:
    who = member(hr, club(hr))
    for text in ("a", "b"):
        hr.post_json("/api/v1/remarks", {"member_id": who, "text": text})
    hr.post_json("/api/v1/lockers", {"member_id": who})
    before = dump(on_ring)
    deleted = hr.delete(f"/api/v1/members/{who}")
    answer = undo(hr, deleted)
    assert answer.json["changes"] == 4
    assert dump(on_ring) == before


def test_a_filter_is_undone(hr: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    for number in range(1, 21):
        member(hr, home, number)
    before = dump(on_ring)
    prefer = {"Prefer": "max-affected=100", "Content-Type": "application/merge-patch+json"}
    changed = hr.patch_json("/api/v1/members?number__lte=15", {"grade": "A"}, headers=prefer)
    deleted = hr.delete("/api/v1/members?number__gte=10", headers=prefer)
    assert undo(hr, deleted).json["changes"] == 11
    assert undo(hr, changed).json["changes"] == 15
    assert dump(on_ring) == before


def test_an_import_is_undone(hr: TestApp, on_ring: sa.Connection) -> None:
    home = club(hr)
    member(hr, home, 3, nick="three")
    before = dump(on_ring)
    rows = "".join(f"{number},{home},m{number}\n" for number in range(1, 51))
    made = hr.post("/api/v1/members/import?key=number", f"number,club_id,nick\n{rows}", content_type="text/csv")
    after = dump(on_ring)
    undone = undo(hr, made)
    assert undone.json["changes"] == 50
    assert dump(on_ring) == before
    undo(hr, undone)
    assert dump(on_ring) == after


def test_a_preview_shows_the_same_and_does_nothing(hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/clubs", {"name": "chess"})
    before = dump(on_ring)
    preview = undo(hr, made, headers={"Prefer": "tx=rollback"})
    assert preview.headers["Preference-Applied"] == "tx=rollback"
    assert dump(on_ring) == before
    done = undo(hr, made)
    assert {**preview.json, "request_id": ""} == {**done.json, "request_id": ""}


def test_a_request_that_left_nothing_behind_is_undone_by_nothing(hr: TestApp) -> None:
    made = batch(hr, op("create", "badges", {"code": "a"}), op("delete", "badges", key="a"))
    assert undo(hr, made).json["changes"] == 0


def test_preferences_are_heeded(hr: TestApp, on_ring: sa.Connection) -> None:
    made = hr.post_json("/api/v1/badges", [{"code": "a"}, {"code": "b"}])
    before = dump(on_ring)
    undo(hr, made, headers={"Prefer": "max-affected=1"}, status=409)
    assert dump(on_ring) == before
    undo(hr, made, headers={"Prefer": "max-affected=2, return=minimal"}, status=204)


def test_a_repeat_with_a_key_is_answered_alike(hr: TestApp) -> None:
    made = hr.post_json("/api/v1/badges", {"code": "a"})
    key = {"Idempotency-Key": '"k1"'}
    first = undo(hr, made, headers=key)
    again = undo(hr, made, headers=key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
