"""The bodies in the document: each example is taken by the application, each wrong body is one by its schema, too."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from webtest import TestApp, TestResponse

from colonnade.core.database import database_of
from tests.plugins.openapi_library import library, make_tables
from tests.plugins.openapi_validation import answer_faults

LIBRARIAN = {"Authorization": "Bearer librarian"}
PREVIEW = {"Prefer": "tx=rollback, max-affected=10", **LIBRARIAN}
KEYS = {"authors": ("id",), "books": ("id",), "tags": ("id",), "shelves": ("room", "number")}


@pytest.fixture(scope="module")
def app(module_database_url: str) -> Iterator[TestApp]:
    """The library, empty but for what the examples refer to."""
    wsgi = library(module_database_url)
    make_tables(wsgi)
    app = TestApp(wsgi)
    app.post_json("/api/v1/authors", {"name": "Anna Seghers"}, headers=LIBRARIAN)
    yield app
    database_of(wsgi.registry).dispose()


@pytest.fixture(scope="module")
def described(app: TestApp) -> Any:
    """The document of the library."""
    return app.get("/openapi.json").json


def bodies(operation: Any) -> Iterator[tuple[str, str, Any]]:
    """The examples of an operation: media type, name, body."""
    for media_type, content in operation["requestBody"]["content"].items():
        for name, example in content["examples"].items():
            yield media_type, name, example["value"]


def sent(app: TestApp, method: str, url: str, media_type: str, body: Any, headers: Mapping[str, str]) -> TestResponse:
    call = {"post": app.post_json, "put": app.put_json, "patch": app.patch_json, "delete": app.delete_json}[method]
    response: TestResponse = call(url, body, headers=headers, content_type=media_type, status="*")
    return response


@pytest.mark.parametrize("name", KEYS)
def test_the_example_of_each_body_is_taken(app: TestApp, described: Any, name: str) -> None:
    """Those of stored records are tried on one that was made after an example."""
    collection, record = f"/api/v1/{name}", f"/api/v1/{name}/{{key}}"
    create = described["paths"][collection]["post"]
    for media_type, _, body in bodies(create):
        answer = sent(app, "post", collection, media_type, body, PREVIEW)
        assert answer.status_int == 201, answer.text
        assert answer_faults(described, collection, "post", answer) == []
    made = app.post_json(collection, next(bodies(create))[2], headers=LIBRARIAN)
    address = urlsplit(made.headers["Location"]).path
    key = {member: made.json[member] for member in KEYS[name]}
    tried = 0
    for path, url in ((collection, collection), (record, address)):
        for method in ("put", "patch", "delete"):
            operation = described["paths"][path][method]
            for media_type, kind, body in bodies(operation) if "requestBody" in operation else ():
                filtered = path == collection and kind != "several"
                said = [{**each, **key} for each in body] if kind == "several" else body
                where = f"{url}?{urlencode(key)}" if filtered else url
                answer = sent(app, method, where, media_type, said, PREVIEW)
                assert answer.status_int == 200, (method, where, said, answer.text)
                assert answer_faults(described, path, method, answer) == []
                tried += 1
    assert tried >= 8
    app.delete(address, headers=LIBRARIAN)


def test_the_example_of_a_batch_is_taken(app: TestApp, described: Any) -> None:
    for media_type, _, body in bodies(described["paths"]["/api/v1/batch"]["post"]):
        answer = sent(app, "post", "/api/v1/batch", media_type, body, PREVIEW)
        assert [each["status"] for each in answer.json["results"]] == [201, 201]
        assert answer_faults(described, "/api/v1/batch", "post", answer) == []
