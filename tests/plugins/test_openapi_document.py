"""The document at /openapi.json: valid, and true of the application that answers with it."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from cornice import Service
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from webtest import TestApp

from colonnade.core.reading.grammar import OPERATORS
from colonnade.plugins.openapi.document import build_document
from colonnade.plugins.openapi.naming import schema_names
from tests.plugins.openapi_library import PLUGINS, document, library
from tests.plugins.openapi_validation import examples, faults, operation, parameters

LIBRARY = PLUGINS[-1]


@pytest.fixture(scope="module")
def described() -> Any:
    """The document of the library."""
    return document()


# -- Valid


def test_the_document_is_valid_openapi_3_1(described: Any) -> None:
    assert described["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_example_is_valid_by_its_schema(described: Any) -> None:
    found = list(examples(described))

    assert len(found) > 40
    assert {at: wrong for at, schema, value in found if (wrong := faults(described, schema, value))} == {}


def test_every_reference_leads_somewhere_and_every_component_is_referred_to(described: Any) -> None:
    referred = set(_references(described["paths"])) | set(_references(described["components"]))
    there = {f"#/components/{kind}/{name}" for kind, named in described["components"].items() for name in named}

    assert referred <= there
    assert there - referred == {"#/components/securitySchemes/bearer"}


def _references(here: Any) -> Iterable[str]:
    if isinstance(here, dict):
        if isinstance(target := here.get("$ref"), str):
            yield target
        here = [member for name, member in here.items() if name != "examples"]  # a batch has references of its own
    if isinstance(here, list):
        for member in here:
            yield from _references(member)


def test_operations_have_names_of_their_own(described: Any) -> None:
    operations = [each for item in described["paths"].values() for name, each in item.items() if name != "parameters"]
    ids = [each["operationId"] for each in operations]

    assert len(set(ids)) == len(ids)
    assert {"list_books", "create_book", "get_book", "list_author_books"} <= set(ids)
    assert all(each["summary"] and each["tags"] for each in operations)


# -- True of what is switched on


def test_every_resource_is_there_with_its_operations(described: Any) -> None:
    methods = {path: set(item) - {"parameters"} for path, item in described["paths"].items() if "/api/" in path}

    collection, record = {"get", "post", "put", "patch", "delete"}, {"get", "put", "patch", "delete"}
    assert methods == {
        "/api/v1": {"get"},
        "/api/v1/batch": {"post"},
        "/api/v1/authors": collection,
        "/api/v1/authors/{key}": record,
        "/api/v1/authors/{key}/books": {"get"},
        "/api/v1/books": collection,
        "/api/v1/books/{key}": record,
        "/api/v1/books/{key}/tags": {"get"},
        "/api/v1/tags": collection,
        "/api/v1/tags/{key}": record,
        "/api/v1/shelves": collection,
        "/api/v1/shelves/{key}": record,
    }


@pytest.mark.parametrize(
    "missing, gone, left",
    [
        (LIBRARY, "/api/v1/books", "/api/v1"),
        ("rest", "/api/v1", "/opening/{day}"),
        ("health", "/ready", "/api/v1/books"),
    ],
)
def test_what_is_switched_off_is_not_in_the_document(missing: str, gone: str, left: str) -> None:
    described = document(each for each in PLUGINS if each != missing)

    assert gone not in described["paths"]
    assert left in described["paths"]
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_without_an_api_no_resource_is_described() -> None:
    described = document(each for each in PLUGINS if each != "rest")

    assert not [name for name in described["components"]["schemas"] if name.startswith(("Book", "Author", "Shelf"))]


def test_the_other_plug_ins_work_without_this_one() -> None:
    app = TestApp(library(plugins=[each for each in PLUGINS if each != "openapi"]))

    assert app.get("/opening/monday").json["hours"] == [9, 17]
    app.get("/openapi.json", status=404)
    app.get("/docs", status=404)


def test_the_document_is_the_same_each_time() -> None:
    first, second = (TestApp(library()).get("/openapi.json").body for _ in range(2))

    assert first == second


# -- Services of plug-ins


def test_a_described_service_appears_with_what_it_says(described: Any) -> None:
    opening = operation(described, "get", "/opening/{day}")

    assert opening["summary"] == "When the library opens"
    assert opening["description"] == "On one day of the week."
    assert opening["responses"]["200"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Opening"}}
    }
    assert set(described["components"]["schemas"]["Opening"]["properties"]) == {"day", "hours"}
    assert set(opening["responses"]) == {"200", "4XX", "5XX"}
    day = described["paths"]["/opening/{day}"]["parameters"][0]
    assert faults(described, day["schema"], "monday") == []
    assert faults(described, day["schema"], "Monday 7") != []


def test_a_service_that_says_nothing_appears_with_what_is_known_of_it(described: Any) -> None:
    visitors = operation(described, "get", "/visitors")

    assert visitors["summary"] == "Count the visitors of today"
    assert visitors["security"] == [{"bearer": []}]
    assert visitors["tags"] == ["openapi_library"] == [LIBRARY.rpartition(".")[2]]
    assert set(visitors["responses"]) == {"2XX", "3XX", "4XX", "5XX"}


class Problem(BaseModel):
    """A model that is called like a schema of ours."""

    pages: int


def more(config: Configurator) -> None:
    """A plug-in with views of other kinds."""
    config.add_plugin("openapi_more")

    class Shop:
        """A class with methods for views."""

        def __init__(self, request: Request, context: Any = None) -> None:
            self.request = request

        def buy(self) -> dict[str, Any]:
            """Buy a book."""
            return {}

    shop = Service("shop", "/shop/{name}", description="The shop")
    shop.add_view("POST", "buy", klass=Shop, permission=NO_PERMISSION_REQUIRED)
    shop.add_view("DELETE", lambda request: {}, permission=NO_PERMISSION_REQUIRED, openapi={"summary": "Close it"})
    config.add_cornice_service(shop)
    quiet = Service("quiet", "/quiet")
    quiet.add_view("GET", lambda request: {}, permission=NO_PERMISSION_REQUIRED, openapi=False)
    config.add_cornice_service(quiet)
    loan = Service("loan", "/loan")
    problem = {"200": {"description": "!", "content": {"application/json": {"schema": Problem}}}}
    loan.add_view("GET", lambda request: {}, permission=NO_PERMISSION_REQUIRED, openapi={"responses": problem})
    config.add_cornice_service(loan)
    config.add_route("plain", "/plain")
    config.add_view(
        lambda request: Response("plain"),
        route_name="plain",
        permission=NO_PERMISSION_REQUIRED,
        openapi={"summary": "A plain view", "tags": ["other"]},
    )
    config.add_route("silent", "/silent")
    config.add_view(lambda request: Response(""), route_name="silent", permission=NO_PERMISSION_REQUIRED)
    with config.route_prefix_context("inner"):
        config.add_route("tail", "/tail/*rest")
        config.add_view(
            lambda request: Response(""), route_name="tail", permission=NO_PERMISSION_REQUIRED, openapi={"summary": "T"}
        )


def build(*includes: Any) -> Any:
    """The document of an application with further plug-ins, made from functions."""
    from colonnade.core.plugins import plugins_of

    app = library(plugins=("openapi",))
    config = Configurator(registry=app.registry)
    config.add_plugin = lambda *args, **kw: None  # they are not named by any INI
    assert plugins_of(app.registry)
    for include in includes:
        include(config)
    config.commit()
    return build_document(app.registry)


@pytest.fixture(scope="module")
def further() -> Any:
    """The document with the views of `more`."""
    return build(more)


def test_views_of_classes_and_further_methods_are_described(further: Any) -> None:
    assert operation(further, "post", "/shop/{name}")["summary"] == "Buy a book"
    assert operation(further, "delete", "/shop/{name}")["summary"] == "Close it"


def test_a_view_may_stay_out(further: Any) -> None:
    assert "/quiet" not in further["paths"]
    assert "/silent" not in further["paths"]


def test_a_plain_view_may_come_in(further: Any) -> None:
    assert operation(further, "get", "/plain")["summary"] == "A plain view"
    assert {"name": "other"} in further["tags"]
    assert operation(further, "get", "/inner/tail/{rest}")["summary"] == "T"


def test_a_model_that_is_called_like_one_of_our_schemas_gets_another_name(further: Any) -> None:
    answer = operation(further, "get", "/loan")["responses"]["200"]["content"]["application/json"]

    assert answer["schema"]["$ref"] != "#/components/schemas/Problem"
    assert faults(further, answer["schema"], {"pages": 3}) == []
    assert faults(further, answer["schema"], {}) != []
    assert "instance" in further["components"]["schemas"]["Problem"]["properties"]


def test_models_of_one_name_get_schemas_of_two() -> None:
    class Resource:
        def __init__(self, name: str, model: str) -> None:
            self.name, self.model = name, type(model, (), {})

    listed = [Resource("books", "Book"), Resource("book-lists", "BookList"), Resource("old-books", "Book")]

    names = schema_names(listed)  # type: ignore[arg-type]

    assert names["books"] == "Book"
    assert len(set(names.values())) == 3
    assert "BookList" not in names.values()  # it is the list of books


# -- Resources


def test_nothing_of_a_record_is_required_and_nothing_else_is_allowed(described: Any) -> None:
    book = {"$ref": "#/components/schemas/Book"}

    assert faults(described, book, {}) == []
    assert faults(described, book, {"title": None}) != []
    assert faults(described, book, {"isbn": None, "author": None, "extra": {"any": [1]}}) == []
    assert faults(described, book, {"colour": "red"}) != []
    assert faults(described, book, {"author": {"name": "Anna", "books": {"data": [], "next": None}}}) == []


def test_a_body_needs_what_has_no_default_and_keeps_to_the_constraints(described: Any) -> None:
    create = {"$ref": "#/components/schemas/BookCreate"}

    assert faults(described, create, {"title": "T"}) == []
    assert faults(described, create, {}) != []
    assert faults(described, create, {"title": "T", "id": 7}) != []
    assert faults(described, create, {"title": "T", "pages": 0}) != []
    assert faults(described, create, {"title": "T", "isbn": "X"}) != []
    assert faults(described, create, {"title": "T", "price": "12.50"}) == []
    assert faults(described, create, {"title": "T", "price": 12.5}) == []


def test_only_defaults_of_the_column_are_shown(described: Any) -> None:
    members = described["components"]["schemas"]["BookCreate"]["properties"]

    assert members["pages"]["default"] == 100
    assert members["binding"]["default"] == "paper"
    assert "default" not in members["isbn"]


def test_examples_are_those_of_the_model(described: Any) -> None:
    author, book = (described["components"]["schemas"][name]["examples"][0] for name in ("Author", "Book"))

    assert author["name"] == "Anna Seghers"  # the description says: such as
    assert author["email"] == "anna.berger@example.org"
    assert book["isbn"] == "9783351034962"  # the annotation has examples
    assert (book["pages"], book["binding"], book["title"]) == (100, "paper", "Example title")
    assert "author" not in book


def test_a_list_has_a_parameter_for_equality_of_each_field(described: Any) -> None:
    found = parameters(described, "get", "/api/v1/books")

    assert {"title", "author_id", "in_print", "sort", "fields", "expand", "where", "limit", "cursor"} <= set(found)
    assert found["limit"]["schema"]["maximum"] == 1000  # the control word; the field of this name has an operator
    assert "extra" not in found  # JSON is not compared
    assert found["binding"]["schema"]["enum"] == ["paper", "cloth"]


def test_the_other_operators_are_properties_of_one_exploded_object(described: Any) -> None:
    found = parameters(described, "get", "/api/v1/books")["filter"]
    properties = set(described["components"]["schemas"]["BookFilter"]["properties"])

    assert (found["style"], found["explode"]) == ("form", True)
    assert {"pages__gte", "title__icontains", "limit__exact", "extra__isnull", "author.name"} <= properties
    assert not {"title", "pages__icontains", "in_print__gt", "extra__ne", "title__exact"} & properties


def test_a_field_called_filter_is_a_field(described: Any) -> None:
    found = parameters(described, "get", "/api/v1/shelves")

    assert found["filter"]["schema"] == {"type": "string"}
    assert found["filters"]["schema"]["$ref"].endswith("/ShelfFilter")


def test_where_is_described_down_to_its_leaves(described: Any) -> None:
    where = {"$ref": "#/components/schemas/BookWhere"}

    assert faults(described, where, {"or": [{"pages__gte": 60}, {"not": {"author.name": "Anna"}}]}) == []
    assert faults(described, where, {"isbn": None, "isbn__ne": None}) == []
    assert faults(described, where, {"pages__in": [1, 2], "title__icontains": "a", "tags__isnull": True}) == []
    for wrong in ({"colour": 1}, {"pages__gte": None}, {"pages__gte": "a"}, {"or": {}}, {"in_print__gt": True}):
        assert faults(described, where, wrong) != []


def test_no_operator_is_forgotten(described: Any) -> None:
    text = described["components"]["schemas"]["BookFilter"]["description"]

    assert [each for each in OPERATORS if f"`{each}`" not in text] == []


def test_sort_and_fields_list_what_there_is_one_relation_far(described: Any) -> None:
    schemas = described["components"]["schemas"]

    assert {"title", "-title", "author.name", "-author.name"} <= set(schemas["BookSort"]["enum"])
    assert not {"extra", "tags.word", "author"} & set(schemas["BookSort"]["enum"])
    assert {"title", "extra", "author", "author.name", "tags.word"} <= set(schemas["BookFields"]["enum"])


@pytest.mark.parametrize(
    "text, right",
    [
        ("author", True),
        ("author,tags(limit=2,sort=-word)", True),
        ("author.books.tags", True),
        ("", True),
        ("colour", False),
        ("author;tags", False),
        ("tags(limit=2", False),
    ],
)
def test_expand_has_a_pattern(described: Any, text: str, right: bool) -> None:
    assert (faults(described, {"$ref": "#/components/schemas/BookExpand"}, text) == []) == right


def test_one_record_takes_fields_and_expand_alone(described: Any) -> None:
    assert set(parameters(described, "get", "/api/v1/books/{key}")) == {
        "fields",
        "expand",
        "If-None-Match",
        "If-Match",
    }
    assert "expand" not in parameters(described, "get", "/api/v1/tags/{key}")


def test_the_key_in_a_path_is_what_the_key_is(described: Any) -> None:
    book = described["paths"]["/api/v1/books/{key}"]["parameters"][0]
    shelf = described["paths"]["/api/v1/shelves/{key}"]["parameters"][0]

    assert book["schema"]["type"] == "integer"
    assert shelf["schema"]["type"] == "string"
    assert "`room`, `number`" in shelf["description"]


def test_a_list_of_a_relation_is_a_list_of_its_target(described: Any) -> None:
    listed = operation(described, "get", "/api/v1/books/{key}/tags")

    assert listed["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/TagList")
    assert "word" in parameters(described, "get", "/api/v1/books/{key}/tags")
    assert "404" in listed["responses"]


# -- Who may


def test_security_is_that_of_the_policy(described: Any) -> None:
    security = {path: item["get"]["security"] for path, item in described["paths"].items() if "get" in item}

    assert security["/health"] == []
    assert security["/opening/{day}"] == []
    assert security["/api/v1/authors"] == [{}, {"bearer": []}]  # everybody sees some of it
    assert security["/api/v1/books"] == [{"bearer": []}]
    assert security["/api/v1/authors/{key}/books"] == [{"bearer": []}]  # of authors one does, of books not
    for method in ("post", "put", "patch", "delete"):
        assert operation(described, method, "/api/v1/authors")["security"] == [{"bearer": []}]
    assert operation(described, "post", "/api/v1/batch")["security"] == [{}, {"bearer": []}]  # as its operations are
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_without_somebody_who_tells_who_asks_there_is_no_scheme() -> None:
    described = document(["rest", "openapi", "health"])

    assert "securitySchemes" not in described["components"]
    assert operation(described, "get", "/health")["security"] == []


# -- What the settings say


def test_title_version_description_and_servers_are_settings() -> None:
    described = document(
        openapi__title="Library",
        openapi__version="2.7",
        openapi__description="All our books.",
        openapi__servers="https://api.example.org\nhttps://test.example.org/v",
    )

    assert (described["info"]["title"], described["info"]["version"]) == ("Library", "2.7")
    assert described["info"]["description"].startswith("All our books.\n\n")
    assert described["servers"] == [{"url": "https://api.example.org"}, {"url": "https://test.example.org/v"}]


def test_the_limits_of_reading_are_those_of_the_settings() -> None:
    described = document(reading__max_limit="77", reading__default_limit="7")
    limit = described["components"]["parameters"]["Limit"]["schema"]

    assert (limit["maximum"], limit["default"]) == (77, 7)


def test_the_document_can_be_written_as_json_and_back(described: Any) -> None:
    assert json.loads(json.dumps(described)) == described
