"""What /openapi.json, /docs and the files beside it answer, and what the verb prints."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from webtest import TestApp

import colonnade.plugins.openapi
from colonnade.core.console import Invocation
from colonnade.plugins.openapi.assets import digest
from colonnade.plugins.openapi.commands import openapi
from tests.plugins.openapi_library import library

STATIC = Path(colonnade.plugins.openapi.__file__).parent / "static"
VENDORED = STATIC / "swagger-ui"


@pytest.fixture(scope="module")
def app() -> TestApp:
    """The library; nothing here needs a database."""
    return TestApp(library())


# -- The document


def test_the_document_is_kept_and_asked_for_again(app: TestApp) -> None:
    first = app.get("/openapi.json")
    again = app.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert first.content_type == "application/json"
    assert "no-cache" in first.headers["Cache-Control"]
    assert (again.status_int, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert app.get("/openapi.json", headers={"If-None-Match": '"other"'}).status_int == 200


def test_another_document_has_another_tag(app: TestApp) -> None:
    other = TestApp(library(openapi__title="Another"))

    assert other.get("/openapi.json").headers["ETag"] != app.get("/openapi.json").headers["ETag"]


@pytest.mark.parametrize("token", ["librarian", "reader", "a bad one"])
def test_everybody_gets_the_same_document(app: TestApp, token: str) -> None:
    theirs = app.get("/openapi.json", headers={"Authorization": f"Bearer {token}"})

    assert theirs.body == app.get("/openapi.json").body


def test_the_document_has_the_type_that_is_asked_for(app: TestApp) -> None:
    own = "application/vnd.oai.openapi+json"

    assert app.get("/openapi.json", headers={"Accept": own}).content_type == own
    assert app.get("/openapi.json", headers={"Accept": "application/yaml, */*;q=0.1"}).status_int == 200
    refused = app.get("/openapi.json", headers={"Accept": "application/yaml"}, status=406)
    assert refused.content_type == "application/problem+json"


def test_only_reading_is_allowed(app: TestApp) -> None:
    assert app.head("/openapi.json").body == b""
    app.post("/openapi.json", status=405)
    app.post("/docs", status=405)


def test_the_server_is_where_the_application_is_mounted(app: TestApp) -> None:
    mounted = app.get("/openapi.json", extra_environ={"SCRIPT_NAME": "/library"})

    assert mounted.json["servers"] == [{"url": "/library"}]
    assert app.get("/openapi.json").json["servers"] == [{"url": "/"}]


def test_prefixes_that_anybody_may_send_fill_no_memory(app: TestApp) -> None:
    from colonnade.plugins.openapi.views import documents_of

    for number in range(20):
        app.get("/openapi.json", extra_environ={"SCRIPT_NAME": f"/{number}"})

    assert documents_of(app.app.registry).at.cache_info().currsize <= 16


# -- The page


def test_the_page_brings_everything_from_here_and_nothing_inline(app: TestApp) -> None:
    page = app.get("/docs")

    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    assert re.findall(r"<script[^>]*>[^<]", page.text) == []
    assert "<style" not in page.text
    assert not re.search(r'\s(style|on\w+)="', page.text)
    for address in addresses:
        assert app.get(address).status_int == 200


def test_the_page_lets_nothing_else_run(app: TestApp) -> None:
    policy = app.get("/docs").headers["Content-Security-Policy"]

    directives = dict(each.split(" ", 1) for each in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_page_may_call_the_servers_of_the_document() -> None:
    app = TestApp(library(openapi__servers="https://api.example.org/v1\n/here\nhttps://test.example.org:8443"))

    policy = app.get("/docs").headers["Content-Security-Policy"]

    assert "connect-src 'self' https://api.example.org https://test.example.org:8443;" in policy


@pytest.mark.parametrize("wrong", ["ftp://example.org", "https://a.example'; script-src *", "example.org", "//x.org"])
def test_a_server_that_cannot_be_one_is_refused_at_start(wrong: str) -> None:
    with pytest.raises(Exception, match=r"openapi\.servers"):
        library(openapi__servers=wrong)


def test_the_page_stands_below_the_prefix_of_the_application(app: TestApp) -> None:
    page = app.get("/docs", extra_environ={"SCRIPT_NAME": "/library"})

    assert 'data-document="/library/openapi.json"' in page.text
    assert 'src="/library/docs/static/docs.js' in page.text


def test_the_title_is_text(app: TestApp) -> None:
    page = TestApp(library(openapi__title="<b>Books & more")).get("/docs")

    assert "<title>&lt;b&gt;Books &amp; more</title>" in page.text


def test_files_are_kept_for_long_under_an_address_that_changes_with_them(app: TestApp, tmp_path: Path) -> None:
    address = re.findall(r'src="([^"]+docs\.js[^"]*)"', app.get("/docs").text)[0]
    response = app.get(address)

    assert "max-age=31536000" in response.headers["Cache-Control"]
    assert digest(STATIC) in address
    (tmp_path / "a.js").write_text("1")
    before = digest(tmp_path)
    (tmp_path / "a.js").write_text("2")
    assert digest(tmp_path) != before


def test_the_files_of_swagger_ui_are_the_published_ones() -> None:
    listed = dict(reversed(line.split()) for line in (VENDORED / "SHA256SUMS").read_text().splitlines())

    found = {name: hashlib.sha256((VENDORED / name).read_bytes()).hexdigest() for name in listed}
    assert found == listed
    assert {each.name for each in VENDORED.iterdir()} == {*listed, "SHA256SUMS", "README.md"}
    assert {"LICENSE", "NOTICE"} <= listed.keys()
    version = re.search(r"version ([0-9.]+[0-9])", (VENDORED / "README.md").read_text())
    assert version
    assert version[1].encode() in (VENDORED / "swagger-ui-bundle.js").read_bytes()


# -- The verb


@pytest.mark.parametrize("options", [[], ["--compact"]])
def test_the_verb_prints_what_the_server_answers(app: TestApp, options: list[str]) -> None:
    invocation = Invocation("library.ini", lambda ini: app.app.registry, _nobody)

    printed = CliRunner().invoke(openapi, options, obj=invocation)

    import json

    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == app.get("/openapi.json").json
    assert (len(printed.stdout.splitlines()) == 1) == bool(options)


def _nobody(registry: Any, name: str) -> Any:
    raise AssertionError("the document is the same for everybody")


# -- The way there


def test_the_root_of_the_server_leads_to_the_page(app: TestApp) -> None:
    response = app.get("/", status=303)

    assert response.headers["Location"] == "http://localhost/docs"
    assert "swagger-ui" in response.follow().text
