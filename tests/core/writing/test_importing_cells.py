"""What stands in the cells of a table, and on which line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from colonnade.core.problems import Unprocessable
from tests.core.writing.importing import imported, lines, reasons
from tests.core.writing.shop import Box, Item, Kind, Node, Plain, things_in
from tests.harness.applications import Application


def test_a_record_is_created_for_each_row(a_shop: Application, connection: sa.Connection) -> None:
    text = lines("name,price,size,kind,made_on,data", 'a,20.5,3,gift,2026-11-22,"{""k"": [1.5]}"', "b, 30 ,,goods,,")
    created = imported(a_shop, connection, "items", text)
    assert (created.rows, created.created, created.refusals, created.complete) == (2, 2, (), True)
    assert things_in(connection, Item, "name", "price", "size", "kind", "made_on") == [
        ("a", Decimal("20.50"), 3, Kind.GIFT, dt.date(2026, 11, 22)),
        ("b", Decimal("30.00"), None, Kind.GOODS, None),
    ]
    assert connection.scalars(sa.select(Item.data).order_by(Item.name)).all() == [{"k": [1.5]}, None]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_lines_end_in_any_way(a_shop: Application, connection: sa.Connection, end: str, mark: str, last: bool) -> None:
    text = mark + end.join(["name,price", "a,20", "", "b,x"]) + (end if last else "")
    assert reasons(imported(a_shop, connection, "items", text)) == [
        (4, "price", "'x' is not a decimal; write it as \"12.50\"")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_over_several_lines_is_named_by_its_first(
    a_shop: Application, connection: sa.Connection, end: str
) -> None:
    text = end.join(["name,price", '"a', "", 'b",20', '"c', 'd",x', "e,y", ""])
    assert [line for line, *_ in reasons(imported(a_shop, connection, "items", text))] == [5, 7]


def test_quotes_keep_what_they_hold(a_shop: Application, connection: sa.Connection) -> None:
    imported(a_shop, connection, "items", 'name,price\n"a ""b"", c\nd",20\n')
    assert things_in(connection, Item, "name") == [('a "b", c\nd',)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_quotes_stays_as_it_is(a_shop: Application, connection: sa.Connection, end: str) -> None:
    imported(a_shop, connection, "items", f'name,price\r\n"a{end}b",20\r\n')
    assert things_in(connection, Item, "name") == [(f"a{end}b",)]


def test_lines_without_any_text_are_passed_over(a_shop: Application, connection: sa.Connection) -> None:
    created = imported(a_shop, connection, "items", lines("name,price", "", "a,20", ",", "", "b,30", '""', ",,,"))
    assert (created.rows, created.created) == (2, 2)


def test_headers_may_stand_apart(a_shop: Application, connection: sa.Connection) -> None:
    assert imported(a_shop, connection, "items", lines(" name , price", "a,20")).created == 1


def test_a_file_of_headers_creates_nothing(a_shop: Application, connection: sa.Connection) -> None:
    created = imported(a_shop, connection, "items", "name,price")
    assert (created.rows, created.created, created.refusals) == (0, 0, ())


def test_an_empty_cell_is_null_or_empty_text_or_the_default(a_shop: Application, connection: sa.Connection) -> None:
    """Null where the field may be null, text where it is text, its default where it has one."""
    imported(a_shop, connection, "nodes", lines("code,parent_code,rank", ",,2", "a,,5", "b,,"))
    assert things_in(connection, Node, "code", "rank") == [("", 2), ("a", 5), ("b", 1)]
    imported(a_shop, connection, "items", lines("name,price,size,kind,made_on,status", "a,20,,,,"))
    assert things_in(connection, Item, "size", "kind", "made_on", "status") == [(None, Kind.GOODS, None, "")]


def test_an_empty_cell_is_missing_where_there_is_nothing_else_for_it(
    a_shop: Application, connection: sa.Connection
) -> None:
    assert reasons(imported(a_shop, connection, "items", lines("name,price", "a,", ",20"))) == [
        (2, "price", "is required"),
        (3, "name", "must have at least 1 character"),
    ]


@pytest.mark.parametrize(
    "cell, reason",
    [
        ("1.001", "has too many digits after the point; write at most 2"),
        ("1000000", "is out of range; write at most 6 digits before the point"),
        ("NaN", 'is not a decimal; write it as "12.50"'),
        ("1,5", "has 3 cells where there are 2 columns"),
        ('"1,5"', 'is not a decimal; write it as "12.50"'),
        ("9" * 100, 'is not a decimal; write it as "12.50"'),
    ],
)
def test_a_cell_is_told_by_line_column_and_reason(
    a_shop: Application, connection: sa.Connection, cell: str, reason: str
) -> None:
    text = lines("name,cost", "a,20", f"b,{cell}")
    ((line, column, said),) = reasons(imported(a_shop, connection, "items", text, "cost=price"))
    assert (line, column) == (3, "" if "cells" in reason else "cost")
    assert said.endswith(reason) or "out of range" in said
    assert len(said) < 120


def test_every_cell_that_is_wrong_is_told(a_shop: Application, connection: sa.Connection) -> None:
    text = lines("name,price,size,kind,made_on", "a,20,1,gift,2026-01-01", ",x,0,?,2026-02-30", "b", "c,1,2,gift,,,")
    assert [(line, column) for line, column, _ in reasons(imported(a_shop, connection, "items", text))] == [
        (3, "name"),
        (3, "price"),
        (3, "size"),
        (3, "kind"),
        (3, "made_on"),
        (4, ""),
        (5, ""),
    ]


def test_nul_is_refused(a_shop: Application, connection: sa.Connection) -> None:
    ((line, column, reason),) = reasons(imported(a_shop, connection, "items", "name,price\na\x00b,20\n"))
    assert (line, column) == (2, "name")
    assert "NUL" in reason


def test_what_is_not_csv_is_told_with_the_rest(a_shop: Application, connection: sa.Connection) -> None:
    """A quote that is never closed takes everything after it with it."""
    text = lines("name,price", "a,x", '"b,20', "c,y")
    assert [(line, column) for line, column, _ in reasons(imported(a_shop, connection, "items", text))] == [
        (2, "price"),
        (3, ""),
    ]
    ((_, _, reason),) = reasons(imported(a_shop, connection, "items", 'name,price\n"a"b,20\n'))
    assert reason.startswith("is not CSV")


def test_what_is_not_utf8_is_told_by_its_line(a_shop: Application, connection: sa.Connection) -> None:
    text = b"name,price\n" + b"".join(b"a%d,20\n" % number for number in range(9_000)) + b"caf\xe9,20\n"
    ((line, _, reason),) = reasons(imported(a_shop, connection, "items", text))
    assert (line, reason) == (9_002, "is not UTF-8; save the file in that encoding")
    with pytest.raises(Unprocessable, match="Line 1: is not UTF-8"):
        imported(a_shop, connection, "items", "name,price\na,20\n".encode("utf-16"))


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("name,,price,\na,,1,\n", "Line 1: column 2, 4 has no name"),
        ("name;price\na;1\n", "--delimiter ';'"),
        ("\nname\tprice\na\t1\n", "Line 2: is one column; --delimiter '\\\\t'"),
        ('"name\n', "Line 1: is not CSV"),
    ],
)
def test_a_file_without_columns_is_refused(
    a_shop: Application, connection: sa.Connection, text: str, said: str
) -> None:
    with pytest.raises(Unprocessable, match=said):
        imported(a_shop, connection, "items", text)


def test_a_foreign_base_with_columns_of_other_names(a_shop: Application, connection: sa.Connection) -> None:
    imported(a_shop, connection, "plains", lines("name,cost", "a,1.25", ",", "b,"))
    assert things_in(connection, Plain, "name", "cost")[0] == ("a", Decimal("1.25"))


def test_texts_are_as_they_stand(a_shop: Application, connection: sa.Connection) -> None:
    imported(a_shop, connection, "boxes", lines("code", " a ", "null", "李", '"x,y"'))
    assert {code for (code,) in things_in(connection, Box, "code")} >= {" a ", "null", "李", "x,y"}
