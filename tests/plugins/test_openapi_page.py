"""The page at /docs in a real browser: it shows the document, signs in, tries operations, keeps to its own policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from pyramid.router import Router
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait
from webtest import TestApp

from colonnade.core.database import database_of
from tests.harness.browser import browsing, console
from tests.plugins.openapi_library import library, make_tables

PATIENCE = 120  # seconds; catches what hangs, also on a machine with much else to do


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser for this module."""
    with browsing(tmp_path_factory.mktemp("chromium")) as chrome:
        yield chrome


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the library is served, with one book in it."""
    app = library(f"sqlite:///{tmp_path_factory.mktemp('library')}/books.db")
    make_tables(app)
    TestApp(app).post_json("/api/v1/books", {"title": "Transit"}, headers={"Authorization": "Bearer librarian"})
    with served(app) as url:
        yield url
    database_of(app.registry).dispose()


class Server(ThreadingMixIn, WSGIServer):
    """A server for a page that asks for several things at once."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """One that writes no log."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@contextmanager
def served(app: Router) -> Iterator[str]:
    """The address of an application, which is served on a free port while the block lasts."""
    with make_server("127.0.0.1", 0, app, Server, Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def find(browser: Chrome, selector: str) -> WebElement:
    """The element, once it is there and may be clicked."""
    return WebDriverWait(browser, PATIENCE).until(expected.element_to_be_clickable((By.CSS_SELECTOR, selector)))


def open_docs(browser: Chrome, address: str) -> None:
    """The page, once it shows operations."""
    browser.get(f"{address}/docs")
    find(browser, ".opblock")
    console(browser)


def test_the_page_shows_every_operation_and_breaks_no_rule(browser: Chrome, address: str) -> None:
    browser.get(f"{address}/docs")

    find(browser, ".opblock")
    shown = {each.text for each in browser.find_elements(By.CSS_SELECTOR, ".opblock-summary-path")}
    assert {path.replace("\u200b", "") for path in shown} >= {"/api/v1/books", "/api/v1/books/{key}", "/opening/{day}"}
    assert "OAS 3.1" in browser.find_element(By.CSS_SELECTOR, ".info").text
    assert console(browser) == []


def test_the_page_asks_nobody_else_for_anything(browser: Chrome, address: str) -> None:
    open_docs(browser, address)

    asked = browser.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")

    assert len(asked) >= 5
    assert [url for url in asked if not url.startswith((address, "data:"))] == []


def test_one_signs_in_with_a_token_and_tries_an_operation(browser: Chrome, address: str) -> None:
    open_docs(browser, address)

    find(browser, ".btn.authorize").click()
    find(browser, ".dialog-ux input").send_keys("reader")
    find(browser, ".dialog-ux .btn.modal-btn.auth.authorize").click()
    find(browser, ".dialog-ux .btn-done").click()
    find(browser, "#operations-books-list_books .opblock-summary-control").click()
    find(browser, "#operations-books-list_books .try-out__btn").click()
    find(browser, "#operations-books-list_books .execute").click()
    answer = find(browser, "#operations-books-list_books .live-responses-table .response")

    assert answer.find_element(By.CSS_SELECTOR, ".response-col_status").text.startswith("200")
    assert "Transit" in answer.text
    assert console(browser) == []


def test_a_filter_is_sent_as_parameters_of_its_own(browser: Chrome, address: str) -> None:
    open_docs(browser, address)

    find(browser, "#operations-authors-list_authors .opblock-summary-control").click()
    find(browser, "#operations-authors-list_authors .try-out__btn").click()
    field = find(browser, '#operations-authors-list_authors tr[data-param-name="filter"] textarea')
    field.clear()
    field.send_keys('{"name__icontains": "anna"}')
    find(browser, "#operations-authors-list_authors .execute").click()
    url = find(browser, "#operations-authors-list_authors .request-url").text

    assert "name__icontains=anna" in url
    status = find(browser, "#operations-authors-list_authors .live-responses-table .response .response-col_status")
    assert status.text.startswith("200")


def test_a_change_is_tried_with_the_example_that_is_offered(browser: Chrome, address: str) -> None:
    open_docs(browser, address)
    find(browser, ".btn.authorize").click()
    find(browser, ".dialog-ux input").send_keys("librarian")
    find(browser, ".dialog-ux .btn.modal-btn.auth.authorize").click()
    find(browser, ".dialog-ux .btn-done").click()

    patch = "#operations-books-patch_book"
    find(browser, f"{patch} .opblock-summary-control").click()
    find(browser, f"{patch} .try-out__btn").click()
    find(browser, f'{patch} tr[data-param-name="key"] input').send_keys("1")
    find(browser, f"{patch} .execute").click()
    answer = find(browser, f"{patch} .live-responses-table .response")

    assert answer.find_element(By.CSS_SELECTOR, ".response-col_status").text.startswith("200"), answer.text
    assert "Example limit" in answer.text
    assert console(browser) == []


def test_a_reference_within_a_batch_is_no_reference_of_the_document(browser: Chrome, address: str) -> None:
    open_docs(browser, address)

    find(browser, "#operations-rest-batch .opblock-summary-control").click()
    find(browser, "#operations-rest-batch .try-out__btn").click()
    body = find(browser, "#operations-rest-batch .body-param__text").text

    assert '"$ref": "first.id"' in body
    assert browser.find_elements(By.CSS_SELECTOR, ".errors-wrapper") == []
    assert console(browser) == []


def test_the_debug_toolbar_is_no_stranger_to_the_page(browser: Chrome) -> None:
    app = library(pyramid__includes="colonnade.core.toolbar", debugtoolbar__hosts="127.0.0.1")

    with served(app) as address:
        browser.get(f"{address}/docs")
        find(browser, ".opblock")

        assert find(browser, "#pShowToolBarButton")
        assert console(browser) == []


def test_what_is_inline_does_not_run_there(browser: Chrome, address: str) -> None:
    open_docs(browser, address)

    browser.execute_script(
        "const script = document.createElement('script'); script.textContent = 'window.ran = true';"
        "document.body.append(script)"
    )

    assert browser.execute_script("return window.ran") is None
    assert any("Content Security Policy" in message for message in console(browser))
