"""What the columns of a table may be, and what is said of those that are nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from webtest import TestApp

from colonnade.core.problems import Forbidden, Problem, Unprocessable
from tests.core.writing.importing import imported, lines
from tests.core.writing.shop import Item, things_in
from tests.harness.applications import Application


def refused(
    shop: Application, connection: sa.Connection, resource: str, header: str, *renamed: str, role: str = "hr"
) -> Problem:
    """The problem that a file with these headers is."""
    with pytest.raises(Problem) as raised:
        imported(shop, connection, resource, lines(header, "x"), *renamed, role=role)
    return raised.value


def details(problem: Problem) -> list[str]:
    """What is said."""
    return [fault.detail for fault in problem.faults]


def test_a_header_may_be_renamed(a_shop: Application, connection: sa.Connection) -> None:
    text = lines("label,a=b,where", "x,20,mine")
    imported(a_shop, connection, "items", text, "label=name", "a=b=price", "where=box.code")
    assert things_in(connection, Item, "name", "box_code") == [("x", "mine")]


def test_an_unknown_header_is_told_with_the_nearest_field(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "name,prise,zzz")
    assert isinstance(problem, Unprocessable)
    assert details(problem) == [
        "prise: items has no field 'prise'; did you mean price?",
        "zzz: items has no field 'zzz'",
    ]
    assert "price" in problem.faults[0].allowed
    assert "id" not in problem.faults[0].allowed


def test_a_hidden_field_is_an_unknown_header(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "name,price,reserve", role="staff")
    assert details(problem) == ["reserve: items has no field 'reserve'"]
    assert "reserve" not in problem.faults[0].allowed


def test_a_field_that_may_not_be_written_is_forbidden(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "name,price,status", role="staff")
    assert isinstance(problem, Forbidden)
    assert details(problem) == ["status: may be seen but not written by you"]
    assert isinstance(refused(a_shop, connection, "items", "name,price,status,odd", role="staff"), Unprocessable)


def test_what_the_database_makes_is_no_column(a_shop: Application, connection: sa.Connection) -> None:
    assert details(refused(a_shop, connection, "items", "id,name,price")) == [
        "id: is made by the database; leave it out"
    ]


def test_each_needed_field_must_have_a_column(a_shop: Application, connection: sa.Connection) -> None:
    assert details(refused(a_shop, connection, "items", "size")) == [
        "no column gives name, which every record of items needs",
        "no column gives price, which every record of items needs",
    ]
    hidden = refused(a_shop, connection, "vaults", "name", role="staff")
    assert isinstance(hidden, Forbidden)
    assert "pin" not in hidden.detail


def test_a_header_or_a_field_stands_once(a_shop: Application, connection: sa.Connection) -> None:
    assert "the header 'name' stands twice" in details(refused(a_shop, connection, "items", "name,price,name,name"))
    assert details(refused(a_shop, connection, "items", "name,price,label", "label=name")) == ["two columns give name"]
    assert details(refused(a_shop, connection, "items", "name,price,box_code,b", "b=box.code")) == [
        "two columns give box_code"
    ]
    assert details(refused(a_shop, connection, "items", "name,price,b", "b=size", "b=kind")) == ["'b' is renamed twice"]


def test_a_renaming_of_no_header_is_told(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "name,price", "nmae=name")
    assert details(problem) == ["there is no column 'nmae' to be name"]
    assert problem.faults[0].allowed == ("name", "price")


@pytest.mark.parametrize(
    "name, said",
    [
        ("box", "box: box is a relation; it is given by a unique field"),
        ("box.owner_id", "box.owner_id: box is given by a unique field, not by 'owner_id'"),
        ("box.", "box.: box is given by a unique field, not by ''"),
        ("box.odd", "box.odd: box is given by a unique field, not by 'odd'"),
    ],
)
def test_a_relation_is_given_by_a_unique_field_of_the_other_side(
    a_shop: Application, connection: sa.Connection, name: str, said: str
) -> None:
    problem = refused(a_shop, connection, "items", f"name,price,{name}")
    assert details(problem) == [said]
    assert problem.faults[0].allowed == ("box.code", "box.label")


@pytest.mark.parametrize("name", ["odd.code", "size.code", ".code", "box.code.x"])
def test_a_relation_that_is_none_is_told(a_shop: Application, connection: sa.Connection, name: str) -> None:
    ((said,),) = [details(refused(a_shop, connection, "items", f"name,price,{name}"))]
    assert said.startswith(f"{name}: ")


def test_a_relation_to_what_one_may_not_view_does_not_exist(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "name,price,box.code", role="clerk")
    assert details(problem) == ["box.code: items has no relation 'box' to one record"]


def test_a_relation_whose_foreign_key_may_not_be_written_is_forbidden(
    a_shop: Application, connection: sa.Connection
) -> None:
    problem = refused(a_shop, connection, "items", "name,price,box.code", role="packer")
    assert isinstance(problem, Forbidden)
    assert details(problem) == ["box.code: may be seen but not written by you"]


def test_who_may_not_create_is_told_that_first(a_shop: Application, connection: sa.Connection) -> None:
    problem = refused(a_shop, connection, "items", "odd", role="reader")
    assert isinstance(problem, Forbidden)
    assert problem.detail == "You may not create records of items."


def test_a_list_of_keys_is_no_column_of_a_table(hr: TestApp) -> None:
    answer = hr.post("/api/v1/members/import", "number,badges\n1,a\n", content_type="text/csv", status=422)
    assert "badges: badges is a list of keys, which only JSON Lines can give" in answer.text
