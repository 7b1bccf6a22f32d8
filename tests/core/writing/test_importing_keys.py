"""Rows with a key: which record each changes, of that what it changes, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from colonnade.core.database import statements_of
from colonnade.core.problems import Forbidden, Unprocessable
from colonnade.core.writing.bulk import Outcome, rows
from colonnade.core.writing.bulk.seen import Seen
from tests.core.writing.desk.application import store, stored
from tests.core.writing.desk.models import Task
from tests.core.writing.importing import imported, lines, reasons
from tests.core.writing.shop import Coin, Item, Node, Person, Plain, Slot, Truck, Visit, things_in
from tests.harness.applications import Application

Import = Callable[..., Outcome]


@pytest.fixture
def run(a_shop: Application, connection: sa.Connection) -> Import:
    """Imports into the shop; see `imported`."""
    return lambda resource, text, *renamed, **more: imported(a_shop, connection, resource, text, *renamed, **more)


@pytest.fixture
def tasks(a_desk: Application, on_desk: sa.Connection) -> Import:
    """Imports tasks at the desk, by their code."""
    store(
        on_desk,
        Task(code="a", title="A", points=5, owner_id=7, secret="s", note="n"),
        Task(code="b", title="B", points=60, owner_id=8, team_name="dark"),
        Task(code="done", title="D", state="done"),
        Task(code="sealed", title="S", state="sealed", note="x"),
        Task(code="unseen", title="U", owner_id=9),
    )
    return lambda text, *renamed, **more: imported(a_desk, on_desk, "tasks", text, *renamed, **{"key": "code", **more})


@pytest.fixture(params=[1, 2, 5000])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows go at once, which nobody may notice."""
    monkeypatch.setattr(rows, "BATCH", request.param)
    return request.param


def counted(outcome: Outcome) -> tuple[int, int, int]:
    """What came of the rows, of which none may be refused."""
    assert not outcome.refusals, outcome.refusals
    return outcome.created, outcome.changed, outcome.unchanged


# -- Which record


@pytest.mark.usefixtures("batch")
def test_a_row_changes_the_record_with_its_key_or_creates_one(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,size", "a,20,1", "b,20,2", "c,20,3"))
    assert counted(run("items", lines("name,price,size", "d,40,4", "b,30,2", "a,20,1"), key="name")) == (1, 1, 1)
    assert things_in(connection, Item, "name", "price", "size") == [
        ("a", Decimal(20), 1),
        ("b", Decimal(30), 2),
        ("c", Decimal(20), 3),
        ("d", Decimal(40), 4),
    ]


def test_only_the_columns_of_the_file_change(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,size,batch", "a,20,1,b1"))
    assert counted(run("items", lines("size,name", "7,a"), key="name")) == (0, 1, 0)
    assert things_in(connection, Item, "name", "price", "size", "batch") == [("a", Decimal(20), 7, "b1")]


def test_rows_that_change_nothing_write_nothing(a_shop: Application, run: Import) -> None:
    text = lines("name,price,size,made_on,kind", "a,20.00,1,2026-01-01,gift", "b,20,,,goods")
    run("items", text)
    with statements_of(a_shop.database) as statements:
        assert counted(run("items", text, key="name")) == (0, 0, 2)
    assert not [each for each in statements if each.startswith(("UPDATE", "INSERT"))]


def test_a_key_of_several_fields(run: Import, connection: sa.Connection) -> None:
    run("slots", lines("row,place", "a,1", "b,2"))
    assert counted(run("slots", lines("row,place", "a,1", "a,2"), key="place,row")) == (1, 0, 1)
    run("visits", lines("day,row,place", "2026-01-01,a,1", "2026-01-02,a,1"))
    text = lines("day,row,place", "2026-01-01,a,1", "2026-01-03,a,1")
    assert counted(run("visits", text, key="day,row,place")) == (1, 0, 1)
    assert len(things_in(connection, Visit, "day")) == 3


def test_a_key_may_be_named_by_its_headers(run: Import, connection: sa.Connection) -> None:
    run("nodes", lines("code,parent_code,rank", "a,,1"))
    assert counted(run("nodes", lines("c,r", "a,5"), "c=code", "r=rank", key="c")) == (0, 1, 0)
    assert things_in(connection, Node, "code", "rank") == [("a", 5)]


@pytest.mark.usefixtures("batch")
def test_two_rows_with_one_key_are_refused_by_line(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price", "a,20"))
    text = lines("name,price", "a,30", "b,20", "a,40", "b,20")
    assert reasons(run("items", text, key="name")) == [
        (4, "name", "'a' is the key of line 2"),
        (5, "name", "'b' is the key of line 3"),
    ]
    assert things_in(connection, Item, "name", "price") == [("a", Decimal(20))]


def test_negative_numbers_are_told_apart(run: Import) -> None:
    """Python's hash of -1 is that of -2."""
    assert counted(run("persons", lines("number,name", "-1,Ann", "-2,Bob"), key="number")) == (2, 0, 0)
    assert counted(run("persons", lines("number,name", "-1,Ann", "-2,Cy"), key="number")) == (0, 1, 1)
    pairs = [(-1, -1), (-1, -2), (-2, -1), (-2, -2), (-2, 0), (0, -1), (-1, 0)]
    seen = Seen()
    assert [seen.first(pair, line) for line, pair in enumerate([*pairs, *pairs])] == [*range(7), *range(7)]
    numbers = [(0,), (2**61 - 1,), (1 - 2**61,), (Decimal(-1),), (Decimal(-2),), (5,), (2**61 + 4,)]
    seen = Seen()
    assert [seen.first(number, line) for line, number in enumerate(numbers)] == [*range(7)]
    assert seen.first((Decimal("-1.0"),), 8) == 3


def test_a_made_key_is_known_or_left_to_the_database(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price", "a,20"))
    ((key,),) = things_in(connection, Item, "id")
    assert counted(run("items", lines("id,name,price", f"{key},b,30", ",c,20"), key="id")) == (1, 1, 0)
    assert things_in(connection, Item, "name", "price") == [("b", Decimal(30)), ("c", Decimal(20))]
    unknown = key + 1_000
    assert reasons(run("items", lines("id,name,price", f"{unknown},d,20"), key="id")) == [
        (2, "id", f"'{unknown}' leads to no record of items")
    ]


def test_a_key_that_a_function_makes_may_be_given(run: Import, connection: sa.Connection) -> None:
    given = "0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64"
    text = lines("id,day", f"{given},2026-01-01", ",2026-01-02")
    assert counted(run("visits", text, key="id")) == (2, 0, 0)
    assert counted(run("visits", lines("id,day", f"{given},2026-01-03"), key="id")) == (0, 1, 0)
    assert len(things_in(connection, Visit, "day")) == 2


def test_an_empty_key_is_told(run: Import) -> None:
    assert reasons(run("items", lines("name,price,batch", "a,20,", "b,20,b1"), key="batch")) == [
        (2, "batch", "is part of the key; it cannot be empty")
    ]
    assert reasons(run("visits", lines("day,row,place", "2026-01-01,,"), key="day,row,place")) == [
        (2, "row, place", "is part of the key; it cannot be empty")
    ]


@pytest.mark.parametrize(
    "header, key, said, allowed",
    [
        ("name,price", "price", "price is no key of items", ("id", "name", "batch")),
        ("name,price", "name,price", "name, price is no key of items", ("id", "name", "batch")),
        ("name,price", "batch", "no column gives the key 'batch'", ("name", "price")),
        ("name,price", "odd", "no column gives the key 'odd'", ("name", "price")),
    ],
)
def test_a_key_that_is_none_is_told(run: Import, header: str, key: str, said: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(Unprocessable) as raised:
        run("items", lines(header, "a,20"), key=key)
    (fault,) = raised.value.faults
    assert fault.detail.startswith(said)
    assert set(fault.allowed) == set(allowed)


def test_a_key_is_of_fields_that_its_author_sees(run: Import) -> None:
    with pytest.raises(Unprocessable) as raised:
        run("items", lines("name,price,batch", "a,20,b1"), key="batch", role="staff")
    assert "items has no field 'batch'" in raised.value.faults[0].detail
    with pytest.raises(Unprocessable) as raised:
        run("items", lines("name,price", "a,20"), key="price", role="staff")
    assert "batch" not in raised.value.faults[0].allowed


# -- What changes


def test_an_empty_cell_leaves_a_default_and_clears_what_may_be_null(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,size,kind,status,reserve", "a,20,1,gift,old,5"))
    assert counted(run("items", lines("name,price,size,kind,reserve,status", "a,20,,,,"), key="name")) == (0, 1, 0)
    assert things_in(connection, Item, "size", "reserve", "status") == [(None, Decimal(5), "")]
    assert reasons(run("items", lines("name,price", "a,"), key="name")) == [(2, "price", "is required")]


def test_a_new_record_needs_what_it_needs(run: Import) -> None:
    run("items", lines("name,price", "a,20"))
    assert reasons(run("items", lines("name,size", "a,2", "b,2"), key="name")) == [(3, "price", "is required")]


def test_columns_that_the_database_makes_may_be_there_as_they_are(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,size", "a,20,2"))
    ((key,),) = things_in(connection, Item, "id")
    assert counted(run("items", lines("id,name,price,twice", f"{key},a,30,4", ",b,20,"), key="name")) == (1, 1, 0)
    text = lines("id,name,twice,price", f"{key},a,5,20", "17,c,,20", f"{key + 500},a2,,20")
    assert [(line, column) for line, column, _ in reasons(run("items", text, key="name"))] == [
        (2, "twice"),
        (3, "id"),
        (4, "id"),
    ]


@pytest.mark.usefixtures("batch")
def test_what_is_taken_by_another_record_is_told(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,batch", "a,20,b1", "b,20,b2", "c,20,b3"))
    text = lines("name,price,batch", "a,20,b1", "b,30,b3", "d,20,b1", "e,20,b9", "f,20,b9")
    assert reasons(run("items", text, key="name")) == [
        (3, "batch", "'b3' is already taken, by a stored record"),
        (4, "batch", "'b1' is already taken, by line 2"),
        (6, "batch", "'b9' is already taken, by line 5"),
    ]
    assert things_in(connection, Item, "name", "batch") == [("a", "b1"), ("b", "b2"), ("c", "b3")]


def test_a_unique_value_may_go_from_one_record_to_another(run: Import, connection: sa.Connection) -> None:
    """In the order of the file: what one row gives up the next one may take, if they are no swap."""
    run("items", lines("name,price,batch", "a,20,b1", "b,20,b2"))
    assert counted(run("items", lines("name,batch", "a,b3", "b,b2"), key="name")) == (0, 1, 1)
    assert things_in(connection, Item, "name", "batch") == [("a", "b3"), ("b", "b2")]


def test_the_rules_of_the_database_are_told_by_line(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price,size", *(f"n{number},20,1" for number in range(300))))
    wrong = {17: "5,1", 201: "20,1000", 202: "20,0"}
    text = lines("name,price,size", *(f"n{number},{wrong.get(number, '30,2')}" for number in range(300)))
    assert [line for line, *_ in reasons(run("items", text, key="name"))] == [19, 203, 204]
    assert {price for (price,) in things_in(connection, Item, "price")} == {Decimal(20)}


def test_a_key_that_is_given_may_itself_be_changed(run: Import, connection: sa.Connection) -> None:
    """By another key: the label of a box leads to it, its code becomes another one."""
    text = lines("label,code", "B,darker")
    assert counted(run("boxes", text, key="label")) == (0, 1, 0)


# -- References


@pytest.mark.usefixtures("batch")
def test_rows_may_refer_to_what_other_rows_create_or_change(run: Import, connection: sa.Connection) -> None:
    run("nodes", lines("code,parent_code,rank", "a,,1", "b,a,1"))
    text = lines("code,parent_code", "a,c", "c,d", "d,", "b,")
    assert counted(run("nodes", text, key="code")) == (2, 2, 0)
    assert things_in(connection, Node, "code", "parent_code") == [("a", "c"), ("b", None), ("c", "d"), ("d", None)]


def test_a_reference_that_stays_is_not_asked_for(tasks: Import, on_desk: sa.Connection) -> None:
    """Staff do not see the dark team, in which task b is; they may leave it there."""
    assert counted(tasks(lines("code,points,team_name", "b,61,dark"), role="staff")) == (0, 1, 0)
    assert reasons(tasks(lines("code,points,team_name", "a,5,dark", "b,61,blue"), role="staff")) == [
        (2, "team_name", "'dark' leads to no record of teams")
    ]


# -- The policy


def test_what_may_not_be_written_may_be_there_as_it_is(tasks: Import, on_desk: sa.Connection) -> None:
    assert counted(tasks(lines("code,title,grade,origin", "a,A2,C,"), role="staff")) == (0, 1, 0)
    assert reasons(tasks(lines("code,title,grade", "a,A3,B", "b,B,C"), role="staff")) == [
        (2, "grade", "may be seen but not written by you")
    ]
    assert ("a", "A2", "C") in stored(on_desk, Task, "code", "title", "grade")


def test_a_field_is_hidden_or_locked_row_by_row(tasks: Import) -> None:
    """The note of a sealed task is not seen, the bonus of one of many points not written."""
    text = lines("code,note,bonus", "sealed,x,", "a,m,1", "b,,2")
    assert reasons(tasks(text, role="staff")) == [
        (2, "note", "is no field that you see of this record"),
        (4, "bonus", "may be seen but not written by you"),
    ]


def test_who_may_not_edit_a_record_may_leave_it_as_it_is(tasks: Import) -> None:
    assert counted(tasks(lines("code,title", "done,D", "a,A2"), role="staff")) == (0, 1, 1)
    assert reasons(tasks(lines("code,title", "done,D2"), role="staff")) == [
        (2, "", "is no record of tasks that you may edit")
    ]


def test_the_result_must_be_its_authors_to_write(tasks: Import, on_desk: sa.Connection) -> None:
    """Staff edit what is not done; they may not make it so either."""
    assert reasons(tasks(lines("code,state", "a,done", "b,open"), role="staff")) == [
        (2, "", "You may not edit this record of tasks so.")
    ]
    assert ("a", "open") in stored(on_desk, Task, "code", "state")


def test_a_row_may_change_a_record_out_of_its_authors_sight(tasks: Import, on_desk: sa.Connection) -> None:
    assert counted(tasks(lines("code,owner_id", "a,8"), role="giver")) == (0, 1, 0)
    assert ("a", 8) in stored(on_desk, Task, "code", "owner_id")


def test_a_record_that_is_not_seen_is_not_changed_and_its_key_is_taken(tasks: Import, on_desk: sa.Connection) -> None:
    assert reasons(tasks(lines("code,title", "unseen,New", "a,A2"), role="staff")) == [
        (2, "code", "'unseen' is already taken, by a stored record")
    ]
    assert ("unseen", "U") in stored(on_desk, Task, "code", "title")


def test_who_may_only_edit_creates_nothing(a_desk: Application, on_desk: sa.Connection) -> None:
    store(on_desk, Task(code="a", title="A", owner_id=7))
    with pytest.raises(Forbidden, match="You may neither create nor edit records of tasks"):
        imported(a_desk, on_desk, "tasks", lines("code,title", "a,A2"), key="code", role="reader")
    with pytest.raises(Unprocessable, match="columns do not fit"):
        imported(a_desk, on_desk, "tasks", lines("code,title", "a,A2"), key="code", role="blind")


def test_a_value_that_is_hidden_cannot_be_felt_for(tasks: Import) -> None:
    """A right guess is answered as a wrong one."""
    for guess in ("x", "y"):
        assert reasons(tasks(lines("code,note", f"sealed,{guess}"), role="staff")) == [
            (2, "note", "is no field that you see of this record")
        ]


# -- Going on


@pytest.mark.usefixtures("batch")
def test_going_on_writes_what_can_be_written(run: Import, connection: sa.Connection) -> None:
    run("items", lines("name,price", "a,20", "b,20"))
    text = lines("name,price,size", "a,30,x", "b,30,1", "c,20,0", "d,5,1", "e,20,1", "e,20,2", "f", "g,20,3")
    outcome = run("items", text, key="name", continuing=True)
    assert (outcome.rows, outcome.created, outcome.changed, outcome.refused) == (8, 2, 1, 5)
    assert [each.line for each in outcome.refusals] == [2, 4, 5, 7, 8]
    assert things_in(connection, Item, "name", "price") == [
        ("a", Decimal(20)),
        ("b", Decimal(30)),
        ("e", Decimal(20)),
        ("g", Decimal(20)),
    ]


def test_going_on_leaves_nothing_that_is_not_the_authors_to_write(run: Import, connection: sa.Connection) -> None:
    outcome = run("items", lines("name,price", "a,20", "b,100", "c,20", "d,500"), role="staff", continuing=True)
    assert [each.line for each in outcome.refusals] == [3, 5]
    assert things_in(connection, Item, "name") == [("a",), ("c",)]


@pytest.mark.usefixtures("batch")
def test_going_on_leaves_out_who_refers_to_what_is_refused(run: Import, connection: sa.Connection) -> None:
    text = lines("code,parent_code,rank", "a,,x", "b,a,1", "c,b,1", "d,,1", "e,d,1")
    outcome = run("nodes", text, continuing=True)
    assert [each.line for each in outcome.refusals] == [2, 3, 4]
    assert things_in(connection, Node, "code") == [("d",), ("e",)]


# -- Classes of every kind


def test_records_of_every_class_are_changed(run: Import, connection: sa.Connection) -> None:
    run("trucks", lines("plate,load", "T1,1", "T2,2"))
    assert counted(run("trucks", lines("plate,load", "T1,5", "T2,2", "T3,3"), key="plate")) == (1, 1, 1)
    assert things_in(connection, Truck, "plate", "load") == [("T1", 5), ("T2", 2), ("T3", 3)]
    run("coins", lines("name,worth", "penny,1"))
    assert counted(run("coins", lines("name,worth", "penny,2"), key="name")) == (0, 1, 0)
    assert things_in(connection, Coin, "name", "worth", "version") == [("penny", 2, 2)]
    run("persons", lines("number,name", "1,Ann"))
    assert reasons(run("persons", lines("number,name,word", "1,ann,", "2,Bob,why?"), key="number")) == [
        (2, "name", "begins with a capital letter"),
        (3, "word", "'why?' is a question; make it an exclamation"),
    ]
    assert counted(run("persons", lines("number,name", "1,Cy"), key="number")) == (0, 1, 0)
    assert things_in(connection, Person, "number", "name") == [(1, "Cy")]
    run("plains", lines("name,cost", "a,1"))
    assert counted(run("plains", lines("name,cost", "a,2"), key="name", role="staff")) == (0, 1, 0)
    assert things_in(connection, Plain, "name", "cost") == [("a", Decimal(2))]
    run("slots", lines("row,place", "a,1"))
    assert things_in(connection, Slot, "row") == [("a",)]
