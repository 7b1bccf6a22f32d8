"""All rows or none: references, what is taken, the rules of the database, the policy; each told by its line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.writing.bulk import rows
from tests.core.writing.importing import imported, lines, reasons
from tests.core.writing.shop import Coin, Item, Node, Person, Plain, Slot, Tool, Truck, Vehicle, Visit, things_in
from tests.harness.applications import Application

Import = Callable[..., Any]


@pytest.fixture
def run(a_shop: Application, connection: sa.Connection) -> Import:
    """Imports; see `imported`."""
    return lambda resource, text, *renamed, **more: imported(a_shop, connection, resource, text, *renamed, **more)


@pytest.fixture(params=[1, 2, 5000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows go at once, which nobody may notice."""
    monkeypatch.setattr(rows, "BATCH", request.param)
    return request.param


# -- References


def test_a_reference_to_what_may_not_be_seen_leads_nowhere(run: Import) -> None:
    text = lines("name,price,box_code", "a,20,mine", "b,20,theirs", "c,20,absent", "d,20,", "e,20,dark")
    assert reasons(run("items", text, role="staff")) == [
        (3, "box_code", "'theirs' leads to no record of boxes"),
        (4, "box_code", "'absent' leads to no record of boxes"),
    ]
    assert [line for line, *_ in reasons(run("items", text))] == [4]


def test_a_relation_finds_what_may_be_seen_by_what_may_be_seen_of_it(run: Import, connection: sa.Connection) -> None:
    """Staff do not see the label of the dark box: by it, they do not find it."""
    text = lines("name,price,box", "a,20,A", "b,20,B", "c,20,C", "d,20,")
    assert reasons(run("items", text, "box=box.label", role="staff")) == [
        (3, "box", "'B' leads to no record of boxes"),
        (4, "box", "'C' leads to no record of boxes"),
    ]
    assert run("items", text, "box=box.label").created == 4
    assert things_in(connection, Item, "name", "box_code")[:3] == [("a", "mine"), ("b", "dark"), ("c", "theirs")]


def test_a_reference_of_two_parts_leads_to_both(run: Import, connection: sa.Connection) -> None:
    run("slots", lines("row,place", "a,1", "b,2", "a,3"))
    text = lines(
        "day,row,place", "2026-01-01,a,1", "2026-01-01,a,2", "2026-01-01,b,1", "2026-01-02,b,", "2026-01-01,a,3"
    )
    assert reasons(run("visits", text)) == [
        (3, "row, place", "'a, 2' leads to no record of slots"),
        (4, "row, place", "'b, 1' leads to no record of slots"),
    ]
    assert run("visits", lines("day,row,place", "2026-01-01,b,2", "2026-01-01,,")).created == 2


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("header", ["parent_code", "parent.code"])
def test_rows_may_refer_to_rows_before_and_after_them(run: Import, connection: sa.Connection, header: str) -> None:
    text = lines(f"code,{header}", "d,c", "a,", "c,b", "b,a", "e,d", "f,a")
    assert run("nodes", text).created == 6
    assert things_in(connection, Node, "code", "parent_code")[1:] == [
        ("b", "a"),
        ("c", "b"),
        ("d", "c"),
        ("e", "d"),
        ("f", "a"),
    ]


@pytest.mark.usefixtures("batch")
def test_rows_that_wait_in_vain_are_told_why(run: Import, connection: sa.Connection) -> None:
    text = lines("code,parent_code", "a,b", "b,c", "c,a", "d,d", "e,absent", "f,e", "g,")
    assert reasons(run("nodes", text)) == [
        (2, "parent_code", "'b' leads to line 3, which cannot be created before this one"),
        (3, "parent_code", "'c' leads to line 4, which cannot be created before this one"),
        (4, "parent_code", "'a' leads to line 2, which cannot be created before this one"),
        (5, "parent_code", "'d' leads to this very row, which is not stored yet"),
        (6, "parent_code", "'absent' leads to no record of nodes, and to no row of the file that can be created"),
        (7, "parent_code", "'e' leads to line 6, which cannot be created before this one"),
    ]
    assert things_in(connection, Node, "code") == []


def test_rows_may_refer_to_rows_by_keys_that_the_database_makes(run: Import, connection: sa.Connection) -> None:
    run("vehicles", lines("plate,tows.plate", "A,B", "B,", "C,A"))
    made = dict(connection.execute(sa.select(Vehicle.plate, Vehicle.id)).all())
    assert set(things_in(connection, Vehicle, "plate", "tows_id")) >= {("A", made["B"]), ("C", made["A"])}


# -- What is taken


@pytest.mark.usefixtures("batch")
def test_what_is_taken_is_told_by_which_line_or_a_stored_record(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,batch", "old,20,b0"))
    text = lines("name,price,batch", "a,20,b1", "old,20,b2", "b,20,b1", "a,20,", "c,20,", "a,20,b0", "d,20,")
    assert reasons(run("items", text)) == [
        (3, "name", "'old' is already taken, by a stored record"),
        (4, "batch", "'b1' is already taken, by line 2"),
        (5, "name", "'a' is already taken, by line 2"),
        (7, "name", "'a' is already taken, by line 2"),
    ]
    assert len(things_in(connection, Item, "name")) == 1


def test_a_taken_combination_is_told_by_its_columns(run: Import) -> None:
    run("slots", lines("row,place", "a,1"))
    text = lines("r,place", "a,2", "a,1", "b,1", "a,2")
    assert reasons(run("slots", text, "r=row")) == [
        (3, "r, place", "'a, 1' is already taken, by a stored record"),
        (5, "r, place", "'a, 2' is already taken, by line 2"),
    ]
    text = lines(
        "day,row,place", "2026-01-01,a,1", "2026-01-02,a,1", "2026-01-01,a,1", "2026-01-01,,1", "2026-01-01,,1"
    )
    assert reasons(run("visits", text)) == [(4, "day, row, place", "'2026-01-01, a, 1' is already taken, by line 2")]


def test_a_taken_value_of_a_hidden_field_is_not_named(run: Import) -> None:
    """Each ticket would have the same seat, which is nobody's to give."""
    ((line, column, reason),) = reasons(run("tickets", lines("name", "a", "b"), role="staff"))
    assert (line, column, reason) == (3, "", "A value is already taken.")


# -- The rules of the database


@pytest.mark.usefixtures("batch")
def test_each_row_that_breaks_a_rule_of_the_database_is_told(run: Import, connection: sa.Connection) -> None:
    text = lines("name,cost,size", "a,20,1", "b,20,1000", "c,-5,1", "d,20,3", "e,5,1", "f,x,1000")
    told = [(line, column) for line, column, _ in reasons(run("items", text, "cost=price"))]
    # Of the two rules that line 4 breaks, the databases tell different ones.
    assert [line for line, _ in told] == [3, 4, 6, 7]
    assert [told[0], *told[2:]] == [(3, "size"), (6, "cost, reserve"), (7, "cost")]
    assert things_in(connection, Item, "name") == []


def test_a_broken_rule_of_a_hidden_field_is_not_named(run: Import) -> None:
    text = lines("name,price", "a,20", "b,5")
    assert reasons(run("items", text, role="staff")) == [(3, "", "A rule for this record does not hold.")]


def test_a_hundred_bad_rows_among_many_are_all_found(run: Import, connection: sa.Connection) -> None:
    """By the type, the constraint, the database's rule, the reference and the unique value, in one go."""
    bad = {7: "x,1,", 11: "20,0,", 13: "20,1000,", 17: "20,1,absent"}
    numbers = range(2_000)
    wrong = {number: next((cells for n, cells in bad.items() if number % 100 == n), None) for number in numbers}
    text = lines(
        "name,price,size,box_code", *(f"n{number},{wrong[number] or '20,1,mine'}" for number in numbers), "n1,20,1,"
    )
    expected = [number + 2 for number in numbers if wrong[number]]
    assert [line for line, *_ in reasons(run("items", text))] == [*expected, 2_002]
    assert things_in(connection, Item, "name") == []


def test_where_everything_is_wrong_it_stops_looking(
    run: Import, monkeypatch: pytest.MonkeyPatch, connection: sa.Connection
) -> None:
    monkeypatch.setattr(rows, "ENOUGH", 20)
    for cells in ("x,1", "20,1000"):
        created = run("items", lines("name,price,size", *(f"n{number},{cells}" for number in range(6_000))))
        assert not created.complete
        assert 20 <= len(created.refusals) <= 5_000
    assert things_in(connection, Item, "name") == []


# -- The policy


@pytest.mark.usefixtures("batch")
def test_each_row_that_is_not_the_authors_to_create_is_told(run: Import, connection: sa.Connection) -> None:
    text = lines("name,price", "a,20", "b,100", "c,99.99", "d,500", "e,5")
    assert reasons(run("items", text, role="staff")) == [
        (3, "", "You may not create this record of items so."),
        (5, "", "You may not create this record of items so."),
        (6, "", "A rule for this record does not hold."),
    ]
    assert things_in(connection, Item, "name") == []
    assert run("items", lines("name,price", "a,20", "c,99.99"), role="staff").created == 2


def test_the_permission_of_each_column_is_asked_of_each_row(run: Import) -> None:
    """Intake do not write the size of a gift."""
    text = lines("name,price,kind,size", "a,20,goods,1", "b,20,gift,1")
    assert [line for line, *_ in reasons(run("items", text, role="intake"))] == [3]
    assert run("items", lines("name,price,kind", "a,20,goods", "b,20,gift"), role="intake").created == 2


def test_what_its_author_may_not_see_is_created(run: Import, connection: sa.Connection) -> None:
    assert run("items", lines("name,price,owner_id", "a,20,8", "b,20,7"), role="intake").created == 2
    assert run("items", lines("name,price", "c,20"), role="clerk").created == 1
    assert len(things_in(connection, Item, "name")) == 3


def test_a_row_may_not_refer_to_one_of_the_file_that_its_author_may_not_see(run: Import) -> None:
    """What was just stored is governed as anything else; boxes of others are unseen."""
    run("boxes", lines("code,owner_id", "x,8", "y,7"), role="staff")
    text = lines("name,price,box_code", "a,20,x", "b,20,y")
    assert [line for line, *_ in reasons(run("items", text, role="staff"))] == [2]


# -- Classes of every kind


def test_records_of_joined_tables_are_of_their_class(run: Import, connection: sa.Connection) -> None:
    text = lines("plate,load,box_code,tows.plate", "T1,1,mine,", "T2,2,,T1", "V1,x,,", "T4,1,nowhere,")
    assert [line for line, *_ in reasons(run("trucks", text))] == [4, 5]
    run("trucks", lines("plate,load,tows.plate", "T1,1,", "T2,2,T1"))
    assert things_in(connection, Vehicle, "plate", "type") == [("T1", "truck"), ("T2", "truck")]
    assert things_in(connection, Truck, "load") == [(1,), (2,)]
    assert reasons(run("trucks", lines("plate,load", "T3,1", "T2,1"))) == [
        (3, "plate", "'T2' is already taken, by a stored record")
    ]


def test_keys_of_joined_tables_may_be_given(run: Import, connection: sa.Connection) -> None:
    run("tools", lines("code,name,use", "h,hammer,nails", "s,saw,wood"))
    assert things_in(connection, Tool, "code", "name", "use") == [("h", "hammer", "nails"), ("s", "saw", "wood")]


def test_what_a_class_does_by_itself_is_done(run: Import, connection: sa.Connection) -> None:
    """Validators, types that nobody knows, rules without a name."""
    text = lines("number,name,age,word", "1, Ann ,,", "2,ann,,", "3,Bob,150,", "4,Cy,,why?", "5,Di,1,so!")
    told = reasons(run("persons", text))
    assert [line for line, *_ in told] == [2, 3, 4, 5]
    assert told[1] == (3, "name", "begins with a capital letter")
    assert told[3] == (5, "word", "'why?' is a question; make it an exclamation")
    run("persons", lines("number,name", "1,Ann ", "5,Di"))
    assert things_in(connection, Person, "number", "name") == [(1, "Ann"), (5, "Di")]


def test_a_dataclass_and_a_foreign_base_are_imported(run: Import, connection: sa.Connection) -> None:
    run("coins", lines("name,worth", "penny,", "pound,100"))
    assert things_in(connection, Coin, "name", "worth", "version") == [("penny", 1, 1), ("pound", 100, 1)]
    assert reasons(run("plains", lines("name,word", "a,so!", "b,why?"))) == [
        (3, "word", "'why?' is a question; make it an exclamation")
    ]
    run("plains", lines("name,word", "a,so!"), role="staff")
    assert things_in(connection, Plain, "name", "word") == [("a", "so!")]


def test_keys_are_given_or_made(run: Import, connection: sa.Connection) -> None:
    key = uuid.uuid4()
    run("visits", lines("id,day", f"{key},2026-01-01"))
    run("visits", lines("day", "2026-01-02", "2026-01-03"))
    assert key in {each for (each,) in things_in(connection, Visit, "id")}
    run("slots", lines("row,place", *(f"r{number},{number}" for number in range(3))))
    assert len(things_in(connection, Slot, "row")) == 3


def test_many_rows_of_many_columns_stay_below_the_limits_of_the_database(
    run: Import, connection: sa.Connection
) -> None:
    """With a result to check, keys come back from the database: as many at once as it takes."""
    number = 12_000
    assert (
        run(
            "items",
            lines(
                "name,price,size,kind,made_on,owner_id,box_code",
                *(f"n{each},20,1,gift,2026-01-01,7,mine" for each in range(number)),
            ),
            role="staff",
        ).created
        == number
    )


def test_a_record_whose_key_is_import_is_still_reached(caller: Callable[..., Any]) -> None:
    """The address of an import is one of a record, too: what is posted there is a file, all else is the record's."""
    hr, url = caller("hr"), "/api/v1/boxes/import"
    assert hr.post(url, "code,owner_id\nimport,7\n", content_type="text/csv").json["created"] == 1
    assert hr.get(url).json["owner_id"] == 7
    assert (
        hr.patch_json(url, {"label": "L"}, headers={"Content-Type": "application/merge-patch+json"}).status_int == 200
    )
    hr.delete(url)
    hr.get(url, status=404)
