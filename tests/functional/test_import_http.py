"""``POST /api/v1/RESOURCE/import``: what it answers and leaves, who may, and that its body is streamed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from colonnade.plugins.people.models import Department, Employee
from colonnade.plugins.transfer.importing.answers import MOST_LISTED
from tests.functional.company import Company, company

DEPARTMENTS = "/api/v1/departments/import"
EMPLOYEES = "/api/v1/employees/import"
COUNTS = ("rows", "created", "changed", "unchanged", "refused_rows")


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """The company; what a test imports is rolled back."""
    with company(module_database_url, **{"transfer.max_body_bytes": "20000", "rest.cors_origins": "*"}) as made:
        yield made


@pytest.fixture
def connection(firm: Company) -> Iterator[sa.Connection]:
    """A transaction that is rolled back."""
    with firm.database.engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def hr(firm: Company, connection: sa.Connection) -> TestApp:
    """One who may do everything with people."""
    return firm.client("hr", **{"app.connection": connection})


def post(client: TestApp, url: str, body: str | bytes, status: int = 200, kind: str = "text/csv", **more: Any) -> Any:
    """What an import answers."""
    return client.post(url, body, content_type=kind, status=status, **more)


def counts(answer: Any) -> tuple[int, ...]:
    """How many rows there were, and what came of them."""
    return tuple(answer.json[name] for name in COUNTS)


def codes(connection: sa.Connection) -> dict[str, str]:
    """The departments: names by code."""
    return dict(connection.execute(sa.select(Department.code, Department.name)).all())


def test_a_file_creates_a_record_for_each_row(hr: TestApp, connection: sa.Connection) -> None:
    answer = post(hr, DEPARTMENTS, "code,name\nx1,One\nx2,Two\n")
    assert counts(answer) == (2, 2, 0, 0, 0)
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("application/json", "private")
    assert codes(connection).items() >= {("x1", "One"), ("x2", "Two")}


@pytest.mark.parametrize("kind", ["application/jsonl", "application/x-ndjson", "application/jsonl; charset=utf-8"])
def test_json_lines_go_by_both_names(hr: TestApp, connection: sa.Connection, kind: str) -> None:
    body = '{"code": "x1", "name": "One"}\n\n{"name": "Two", "code": "x2"}'
    assert counts(post(hr, DEPARTMENTS, body, kind=kind)) == (2, 2, 0, 0, 0)
    assert codes(connection).items() >= {("x1", "One"), ("x2", "Two")}


def test_a_key_changes_what_is_there(hr: TestApp, connection: sa.Connection) -> None:
    body = "code,name\nd1,Selling\nd2,Finance\nx1,One\n"
    assert counts(post(hr, f"{DEPARTMENTS}?key=code", body)) == (3, 1, 1, 1, 0)
    assert codes(connection) == {"d1": "Selling", "d2": "Finance", "d3": "Research", "x1": "One"}


def test_headers_may_be_renamed_and_cells_stand_apart_otherwise(hr: TestApp, connection: sa.Connection) -> None:
    url = f"{DEPARTMENTS}?map=no%3Dcode&map=boss%3Dmanager.number&delimiter=%3B"
    assert counts(post(hr, url, "no;name;boss\nx1;One;6\n")) == (1, 1, 0, 0, 0)
    assert counts(post(hr, f"{DEPARTMENTS}?delimiter=%5Ct", "code\tname\nx2\tTwo\n")) == (1, 1, 0, 0, 0)
    manager = sa.select(Employee.number).join(Department, Department.manager_id == Employee.id)
    assert connection.scalar(manager.where(Department.code == "x1")) == 6


def test_refused_rows_are_a_problem_that_lists_them(hr: TestApp, connection: sa.Connection) -> None:
    before = codes(connection)
    problem = post(hr, DEPARTMENTS, "code,name\nx1,One\nd1,Two\nx3,\n", 422).json
    assert problem["type"] == "urn:colonnade:problem:rows-refused"
    assert problem["detail"] == "Nothing was written: 2 of 3 rows are not valid."
    assert [fault["detail"] for fault in problem["errors"]] == [
        "line 3: code: 'd1' is already taken, by a stored record",
        "line 4: name: must have at least 1 character",
    ]
    assert [(each["line"], each["columns"], each["code"]) for each in problem["refused"]] == [
        (3, ["code"], "taken"),
        (4, ["name"], "missing"),
    ]
    assert (problem["rows"], problem["refused_rows"]) == (3, 2)
    assert codes(connection) == before


def test_so_many_refused_rows_are_listed_and_no_more(hr: TestApp) -> None:
    body = "code,name\n" + "".join(f"x{number},\n" for number in range(MOST_LISTED + 1))
    problem = post(hr, DEPARTMENTS, body, 422).json
    assert len(problem["errors"]) == len(problem["refused"]) == MOST_LISTED
    assert "The first 1,000 of 1,001 reasons are listed." in problem["detail"]


def test_it_may_go_on_past_bad_rows(hr: TestApp, connection: sa.Connection) -> None:
    answer = post(hr, f"{DEPARTMENTS}?on-error=continue", "code,name\nx1,One\nd1,Two\nx3,Three\n")
    assert counts(answer) == (3, 2, 0, 0, 1)
    assert [(each["line"], each["columns"]) for each in answer.json["refused"]] == [(3, ["code"])]
    assert {"x1", "x3"} <= codes(connection).keys()


def test_a_preview_says_what_would_be_done(hr: TestApp, connection: sa.Connection) -> None:
    before = codes(connection)
    body = "code,name\nd1,Selling\nx1,One\n"
    answer = post(hr, f"{DEPARTMENTS}?key=code", body, headers={"Prefer": "tx=rollback"})
    assert counts(answer) == (2, 1, 1, 0, 0)
    assert answer.headers["Preference-Applied"] == "tx=rollback"
    assert codes(connection) == before


def test_no_more_records_than_the_caller_says(hr: TestApp, connection: sa.Connection) -> None:
    body = "code,name\nd2,Finance\nx1,One\nx2,Two\n"
    problem = post(hr, f"{DEPARTMENTS}?key=code", body, 409, headers={"Prefer": "max-affected=1"}).json
    assert problem["type"].endswith("max-affected")
    assert "x1" not in codes(connection)
    post(hr, f"{DEPARTMENTS}?key=code", body, headers={"Prefer": "max-affected=2"})


def test_a_key_of_idempotency_does_it_once(firm: Company) -> None:
    hr, headers = firm.client("hr"), {"Idempotency-Key": "once-and-no-more"}
    first = post(hr, DEPARTMENTS, "code,name\nonce,Once\n", headers=headers)
    again = post(hr, DEPARTMENTS, "code,name\nonce,Once\n", headers=headers)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert hr.get("/api/v1/departments?code=once&count=exact").json["total"] == 1
    hr.delete(f"/api/v1/departments/{hr.get('/api/v1/departments?code=once').json['data'][0]['id']}")


@pytest.mark.parametrize(
    "user, url, status",
    [
        (None, DEPARTMENTS, 401),
        (None, f"{DEPARTMENTS}?key=code", 401),
        ("auditor", DEPARTMENTS, 403),
        ("auditor", f"{DEPARTMENTS}?key=code", 403),
        ("ann", EMPLOYEES, 403),
    ],
)
def test_who_may_not_write_is_told_so(firm: Company, user: str | None, url: str, status: int) -> None:
    post(firm.client(user), url, "code,name\nx1,One\n", status)


def test_who_may_edit_something_changes_that_and_nothing_else(firm: Company, connection: sa.Connection) -> None:
    """Ann may edit her own email; the rest of her row may be there as it is."""
    ann = firm.client("ann", **{"app.connection": connection})
    mine = "number,first_name,email\n3,First3,ann@example.com\n"
    assert counts(post(ann, f"{EMPLOYEES}?key=number", mine)) == (1, 0, 1, 0, 0)
    others = "number,first_name,email\n3,Ann,x@example.com\n4,First4,eve@example.com\n5,First5,person5@example.com\n"
    problem = post(ann, f"{EMPLOYEES}?key=number", others + "99,New,new@example.com\n", 422).json
    assert [(each["line"], each["columns"], each["code"]) for each in problem["refused"]] == [
        (2, ["first_name"], "read_only"),
        (3, ["email"], "read_only"),
        (5, [], "forbidden"),
    ]
    assert connection.scalar(sa.select(Employee.email).where(Employee.number == 3)) == "ann@example.com"


@pytest.mark.parametrize("salary", ["71004.04", "1.00"])
def test_a_hidden_value_cannot_be_felt_for(firm: Company, salary: str) -> None:
    """Ann sees Eve, and not what she earns: a right guess gets the same answer as a wrong one."""
    problem = post(firm.client("ann"), f"{EMPLOYEES}?key=number", f"number,salary\n4,{salary}\n", 422).json
    (refused,) = problem["refused"]
    assert (refused["columns"], refused["reason"]) == (["salary"], "is no field that you see of this record")


@pytest.mark.parametrize(
    "query, parameter",
    [
        ("odd=1", "odd"),
        ("key=", "key"),
        ("key=code&key=name", "key"),
        ("map=code", "map"),
        ("delimiter=%2C%2C", "delimiter"),
        ("delimiter=%0A", "delimiter"),
        ("on-error=ignore", "on-error"),
        ("sort=code", "sort"),
    ],
)
def test_parameters_that_cannot_be_meant_are_told(hr: TestApp, query: str, parameter: str) -> None:
    problem = post(hr, f"{DEPARTMENTS}?{query}", "code,name\nx1,One\n", 400).json
    assert {fault["parameter"] for fault in problem["errors"]} == {parameter}


def test_a_query_that_is_no_utf8_is_told(hr: TestApp) -> None:
    post(hr, f"{DEPARTMENTS}?key=%ff", "code,name\nx1,One\n", 400)


@pytest.mark.parametrize(
    "query, said",
    [
        ("key=name", "name is no key of departments"),
        ("key=code,name", "code, name is no key of departments"),
        ("key=id", "no column gives the key 'id'"),
    ],
)
def test_a_key_that_is_none_is_told(hr: TestApp, query: str, said: str) -> None:
    problem = post(hr, f"{DEPARTMENTS}?{query}", "code,name\nx1,One\n", 422).json
    assert problem["errors"][0]["detail"].startswith(said)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "text/csv; charset=latin-1"},
        {"Content-Type": "text/csv; header=absent"},
        {"Content-Type": "text/csv", "Content-Encoding": "gzip"},
    ],
)
def test_what_is_no_file_of_ours_is_a_415(hr: TestApp, headers: dict[str, str]) -> None:
    hr.post(DEPARTMENTS, "code,name\nx1,One\n", headers=headers, status=415)


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_condition_is_refused(hr: TestApp, header: str) -> None:
    post(hr, DEPARTMENTS, "code,name\nx1,One\n", 400, headers={header: '"x"'})


@pytest.mark.parametrize("body", ["", "\n\n", "\0", "code;name\n", "\ud800", b"\xff\xfe", "code\n" + "," * 100])
@pytest.mark.parametrize("kind", ["text/csv", "application/jsonl"])
def test_what_is_no_file_at_all_is_told(hr: TestApp, body: str | bytes, kind: str) -> None:
    answer = hr.post(
        DEPARTMENTS,
        body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass"),
        content_type=kind,
        expect_errors=True,
    )
    assert answer.status_int == (200 if kind == "application/jsonl" and not body.strip() else 422)


def test_a_field_of_formulas_is_as_it_was_unless_raw(hr: TestApp, connection: sa.Connection) -> None:
    post(hr, DEPARTMENTS, "code,name\nx1,'=1+1\nx2,'one\n")
    post(hr, DEPARTMENTS, "code,name\nx3,'=1+1\n", kind="text/csv; formulas=raw")
    assert codes(connection).items() >= {("x1", "=1+1"), ("x2", "'one"), ("x3", "'=1+1")}


def test_a_record_whose_key_is_import_is_still_there(hr: TestApp) -> None:
    """GET goes to the record; departments have numbers for keys, so there is none of that name."""
    assert hr.get(DEPARTMENTS, status=404).json["detail"] == "There is no such record here."
    hr.put_json(DEPARTMENTS, {}, status=404)


def test_browsers_may_ask_before_they_send(hr: TestApp) -> None:
    answer = hr.options(DEPARTMENTS, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


def test_openapi_describes_it(hr: TestApp) -> None:
    described = hr.get("/openapi.json").json["paths"][DEPARTMENTS]["post"]
    assert described["operationId"] == "import_departments"
    assert described["requestBody"]["content"].keys() == {"text/csv", "application/jsonl", "application/x-ndjson"}


# -- The body


class Pipe(io.RawIOBase):
    """What a server may give for a body: it can be read once, and counts what was read at once."""

    def __init__(self, body: bytes) -> None:
        self._left = io.BytesIO(body)
        self.most = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._left.read(len(buffer))
        self.most = max(self.most, len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def piped(hr: TestApp, url: str, pipe: io.IOBase, length: int | None, **more: Any) -> tuple[str, bytes]:
    """The status and the answer of a request whose body is a pipe."""
    environ = {
        **hr.extra_environ,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": url,
        "CONTENT_TYPE": "text/csv",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {hr.authorization[1]}",
        "wsgi.input": pipe,
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **({"wsgi.input_terminated": True} if length is None else {"CONTENT_LENGTH": str(length)}),
        **more,
    }
    statuses: list[str] = []
    answer = b"".join(hr.app(environ, lambda status, headers, exc_info=None: statuses.append(status)))
    return statuses[0], answer


LONG = "code,name\n" + "".join(f"x{number},Name {number}\n" for number in range(900))


@pytest.mark.parametrize("sized", [True, False])
def test_the_body_is_read_bit_by_bit(hr: TestApp, connection: sa.Connection, sized: bool) -> None:
    pipe = Pipe(LONG.encode())
    status, answer = piped(hr, DEPARTMENTS, pipe, len(LONG) if sized else None)
    assert (status, json.loads(answer).get("created")) == ("200 OK", 900), answer
    assert pipe.most <= 1 << 16


@pytest.mark.parametrize("sized", [True, False])
def test_a_body_that_is_too_long_is_a_413(hr: TestApp, connection: sa.Connection, sized: bool) -> None:
    before = codes(connection)
    body = (LONG + LONG.partition("\n")[2].replace("x", "y")).encode()
    assert len(body) > 20_000
    status, _ = piped(hr, DEPARTMENTS, Pipe(body), len(body) if sized else None)
    assert status.startswith("413")
    assert codes(connection) == before


def test_a_connection_that_ends_early_leaves_nothing(hr: TestApp, connection: sa.Connection) -> None:
    before = codes(connection)
    status, _ = piped(hr, DEPARTMENTS, Pipe(LONG.encode()), len(LONG) + 10)
    assert status.startswith("400")
    assert codes(connection) == before


def test_a_body_in_a_file_of_the_servers_is_not_copied(hr: TestApp) -> None:
    """And may be read again, if the database wants another try."""
    file = io.BytesIO(LONG.encode())
    status, _ = piped(hr, DEPARTMENTS, file, len(LONG))
    assert status == "200 OK"
    assert file.tell() == len(LONG)
