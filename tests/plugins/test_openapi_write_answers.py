"""What the application answers to writes is what its document says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestApp

from tests.plugins.openapi_library import stocked_library
from tests.plugins.openapi_validation import answer_faults

LIBRARIAN = {"Authorization": "Bearer librarian"}
READER = {"Authorization": "Bearer reader"}
MERGE = {"Content-Type": "application/merge-patch+json"}
PATCH = {"Content-Type": "application/json-patch+json"}
MINIMAL = {"Prefer": "return=minimal"}
UP_TO_9 = {"Prefer": "max-affected=9"}
BATCH = "/api/v1/batch"


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[TestApp]:
    """The library with two authors, three books and what belongs to them."""
    with stocked_library(module_database_url) as app:
        yield app


@pytest.fixture(scope="module")
def described(app: TestApp) -> Any:
    """The document of the library."""
    return app.get("/openapi.json").json


@pytest.mark.parametrize(
    "method, path, body, headers, status",
    [
        ("put", "/api/v1/books/1", {"title": "Transit", "tags": [1]}, {}, 200),
        ("put", "/api/v1/books/1", {"title": "Transit"}, MINIMAL, 204),
        ("put", "/api/v1/books/1", {}, {}, 422),
        ("put", "/api/v1/books/1", {"title": "Transit", "tags": [99]}, {}, 422),
        ("put", "/api/v1/books/99", {"title": "Transit"}, {}, 404),
        ("put", "/api/v1/books/1", {"title": "Transit"}, {"If-Match": '"x"'}, 412),
        ("put", "/api/v1/books/1", {"title": "Transit"}, {"If-Match": "*"}, 200),
        ("put", "/api/v1/books/1", {"title": "Transit"}, READER, 403),
        ("put", "/api/v1/shelves/a~2Fb~2Cc,3", {"room": "b"}, {}, 200),
        ("patch", "/api/v1/books/1", {"pages": 7}, MERGE, 200),
        ("patch", "/api/v1/books/1?fields=pages", [{"op": "test", "path": "/pages", "value": 0}], PATCH, 409),
        ("patch", "/api/v1/books/1", [{"op": "remove", "path": "/colour"}], PATCH, 409),
        ("patch", "/api/v1/books/1", [{"op": "paint"}], PATCH, 400),
        ("patch", "/api/v1/books/1", {"pages": 7}, {"Content-Type": "text/plain"}, 415),
        ("patch", "/api/v1/books/1", {"pages": 7}, {"Idempotency-Key": "a key"}, 400),
        ("patch", "/api/v1/books/1", {"pages": 7}, {"Prefer": "tx=perhaps"}, 400),
        ("patch", "/api/v1/books", [{"id": 1, "pages": 7}, {"id": 2, "pages": 8}], {}, 200),
        ("patch", "/api/v1/books", [{"id": 1, "pages": 7}, {"id": 99}], {}, 404),
        ("patch", "/api/v1/books?fields=colour", [], {}, 400),
        ("patch", "/api/v1/books", [], {}, 200),
        ("patch", "/api/v1/books?pages__gt=1", {"pages": 7}, UP_TO_9, 200),
        ("patch", "/api/v1/books?pages__gt=999&fields=colour", {"pages": 7}, UP_TO_9, 400),
        ("patch", "/api/v1/books?pages__gt=1", {"pages": 7}, {"Prefer": "max-affected=1"}, 409),
        ("patch", "/api/v1/books?pages__gt=1", {"pages": 7}, {}, 400),
        ("post", "/api/v1/tags", [{"word": "a"}, {"word": "b"}], {}, 201),
        ("post", "/api/v1/tags", [{"word": "a"}], MINIMAL, 201),
        ("post", "/api/v1/tags", [{"word": "a"}, {"word": "a"}], {}, 409),
        ("post", "/api/v1/tags?word=b", [{"word": "a"}], {}, 400),
        ("delete", "/api/v1/authors/1", None, {}, 409),
        ("delete", "/api/v1/authors", [{"id": 1}], {}, 409),
        ("delete", "/api/v1/shelves", [{"room": "a/b,c", "number": 3}], {}, 200),
        ("delete", "/api/v1/shelves?number=3", None, UP_TO_9, 200),
        ("delete", "/api/v1/shelves/a~2Fb~2Cc,3", None, {}, 204),
        ("post", BATCH, {"operations": [{"op": "delete", "resource": "tags", "key": 99}]}, {}, 404),
        ("post", BATCH, {"operations": [{"op": "paint", "resource": "tags"}]}, {}, 422),
        (
            "post",
            BATCH,
            {"operations": [{"op": "merge", "resource": "books", "key": 1, "body": {}}]},
            {},
            200,
        ),
    ],
)
def test_an_answer_to_a_write_is_the_described_one(
    app: TestApp, described: Any, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    """Each is undone, unless it is refused."""
    preferred = ", ".join(filter(None, (headers.get("Prefer"), "" if status == 400 else "tx=rollback")))
    sent = {"Content-Type": "application/json", **LIBRARIAN, **headers, **({"Prefer": preferred} if preferred else {})}
    text = b"" if body is None else json.dumps(body).encode()
    described_path = next(each for each in described["paths"] if fits(each, path.partition("?")[0]))

    response = app.request(path, method=method.upper(), body=text, headers=sent, status=status)

    assert answer_faults(described, described_path, method, response) == []


def fits(described_path: str, path: str) -> bool:
    """Whether an address is one of a path of the document."""
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", described_path), path) is not None


def test_an_answer_that_is_repeated_is_the_described_one(app: TestApp, described: Any) -> None:
    headers = {**LIBRARIAN, "Idempotency-Key": "once-and-no-more"}
    answers = [app.post_json("/api/v1/tags", {"word": "once"}, headers=headers) for _ in range(2)]

    assert [each.headers.get("Idempotency-Replayed") for each in answers] == [None, "true"]
    assert [answer_faults(described, "/api/v1/tags", "post", each) for each in answers] == [[], []]
    other = app.post_json("/api/v1/tags", {"word": "twice"}, headers=headers, status=422)
    assert answer_faults(described, "/api/v1/tags", "post", other) == []
    app.delete(answers[0].headers["Location"], headers=LIBRARIAN)
