"""Every road that reads or writes a resource, to be walked by those who may not see salaries."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from colonnade.cli import main as command
from colonnade.cli.loading import user_named
from colonnade.core.console import Invocation
from tests.functional.company import Company

SALARY = re.compile(r"710\d\d\.\d\d")

Walk = Callable[[Company, str, Path], Iterator[str]]
"""Walks a road in every way as a user; gives everything that was answered, headers included."""


def answers(firm: Company, user: str, paths: Iterable[str]) -> Iterator[str]:
    """What a user is answered who asks for these."""
    for path in paths:
        response = firm.client(user).get(f"/api/v1/{path}", expect_errors=True)
        assert response.status_int < 500, response.text
        yield f"{response.headers} {response.text}"


def rest_list(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Lists, with everything that a query string can do."""
    yield from answers(
        firm,
        user,
        [
            f"{resource}?limit=1000{query}"
            for resource in ("employees", "departments", "salaries")
            for query in (
                "",
                "&sort=-salary",
                "&sort=amount",
                "&fields=salary",
                "&expand=employees(limit=100),manager",
                "&expand=department,salaries,reports,manager.reports",
                "&expand=employee.department.employees(limit=100)",
                "&salary__gte=71000",
                "&manager.salary__gte=71000&count=exact",
                '&where={"or":[{"salary":"71003.03"},{"not":{"salary__lt":1}}]}',
                "&sort=manager.salary&fields=id,manager.salary",
            )
        ],
    )


def rest_one(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Records, those that are not there too."""
    paths = [f"employees/{key}?expand=department.manager,salaries,reports" for key in (*range(1, 32), "x", "1,2")]
    paths += [f"departments/{key}?expand=employees(limit=100),manager" for key in range(1, 5)]
    paths += [f"salaries/{key}?expand=employee" for key in range(1, 62)]
    yield from answers(firm, user, paths)


def rest_related(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Relations of records."""
    paths = [f"employees/{key}/{relation}?limit=100" for key in range(1, 32) for relation in ("salaries", "reports")]
    paths += [f"departments/{key}/employees?limit=100&sort=-salary" for key in range(1, 5)]
    yield from answers(firm, user, paths)


NEW = {
    "number": 900,
    "first_name": "New",
    "last_name": "Comer",
    "email": "new@example.com",
    "birth_date": "1990-01-01",
    "gender": "F",
    "hired_on": "2020-01-01",
    "title": "Engineer",
    "salary": "71900.90",  # not one of theirs, however it is answered
    "department_id": 1,
}


def rest_create(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Creations, right and wrong; what is answered never tells another's salary."""
    bodies: list[Any] = [
        NEW,
        {**NEW, "number": 3},
        {**NEW, "salary": "x"},
        {**NEW, "manager_id": 99},
        {name: value for name, value in NEW.items() if name != "salary"},
        {"salary": 1},
        {"salry": 1},
        [],
        None,
    ]
    for body in bodies:
        for resource in ("employees", "departments", "salaries"):
            response = firm.client(user).post_json(f"/api/v1/{resource}?expand=manager", body, expect_errors=True)
            assert response.status_int in (400, 401, 403, 409, 422)
            yield f"{response.headers} {response.text}"


def invoke(firm: Company, user: str, *arguments: str) -> Result:
    """Run the command as a user, on the company's own application."""
    invocation = Invocation("firm.ini", lambda _: firm.app.registry, user_named)
    return CliRunner().invoke(command, [*arguments, "--as", user], obj=invocation)


def rest_replace(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Whole bodies for records and arrays of them, all of which are undone."""
    for key in (1, 3, 4, 6, 99):
        body = firm.client(user).get(f"/api/v1/employees/{key}", expect_errors=True).json
        for changed in ({}, {"title": "Boss"}, {"salary": "1"}, {"salary": "x"}, {"number": 9}):
            yield from _undone(firm, user, "PUT", f"employees/{key}?expand=manager,salaries", {**body, **changed})
            yield from _undone(firm, user, "PUT", "employees?expand=manager,salaries", [{**body, **changed, "id": key}])
    for resource in ("departments", "salaries"):
        body = firm.client(user).get(f"/api/v1/{resource}/1", expect_errors=True).json
        yield from _undone(firm, user, "PUT", f"{resource}/1", body)


_SALARY_TESTS = [{"op": "test", "path": "/salary", "value": "71003.03"}]
_SALARY_COPIES = [{"op": "copy", "from": "/salary", "path": "/title"}]


def rest_patch(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Patches of both kinds of records, arrays and filters, all of which are undone."""
    kinds = [
        ({"title": "Boss"}, "application/merge-patch+json"),
        ({"salary": "1"}, "application/merge-patch+json"),
        ({"salary": "71003.03", "email": "x@example.com"}, "application/json"),
        (_SALARY_TESTS, "application/json-patch+json"),
        (_SALARY_COPIES, "application/json-patch+json"),
    ]
    paths = [*(f"employees/{key}?expand=manager,salaries" for key in (1, 3, 4, 6, 99)), "employees?expand=manager"]
    paths += ["employees?department.name=Sales", "employees?salary__gte=71003", "employees?sort=salary"]
    for body, kind in kinds:
        for path in paths:
            yield from _undone(firm, user, "PATCH", path, body, kind)
    yield from _undone(firm, user, "PATCH", "employees", [{"id": 3, "title": "A"}, {"id": 4, "salary": "1"}])
    yield from _undone(firm, user, "PATCH", "salaries/1", {"amount": "5"})
    yield from _undone(firm, user, "PATCH", "departments/1?expand=manager,employees(limit=100)", {"name": "X"})


def rest_delete(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Deletions of records, arrays and filters, all of which are undone."""
    paths = ["employees/1", "employees/3", "employees/99", "departments/1", "salaries/1", "salaries/5"]
    for path in [*paths, "employees?salary__gte=71003", "salaries?amount__gte=1", "salaries?employee.number=3"]:
        yield from _undone(firm, user, "DELETE", path, None)
    yield from _undone(firm, user, "DELETE", "salaries", [{"id": 1}, {"id": 5}])


def rest_batch(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Several operations at once, all of which are undone."""
    operations = [
        {"op": "create", "resource": "departments", "as": "new", "body": {"code": "d9", "name": "New"}},
        {"op": "create", "resource": "employees", "body": {**NEW, "department_id": {"$ref": "new.id"}}},
        {"op": "merge", "resource": "employees", "key": "3", "body": {"email": "x@example.com"}},
        {"op": "merge", "resource": "employees", "key": "4", "body": {"salary": "1"}},
        {"op": "patch", "resource": "employees", "key": "4", "body": _SALARY_TESTS},
        {"op": "patch", "resource": "employees", "key": "4", "body": _SALARY_COPIES},
        {"op": "delete", "resource": "salaries", "key": "1"},
    ]
    for chosen in (operations, *([each] for each in operations)):
        yield from _undone(firm, user, "POST", "batch", {"operations": chosen})


def _undone(
    firm: Company, user: str, method: str, path: str, body: Any, kind: str = "application/json"
) -> Iterator[str]:
    """What a write is answered, which is then rolled back."""
    client, address = firm.client(user), f"/api/v1/{path}"
    headers = {"Prefer": "tx=rollback, max-affected=100", "Content-Type": kind}
    sent = b"" if body is None else json.dumps(body).encode()
    response = client.request(address, method=method, body=sent, headers=headers, expect_errors=True)
    assert response.status_int < 500, response.text
    yield f"{response.headers} {response.text}"


def _files() -> Iterator[tuple[str, str]]:
    """Files of people by their format, of which one row is new and the others say something of stored ones."""
    known = [
        {"number": "3", "title": "Engineer", "salary": "1"},
        {"number": "4", "title": "Engineer", "salary": "2.5"},
        {"number": "5", "title": "Manager", "salary": ""},
    ]
    for rows in ([{name: str(value) for name, value in NEW.items()}], known):
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        yield "csv", out.getvalue()
        yield "jsonl", "".join(f"{json.dumps(row)}\n" for row in rows)


def import_(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """The command line, under a user's permissions."""
    for form, text in _files():
        file, rejected = folder / f"people.{form}", folder / f"rejected.{form}"
        file.write_text(text)
        past_bad_rows = ("--key", "number", "--continue", "--rejected", str(rejected))
        for options in (("employees", "--json"), ("salaries",), ("employees", *past_bad_rows)):
            result = invoke(firm, user, "import", *options, str(file))
            assert result.exit_code in (1, 5), result.output
            yield result.output
        yield rejected.read_text() if rejected.exists() else ""


def rest_import(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Files as bodies."""
    kinds = {"csv": "text/csv", "jsonl": "application/jsonl"}
    for form, text in _files():
        for resource in ("employees", "departments", "salaries"):
            for query in ("", "?key=number", "?key=id", "?key=number&on-error=continue"):
                response = firm.client(user).post(
                    f"/api/v1/{resource}/import{query}",
                    text,
                    content_type=kinds[form],
                    headers={"Prefer": "tx=rollback"},
                    expect_errors=True,
                )
                assert response.status_int in (200, 401, 403, 422)
                yield f"{response.headers} {response.text}"


EXPORTS = (
    "employees?",
    "employees?sort=-salary&fields=number,salary,manager.salary",
    "employees?salary__gte=71000",
    "employees?expand=department.manager,manager",
    'employees?where={"or":[{"salary":"71003.03"},{"not":{"salary__lt":1}}]}',
    "departments?expand=manager",
    "salaries?sort=amount&expand=employee",
)
#: What JSON Lines alone have room for.
EXPORTS_OF_MANY = ("employees?expand=salaries,reports", "departments?expand=employees(limit=100,sort=-salary)")


def rest_export(firm: Company, user: str, _: Path) -> Iterator[str]:
    """Lists as files, by Accept."""
    for media_type in ("text/csv", "text/csv;formulas=raw", "application/jsonl", "application/x-ndjson"):
        for path in (*EXPORTS, *EXPORTS_OF_MANY):
            accept = {"Accept": media_type}
            response = firm.client(user).get(f"/api/v1/{path}", headers=accept, expect_errors=True)
            assert response.status_int in (200, 400, 403)
            yield f"{response.headers} {response.text}"


def export(firm: Company, user: str, folder: Path) -> Iterator[str]:
    """The command line, under a user's permissions; to standard output and to a file."""
    file = folder / "exported"
    for form in ("csv", "jsonl"):
        for path in (*EXPORTS, *EXPORTS_OF_MANY):
            resource, _, query = path.partition("?")
            asked = [word for part in query.split("&") if part for word in _option(part)]
            arguments = ["export", resource, "--format", form, *asked]
            result = invoke(firm, user, *arguments)
            assert result.exit_code in (0, 1), result.output
            yield result.output
            assert invoke(firm, user, *arguments, str(file)).exit_code == result.exit_code
            if result.exit_code == 0:
                yield file.read_text()


def _option(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return (f"--{name}", value) if name in ("sort", "fields", "expand", "where") else ("--query", part)


WALKS: dict[str, Walk] = {
    "export": export,
    "rest export": rest_export,
    "rest list": rest_list,
    "rest one": rest_one,
    "rest related": rest_related,
    "rest create": rest_create,
    "rest replace": rest_replace,
    "rest patch": rest_patch,
    "rest delete": rest_delete,
    "rest batch": rest_batch,
    "rest import": rest_import,
    "import": import_,
}


def met(walk: Walk, firm: Company, user: str, folder: Path) -> set[str]:
    """The salaries that a user meets on a road, on which something is answered."""
    answered = list(walk(firm, user, folder))
    assert answered
    return {each for answer in answered for each in SALARY.findall(answer)}
