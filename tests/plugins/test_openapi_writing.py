"""The document at /openapi.json, of the operations that write."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.plugins.openapi_library import PLUGINS, document
from tests.plugins.openapi_validation import faults, operation, parameters


@pytest.fixture(scope="module")
def described() -> Any:
    """The document of the library."""
    return document()


def test_a_body_of_a_change_needs_nothing_and_keeps_to_the_constraints(described: Any) -> None:
    edit, replace = ({"$ref": f"#/components/schemas/Book{kind}"} for kind in ("Edit", "Replace"))

    assert faults(described, edit, {}) == []
    assert faults(described, edit, {"isbn": None, "pages": 7, "tags": [1, 2]}) == []
    assert faults(described, edit, {"pages": None}) != []
    assert faults(described, edit, {"colour": "red"}) != []
    assert faults(described, replace, {"title": "T"}) == []
    assert faults(described, replace, {"id": 1, "title": "T", "tags": []}) == []  # as it was read
    assert faults(described, replace, {"pages": 7}) != []
    assert "default" not in described["components"]["schemas"]["BookEdit"]["properties"]["pages"]


def test_items_of_an_array_say_which_record(described: Any) -> None:
    put, patch, delete = (operation(described, each, "/api/v1/shelves") for each in ("put", "patch", "delete"))
    schemas = [each["requestBody"]["content"]["application/json"]["schema"] for each in (put, patch, delete)]
    key = {"room": "a", "number": 1}

    assert [faults(described, schema, [key | {"note": "x"}]) for schema in schemas] == [[], [], []]
    assert all(faults(described, schema, [{"room": "a"}]) for schema in schemas)
    assert "required" not in delete["requestBody"]


def test_a_json_patch_is_described(described: Any) -> None:
    content = operation(described, "patch", "/api/v1/books/{key}")["requestBody"]["content"]
    patch = content["application/json-patch+json"]["schema"]

    assert set(content) == {"application/merge-patch+json", "application/json-patch+json", "application/json"}
    right = [{"op": "test", "path": "/a~1b", "value": None}, {"op": "move", "from": "/a", "path": "/b"}]
    assert faults(described, patch, right) == []
    for wrong in (
        {"op": "add", "path": "/a"},
        {"op": "copy", "path": "/a"},
        {"op": "x"},
        {"op": "remove", "path": "a"},
    ):
        assert faults(described, patch, [wrong]) != []


def test_a_batch_is_described_by_operation(described: Any) -> None:
    batch = {"$ref": "#/components/schemas/Batch"}
    create = {"op": "create", "resource": "books", "body": {"title": {"$ref": "a.name"}}, "as": "b"}
    delete = {"op": "delete", "resource": "books", "key": {"$ref": "b"}}

    assert faults(described, batch, {"operations": [create, delete]}) == []
    for wrong in ({**create, "key": 1}, {**delete, "body": {}}, {**create, "resource": "cars"}, {**delete, "op": "x"}):
        assert faults(described, batch, {"operations": [wrong]}) != []


def test_each_write_has_the_headers_that_it_heeds(described: Any) -> None:
    always = {"Prefer", "Idempotency-Key"}
    heeded = {
        (method, path): {name for name, each in parameters(described, method, path).items() if each["in"] == "header"}
        for path in ("/api/v1/books", "/api/v1/books/{key}", "/api/v1/batch")
        for method in described["paths"][path]
        if method not in ("get", "parameters")
    }

    assert heeded.pop(("post", "/api/v1/batch")) == always
    assert all(
        names == always | ({"If-Match", "If-None-Match"} if path.endswith("}") else set())
        for (_, path), names in heeded.items()
    )
    assert {"fields", "title", "where"} <= set(parameters(described, "patch", "/api/v1/books"))
    assert not {"sort", "limit", "title"} & set(parameters(described, "put", "/api/v1/books"))


def test_428_is_there_where_if_match_is_compulsory(described: Any) -> None:
    strict = document(rest__require_if_match="true", rest__max_items="7")
    for path in ("/api/v1/books", "/api/v1/books/{key}"):
        for method in {"put", "patch", "delete"}:
            assert "428" not in operation(described, method, path)["responses"]
            assert "428" in operation(strict, method, path)["responses"]
    assert "428" not in operation(strict, "post", "/api/v1/books")["responses"]
    assert parameters(strict, "put", "/api/v1/books/{key}")["If-Match"]["required"]
    assert "if_match" in strict["components"]["schemas"]["BatchDelete"]["required"]
    array = operation(strict, "put", "/api/v1/books")["requestBody"]["content"]["application/json"]["schema"]
    assert array["maxItems"] == 7
    assert [error.message for error in OpenAPIV31SpecValidator(strict).iter_errors()] == []


def test_conflicts_are_shown_by_their_types(described: Any) -> None:
    examples = described["components"]["responses"]["Conflict"]["content"]["application/problem+json"]["examples"]
    types = {each["value"]["type"].rpartition(":")[2] for each in examples.values()}

    assert {"still-referred-to", "test-failed", "patch-failed", "max-affected"} <= types
    assert {"already-taken", "idempotency-key-in-use", "answer-withheld"} <= types


def test_a_creation_links_to_what_can_be_done_with_the_record(described: Any) -> None:
    created = {
        path: operation(described, "post", path)["responses"]["201"].get("links", {})
        for path in ("/api/v1/books", "/api/v1/shelves")
    }

    assert set(created["/api/v1/books"]) == {"get_book", "replace_book", "patch_book", "delete_book"}
    assert created["/api/v1/books"]["get_book"]["parameters"] == {"key": "$response.body#/id"}
    assert created["/api/v1/shelves"] == {}  # a room is text, which may need escapes


def test_further_formats_of_lists_are_in_the_answer() -> None:
    described = document([*PLUGINS, "transfer"])
    formats = set(operation(described, "get", "/api/v1/books")["responses"]["200"]["content"])

    assert {"application/json", "text/csv"} < formats
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_where_changes_are_logged_a_write_may_be_answered_with_them(described: Any) -> None:
    logged = document([*PLUGINS, "history"])
    content = operation(logged, "patch", "/api/v1/books/{key}")["responses"]["200"]["content"]["application/json"]

    assert {"$ref": "#/components/schemas/ChangesMade"} in content["schema"]["anyOf"]
    assert "200" in operation(logged, "delete", "/api/v1/books/{key}")["responses"]
    assert "200" not in operation(described, "delete", "/api/v1/books/{key}")["responses"]
    assert "ChangesMade" not in described["components"]["schemas"]
    assert [error.message for error in OpenAPIV31SpecValidator(logged).iter_errors()] == []
