"""What the application answers is what its document says, and what the document offers is taken."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from webtest import TestApp, TestResponse

from colonnade.core.database import database_of
from tests.plugins.openapi_library import PLUGINS, library, stocked_library
from tests.plugins.openapi_validation import answer_faults, resolved

LIBRARIAN = {"Authorization": "Bearer librarian"}
READER = {"Authorization": "Bearer reader"}
NOBODY = {"Authorization": "Bearer nobody"}
STRANGER = {"Authorization": "Bearer stranger"}
PATHS = {"{day}": "monday", "/{key}": "/1"}


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[TestApp]:
    """The library with two authors, three books and what belongs to them."""
    with stocked_library(module_database_url) as app:
        yield app


@pytest.fixture(scope="module")
def described(app: TestApp) -> Any:
    """The document of the library."""
    return app.get("/openapi.json").json


BOOKS = "/api/v1/books"
BOOK = "/api/v1/books/{key}"


@pytest.mark.parametrize(
    "described_path, path, headers, status",
    [
        ("/api/v1", "/api/v1", {}, 200),
        ("/api/v1", "/api/v1", STRANGER, 401),
        ("/health", "/health", {}, 200),
        ("/openapi.json", "/openapi.json", {}, 200),
        ("/opening/{day}", "/opening/monday", {}, 200),
        ("/opening/{day}", "/opening/sunday", {}, 404),
        ("/visitors", "/visitors", {}, 401),
        ("/visitors", "/visitors", READER, 403),
        ("/api/v1/authors", "/api/v1/authors", {}, 200),
        ("/api/v1/authors", "/api/v1/authors?expand=books", LIBRARIAN, 200),
        (BOOKS, "/api/v1/books", READER, 200),
        (BOOKS, "/api/v1/books?expand=author,tags(limit=1,sort=-word)&count=exact&limit=1", READER, 200),
        (BOOKS, "/api/v1/books?fields=title,author.name&sort=-author.name", READER, 200),
        (BOOKS, "/api/v1/books?page=2&limit=1&count=capped", READER, 200),
        (BOOKS, "/api/v1/books?colour=red", READER, 400),
        (BOOKS, "/api/v1/books?limit=0&page=x", READER, 400),
        (BOOKS, "/api/v1/books?cursor=x", READER, 400),
        (BOOKS, "/api/v1/books?title=%FF", READER, 400),
        (BOOKS, "/api/v1/books", {}, 401),
        (BOOKS, "/api/v1/books", STRANGER, 401),
        (BOOKS, "/api/v1/books", NOBODY, 403),
        (BOOKS, "/api/v1/books", READER | {"Accept": "text/csv"}, 406),
        (BOOKS, "/api/v1/books", READER | {"If-Match": '"x"'}, 412),
        (BOOKS, "/api/v1/books", READER | {"If-None-Match": "*"}, 304),
        (BOOK, "/api/v1/books/1", READER, 200),
        (BOOK, "/api/v1/books/2?expand=author", LIBRARIAN, 200),
        (BOOK, "/api/v1/books/3?expand=author,tags", READER, 200),
        (BOOK, "/api/v1/books/1?sort=id", READER, 400),
        (BOOK, "/api/v1/books/99", READER, 404),
        (BOOK, "/api/v1/books/x", READER, 404),
        (BOOK, "/api/v1/books/1", NOBODY, 404),
        (BOOK, "/api/v1/books/1", {}, 401),
        ("/api/v1/books/{key}/tags", "/api/v1/books/1/tags", READER, 200),
        ("/api/v1/books/{key}/tags", "/api/v1/books/99/tags", READER, 404),
        ("/api/v1/shelves/{key}", "/api/v1/shelves/a~2Fb~2Cc,3", READER, 200),
        ("/api/v1/shelves/{key}", "/api/v1/shelves/a", READER, 404),
    ],
)
def test_an_answer_is_the_described_one(
    app: TestApp, described: Any, described_path: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = app.get(path, headers=headers, status=status)

    assert answer_faults(described, described_path, "get", response) == []


@pytest.mark.parametrize(
    "body, headers, status",
    [
        (b'{"word": "new"}', READER, 201),
        (b'{"word": "exile"}', READER, 409),
        (b'{"word": null}', READER, 422),
        (b'{"word": "a", "colour": 1}', READER, 422),
        (b'{"word": "a", "word": "b"}', READER, 400),
        (b"{", READER, 400),
        (b"\xff", READER, 400),
        (b"", READER, 400),
        (b'{"word": "a"}', {}, 401),
        (b'{"word": "a"}', NOBODY, 403),
        (b'{"word": "a"}', READER | {"Content-Type": "text/plain"}, 415),
        (b'{"word": "a"}', READER | {"Accept": "text/csv"}, 406),
        (b'{"word": "' + b"a" * 2048 + b'"}', READER, 413),
    ],
)
def test_an_answer_to_a_creation_is_the_described_one(
    app: TestApp, described: Any, body: bytes, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json", **headers}

    response = app.post("/api/v1/tags", body, headers=headers, status=status)

    assert answer_faults(described, "/api/v1/tags", "post", response) == []


def test_a_problem_for_a_browser_is_described_too(app: TestApp, described: Any) -> None:
    page = app.get("/api/v1/books", headers={"Accept": "text/html"}, status=401)

    assert page.content_type == "text/html"
    assert answer_faults(described, BOOKS, "get", page) == []


def test_a_list_in_another_format_is_described_too(app: TestApp, module_database_url: str) -> None:
    wsgi = library(module_database_url, plugins=[*PLUGINS, "transfer"])
    with_files = TestApp(wsgi)
    described = with_files.get("/openapi.json").json
    formats = set(described["paths"][BOOKS]["get"]["responses"]["200"]["content"]) - {"application/json"}

    for media_type in formats:
        answer = with_files.get("/api/v1/books", headers=READER | {"Accept": media_type})
        assert answer.content_type == media_type.partition(";")[0]
        assert answer_faults(described, BOOKS, "get", answer) == []
    assert len(formats) >= 2
    database_of(wsgi.registry).dispose()


# -- What is offered is taken


def values(schema: Any, described: Any) -> Any:
    """A value that a parameter's schema admits."""
    schema = resolved(described, schema)
    while "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "examples" in schema or "enum" in schema:
        return schema.get("examples", schema.get("enum"))[0]
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    by_type = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "string": "A"}
    if schema.get("format") == "uuid":
        return "0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64"
    if schema.get("contentEncoding") == "base64":
        return "AA=="
    return by_type[kinds[0]]


def test_each_listed_filter_is_known_to_the_application(app: TestApp, described: Any) -> None:
    offered = 0
    for path in ("authors", "books", "tags", "shelves"):
        for parameter in described["paths"][f"/api/v1/{path}"]["get"]["parameters"]:
            parameter = resolved(described, parameter)
            if parameter["in"] != "query" or "content" in parameter or parameter["name"] in ("cursor", "expand"):
                continue
            schema = resolved(described, parameter["schema"])
            if parameter.get("explode"):
                given = {name: values(each, described) for name, each in schema["properties"].items()}
                given |= {name: "" for name in given if name.endswith("__in")}  # the empty list, of any type
            elif schema["type"] == "array":
                given = {f"{parameter['name']}={each}": each for each in resolved(described, schema["items"])["enum"]}
            else:
                given = {parameter["name"]: values(schema, described)}
            for name, value in given.items():
                key = name.partition("=")[0]
                text = json.dumps(value).strip('"')
                app.get(f"/api/v1/{path}?{urlencode({key: text})}", headers=LIBRARIAN, status=200)
                offered += 1

    assert offered > 250


def test_each_pattern_of_where_is_known_to_the_application(app: TestApp, described: Any) -> None:
    patterns = described["components"]["schemas"]["BookWhere"]["patternProperties"]
    tried = 0
    for pattern, schema in patterns.items():
        if "\\." in pattern:
            continue
        for name in names(pattern):
            value = values(schema, described)
            where = json.dumps({name: value})
            app.get(f"/api/v1/books?{urlencode({'where': where})}", headers=LIBRARIAN, status=200)
            tried += 1

    assert tried > 60


def names(pattern: str) -> Iterator[str]:
    """The names that a pattern of ``where`` admits: (fields)(operators), perhaps without an operator."""
    fields, _, operators = pattern.removeprefix("^(").removesuffix("$").partition(")")
    endings = operators.removesuffix("?").replace("__", "").strip("()").split("|") if operators else [""]
    for field in fields.split("|"):
        yield from (f"{field}__{ending}" for ending in endings)


# -- Who may


def test_what_asks_for_a_token_is_refused_without_one(app: TestApp, described: Any) -> None:
    refused = 0
    for path, item in described["paths"].items():
        address = path
        for placeholder, text in PATHS.items():
            address = address.replace(placeholder, text)
        for method, operation in item.items():
            if method == "parameters":
                continue
            protected = operation["security"] and {} not in operation["security"]
            for headers in ({}, STRANGER):
                response: TestResponse = app.request(address, method=method.upper(), headers=headers, status="*")
                if protected:
                    assert response.status_int == 401, (method, path)
                    assert response.headers["WWW-Authenticate"].startswith("Bearer")
                    refused += 1
                elif not headers:
                    assert response.status_int != 401, (method, path)

    assert refused >= 20
